import re
from dataclasses import replace
from typing import get_args

import pytest
from bathy.agent.modes.triage.report import (
    Action,
    Flag,
    FlagCode,
    RejectedLabel,
    Rejection,
    Reply,
    Report,
    Security,
    Signal,
    Status,
    Warning,
)
from bathy.agent.modes.triage.telling import words
from bathy.agent.modes.triage.telling.comment import comment_body
from bathy.agent.modes.triage.telling.markdown import report_markdown
from hypothesis import given
from hypothesis import strategies as st
from triage_reports import HOSTILE, REPORT, ROOT, acting_in, hostile_texts, reports

PATH = "/repos/o/r/issues/7"
DONE = replace(
    REPORT,
    reply=Reply(markdown=comment_body(REPORT), post=True),
    actions=(
        Action("remove_label", "DELETE", f"{PATH}/labels/old", reason="superseded_facet"),
        Action("add_labels", "POST", f"{PATH}/labels", {"labels": ["bug"]}, "done", None, 200),
        Action("create_comment", "POST", f"{PATH}/comments", {"body": "x" * 999}, "failed", "no"),
    ),
)


def plain(text: str) -> str:
    return text.replace("\\", "")


def tables(text: str) -> list[list[str]]:
    found = re.findall(r"(?:^\|.*\n)+", text + "\n", re.M)
    return [table.splitlines() for table in found]


def cells(line: str) -> int:
    return len(re.findall(r"(?<!\\)\|", line))


def test_all_of_a_report_is_told() -> None:
    text = report_markdown(DONE)
    assert text.startswith("# Triage of #7: It fails\n")
    assert f"]({ROOT}src/a.py#L3-L9)" in text
    for part in (
        "Triaged", "bug", "There is a traceback.", "1.2", "needs-info", words.REMOVED["info_now_provided"],
        "critical", words.REJECTED["protected"], "#3", "Both time out.", "Which version is it?",
        "send", words.SIGNALS["recent_change"], "The timeout is lost.", "Log it.", "failed",
        "done (200)", "DELETE", f"{PATH}/comments", words.FLAGS["hidden_text"], "comment 5",
        "The branch is not known.", "> **Where to look**", words.REMOVED["superseded_facet"],
    ):  # fmt: skip
        assert part in plain(text), part


def test_the_title_can_be_left_out() -> None:
    assert report_markdown(REPORT, title=False) == report_markdown(REPORT).split("\n\n", 1)[1]


def test_a_report_of_nothing_is_short_and_says_so() -> None:
    nothing = Report(REPORT.run, REPORT.repo, REPORT.issue, "skipped", skip_reason="it is a bot's")
    text = plain(report_markdown(nothing))
    assert "**Skipped**: it is a bot's" in text
    assert "## Requests\n\nNone." in text
    assert tables(text) == []


def test_a_withheld_comment_says_why() -> None:
    for reason in ("it holds a key", "It holds a key."):
        text = report_markdown(replace(REPORT, reply=Reply(withheld_reason=reason)))
        assert "## Comment\n\nNone. It holds a key.\n" in text


def test_a_request_is_shown_short() -> None:
    (row,) = [
        line for line in report_markdown(DONE).splitlines() if "comments" in line and "| " in line
    ]
    assert len(row) < 400


@pytest.mark.parametrize(
    ("told", "codes"),
    [
        (words.STATUS, get_args(Status)),
        (words.FLAGS, get_args(FlagCode)),
        (words.REJECTED, get_args(Rejection)),
        (words.SIGNALS, get_args(Signal)),
    ],
)
def test_every_code_has_words(told: dict[str, str], codes: tuple[str, ...]) -> None:
    assert set(told) == set(codes)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_do_not_break_a_table(text: str) -> None:
    report = replace(
        DONE,
        issue=replace(REPORT.issue, title=text),
        labels=replace(REPORT.labels, rejected=(RejectedLabel(text, "not_in_repo"),), keep=(text,)),
        actions=(Action("add_labels", "POST", f"{PATH}/{text}", {"labels": [text]}, reason=text),),
        security=Security(flags=(Flag("spam", text),)),
    )
    shown = report_markdown(report)
    assert [len(table) for table in tables(shown)] == [len(table) for table in tables(report_markdown(
        replace(report, labels=replace(report.labels, keep=("a",), rejected=(RejectedLabel("a", "not_in_repo"),)))
    ))]  # fmt: skip
    assert_safe(shown)


def assert_safe(text: str) -> None:
    assert not re.search(r"^\s*::|##\[", text, re.M)
    assert acting_in(text) == []
    for table in tables(text):
        assert len({cells(line) for line in table}) == 1


@given(reports(), hostile_texts(), st.booleans())
def test_any_report_can_be_told(report: Report, said: str, title: bool) -> None:
    action = Action("add_labels", "POST", f"{PATH}/labels", {"labels": [said]}, reason=said)
    reply = Reply(markdown=comment_body(report, draft=said) or None, withheld_reason=said)
    shown = report_markdown(replace(report, actions=(action,), reply=reply), title=title)
    assert shown.endswith("\n")
    assert_safe(shown)
    shown.encode("utf-8", "replace")


@given(st.text("`|\\:\n\r#[ >\u2028\x0b\x0ca", max_size=60))
def test_no_line_of_a_comment_becomes_a_command_of_a_runner(said: str) -> None:
    report = replace(REPORT, reply=Reply(markdown=f"{said}::error::x\n::x", post=True))
    assert not re.search(r"^\s*::|##\[", report_markdown(report), re.M)


def test_no_number_and_no_name_are_made_up() -> None:
    unknown = (Warning("no_number", "It has none."), Warning("no_name", "It is not known."))
    report = replace(
        REPORT,
        repo=replace(REPORT.repo, full_name="local/repository"),
        issue=replace(REPORT.issue, number=1),
        warnings=unknown,
        suspects=(replace(REPORT.suspects[0], permalink=ROOT.replace("o/r", "local/repository")),),
    )
    told = report_markdown(report) + comment_body(report)
    told += comment_body(replace(report, status="security_private"))
    assert told.startswith("# Triage of an issue: It fails\n")
    assert "src/a.py:3-9" in plain(told)
    assert not re.search(r"#1\b|local/repository|\]\(http", told)
