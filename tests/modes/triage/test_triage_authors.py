"""Runs that an author sets off are counted, and no others."""

import json
from pathlib import Path

import pytest
from github_double import GitHubDouble
from modes.triage.conftest import BODY, NAME, Triage
from modes.triage.outcome import BOTH, FINE, JSON, USAGE, reports_of, sentence_of

OPEN = ("--open", "--limit", "20", "--repo-name", NAME, *JSON)


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bathy.agent.modes.triage.memory.MOST_AN_HOUR", 2)


def looked_at(triage: Triage, *args: str) -> list[int]:
    ran = triage(*args)
    assert ran.code == FINE, ran.err
    return [one["issue"]["number"] for one in reports_of(ran) if one["status"] != "skipped"]


def event_of(folder: Path, number: int, **changes: object) -> Path:
    path = folder / "event.json"
    value = {"action": "opened", "issue": {"number": number}, "repository": {"full_name": NAME}}
    path.write_text(json.dumps({**value, **changes}))
    return path


def test_a_batch_does_not_keep_an_author_s_issues_waiting(
    triage: Triage, tracker: GitHubDouble
) -> None:
    for number in range(3):
        tracker.add_issue(NAME, f"load() fails, {number}", BODY, author="ann")
    assert looked_at(triage, *OPEN, *BOTH) == [1, 2, 3]
    # Our own labels and comments have changed them, which is nothing new.
    assert looked_at(triage, *OPEN, *BOTH) == []
    new = tracker.add_issue(NAME, "save() fails", BODY, author="ann").number
    assert looked_at(triage, *OPEN, *BOTH) == [new]


def test_events_of_an_author_are_counted_when_something_is_thought(
    triage: Triage, tracker: GitHubDouble, tmp_path: Path
) -> None:
    for number in (1, 2, 3):
        tracker.add_issue(NAME, f"load() fails, {number}", BODY, author="ann")
    assert looked_at(triage, *OPEN) == [1, 2, 3]
    for number in (1, 1, 1, 2):
        assert triage(event_of(tmp_path, number), *BOTH, *JSON).code == FINE
    refused = sentence_of(triage(event_of(tmp_path, 3), *BOTH, *JSON), FINE)
    assert "too many runs" in refused
    assert tracker.issue(NAME, 2).comments
    assert not tracker.issue(NAME, 3).comments


def test_a_member_s_command_is_not_the_author_s(
    triage: Triage, tracker: GitHubDouble, tmp_path: Path
) -> None:
    tracker.add_issue(NAME, "load() fails", BODY, author="ann")
    comment = {"body": "/triage", "author_association": "MEMBER"}
    for _ in range(3):
        event = event_of(tmp_path, 1, action="created", comment=comment)
        assert reports_of(triage(event, *JSON))[0]["status"] != "skipped"


def test_a_stranger_s_many_issues_are_taken_a_few_a_run(
    triage: Triage, tracker: GitHubDouble
) -> None:
    for author, association in (("eve", "NONE"), ("ann", "MEMBER"), ("bob", "CONTRIBUTOR")):
        for number in range(4):
            title = f"load() fails for {author}, {number}"
            tracker.add_issue(NAME, title, BODY, author=author, association=association)
    ran = triage(*OPEN, "--per-author", "3")
    assert [one["issue"]["number"] for one in reports_of(ran)] == [1, 2, 3, 5, 6, 7, 8, 9, 10, 11]
    assert "left for next time: 2 issues of authors with over 3" in ran.err
    assert looked_at(triage, *OPEN, "--per-author", "3") == [4, 12]
    assert "--open" in sentence_of(triage("1", "--per-author", "3", *JSON), USAGE)


def test_what_is_passed_over_counts_for_no_author(triage: Triage, tracker: GitHubDouble) -> None:
    for number in range(3):
        tracker.add_issue(NAME, f"load() fails, {number}", BODY, author="eve")
    one_each = (*OPEN, *BOTH, "--per-author", "1")
    assert looked_at(triage, *one_each) == [1]
    assert looked_at(triage, *one_each) == [2]
    assert looked_at(triage, *one_each) == [3]
    assert looked_at(triage, *one_each) == []
