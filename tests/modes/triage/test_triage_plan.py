from dataclasses import replace

import pytest
from bathy.agent.modes.triage.dossier import Dossier, Issue, LabelEvent, Target
from bathy.agent.modes.triage.marker import digest_of, with_marker
from bathy.agent.modes.triage.plan import (
    ANSWERED,
    BOT,
    CHOSEN,
    CLOSED,
    DISMISSED,
    LOCKED,
    NOT_OURS,
    NOT_THERE,
    NOTHING_NEW,
    PULL_REQUEST,
    SUGGESTED,
    TAKEN_OFF,
    TrackerState,
    Wishes,
    plan_actions,
    state_of,
    unwritten,
)
from bathy.agent.modes.triage.report import Action, AddedLabel, RemovedLabel, Reply, Report
from hypothesis import given
from hypothesis import strategies as st
from triage_reports import AREA, BUG, DIGEST, OTHER_DIGEST, REPORT, with_labels

ALL = Wishes(labels=True, comment=True)
LABELS, SUGGEST, COMMENT = Wishes(labels=True), Wishes(suggest=True), Wishes(comment=True)
US = "bathy[bot]"
STATE = TrackerState(
    labels=("old", "needs-info"),
    label_events=(LabelEvent("old", "ann", True), LabelEvent("needs-info", US, True)),
    login=US,
)
POSTED = replace(REPORT, reply=Reply(markdown="Hello.", post=True))


def plan(
    report: Report = POSTED, state: TrackerState = STATE, wishes: Wishes = ALL, body: str = "Hello."
) -> tuple[Action, ...]:
    return plan_actions(report, state=state, wishes=wishes, body=body)


def ours(body: str, state: TrackerState = STATE) -> TrackerState:
    return replace(state, own_comment=body, own_comment_id=99)


def test_everything_is_listed_as_it_is_sent() -> None:
    assert plan() == (
        Action(
            "remove_label", "DELETE", "/repos/o/r/issues/7/labels/needs-info",
            reason="info_now_provided",
        ),
        Action(
            "add_labels", "POST", "/repos/o/r/issues/7/labels",
            {"labels": ["bug", "area: http, core"]},
        ),
        Action(
            "create_comment", "POST", "/repos/o/r/issues/7/comments",
            {"body": with_marker("Hello.", DIGEST)},
        ),
    )  # fmt: skip


def test_a_plan_shows_what_labels_and_comment_would_be() -> None:
    assert plan(wishes=Wishes()) == plan()


@pytest.mark.parametrize(
    ("wishes", "operations"),
    [
        (LABELS, ["remove_label", "add_labels"]),
        (COMMENT, ["create_comment"]),
        (SUGGEST, ["suggest_labels"]),
        (Wishes(suggest=True, comment=True), ["suggest_labels", "create_comment"]),
        (Wishes(labels=True, suggest=True), ["remove_label", "add_labels"]),
    ],
)
def test_only_what_is_wished_is_listed(wishes: Wishes, operations: list[str]) -> None:
    assert [action.op for action in plan(wishes=wishes)] == operations


def test_a_suggestion_says_why() -> None:
    (action,) = plan(with_labels(BUG), wishes=SUGGEST)
    assert action.body == {
        "labels": [
            {"name": "bug", "rationale": BUG.rationale, "confidence": "high", "suggest": True}
        ]
    }


def test_labels_that_are_there_are_not_put_on_again() -> None:
    assert plan(with_labels(BUG), replace(STATE, labels=("bug",)), LABELS) == ()


def test_a_label_that_a_person_took_off_stays_off() -> None:
    events = (LabelEvent("bug", US, True), LabelEvent("bug", "ann", False))
    adding, skipped = plan(with_labels(BUG, AREA), replace(STATE, label_events=events), LABELS)
    assert adding.body == {"labels": [AREA.name]}
    assert (skipped.state, skipped.reason) == ("skipped", TAKEN_OFF)
    assert skipped.body == {"labels": ["bug"]}


def test_a_label_that_we_took_off_may_come_back() -> None:
    events = (LabelEvent("bug", US.upper(), False),)
    (action,) = plan(with_labels(BUG), replace(STATE, label_events=events), LABELS)
    assert action.state == "planned"


