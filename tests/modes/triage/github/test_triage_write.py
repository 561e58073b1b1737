import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest
from bathy.agent.errors import ConfigError, TryAgainError
from bathy.agent.modes.triage.dossier import Target
from bathy.agent.modes.triage.github.client import GitHub, GitHubError, Patience
from bathy.agent.modes.triage.github.write import (
    NO_LOGIN,
    NO_SUGGESTIONS,
    STILL_THERE,
    write_report,
)
from bathy.agent.modes.triage.lock import issue_lock, lock_path
from bathy.agent.modes.triage.marker import digest_of, is_ours, with_marker
from bathy.agent.modes.triage.plan import CHOSEN, CLOSED, LOCKED, NOT_THERE, Wishes
from bathy.agent.modes.triage.report import Action, AddedLabel, RemovedLabel, Reply, Report
from bathy.agent.modes.triage.telling.comment import CHECKLIST, NOTHING_TO_SAY
from github_double import GitHubDouble
from triage_reports import AREA, BUG, DIGEST, OTHER_DIGEST, with_labels

US, TOKEN = "octobot", "a-token"
ALL = Wishes(labels=True, comment=True)
SUGGEST = Wishes(suggest=True)
LABELS = ("bug", "enhancement", "question", AREA.name, "help wanted", "..")


@pytest.fixture
def double() -> Iterator[GitHubDouble]:
    with GitHubDouble() as there:
        there.add_token(TOKEN, US)
        there.add_repo("o/r", labels=LABELS)
        there.add_issue("o/r", "It fails", number=7)
        yield there


def report_of(*labels: AddedLabel, said: str = "Hello.", digest: str = DIGEST) -> Report:
    report = with_labels(*labels)
    return replace(
        report,
        run=replace(report.run, input_digest=digest),
        issue=replace(report.issue, existing_labels=()),
        reply=Reply(markdown=said, post=True),
    )


def target_of(double: GitHubDouble) -> Target:
    return Target("github.test", double.api_url, "o/r", 7)


async def _no_wait(_seconds: float) -> None:
    await asyncio.sleep(0)


def write(
    double: GitHubDouble,
    report: Report,
    wishes: Wishes = ALL,
    *,
    token: str = TOKEN,
    in_actions: bool = False,
    secrets: tuple[str, ...] = (),
    runs: int = 1,
) -> Report:
    """Write, in so many runs at the same time, and return what the last one to begin says."""

    async def run() -> Report:
        patience = Patience(most_tries=2, sleep=_no_wait)
        async with GitHub(double.api_url, token, patience) as github:
            return await write_report(
                github, target_of(double), report, wishes,
                note=noted.append, in_actions=in_actions, secrets=secrets,
            )  # fmt: skip

    async def all_runs() -> Report:
        return (await asyncio.gather(*(run() for _ in range(runs))))[-1]

    noted = list[Action]()
    return asyncio.run(all_runs())


def told(report: Report) -> list[tuple[str, str, int | None]]:
    return [(action.op, action.state, action.http_status) for action in report.actions]


def methods(double: GitHubDouble) -> list[str]:
    return [write.method for write in double.writes]


def own_comments(double: GitHubDouble) -> list[str]:
    comments = double.issue("o/r", 7).comments
    return [c.body for c in comments if c.author and c.author.login == US]


def test_labels_and_comment_are_written_and_told(double: GitHubDouble) -> None:
    report = write(double, report_of(BUG, AREA))
    assert told(report) == [("add_labels", "done", 200), ("create_comment", "done", 201)]
    assert report.run.mode == "apply"
    assert double.issue("o/r", 7).labels == ["bug", AREA.name]
    assert own_comments(double) == [with_marker("Hello.", DIGEST)]
    assert [(w.method, w.path, w.body) for w in double.writes] == [
        (action.method, action.path, action.body) for action in report.actions
    ]
    comment = double.issue("o/r", 7).comments[0]
    assert report.actions[1].reason == f"/repos/o/r/issues/comments/{comment.id}"


def test_runs_converge_whatever_people_do_in_between(double: GitHubDouble) -> None:
    report = report_of(BUG, AREA)
    write(double, report)
    issue = double.issue("o/r", 7)
    issue.labels.append("help wanted")
    double.add_label_event("o/r", 7, "help wanted", "ann")
    double.add_comment("o/r", 7, "ann", "I see it too.")
    before = len(double.writes)
    for _ in range(2):
        again = write(double, report)
        assert {action.state for action in again.actions} <= {"skipped"}
    assert len(double.writes) == before
    assert issue.labels == ["bug", AREA.name, "help wanted"]
    assert len(own_comments(double)) == 1


