"""An issue that a bot wrote -> nothing is written to it, whoever asks and however."""

from pathlib import Path

import pytest
from github_double import GitHubDouble
from modes.triage.conftest import BODY, NAME, Triage
from modes.triage.outcome import BOTH, FINE, JSON, report_of, reports_of, sentence_of

ONE = ("1", "--repo-name", NAME, *JSON)
SUGGEST = ("--suggest", "--write", "comment")


@pytest.fixture(autouse=True)
def _issue(tracker: GitHubDouble) -> None:
    tracker.add_issue(NAME, "load() fails on an empty file", BODY, author="dependabot[bot]")


@pytest.mark.parametrize("wish", [BOTH, SUGGEST, (*BOTH, "--again")])
def test_no_wish_writes(triage: Triage, tracker: GitHubDouble, wish: tuple[str, ...]) -> None:
    ran = triage(*ONE, *wish)
    assert sentence_of(ran, FINE) == "bathy: skipped: a bot wrote the issue"
    assert reports_of(ran)[0]["issue"]["author"] == "dependabot[bot]"
    assert tracker.writes == []


def test_a_plan_says_that_nothing_would_be_written(triage: Triage) -> None:
    report = report_of(triage(*ONE))
    assert (report["status"], bool(report["suspects"])) == ("triaged", True)
    assert report["actions"]
    for action in report["actions"]:
        assert (action["state"], action["reason"]) == ("skipped", "a bot wrote the issue")
    assert report["reply"]["withheld_reason"] == "a bot wrote the issue"
    assert not report["reply"]["post"]


@pytest.mark.parametrize("wish", [BOTH, SUGGEST])
def test_a_report_of_another_job_is_not_written(
    triage: Triage, tracker: GitHubDouble, tmp_path: Path, wish: tuple[str, ...]
) -> None:
    dossier, made = tmp_path / "dossier.json", tmp_path / "report.json"
    issue = tracker.issue(NAME, 1)
    author, issue.author = issue.author, tracker.add_issue(NAME, "x", "y", author="ann").author
    assert triage(*ONE[:3], "--step", "fetch", "-o", dossier).code == 0
    assert triage(dossier, "--step", "think", "-o", made).code == 0
    issue.author = author
    ran = triage(made, "--step", "write", "--repo-name", NAME, *wish, *JSON)
    [report] = reports_of(ran)
    assert (ran.code, {action["state"] for action in report["actions"]}) == (0, {"skipped"})
    assert tracker.writes == []
