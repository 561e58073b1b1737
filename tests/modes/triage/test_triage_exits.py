"""`bathy triage` as a process of its own -> on every way out one report, and the right exit code."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from endpoint.script import Reply
from endpoint.server import Endpoint
from github_double import GitHubDouble
from modes.triage.conftest import BODY, NAME, TOKEN, opinion
from modes.triage.outcome import FINE, FOR_EVER, FOR_GOOD, JSON, LATER, USAGE
from repo_builder import RepoBuilder

ONE = ("1", "--repo-name", NAME)
Process = subprocess.Popen[str]


@pytest.fixture
def begin(tables: RepoBuilder, tracker: GitHubDouble) -> Any:
    """Starts `bathy triage` in the clone."""
    tracker.add_issue(NAME, "load() fails on an empty file", BODY)
    command = [sys.executable, "-m", "bathy.agent", "-C", str(tables.root), "triage"]

    def call(*args: str | Path, **environment: str) -> Process:
        own = {"GITHUB_API_URL": tracker.api_url, "GITHUB_TOKEN": TOKEN, **environment}
        return subprocess.Popen(
            [*command, *map(str, args)],
            env={**os.environ, **own},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return call


def end(process: Process) -> tuple[int, list[dict[str, Any]], str]:
    out, err = process.communicate(timeout=120)
    assert "Traceback" not in err
    return process.returncode, [json.loads(line) for line in out.splitlines()], err


@pytest.mark.parametrize("form", ["json", "stream-json"])
def test_a_rate_limit_is_one_report(begin: Any, tracker: GitHubDouble, form: str) -> None:
    tracker.fail(429, times=FOR_EVER, headers={"retry-after": "3600"})
    code, [report], err = end(begin(*ONE, "--output-format", form))
    assert (code, report["status"]) == (LATER, "error")
    assert "asks to wait" in report["skip_reason"]
    assert err == f"bathy: {report['skip_reason']}\n"


def test_people_read_one_sentence(begin: Any, tracker: GitHubDouble) -> None:
    tracker.fail(404, times=FOR_EVER)
    code, reports, err = end(begin(*ONE))
    assert (code, reports, err.count("\n")) == (FOR_GOOD, [], 1)


def test_a_commit_that_is_not_there_costs_no_request(begin: Any, tracker: GitHubDouble) -> None:
    code, [report], _ = end(begin(*ONE, *JSON, "--rev", "nope"))
    assert (code, report["status"]) == (FOR_GOOD, "error")
    assert "no commit 'nope'" in report["skip_reason"]
    assert tracker.requests == []


def test_what_triage_does_not_do_is_refused(begin: Any, tracker: GitHubDouble) -> None:
    for args in (("--task", "Why?"), ("--strict-citations",)):
        code, reports, err = end(begin(*ONE, *JSON, *args))
        assert (code, reports) == (USAGE, [])
        assert args[0] in err
    assert tracker.requests == []


def test_a_fetch_leaves_a_dossier_or_says_why_there_is_none(
    begin: Any, tracker: GitHubDouble, tmp_path: Path
) -> None:
    event, dossier = tmp_path / "event.json", tmp_path / "dossier.json"
    value = {"action": "opened", "issue": {"number": 1}, "repository": {"full_name": NAME}}
    args = (event, "--step", "fetch", "-o", dossier, "--repo-name", NAME, *JSON)
    event.write_text(json.dumps({**value, "action": "labeled"}))
    code, [report], _ = end(begin(*args))
    assert (code, report["status"], dossier.exists()) == (FINE, "skipped", False)
    event.write_text(json.dumps(value))
    code, reports, _ = end(begin(*args))
    assert (code, reports, dossier.exists()) == (FINE, [], True)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["TERM", "INT"]
)
def test_an_end_from_outside_is_one_report(begin: Any, number: signal.Signals, code: int) -> None:
    def wait(_asked: object) -> Reply:
        process.send_signal(number)
        time.sleep(2)
        return Reply(json.dumps(opinion()), "late")

    with Endpoint(wait) as endpoint:
        process = begin(
            *ONE, *JSON, DEEPSEEK_API_KEY="sk-test-0123456789abcdef",
            DEEPSEEK_BASE_URL=endpoint.base_url,
        )  # fmt: skip
        found, [report], _ = end(process)
    assert (found, report["status"]) == (code, "error")
    assert f"(exit code {code})" in report["skip_reason"]
    assert report["issue"]["title"] == "load() fails on an empty file"
