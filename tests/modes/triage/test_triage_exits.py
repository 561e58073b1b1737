"""`bathy triage` as a process of its own -> on every way out one report, and the right exit code."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from bathy.agent.modes.triage.github.write import UNHEARD
from endpoint.script import Reply
from endpoint.server import Endpoint
from github_double import GitHubDouble
from github_wire import Reply as Wire
from modes.triage.conftest import BODY, BOT, LABELS, NAME, TOKEN, opinion
from modes.triage.outcome import BOTH, FINE, FOR_EVER, FOR_GOOD, JSON, LATER, USAGE
from repo_builder import RepoBuilder

# What a run does up to a place, where it is asked to end: a real signal, and no matter of time.
ENDED_AT = """
import os, sys
from bathy.agent.modes.triage import apart, run
number, module, name = int(sys.argv[1]), {"apart": apart, "run": run}[sys.argv[2]], sys.argv[3]
before = getattr(module, name)

def ended(*args):
    os.kill(os.getpid(), number)
    return before(*args)

setattr(module, name, ended)
from bathy.agent.cli import main
sys.exit(main(sys.argv[4:]))
"""
# The same while half of a line is on stdout.
HALF = """
import os, sys
from bathy.agent.modes.triage import show
number = int(sys.argv[1])

class Half:
    def __getattr__(self, name):
        return getattr(sys.stdout, name)

    def write(self, text):
        sys.stdout.write(text[:20])
        sys.stdout.flush()
        os.kill(os.getpid(), number)
        return 20 + sys.stdout.write(text[20:])

class System:
    stdout = Half()

show.sys = System()
from bathy.agent.cli import main
sys.exit(main(sys.argv[2:]))
"""
ENDS = pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["TERM", "INT"]
)
ONE = ("1", "--repo-name", NAME)
Process = subprocess.Popen[str]


@pytest.fixture
def begin(tables: RepoBuilder, tracker: GitHubDouble) -> Any:
    """Starts `bathy triage` in the clone."""
    tracker.add_issue(NAME, "load() fails on an empty file", BODY)

    def call(
        *args: str | Path, python: Sequence[str] = ("-m", "bathy.agent"), **environment: str
    ) -> Process:
        own = {"GITHUB_API_URL": tracker.api_url, "GITHUB_TOKEN": TOKEN, **environment}
        return subprocess.Popen(
            [sys.executable, *python, "-C", str(tables.root), "triage", *map(str, args)],
            env={**os.environ, **own},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
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


@ENDS
@pytest.mark.parametrize("send", [os.kill, os.killpg], ids=["one", "terminal"])
def test_an_end_from_outside_is_one_report(
    begin: Any, number: signal.Signals, code: int, send: Callable[[int, int], None]
) -> None:
    def wait(_asked: object) -> Reply:
        send(process.pid, number)
        process.wait(60)
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


@ENDS
@pytest.mark.parametrize(
    ("module", "name"), [("apart", "load_report"), ("run", "written"), ("run", "write")]
)
def test_what_was_thought_is_told_if_the_end_comes_before_the_writing(
    begin: Any, tracker: GitHubDouble, number: signal.Signals, code: int, module: str, name: str
) -> None:
    python = ("-c", ENDED_AT, str(int(number)), module, name)
    found, [report], _ = end(begin(*ONE, *JSON, *BOTH, "--offline", python=python))
    assert (found, report["status"], report["skip_reason"]) == (code, "triaged", None)
    assert [label["name"] for label in report["labels"]["add"]] == ["bug", "area: io, files"]
    [warning] = [one for one in report["warnings"] if one["code"] == "write"]
    assert warning["message"].endswith(f"(exit code {code}); nothing was written")
    assert {action["state"] for action in report["actions"]} == {"planned"}
    assert tracker.writes == []


@ENDS
def test_a_line_of_many_is_whole_or_not_there(
    begin: Any, tracker: GitHubDouble, number: signal.Signals, code: int
) -> None:
    tracker.add_issue(NAME, "load() fails on a missing file", BODY)
    python = ("-c", HALF, str(int(number)))
    many = ("--open", "--limit", "2", "--repo-name", NAME, *JSON, "--offline")
    found, [report], _ = end(begin(*many, python=python))
    assert (found, report["status"]) == (code, "triaged")


class Rude(GitHubDouble):
    """Has a process ended before its first write is answered, and answers when it is gone."""

    number = signal.SIGTERM
    process: Process | None = None

    def answer(self, method: str, target: str, raw: bytes, headers: Mapping[str, str]) -> Wire:
        found = super().answer(method, target, raw, headers)
        if method == "POST" and self.process is not None:
            self.process.send_signal(self.number)
            self.process.wait(60)
        return found


@pytest.fixture
def rude() -> Iterator[Rude]:
    double = Rude()
    with double:
        double.add_token(TOKEN, BOT)
        double.add_repo(NAME, labels=LABELS)
        double.add_issue(NAME, "load() fails on an empty file", BODY)
        yield double


@ENDS
def test_a_write_that_was_sent_is_told_as_one_that_may_be_done(
    begin: Any, rude: Rude, number: signal.Signals, code: int
) -> None:
    rude.number = number
    rude.process = begin(*ONE, *JSON, *BOTH, "--offline", GITHUB_API_URL=rude.api_url)
    found, [report], _ = end(rude.process)
    assert (found, report["status"], report["run"]["mode"]) == (code, "triaged", "apply")
    assert [(one["op"], one["state"], one["reason"]) for one in report["actions"]] == [
        ("add_labels", "failed", UNHEARD),
        ("create_comment", "planned", None),
    ]
    assert report["warnings"][-1]["message"].endswith("; what was sent by then is listed")
    assert rude.issue(NAME, 1).labels == ["bug", "area: io, files"]