@pytest.mark.parametrize(
    ("label", "newcomer", "is_settled"),
    [
        (BUG, "enhancement", True),
        (BUG, "kind/question", True),
        (BUG, "priority: high", False),
        (BUG, "help wanted", False),
        (AREA, "area: core", False),
        (AddedLabel("flavour/odd", "type", "high", ""), "flavour/sour", True),
        (AddedLabel("priority: low", "priority", "high", ""), "P1", True),
    ],
)
@pytest.mark.parametrize("wishes", [LABELS, SUGGEST])
def test_what_a_person_chose_meanwhile_holds(
    label: AddedLabel, newcomer: str, is_settled: bool, wishes: Wishes
) -> None:
    state = replace(
        STATE,
        labels=("old", newcomer),
        label_events=(*STATE.label_events, LabelEvent(newcomer, "ann", True)),
    )
    (action,) = plan(with_labels(label), state, wishes)
    assert (action.state, action.reason) == (
        ("skipped", CHOSEN) if is_settled else ("planned", None)
    )


def test_a_label_of_ours_does_not_stand_against_another() -> None:
    state = replace(
        STATE, labels=("enhancement",), label_events=(LabelEvent("enhancement", US, True),)
    )
    (action,) = plan(with_labels(BUG), state, LABELS)
    assert action.state == "planned"


@pytest.mark.parametrize(
    ("labels", "events", "login", "reason"),
    [
        ((), (), US, NOT_THERE),
        (("question",), (LabelEvent("question", "ann", True),), US, NOT_OURS),
        (("question",), (), US, NOT_OURS),
        (("question",), (LabelEvent("question", "", True),), "", NOT_OURS),
        (
            ("question",),
            (LabelEvent("question", US, True), LabelEvent("question", "ann", True)),
            US,
            NOT_OURS,
        ),
    ],
)
def test_only_what_we_put_on_is_taken_off(
    labels: tuple[str, ...], events: tuple[LabelEvent, ...], login: str, reason: str
) -> None:
    report = with_labels(removed=(RemovedLabel("question", "superseded_facet"),))
    state = replace(STATE, labels=labels, label_events=events, login=login)
    (action,) = plan(report, state, LABELS)
    assert (action.state, action.reason) == ("skipped", reason)


def test_a_bot_s_issue_keeps_its_labels() -> None:
    report = with_labels(BUG, removed=(RemovedLabel("question", "superseded_facet"),))
    events = (LabelEvent("question", US, True),)
    state = replace(STATE, labels=("question",), label_events=events, is_bot=True)
    for wishes in (LABELS, SUGGEST):
        assert {action.reason for action in plan(report, state, wishes)} == {BOT}


def test_what_was_done_is_not_taken_for_unwritten() -> None:
    planned = plan(with_labels(BUG), STATE, LABELS)[0]
    report = replace(REPORT, actions=(planned, replace(planned, state="done")))
    states = [(action.state, action.reason) for action in unwritten(report, BOT).actions]
    assert states == [("skipped", BOT), ("done", None)]


def test_a_label_that_a_person_put_on_again_keeps_its_kind() -> None:
    report = replace(
        with_labels(BUG, removed=(RemovedLabel("question", "superseded_facet"),)),
        issue=replace(REPORT.issue, existing_labels=("question",)),
    )
    events = (LabelEvent("question", US, True), LabelEvent("question", "ann", True))
    state = replace(STATE, labels=("question",), label_events=events)
    assert [action.reason for action in plan(report, state, LABELS)] == [NOT_OURS, CHOSEN]


def test_a_name_is_one_part_of_a_path() -> None:
    report = with_labels(removed=(RemovedLabel("a/b ?#%", "superseded_facet"),))
    (action,) = plan(report, STATE, LABELS)
    assert action.path == "/repos/o/r/issues/7/labels/a%2Fb%20%3F%23%25"


