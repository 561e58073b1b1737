import json
from dataclasses import replace
from pathlib import Path

import pytest
from bathy.agent.errors import BathyError
from bathy.agent.modes.triage.report import Action, AddedLabel, Report
from bathy.agent.modes.triage.telling.markdown import report_markdown
from bathy.agent.modes.triage.telling.summary import (
    MOST_BYTES,
    append_outputs,
    append_summary,
    comment_url,
    outputs,
)
from hypothesis import given
from hypothesis import strategies as st
from triage_reports import DIGEST, REPORT, hostile_texts, reports, with_labels

ISSUES = "/repos/o/r/issues"
CREATED = Action(
    "create_comment", "POST", f"{ISSUES}/7/comments", {"body": "Hello."}, "done",
    f"{ISSUES}/comments/99", 201,
)  # fmt: skip
UPDATED = Action("update_comment", "PATCH", f"{ISSUES}/comments/98", {"body": "Hello."}, "done")


def test_reports_are_written_one_behind_the_other(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    path.write_text("before\n")
    assert append_summary(REPORT, path)
    assert append_summary(REPORT, path)
    assert path.read_text() == "before\n" + 2 * (report_markdown(REPORT) + "\n")


def test_a_summary_does_not_outgrow_what_github_takes(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    path.write_text("x" * (MOST_BYTES - 500))
    assert not append_summary(REPORT, path)
    size = path.stat().st_size
    assert size <= MOST_BYTES
    assert path.read_text().endswith("The rest was left out: a summary may not be longer.\n")
    for _ in range(9):
        assert not append_summary(REPORT, path)
    assert path.stat().st_size <= MOST_BYTES


def test_a_summary_that_cannot_be_written_says_what_to_check(tmp_path: Path) -> None:
    with pytest.raises(BathyError, match="check GITHUB_STEP_SUMMARY"):
        append_summary(REPORT, tmp_path)
    with pytest.raises(BathyError, match="check GITHUB_OUTPUT"):
        append_outputs(outputs(REPORT), tmp_path)


def test_outputs_hold_lists_as_json() -> None:
    found = outputs(replace(REPORT, actions=(CREATED, replace(UPDATED, state="failed"))))
    assert found["status"] == "triaged"
    assert json.loads(found["labels"]) == ["bug", "area: http, core"]
    assert json.loads(found["duplicates"]) == [3]
    assert (found["writes"], found["failed_writes"]) == ("1", "1")
    assert found["input_digest"] == DIGEST


@pytest.mark.parametrize(
    ("action", "number"),
    [
        (CREATED, "99"),
        (UPDATED, "98"),
        (replace(CREATED, state="planned"), ""),
        (replace(UPDATED, state="failed"), ""),
        (replace(CREATED, reason=None), ""),
        (replace(CREATED, reason="https://evil.test/1#2"), ""),
    ],
)
def test_the_comments_page_is_told_if_it_was_written(action: Action, number: str) -> None:
    page = f"https://github.test/o/r/issues/7#issuecomment-{number}" if number else ""
    assert comment_url(replace(REPORT, actions=(action,))) == page


def test_outputs_are_blocks_that_values_cannot_end(tmp_path: Path) -> None:
    path = tmp_path / "output"
    append_outputs(outputs(with_labels(AddedLabel("a\nlabels<<b", "other", "low", ""))), path)
    assert "labels<<b" not in path.read_text().splitlines()
    names = [line.partition("<<")[0] for line in path.read_text().splitlines() if "<<" in line]
    assert [name for name in names if name in outputs(REPORT)] == list(outputs(REPORT))


@given(reports(), hostile_texts(), st.booleans())
def test_each_output_is_one_line(report: Report, reason: str, is_new: bool) -> None:
    action = replace(CREATED if is_new else UPDATED, reason=reason)
    for value in outputs(replace(report, actions=(action,))).values():
        assert value.isprintable()
