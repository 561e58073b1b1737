import re
from dataclasses import replace

import pytest
from bathy.agent.modes.triage.marker import digest_of, is_ours, with_marker
from bathy.agent.modes.triage.report import Hypothesis, Report, Signal, Status, Suspect
from bathy.agent.modes.triage.telling.comment import (
    CHECKLIST,
    MOST_CHARS,
    MOST_SHOWN,
    NOTHING_TO_SAY,
    checklist_of,
    checklist_reply,
    comment_body,
    place_of,
    reply_of,
    shown_suspects,
)
from hypothesis import given
from hypothesis import strategies as st
from triage_reports import (
    BUG,
    COMMIT,
    DIGEST,
    HOSTILE,
    REPORT,
    ROOT,
    acting_in,
    hostile_texts,
    reports,
    with_labels,
)

EMPTY = replace(with_labels(), duplicates=(), missing_info=(), suspects=(), hypothesis=Hypothesis())
SILENT: tuple[Status, ...] = ("spam", "out_of_scope", "skipped", "error")


def no_leak(_text: str) -> str:
    return ""


def test_the_comment_says_what_was_found() -> None:
    body = comment_body(REPORT)
    assert "#3" in body
    assert f"]({ROOT}src/a.py#L3-L9)" in body
    for words in (
        "Which version is it?", "needed to go on", "asked before", "Both time out.",
        "This one has a proxy.", "It raises.", "The timeout is lost.", "plausible, not confirmed", "see 1 above",
        "Log it.", "It stands.", "advice only", COMMIT[:12],
    ):  # fmt: skip
        assert words in body.replace("\\", "")
    assert CHECKLIST not in body


def test_sections_come_with_the_most_urgent_first() -> None:
    body = comment_body(REPORT, draft="Thank you.")
    heads = (
        "Thank you",
        "**What is still missing**",
        "**Issues like",
        "**Where to look",
        "cause**",
    )
    places = [body.index(head) for head in heads]
    assert places == sorted(places)


def test_labels_are_listed_for_people_if_that_is_wished() -> None:
    body = comment_body(REPORT, checklist=True)
    assert body.startswith(comment_body(REPORT))
    assert body.endswith(checklist_of(REPORT))
    assert body.count("- [ ] ") == 2


def test_a_reply_is_posted_and_says_for_whom() -> None:
    reply = reply_of(REPORT, leak=no_leak)
    assert (reply.post, reply.audience, reply.withheld_reason) == (True, "reporter", None)
    assert reply.markdown == comment_body(REPORT)
    assert reply_of(replace(REPORT, missing_info=()), leak=no_leak).audience == "maintainer"


@pytest.mark.parametrize("status", SILENT)
def test_silence_is_kept(status: Status) -> None:
    report = replace(REPORT, status=status)
    reply = reply_of(report, draft="Buy it!", leak=no_leak)
    assert (reply.post, reply.markdown) == (False, None)
    assert status in (reply.withheld_reason or "")
    assert comment_body(report, draft="Buy it!", checklist=True) == ""
    assert checklist_reply(replace(report, reply=reply)) == ""


def test_nothing_to_say_is_not_said() -> None:
    reply = reply_of(EMPTY, leak=no_leak)
    assert (reply.post, reply.withheld_reason) == (False, NOTHING_TO_SAY)
    labelled = replace(EMPTY, labels=REPORT.labels, reply=reply)
    assert CHECKLIST in checklist_reply(labelled)
    assert checklist_reply(replace(EMPTY, reply=reply)) == ""


def test_a_leak_withholds_the_text_itself() -> None:
    reply = reply_of(
        REPORT, draft="It is hunter2.", leak=lambda t: "a key" if "hunter2" in t else ""
    )
    assert (reply.post, reply.markdown, reply.withheld_reason) == (False, None, "a key")


def test_a_security_report_is_only_led_to_the_policy() -> None:
    report = replace(REPORT, status="security_private")
    for body in (
        comment_body(report, draft="It is in a.py."),
        comment_body(report, checklist=True),
    ):
        assert "(https://github.test/o/r/security/policy)" in body
        assert not re.search(r"a\.py|timeout|#3|bug|blob|proxy", body)
    assert checklist_of(report) == ""


def test_an_unknown_cause_is_nothing_to_tell() -> None:
    assert "cause" not in comment_body(replace(REPORT, hypothesis=Hypothesis()))


def test_places_for_which_only_common_words_speak_are_not_told() -> None:
    weak = replace(REPORT.suspects[0], evidence=("lexical", "recent_change"))
    assert "Where to look" in comment_body(REPORT)
    assert "Where to look" not in comment_body(replace(REPORT, suspects=(weak,)))


def suspect(rank: int, path: str, *evidence: Signal) -> Suspect:
    return Suspect(rank, path, 1, 2, f"{ROOT}{path}#L1-L2", evidence)