@pytest.mark.parametrize(
    ("told", "reason"),
    [("pending", SUGGESTED), ("dismissed", DISMISSED), ("replaced", None)],
)
def test_nothing_is_suggested_twice(told: str, reason: str | None) -> None:
    state = replace(STATE, suggested=(("bug", told),))
    (action,) = plan(with_labels(BUG), state, SUGGEST)
    assert action.reason == reason
    (applied,) = plan(with_labels(BUG), state, LABELS)
    assert applied.state == "planned"


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (replace(STATE, is_locked=True), LOCKED),
        (replace(STATE, state="closed"), CLOSED),
        (replace(STATE, is_pull_request=True), PULL_REQUEST),
        (replace(STATE, is_bot=True), BOT),
        (ours(with_marker("Something else.", DIGEST)), ANSWERED),
        (ours(with_marker("Hello.", OTHER_DIGEST)), NOTHING_NEW),
        (ours(with_marker("Hello.", OTHER_DIGEST).replace("\n", "\r\n")), NOTHING_NEW),
        (ours(with_marker("Other.", OTHER_DIGEST), replace(STATE, is_locked=True)), LOCKED),
    ],
)
def test_where_there_is_to_be_no_comment_a_reason_is_given(
    state: TrackerState, reason: str
) -> None:
    (action,) = plan(state=state, wishes=COMMENT)
    assert (action.state, action.reason) == ("skipped", reason)


def test_a_comment_of_ours_is_brought_up_to_date() -> None:
    (action,) = plan(state=ours(with_marker("Before.", OTHER_DIGEST)), wishes=COMMENT)
    assert (action.op, action.method, action.path, action.state) == (
        "update_comment", "PATCH", "/repos/o/r/issues/comments/99", "planned",
    )  # fmt: skip
    assert digest_of(action.body["body"]) == DIGEST


def test_the_same_input_is_answered_anew_if_that_is_wished() -> None:
    again = replace(COMMENT, again=True)
    (action,) = plan(state=ours(with_marker("Before.", DIGEST)), wishes=again)
    assert action.state == "planned"
    (action,) = plan(state=ours(with_marker("Hello.", DIGEST)), wishes=again)
    assert action.reason == NOTHING_NEW


def test_what_is_withheld_or_empty_is_not_posted() -> None:
    assert plan(REPORT, wishes=COMMENT) == ()
    assert plan(wishes=COMMENT, body=" \n") == ()


def test_a_pull_request_gets_no_labels() -> None:
    actions = plan(state=replace(STATE, is_pull_request=True), wishes=LABELS)
    assert {action.reason for action in actions} == {PULL_REQUEST}


def test_a_dossier_gives_the_state() -> None:
    issue = Issue(7, "", labels=("a",), is_locked=True, state="closed")
    events = (LabelEvent("a", "ann", True),)
    dossier = Dossier(
        Target("h", "", "o/r", 7), "cli", issue, label_events=events, login=US,
        own_comment="Hello.", own_comment_id=5,
    )  # fmt: skip
    assert state_of(dossier) == TrackerState(
        ("a",), events, US, "Hello.", 5, is_locked=True, state="closed"
    )


names = st.sampled_from(("bug", "enhancement", "old", "area: http, core", "..", "a/b"))
states = st.builds(
    TrackerState,
    st.lists(names, unique=True).map(tuple),
    st.lists(st.builds(LabelEvent, names, st.sampled_from((US, "ann", "")), st.booleans())).map(
        tuple
    ),
    st.sampled_from((US, "")),
    st.sampled_from(("", with_marker("Hello.", DIGEST))),
    st.integers(0, 1),
)


@given(
    states,
    st.builds(Wishes, st.booleans(), st.booleans(), st.booleans()),
    st.lists(names, unique=True, max_size=3),
)
def test_no_plan_takes_away_what_is_not_ours(
    state: TrackerState, wishes: Wishes, leaving: list[str]
) -> None:
    removed = tuple(RemovedLabel(name, "superseded_facet") for name in leaving)
    report = replace(POSTED, labels=replace(POSTED.labels, remove=removed))
    actions = plan(report, state, wishes)
    last = {event.label: event for event in state.label_events}
    for action in actions:
        assert action.method == "POST" or (action.method, action.op) in (
            ("PATCH", "update_comment"), ("DELETE", "remove_label"),
        )  # fmt: skip
    going = [a for a in actions if a.op == "remove_label" and a.state == "planned"]
    assert len(going) <= sum(
        name in state.labels
        and name in last
        and bool(state.login)
        and (last[name].actor, last[name].is_added) == (state.login, True)
        for name in leaving
    )
    assert actions == plan(report, state, wishes)