def test_new_input_updates_the_same_comment(double: GitHubDouble) -> None:
    write(double, report_of(BUG))
    report = write(double, report_of(BUG, said="Hello again.", digest=OTHER_DIGEST))
    assert told(report) == [("update_comment", "done", 200)]
    assert own_comments(double) == [with_marker("Hello again.", OTHER_DIGEST)]


def test_the_same_text_is_not_written_again(double: GitHubDouble) -> None:
    write(double, report_of())
    report = write(double, report_of(digest=OTHER_DIGEST))
    assert told(report) == [("update_comment", "skipped", None)]
    assert methods(double) == ["POST"]


def test_a_marker_of_somebody_else_is_not_ours(double: GitHubDouble) -> None:
    double.add_comment("o/r", 7, "mallory", with_marker("Trust me.", DIGEST))
    double.add_comment("o/r", 7, US, with_marker("Hello.", DIGEST) + "\nand more")
    report = write(double, report_of())
    assert told(report) == [("create_comment", "done", 201)]
    bodies = [comment.body for comment in double.issue("o/r", 7).comments]
    assert bodies[0] == with_marker("Trust me.", DIGEST)
    assert [is_ours(body) for body in bodies] == [True, False, True]


def test_runs_at_the_same_time_write_once(double: GitHubDouble) -> None:
    write(double, report_of(BUG, AREA), runs=4)
    assert methods(double) == ["POST", "POST"]
    assert len(own_comments(double)) == 1


def test_a_run_gives_up_if_another_one_does_not_end(double: GitHubDouble) -> None:
    async def both() -> None:
        target = target_of(double)
        async with issue_lock(target):
            async with issue_lock(replace(target, number=8)):
                pass
            with pytest.raises(TryAgainError, match="still writing to O/R#7"):
                async with issue_lock(replace(target, full_name="O/R"), longest_s=0):
                    pytest.fail("two runs hold it")
        async with issue_lock(target, longest_s=0):
            assert lock_path(target).stat().st_size == 0

    asyncio.run(both())


def test_a_label_that_a_person_chose_meanwhile_holds(double: GitHubDouble) -> None:
    double.issue("o/r", 7).labels.append("question")
    double.add_label_event("o/r", 7, "question", "ann")
    report = write(double, report_of(BUG, AREA), Wishes(labels=True))
    assert double.issue("o/r", 7).labels == ["question", AREA.name]
    assert [action.reason for action in report.actions] == [None, CHOSEN]


@pytest.mark.parametrize(("field", "reason"), [("is_locked", LOCKED), ("state", CLOSED)])
def test_no_comment_where_nobody_talks(double: GitHubDouble, field: str, reason: str) -> None:
    setattr(double.issue("o/r", 7), field, "closed" if field == "state" else True)
    report = write(double, report_of(BUG))
    assert told(report) == [("add_labels", "done", 200), ("create_comment", "skipped", None)]
    assert report.actions[1].reason == reason


def test_a_pull_request_gets_nothing(double: GitHubDouble) -> None:
    double.issue("o/r", 7).is_pull_request = True
    write(double, report_of(BUG))
    assert double.writes == []


def test_nothing_is_written_without_a_wish(double: GitHubDouble) -> None:
    report = write(double, report_of(BUG), Wishes())
    assert [action.state for action in report.actions] == ["planned", "planned"]
    assert report.run.mode == "plan"
    assert double.writes == []


def test_labels_are_suggested(double: GitHubDouble) -> None:
    report = write(double, report_of(BUG, AREA), SUGGEST)
    assert told(report) == [("suggest_labels", "done", 200)]
    assert report.run.mode == "suggest"
    issue = double.issue("o/r", 7)
    assert issue.labels == []
    assert [one["target_value"] for one in issue.suggestions] == ["bug", AREA.name]
    issue.suggestions[0]["state"] = "dismissed"
    write(double, report_of(BUG, AREA), SUGGEST)
    assert methods(double) == ["POST"]


