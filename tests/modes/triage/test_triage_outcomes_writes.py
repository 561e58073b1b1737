"""A tracker that fails while it is written to, and runs at the same time -> nothing comes twice."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from bathy.agent.config import Settings
from bathy.agent.modes.triage.apart import Thought, think_apart
from bathy.agent.modes.triage.dossier import Dossier
from bathy.agent.modes.triage.report import Report
from bathy.agent.modes.triage.telling.comment import CHECKLIST
from conftest import Ran
from github_double import GitHubDouble
from github_wire import Reply
from modes.triage.conftest import BODY, BOT, LABELS, NAME, TOKEN, Triage
from modes.triage.outcome import (
    BOTH,
    FINE,
    FOR_EVER,
    FOR_GOOD,
    JSON,
    LATER,
    USAGE,
    codes,
    patient,
    report_of,
    reports_of,
    said_by,
    sentence_of,
    told,
)
from repo_builder import RepoBuilder

pytestmark = pytest.mark.usefixtures("thinks_here", "vocabulary")

TITLE = "load() fails on an empty file"
ONE = ("1", "--repo-name", NAME, *JSON)
OPEN = ("--open", "--repo-name", NAME, *JSON)
AREA = "area: io, files"
FAR = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "4000000000"}
LIMIT = {"message": "API rate limit exceeded for user"}
# Two writes are kept a second apart, which a test does not wait for.
COMMAND = (
    "import sys; from bathy.agent.modes.triage.github import client; client.WRITE_GAP_S = 0.0;"
    "from bathy.agent.cli import main; sys.exit(main(sys.argv[1:]))"
)


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    return patient(monkeypatch)


@pytest.mark.parametrize("is_late", [True, False], ids=["taken", "lost"])
@pytest.mark.parametrize("status", [0, 502])
def test_a_comment_of_which_nobody_knows_comes_once(
    triage: Triage, tracker: GitHubDouble, status: int, *, is_late: bool
) -> None:
    tracker.add_issue(NAME, TITLE, BODY)
    if status:
        tracker.fail(status, method="POST", path="/comments", is_late=is_late)
    else:
        tracker.drop(method="POST", path="/comments", is_late=is_late)
    report = report_of(triage(*ONE, *BOTH), LATER)
    assert told(report) == [("add_labels", "done"), ("create_comment", "failed")]
    assert "run bathy again" in report["actions"][1]["reason"]
    again = triage(*ONE, *BOTH)
    if is_late:
        assert "nothing was said since" in sentence_of(again, FINE)
    else:
        assert told(report_of(again)) == [("create_comment", "done")]
    assert len(tracker.issue(NAME, 1).comments) == 1
    assert tracker.issue(NAME, 1).labels == ["bug", AREA]


def test_labels_that_failed_for_now_come_with_the_next_run(
    triage: Triage, tracker: GitHubDouble
) -> None:
    tracker.add_issue(NAME, TITLE, BODY)
    tracker.drop(method="POST", path="/labels")
    report = report_of(triage(*ONE, *BOTH), LATER)
    assert told(report) == [("add_labels", "failed"), ("create_comment", "skipped")]
    assert tracker.taken == []
    report = report_of(triage(*ONE, *BOTH))
    assert told(report) == [("add_labels", "done"), ("create_comment", "done")]


def test_a_limit_on_writes_ends_them(
    triage: Triage, tracker: GitHubDouble, waits: list[float]
) -> None:
    tracker.add_issue(NAME, TITLE, BODY)
    tracker.fail(403, times=FOR_EVER, value=LIMIT, headers=FAR, method="POST")
    report = report_of(triage(*ONE, *BOTH), LATER)
    assert told(report) == [("add_labels", "failed"), ("create_comment", "skipped")]
    assert "asks to wait until" in report["actions"][0]["reason"]
    assert (len(tracker.writes), waits) == (1, [])


def test_a_report_that_cannot_be_written_is_shown(
    triage: Triage, tracker: GitHubDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    def think(settings: Settings, dossier: Dossier, keep: Callable[[Report], object]) -> Thought:
        thought = think_apart(settings, dossier, keep)
        tracker.fail(503, times=FOR_EVER)
        return thought

    tracker.add_issue(NAME, TITLE, BODY)
    monkeypatch.setattr("bathy.agent.modes.triage.run.think_apart", think)
    ran = triage(*ONE, *BOTH)
    assert (ran.code, len(said_by(ran))) == (LATER, 1)
    [report] = reports_of(ran)
    assert told(report) == [("add_labels", "planned"), ("create_comment", "planned")]
    [warning] = report["warnings"]
    assert (warning["code"], report["run"]["mode"]) == ("write", "plan")
    assert warning["message"].endswith("; nothing was written")
    assert tracker.writes == []


@pytest.mark.parametrize("args", [ONE, OPEN])
def test_who_cannot_write_is_told_before_anything_is_done(
    triage: Triage, tracker: GitHubDouble, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...]
) -> None:
    tracker.add_issue(NAME, TITLE, BODY)
    monkeypatch.delenv("GITHUB_TOKEN")
    assert "writing needs a token" in sentence_of(triage(*args, *BOTH), USAGE)
    assert tracker.requests == []


@pytest.mark.parametrize("how", [404, 422, "off", "ignored"])
@pytest.mark.parametrize("wish", [(), ("--write", "comment")], ids=["suggest", "and comment"])
def test_suggestions_that_are_not_there_become_a_list(
    triage: Triage, tracker: GitHubDouble, how: int | str, wish: tuple[str, ...]
) -> None:
    if isinstance(how, int):
        tracker.fail(how, times=FOR_EVER, method="POST", path="/labels")
    else:
        tracker.add_repo(NAME, labels=LABELS, suggestions="off" if how == "off" else "ignored")
    tracker.add_issue(NAME, TITLE, BODY)
    report = report_of(triage(*ONE, "--suggest", *wish))
    assert told(report) == [("suggest_labels", "failed"), ("create_comment", "done")]
    issue = tracker.issue(NAME, 1)
    assert issue.labels == []
    [comment] = issue.comments
    assert CHECKLIST in comment.body
    assert comment.body.count("- [ ] ") == 2


@pytest.mark.parametrize(("status", "code"), [(503, LATER), (403, FOR_GOOD)])
def test_suggestions_that_fail_are_no_success(
    triage: Triage, tracker: GitHubDouble, status: int, code: int
) -> None:
    tracker.add_issue(NAME, TITLE, BODY)
    tracker.fail(status, times=FOR_EVER, method="POST")
    assert told(report_of(triage(*ONE, "--suggest"), code)) == [("suggest_labels", "failed")]
    assert tracker.issue(NAME, 1).comments == []


def numbers(ran: Ran) -> list[int]:
    """The issues that were looked at."""
    ended = [number for numbers in ended_in(ran).values() for number in numbers]
    found = [report["issue"]["number"] for report in reports_of(ran)]
    assert len(set(found)) == len(found), "more than one report of an issue"
    return [number for number in found if number not in ended]


def ended_in(ran: Ran) -> dict[str, list[int]]:
    """The others, by what their reports say became of them."""
    by_status: dict[str, list[int]] = {}
    for report in reports_of(ran):
        if report["status"] in ("skipped", "error"):
            by_status.setdefault(report["status"], []).append(report["issue"]["number"])
    return by_status


def four_issues(tracker: GitHubDouble) -> None:
    for at in range(4):
        tracker.add_issue(NAME, f"load() fails, {at}", BODY, author=f"user{at}")


def test_a_batch_goes_on_after_a_failure(triage: Triage, tracker: GitHubDouble) -> None:
    four_issues(tracker)
    tracker.fail(404, path="/issues/2")
    ran = triage(*OPEN, "--limit", "2", *BOTH)
    assert (ran.code, numbers(ran), ended_in(ran)) == (FOR_GOOD, [1, 3], {"error": [2]})
    [said] = said_by(ran)
    assert said.startswith("bathy: issue 2: ")
    again = triage(*OPEN, "--limit", "2", *BOTH)
    assert (again.code, numbers(again)) == (FINE, [2, 4])
    assert ended_in(again) == {"skipped": [1, 3]}
    assert [len(tracker.issue(NAME, at).comments) for at in (1, 2, 3, 4)] == [1, 1, 1, 1]


def test_a_batch_ends_where_github_fails_and_goes_on_there(
    triage: Triage, tracker: GitHubDouble
) -> None:
    four_issues(tracker)
    tracker.fail(503, times=4, path="/issues/2")
    ran = triage(*OPEN, *BOTH)
    assert (ran.code, numbers(ran), ended_in(ran)) == (LATER, [1], {"error": [2]})
    [said] = said_by(ran)
    assert said.endswith("; 3 issues are left for next time")
    again = triage(*OPEN, *BOTH)
    assert (again.code, numbers(again)) == (FINE, [2, 3, 4])


def test_labels_of_a_batch_do_not_begin_it_anew(triage: Triage, tracker: GitHubDouble) -> None:
    four_issues(tracker)
    args = (*OPEN, "--limit", "2", "--write", "labels")
    assert [numbers(triage(*args)) for _ in range(3)] == [[1, 2], [3, 4], []]


def test_a_batch_in_which_all_fails_ends_soon(triage: Triage, tracker: GitHubDouble) -> None:
    for at in range(20):
        tracker.add_issue(NAME, f"load() fails, {at}", BODY, author=f"user{at}")
    tracker.fail(403, times=FOR_EVER, path=f"{NAME}/labels")
    ran = triage(*OPEN, "--limit", "2")
    assert (ran.code, len(said_by(ran)), ended_in(ran)) == (FOR_GOOD, 4, {"error": [1, 2, 3]})
    assert "17 are left" in said_by(ran)[-1]


@pytest.fixture
def event(tmp_path: Path) -> Path:
    path = tmp_path / "event.json"
    value = {"action": "opened", "issue": {"number": 1}, "repository": {"full_name": NAME}}
    path.write_text(json.dumps({**value, "sender": {"type": "User"}}))
    return path


def test_a_delivery_that_failed_may_come_again(
    triage: Triage, tracker: GitHubDouble, event: Path
) -> None:
    tracker.add_issue(NAME, TITLE, BODY)
    tracker.fail(503, times=4)
    args = (event, "--delivery", "d1", *BOTH, *JSON)
    assert "GitHub fails" in sentence_of(triage(*args), LATER)
    assert len(report_of(triage(*args))["actions"]) == 2
    assert "worked off before" in sentence_of(triage(*args), FINE)
    assert len(tracker.issue(NAME, 1).comments) == 1


class Crowd(GitHubDouble):
    """Lets nobody on before both have asked for the repository."""

    def __init__(self) -> None:
        super().__init__()
        self.meeting = threading.Barrier(2)

    def answer(self, method: str, target: str, raw: bytes, headers: Mapping[str, str]) -> Reply:
        if target == f"/repos/{NAME}":
            self.meeting.wait(60)
        return super().answer(method, target, raw, headers)


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    double = Crowd()
    with double:
        double.add_token(TOKEN, BOT)
        double.add_repo(NAME, labels=LABELS)
        double.add_issue(NAME, TITLE, BODY)
        yield double


def at_once(tracker: GitHubDouble, tables: RepoBuilder, *args: str | Path) -> list[str]:
    """Run a command twice at the same time; return what was written to stdout."""
    environment = {**os.environ, "GITHUB_API_URL": tracker.api_url, "GITHUB_TOKEN": TOKEN}
    command = [sys.executable, "-c", COMMAND, "-C", str(tables.root), "triage", *map(str, args)]
    running = [
        subprocess.Popen(
            [*command, *BOTH, *JSON, "--offline"],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    ended = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [FINE, FINE], ended
    return [out for out, _ in ended]


def test_an_event_that_comes_twice_at_once_is_answered_once(
    crowd: Crowd, tables: RepoBuilder, event: Path
) -> None:
    outs = at_once(crowd, tables, event)
    reports = sorted((json.loads(out) for out in outs), key=lambda one: len(one["actions"]))
    assert [told(report) for report in reports] == [
        [("update_comment", "skipped")],
        [("add_labels", "done"), ("create_comment", "done")],
    ]
    assert len(crowd.writes) == 2
    assert len(crowd.issue(NAME, 1).comments) == 1


def test_a_delivery_that_comes_twice_at_once_is_worked_off_once(
    tracker: GitHubDouble, tables: RepoBuilder, event: Path
) -> None:
    tracker.add_issue(NAME, TITLE, BODY)
    outs = at_once(tracker, tables, event, "--delivery", "d1")
    skipped, report = sorted((json.loads(out) for out in outs), key=lambda one: one["status"])
    assert skipped["skip_reason"] == "this delivery was worked off before"
    assert codes(report) == []
    assert len(tracker.writes) == 2
    assert len([seen for seen in tracker.requests if seen.path == f"/repos/{NAME}"]) == 1