def shown(*suspects: Suspect) -> list[int]:
    return [one.rank for one in shown_suspects(replace(REPORT, suspects=suspects))]


@pytest.mark.parametrize(
    ("first", "others", "ranks"),
    [
        ("symbol_in_issue", "symbol_in_issue", [1]),
        ("traceback", "traceback", [1]),
        ("lexical", "symbol_in_issue", []),
        ("lexical", "traceback", []),
        ("lexical", "error_string", [2, 3]),
        ("traceback", "path_in_issue", [1, 2, 3]),
        ("recent_change", "recent_change", []),
        ("model", "model", [1, 2, 3]),
        ("model", "symbol_in_issue", [1, 2]),
    ],
)
def test_the_comment_shows_the_likeliest_place_and_those_that_are_pointed_at(
    first: Signal, others: Signal, ranks: list[int]
) -> None:
    more = [suspect(rank, f"{rank}.py", others, "lexical") for rank in range(2, 9)]
    assert shown(suspect(1, "1.py", first), *more) == ranks


def test_sources_are_shown_and_not_what_is_built_of_them() -> None:
    built = ("dist/cart.js", "index.d.ts", "lib/index.d.cts", "js/cart.min.js", "a/build/cart.py")
    more = [suspect(rank, path, "symbol_in_issue") for rank, path in enumerate(built, 1)]
    assert shown(*more, suspect(6, "src/cart.js", "symbol_in_issue")) == [6]
    assert shown(suspect(1, "dist/cart.js", "path_in_issue")) == [1]
    assert shown(suspect(1, "src/distance.js", "symbol_in_issue")) == [1]


@given(reports())
def test_what_is_shown_is_by_rank_little_and_borne_out(report: Report) -> None:
    places = shown_suspects(report)
    assert len(places) <= MOST_SHOWN == 3
    rest = iter(report.suspects)
    assert all(any(one is place for one in rest) for place in places)
    assert all(
        {"lexical", "recent_change"} < {*one.evidence, "lexical", "recent_change"} for one in places
    )


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.test/o/r/blob/x#L3-L9",
        f"{ROOT}a.py#L3-L9) [x](https://evil.test",
        f'{ROOT}a.py#L3-L9 "title"',
        f"{ROOT}a.py",
        f"{ROOT}../../../../x/y#L3",
        f"{ROOT.replace(COMMIT, 'main')}a.py#L3",
        f"javascript:{ROOT}a.py#L3",
        f"{ROOT}{'a' * 2000}#L3",
        "",
    ],
)
def test_only_links_to_the_reports_own_commit_are_links(link: str) -> None:
    one = Suspect(1, "a.py", 3, 9, link, ("model",))
    assert "](" not in place_of(REPORT, one)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_strangers_write_acts(text: str) -> None:
    report = replace(
        REPORT,
        labels=replace(REPORT.labels, add=(replace(BUG, name=text, rationale=text),)),
        duplicates=(replace(REPORT.duplicates[0], title=text, same=text, different=text),),
        missing_info=(replace(REPORT.missing_info[0], question=text),),
        suspects=(replace(REPORT.suspects[0], path=text, symbol=text, why=text),),
        hypothesis=Hypothesis("plausible", text, "low", (1,), (text,), (text,)),
    )
    body = comment_body(report, draft=text, checklist=True)
    assert acting_in(body) == []
    assert not is_ours(body)


@given(reports(), hostile_texts(), st.booleans())
def test_any_report_gives_a_comment_that_is_short_and_ends_with_our_marker(
    report: Report, draft: str, checklist: bool
) -> None:
    body = comment_body(report, draft=draft, checklist=checklist)
    assert len(body) <= MOST_CHARS
    assert body == comment_body(report, draft=draft, checklist=checklist)
    assert digest_of(body) == ""
    assert digest_of(with_marker(body, DIGEST)) == DIGEST
    assert acting_in(body) == []
    opened, closed = body.count("\n<details>"), body.count("\n</details>")
    assert opened == closed == bool(re.search(r"^<details>.*\n(?s:.*)^</details>$", body, re.M))
    reply = reply_of(report, draft=draft)
    assert reply.post == (reply.markdown is not None) == (reply.withheld_reason is None)
    assert not (reply.post and report.status in SILENT)


def test_a_long_comment_loses_whole_sections_from_its_end_but_not_the_list() -> None:
    long = replace(
        REPORT,
        missing_info=tuple(replace(REPORT.missing_info[0], question="é*" * 140) for _ in range(50)),
        hypothesis=replace(REPORT.hypothesis, text="*" * 4_000, would_confirm=("*" * 280,) * 20),
        labels=replace(REPORT.labels, add=(replace(BUG, rationale="*" * 280),) * 10),
    )
    body = comment_body(long, draft="*" * 4_000, checklist=True)
    assert len(body) <= MOST_CHARS
    assert body.endswith(checklist_of(long))
    assert "**What is still missing**" in body