def test_a_suggestion_that_names_its_label_by_an_id_is_known(double: GitHubDouble) -> None:
    write(double, report_of(BUG), SUGGEST)
    ids = asyncio.run(_label_ids(double))
    suggestion = double.issue("o/r", 7).suggestions[0]
    suggestion |= {"target_value": None, "target_id": ids["bug"]}
    write(double, report_of(BUG), SUGGEST)
    assert methods(double) == ["POST"]


async def _label_ids(double: GitHubDouble) -> dict[str, int]:
    async with GitHub(double.api_url, TOKEN) as github:
        value = (await github.get("/repos/o/r/labels")).value
    return {one["name"]: one["id"] for one in value}


@pytest.mark.parametrize("status", [404, 422])
def test_refused_suggestions_become_a_list_in_the_comment(
    double: GitHubDouble, status: int
) -> None:
    double.fail(status, times=9, method="POST", path="/labels")
    report = write(double, report_of(BUG, AREA), SUGGEST)
    assert told(report) == [("suggest_labels", "failed", status), ("create_comment", "done", 201)]
    (body,) = own_comments(double)
    assert body.startswith("Hello.\n\n" + CHECKLIST)
    assert body.count("- [ ] ") == 2
    assert digest_of(body) == DIGEST
    assert double.issue("o/r", 7).labels == []
    again = write(double, report_of(BUG, AREA), SUGGEST)
    assert told(again) == [
        ("suggest_labels", "failed", status),
        ("update_comment", "skipped", None),
    ]
    assert own_comments(double) == [body]


def test_a_server_that_knows_no_suggestions_is_not_sent_any(double: GitHubDouble) -> None:
    double.add_repo("o/r", labels=LABELS, suggestions="ignored")
    double.add_issue("o/r", "It fails", number=7)
    report = write(double, report_of(BUG), SUGGEST)
    assert told(report) == [("suggest_labels", "failed", None), ("create_comment", "done", 201)]
    assert report.actions[0].reason == NO_SUGGESTIONS
    assert double.issue("o/r", 7).labels == []
    assert [write.path for write in double.writes] == ["/repos/o/r/issues/7/comments"]


def test_the_list_is_added_to_a_comment_that_answers_the_same(double: GitHubDouble) -> None:
    write(double, report_of(BUG), Wishes(comment=True))
    double.fail(404, times=9, method="POST", path="/labels")
    report = write(double, report_of(BUG), SUGGEST)
    assert told(report)[1] == ("update_comment", "done", 200)
    (body,) = own_comments(double)
    assert CHECKLIST in body


def test_the_list_alone_is_something_to_say_but_not_where_silence_is_kept(
    double: GitHubDouble,
) -> None:
    double.fail(404, times=9, method="POST", path="/labels")
    withheld = replace(report_of(BUG), reply=Reply(withheld_reason="it holds a secret"))
    assert told(write(double, withheld, SUGGEST)) == [("suggest_labels", "failed", 404)]
    quiet = replace(withheld, reply=Reply(withheld_reason=NOTHING_TO_SAY))
    assert told(write(double, quiet, SUGGEST))[1] == ("create_comment", "done", 201)


def test_one_failure_does_not_keep_the_rest_from_being_written(double: GitHubDouble) -> None:
    double.fail(403, method="POST", path="/labels")
    report = write(double, report_of(BUG))
    assert told(report) == [("add_labels", "failed", 403), ("create_comment", "done", 201)]
    assert "rights" in (report.actions[0].reason or "")


def test_a_comment_of_which_nobody_knows_is_not_said_to_be_done(double: GitHubDouble) -> None:
    double.fail(500, method="POST", path="/comments", is_late=True)
    report = write(double, report_of())
    assert told(report) == [("create_comment", "failed", 500)]
    assert told(write(double, report_of())) == [("update_comment", "skipped", None)]
    assert len(own_comments(double)) == 1


def replacing() -> Report:
    removed = (RemovedLabel("question", "superseded_facet"),)
    report = report_of()
    labels = replace(report.labels, add=(BUG, AREA), remove=removed)
    return replace(
        report, labels=labels, issue=replace(report.issue, existing_labels=("question",))
    )


