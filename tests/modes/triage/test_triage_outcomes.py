"""Odd issues and a tracker that fails to answer -> one clear outcome each, on the command line."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bathy.agent.modes.triage.github import client
from bathy.agent.modes.triage.marker import with_marker
from github_double import GitHubDouble
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
    sentence_of,
    told,
)

pytestmark = pytest.mark.usefixtures("thinks_here")

TITLE = "load() fails on an empty file"
ONE = ("1", "--repo-name", NAME, *JSON)
LIMIT = {"message": "API rate limit exceeded for user"}
SECONDARY = {"message": "You have exceeded a secondary rate limit."}
WRITTEN = [("add_labels", "done"), ("create_comment", "done")]

Setup = Callable[[GitHubDouble], object]


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    return patient(monkeypatch)


def used_up(tracker: GitHubDouble, method: str = "") -> str:
    """Let the rate limit be used up for most of an hour; return when it is not any more."""
    reset = int(time.time()) + 3_000
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(reset)}
    tracker.fail(403, times=FOR_EVER, value=LIMIT, headers=headers, method=method)
    return time.strftime("%Y-%m-%d %H:", time.gmtime(reset))


def moved(tracker: GitHubDouble) -> None:
    tracker.add_repo("acme/other")
    tracker.transfer(NAME, 1, "acme/other", 12)


def gone_private(tracker: GitHubDouble) -> None:
    tracker.add_repo(NAME, visibility="private")


REFUSED: dict[str, tuple[Setup, int, str]] = {
    "limit": (used_up, LATER, r"wait until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC; run bathy again"),
    "503": (lambda t: t.fail(503, times=FOR_EVER), LATER, r"GitHub fails \(503\); run bathy again"),
    "dropped": (lambda t: t.drop(times=FOR_EVER), LATER, "no answer from 127.0.0.1: .*run bathy"),
    "token": (lambda t: t._tokens.clear(), FOR_GOOD, r"check GITHUB_TOKEN \(401: Bad credent"),
    "none": (lambda t: t._repos[NAME].issues.clear(), FOR_GOOD, r"check the name and the number"),
    "deleted": (
        lambda t: setattr(t.issue(NAME, 1), "is_deleted", True),
        FOR_GOOD,
        r"was deleted.*nothing to triage \(410",
    ),
    "law": (lambda t: t.fail(451, path="/issues/1"), FOR_GOOD, r"legal reasons.*\(451"),
    "moved": (moved, FOR_GOOD, r"run bathy triage https://127\.0\.0\.1:\d+/acme/other/issues/12$"),
    "led off": (
        lambda t: t.fail(301, path="/issues/1", headers={"location": "https://evil.invalid/"}),
        FOR_GOOD,
        "outside of its API, which is not followed",
    ),
    "no JSON": (lambda t: t.fail(200, value=b"<html>"), FOR_GOOD, "check GITHUB_API_URL"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("wish", [(), BOTH, ("--suggest",)], ids=["plan", "write", "suggest"])
def test_an_issue_that_cannot_be_read_is_one_sentence(
    triage: Triage, tracker: GitHubDouble, case: str, wish: tuple[str, ...]
) -> None:
    setup, code, words = REFUSED[case]
    tracker.add_issue(NAME, TITLE, BODY)
    setup(tracker)
    assert re.search(words, sentence_of(triage(*ONE, *wish), code))
    assert tracker.writes == []


def test_the_limit_says_when_it_ends_and_how_to_have_more(
    triage: Triage, tracker: GitHubDouble, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    moment = used_up(tracker)
    assert moment in sentence_of(triage(*ONE), LATER)
    monkeypatch.delenv("GITHUB_TOKEN")
    assert "or set GITHUB_TOKEN" in sentence_of(triage(*ONE), LATER)
    assert (len(tracker.requests), waits) == (2, [])


def test_a_private_repository_looks_like_none_without_a_token(
    triage: Triage, tracker: GitHubDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone_private(tracker)
    tracker.add_issue(NAME, TITLE, BODY)
    monkeypatch.delenv("GITHUB_TOKEN")
    assert "a private repository without a token" in sentence_of(triage(*ONE), FOR_GOOD)
    assert "GITHUB_TOKEN" in sentence_of(triage(*ONE, *BOTH), USAGE)


def twice(tracker: GitHubDouble) -> None:
    tracker.fail(500)
    tracker.fail(502, value=b"<html>Bad gateway</html>")


@pytest.mark.parametrize(
    ("setup", "waited"),
    [
        (lambda t: t.fail(429, headers={"retry-after": "7"}), [7.0]),
        (lambda t: t.fail(429, headers={"retry-after": "7"}, method="POST"), [7.0]),
        (lambda t: t.fail(403, value=SECONDARY), [60.0]),
        (twice, [1.0, 2.0]),
        (lambda t: t.drop(path="/comments", method="GET"), [1.0]),
    ],
    ids=["429", "429 on a write", "secondary", "5xx twice", "dropped"],
)
def test_what_passes_is_waited_for(
    triage: Triage, tracker: GitHubDouble, waits: list[float], setup: Setup, waited: list[float]
) -> None:
    tracker.add_issue(NAME, TITLE, BODY)
    setup(tracker)
    ran = triage(*ONE, *BOTH)
    assert told(report_of(ran)) == WRITTEN
    assert waits == waited
    assert ran.err.count("bathy: waiting") == len(waited)
    assert len(tracker.taken) == 2


def test_a_search_that_fails_is_noted(triage: Triage, tracker: GitHubDouble) -> None:
    tracker.add_issue(NAME, TITLE, BODY)
    tracker.fail(503, times=FOR_EVER, path="/search")
    report = report_of(triage(*ONE))
    assert (report["status"], codes(report)) == ("triaged", ["search_failed"])


def test_a_renamed_repository_is_written_to_by_its_new_name(
    triage: Triage, tracker: GitHubDouble
) -> None:
    tracker.add_issue(NAME, TITLE, BODY)
    tracker.add_issue(NAME, TITLE, BODY)
    tracker.rename(NAME, "acme/sheets")
    report = report_of(triage(*ONE, *BOTH))
    assert (report["repo"]["full_name"], codes(report)) == ("acme/sheets", ["renamed"])
    assert told(report) == WRITTEN
    assert {"/".join(write.path.split("/")[2:4]) for write in tracker.taken} == {"acme/sheets"}
    [first] = reports_of(triage("--open", "--limit", "1", "--repo-name", NAME, *JSON))
    assert first["issue"]["number"] == 1


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ({"is_locked": True}, [("add_labels", "done"), ("create_comment", "skipped")]),
        ({"state": "closed"}, [("add_labels", "done"), ("create_comment", "skipped")]),
        ({"is_pull_request": True}, []),
        ({"author": None}, WRITTEN),
    ],
    ids=["locked", "closed", "pull request", "deleted author"],
)
def test_an_odd_issue_gets_what_fits_it(
    triage: Triage,
    tracker: GitHubDouble,
    field: dict[str, Any],
    wanted: list[tuple[str, str]],
) -> None:
    tracker.add_issue(NAME, TITLE, BODY, **field)
    report = report_of(triage(*ONE, *BOTH))
    assert told(report) == wanted
    assert len(tracker.writes) == len([state for _, state in wanted if state == "done"])
    assert report["issue"]["author"] == (None if "author" in field else "reporter")
    assert (report["status"] == "skipped") == ("is_pull_request" in field)


def test_an_archived_repository_is_told_as_one(triage: Triage, tracker: GitHubDouble) -> None:
    tracker.add_issue(NAME, TITLE, BODY)
    said = {"message": "Repository was archived so is read-only."}
    tracker.fail(403, times=FOR_EVER, value=said, method="POST")
    report = report_of(triage(*ONE, *BOTH), FOR_GOOD)
    assert told(report) == [("add_labels", "failed"), ("create_comment", "failed")]
    assert "the repository is archived" in report["actions"][0]["reason"]
    assert tracker.taken == []


def test_an_event_about_a_bot_s_issue_is_passed_over(
    triage: Triage, tracker: GitHubDouble, tmp_path: Path
) -> None:
    tracker.add_issue(NAME, TITLE, BODY, author="renovate[bot]")
    event = tmp_path / "event.json"
    value = {"action": "opened", "issue": {"number": 1}, "repository": {"full_name": NAME}}
    event.write_text(json.dumps({**value, "sender": {"type": "User"}}))
    ran = triage(event, *BOTH, *JSON)
    assert sentence_of(ran, FINE) == "bathy: skipped: a bot wrote the issue"
    assert tracker.writes == []


@pytest.mark.parametrize(
    "body",
    [BODY + "`load('x')` raises <!-- x --> @a #1 \u65e5\u672c " * 60_000, "`" * 2_000_000],
    ids=["words", "ticks"],
)
def test_two_megabytes_are_cut(triage: Triage, tracker: GitHubDouble, body: str) -> None:
    assert len(body.encode()) >= 2_000_000
    tracker.add_issue(NAME, TITLE, body)
    report = report_of(triage(*ONE, *BOTH))
    assert (codes(report), report["issue"]["truncated"]) == (["oversize"], True)
    assert told(report) == WRITTEN


def test_older_issues_that_are_too_large_to_list_are_done_without(
    triage: Triage, tracker: GitHubDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(12):
        tracker.add_issue(NAME, "Unlike", "x" * 2_000_000)
    tracker.add_issue(NAME, TITLE, BODY)
    args = ("13", *ONE[1:])
    assert codes(report_of(triage(*args))) == ["others_shortened"]
    monkeypatch.setattr(client, "MOST_BYTES", 20_000_000)
    assert codes(report_of(triage(*args))) == ["others_cut"]


def test_our_comment_among_three_thousand_is_found(triage: Triage, tracker: GitHubDouble) -> None:
    tracker.add_issue(NAME, TITLE, BODY)
    for at in range(3_001):
        ours = (BOT, with_marker("Old.", "sha256:" + "0" * 64))
        tracker.add_comment(NAME, 1, *(ours if at == 1_500 else (f"user{at % 7}", "Me, too.")))
    report = report_of(triage(*ONE, *BOTH))
    assert told(report) == [("add_labels", "done"), ("update_comment", "done")]
    comments = tracker.issue(NAME, 1).comments
    assert len(comments) == 3_001
    assert "Old." not in comments[1_500].body
    assert (report["issue"]["comments_read"], codes(report)) == (100, ["comments_cut"])


def test_labels_of_odd_names_beyond_the_first_page(triage: Triage, tracker: GitHubDouble) -> None:
    bug, area, waiting = "\U0001f41b bug", "area: io, load/save.", "status/needs-info"
    odd = {bug: "Something fails", area: "src/loader.py", waiting: ""}
    tracker.add_repo(NAME, labels={**{f"label {at:03}": "" for at in range(300)}, **odd})
    issue = tracker.add_issue(NAME, TITLE, "`load('x')` raises IndexError in `src/loader.py`.")
    assert told(report_of(triage(*ONE, *BOTH))) == WRITTEN
    assert set(issue.labels) == {bug, area, waiting}
    issue.body = BODY
    report = report_of(triage(*ONE, *BOTH))
    assert told(report) == [("remove_label", "done"), ("update_comment", "done")]
    assert set(issue.labels) == {bug, area}


def test_an_enterprise_server_has_its_api_below_a_path(
    triage: Triage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with GitHubDouble("/api/v3") as server:
        server.add_token(TOKEN, BOT)
        server.add_repo(NAME, labels=LABELS)
        server.add_issue(NAME, TITLE, BODY)
        monkeypatch.setenv("GITHUB_API_URL", server.api_url)
        report = report_of(triage(*ONE, *BOTH))
        host = server.api_url.removeprefix("http://").removesuffix("/api/v3")
        assert report["repo"]["host"] == host
        assert report["issue"]["url"].endswith(f"//{host}/{NAME}/issues/1")
        assert len(server.issue(NAME, 1).comments) == 1