def test_our_own_label_gives_way_to_a_better_one(double: GitHubDouble) -> None:
    double.issue("o/r", 7).labels.append("question")
    double.add_label_event("o/r", 7, "question", US)
    report = write(double, replacing(), Wishes(labels=True))
    assert told(report) == [("remove_label", "done", 200), ("add_labels", "done", 200)]
    assert double.issue("o/r", 7).labels == ["bug", AREA.name]


def test_two_labels_of_a_kind_are_not_left_behind(double: GitHubDouble) -> None:
    double.issue("o/r", 7).labels.append("question")
    double.add_label_event("o/r", 7, "question", US)
    double.fail(403, method="DELETE")
    report = write(double, replacing(), Wishes(labels=True))
    assert told(report) == [
        ("remove_label", "failed", 403), ("add_labels", "done", 200), ("add_labels", "skipped", None),
    ]  # fmt: skip
    assert report.actions[2].reason == STILL_THERE
    assert double.issue("o/r", 7).labels == ["question", AREA.name]


def test_a_label_that_went_in_the_meantime_is_no_failure(double: GitHubDouble) -> None:
    double.issue("o/r", 7).labels.append("question")
    double.add_label_event("o/r", 7, "question", US)
    double.fail(404, method="DELETE")
    report = write(double, replacing(), Wishes(labels=True))
    assert (report.actions[0].state, report.actions[0].reason) == ("skipped", NOT_THERE)
    assert told(report)[1] == ("add_labels", "done", 200)


@pytest.mark.parametrize("wishes", [ALL, Wishes(suggest=True, comment=True)])
def test_what_looks_like_a_secret_is_not_sent(double: GitHubDouble, wishes: Wishes) -> None:
    secret = "correct-horse-battery-staple-42"
    told_label = replace(BUG, name=f"bug-{secret}", rationale=secret)
    double.add_issue("o/r", "Another", number=8, labels=[told_label.name])
    report = write(double, report_of(told_label, said=f"It is {secret}"), wishes, secrets=(secret,))
    assert [action.state for action in report.actions] == ["skipped", "skipped"]
    assert all(action.reason for action in report.actions)
    assert double.writes == []


def test_the_token_of_a_workflow_knows_its_own_comment(double: GitHubDouble) -> None:
    double.add_token("app", "github-actions[bot]", is_app=True)
    for _ in range(2):
        write(double, report_of(), token="app", in_actions=True)
    assert methods(double) == ["POST"]


def test_a_token_that_nobody_knows_the_owner_of_creates_no_comment(double: GitHubDouble) -> None:
    double.add_token("app", "some-app[bot]", is_app=True)
    report = write(double, report_of(BUG), token="app")
    assert told(report) == [("add_labels", "done", 200), ("create_comment", "skipped", None)]
    assert report.actions[1].reason == NO_LOGIN


def test_an_issue_that_cannot_be_read_is_not_written_to(double: GitHubDouble) -> None:
    double.issue("o/r", 7).is_deleted = True
    with pytest.raises(GitHubError):
        write(double, report_of(BUG))
    assert double.writes == []


@pytest.mark.parametrize(
    "other", [("evil.test", "o/r", 7), ("github.test", "o/s", 7), ("github.test", "o/r", 8)]
)
def test_a_report_of_another_issue_is_not_written(
    double: GitHubDouble, other: tuple[str, str, int]
) -> None:
    host, name, number = other
    report = report_of(BUG)
    moved = replace(
        report,
        repo=replace(report.repo, host=host, full_name=name),
        issue=replace(report.issue, number=number),
    )
    with pytest.raises(ConfigError, match="not about o/r#7"):
        write(double, moved)
    assert double.requests == []


def test_no_request_ever_replaces_the_labels(double: GitHubDouble) -> None:
    write(double, replacing(), Wishes(labels=True, comment=True, suggest=True))
    assert not [w for w in double.writes if w.method == "PUT" or w.path == "/repos/o/r/issues/7"]


def test_a_label_named_like_a_folder_up_takes_nothing_else_off(double: GitHubDouble) -> None:
    double.issue("o/r", 7).labels += ["..", "bug"]
    double.add_label_event("o/r", 7, "..", US)
    removed = (RemovedLabel("..", "info_now_provided"),)
    report = replace(report_of(), labels=replace(report_of().labels, remove=removed))
    (action,) = write(double, report, Wishes(labels=True)).actions
    assert isinstance(action, Action)
    assert action.state == "failed"
    assert double.issue("o/r", 7).labels == ["..", "bug"]
