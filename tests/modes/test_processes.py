"""bathy as its users run it: a process of its own, with pipes and signals, against the service."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from bathy.agent.loop.partial import read_partial
from bathy.agent.loop.record import read_record
from conftest import Ran, Run
from endpoint.deaf import full
from endpoint.faults import Hold
from endpoint.script import Call, Reply
from endpoint.server import Endpoint, Recorded
from repo_builder import RepoBuilder

CART = "class Cart:\n    def add(self, item):\n        return item\n"
LOOK = Reply("", "look", (Call("read_file", {"path": "cart.py"}), Call("grep", {"pattern": "add"})))
MORE = Reply("Now.", "more", (Call("find_symbol", {"name": "Cart.add"}),))
DONE = Reply("It is `add` [cart.py:2-3].", "so")
SCRIPT = (LOOK, MORE, DONE)

Start = Callable[..., "subprocess.Popen[str]"]
GoOn = Callable[[Endpoint], Ran]


@pytest.fixture
def start(repo: RepoBuilder, tmp_path: Path, vocabulary: None) -> Iterator[Start]:
    repo.file("cart.py", CART).commit()
    started: list[subprocess.Popen[str]] = []

    def call(endpoint: Endpoint, *args: str, **options: Any) -> "subprocess.Popen[str]":
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path / "home"),
            "DEEPSEEK_API_KEY": "sk-test",
            "DEEPSEEK_BASE_URL": endpoint.base_url,
            "BATHY_MAX_RETRIES": "0",
        }
        process = subprocess.Popen(
            [sys.executable, "-I", "-m", "bathy.agent", "-C", str(repo.root), *args],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=options.get("stdout", subprocess.PIPE),
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield call
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def go_on(repo: RepoBuilder, run: Run, monkeypatch: pytest.MonkeyPatch) -> GoOn:
    """Goes on with the session of a process that has ended, in this process."""

    def call(endpoint: Endpoint) -> Ran:
        monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-test")
        monkeypatch.setenv("DEEPSEEK_BASE_URL", endpoint.base_url)
        monkeypatch.setenv("BATHY_MAX_RETRIES", "0")
        task = ("--continue", "--task", "go on", "--output-format", "json")
        return run("-C", repo.root, *task)

    return call


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_process_answers_over_three_tools(start: Start) -> None:
    with Endpoint(SCRIPT) as endpoint:
        process = start(endpoint, "--task", "which?", "--output-format", "stream-json")
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert endpoint.problems == []
    result = events(out)[-1]
    assert result["result"] == DONE.text
    assert [c["status"] for c in result["citations"]] == ["verified"]
    assert result["num_turns"] == 3


CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -signal.SIGKILL}
ENDS = [(signal.SIGKILL, number) for number in range(1, 21)] + [
    (signal_, number) for signal_ in (signal.SIGINT, signal.SIGTERM) for number in range(2, 21, 3)
]


@pytest.mark.parametrize(("signal_", "number"), ENDS)
def test_ended_at_any_event_a_session_goes_on(
    start: Start, go_on: GoOn, signal_: signal.Signals, number: int
) -> None:
    # The answer does not end before the signal is sent, however slow the reader of the events is.
    hold = Hold("last")

    def say(asked: Recorded) -> Reply:
        """What comes next in this conversation, however often it was begun."""
        answered = sum(m["role"] == "assistant" and "tool_calls" in m for m in asked.messages)
        return (LOOK, MORE, replace(DONE, faults=[hold]))[min(answered, 2)]

    with Endpoint(say) as endpoint:
        process = start(endpoint, "--task", "which?", "--output-format", "stream-json")
        assert process.stdout is not None
        seen = [process.stdout.readline() for _ in range(number)]
        process.send_signal(signal_)
        rest, _ = process.communicate(timeout=60)
        told = events("".join([*seen, rest]).rpartition("\n")[0])
        hold.release()
        results = [e["subtype"] for e in told if e["type"] == "result"]
        assert results == ["interrupted"] * (signal_ != signal.SIGKILL)
        assert process.returncode == CODES[signal_]
        before = len(endpoint.requests)
        again = go_on(endpoint)
    assert again.code == 0, again.err
    assert endpoint.problems == []
    assert again.json["result"] == DONE.text
    resumed = endpoint.requests[before]
    if before:
        assert resumed.prompt.startswith(
            endpoint.requests[0].prompt[: -len("<think>")].rpartition("<")[0]
        )
    finished = [e["text"] for e in told if e["type"] == "tool_finished"]
    kept = [m["content"] for m in resumed.messages if m["role"] == "tool"]
    assert kept[: len(finished)] == finished


def test_killed_in_the_middle_of_an_answer_all_that_was_shown_is_kept(
    start: Start, go_on: GoOn, tmp_path: Path
) -> None:
    hold = Hold("middle")
    long = "It is `add` [cart.py:2-3], which gives the item back. " * 9
    with Endpoint([replace(DONE, text=long, faults=[hold]), DONE]) as endpoint:
        process = start(endpoint, "--task", "which?", "--output-format", "stream-json")
        hold.wait()
        assert process.stdout is not None
        shown = ""
        while len(shown) < len(long) // 3:
            event = json.loads(process.stdout.readline())
            shown += event["text"] if event["type"] == "text_delta" else ""
        process.kill()
        # What was read ahead is in the buffer of this stream; communicate would pass it over.
        rest = process.stdout.read().rpartition("\n")[0]
        process.wait(timeout=60)
        shown += "".join(e["text"] for e in events(rest) if e["type"] == "text_delta")
        hold.release()
        log = next((tmp_path / "home" / ".local" / "state" / "bathy" / "sessions").glob("*.jsonl"))
        cut = read_partial(read_record(log))
        assert cut.thinking == DONE.reasoning
        assert cut.text.startswith(shown)
        assert long.startswith(cut.text)
        assert go_on(endpoint).json["result"] == DONE.text
    lines = read_record(log).lines
    assert [line["text"] for line in lines if line["type"] == "partial"] == [cut.text]
    # Only people see it: a reply that broke off is never sent again.
    assert not any(long[:20] in m["content"] for m in endpoint.requests[-1].messages)


@pytest.mark.parametrize(
    ("at", "signal_"),
    [
        ("headers", signal.SIGINT),
        ("middle", signal.SIGINT),
        ("middle", signal.SIGTERM),
        ("done", signal.SIGINT),
    ],
)
def test_an_end_while_a_reply_is_awaited_is_told_and_leaves_the_session_whole(
    start: Start, go_on: GoOn, at: Any, signal_: signal.Signals
) -> None:
    hold = Hold(at)
    with Endpoint([LOOK, replace(MORE, faults=[hold]), MORE, DONE]) as endpoint:
        process = start(endpoint, "--task", "which?", "--output-format", "json")
        hold.wait()
        process.send_signal(signal_)
        out, err = process.communicate(timeout=30)
        again = go_on(endpoint)
    result = json.loads(out)
    assert process.returncode == CODES[signal_]
    assert (result["subtype"], result["result"]) == ("interrupted", "")
    assert "Traceback" not in err
    assert again.code == 0, again.err
    assert again.json["result"] == DONE.text
    assert (endpoint.problems, endpoint.unused) == ([], 0)
    # What the tools told before is there, once; the reply that broke off is not.
    told = [m["tool_call_id"] for m in endpoint.requests[2].messages if m["role"] == "tool"]
    assert len(told) == len(set(told)) == len(LOOK.calls)
    assert endpoint.requests[2].hit_tokens >= endpoint.requests[1].hit_tokens > 0


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_after_the_result_changes_nothing(start: Start, signal_: signal.Signals) -> None:
    with Endpoint([DONE]) as endpoint:
        process = start(endpoint, "--task", "which?", "--output-format", "json")
        assert process.stdout is not None
        result = process.stdout.readline()
        process.send_signal(signal_)
        rest, _ = process.communicate(timeout=30)
    assert (process.returncode, rest) == (0, "")
    assert json.loads(result)["subtype"] == "success"


def test_a_reader_that_goes_away_ends_it_with_141(start: Start) -> None:
    hold = Hold("middle")
    with Endpoint([Reply("word " * 400, "r", faults=[hold])]) as endpoint:
        process = start(endpoint, "--task", "which?", "--output-format", "stream-json")
        assert process.stdout is not None
        process.stdout.readline()
        hold.wait()
        process.stdout.close()
        hold.release()
        process.stdout = None
        _, err = process.communicate(timeout=30)
    assert process.returncode == 141
    assert "Traceback" not in err


def test_a_dead_service_is_worth_trying_later(start: Start) -> None:
    with Endpoint([]) as endpoint:
        pass
    process = start(endpoint, "--task", "which?", "--output-format", "json")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 75
    assert json.loads(out)["subtype"] == "error_during_execution"
    assert "no connection" in err


@pytest.mark.parametrize("name", ["list_files", "grep"])
def test_a_tool_runs_as_the_model_would_run_it(start: Start, repo: RepoBuilder, name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-m", "bathy.agent", "tool", name, "-C", str(repo.root)],
        input='{"pattern": "add"}' if name == "grep" else "",
        capture_output=True,
        text=True,
        check=True,
    )
    assert "cart.py" in done.stdout


def stopped_at(start: Start, url: str, reached: Callable[[str], None]) -> tuple[list[Any], str]:
    """What a run tells that is stopped, and what it says to people, once a request is made."""
    process = start(
        SimpleNamespace(base_url=url), "--task", "which?", "--output-format", "stream-json"
    )
    assert process.stdout is not None
    seen = [process.stdout.readline()]
    while "turn_started" not in seen[-1]:
        seen.append(process.stdout.readline())
    reached(url)
    process.send_signal(signal.SIGINT)
    rest, err = process.communicate(timeout=60)
    assert process.returncode == CODES[signal.SIGINT]
    return events("".join([*seen, rest])), err


def test_a_run_that_is_stopped_before_it_is_connected_costs_nothing(start: Start) -> None:
    with full() as url:
        (*_, usage, result), err = stopped_at(start, url, lambda _: None)
    assert (usage["type"], usage["is_estimate"], usage["is_most"]) == ("usage", True, False)
    assert set(usage["usage"].values()) == set(result["usage"].values()) == {0}
    assert (usage["cost_usd"], result["total_cost_usd"]) == (0, 0)
    assert "no request was with the service, so nothing more is counted" in err


def test_a_run_that_is_stopped_once_its_request_was_sent_costs_its_prompt_at_most(
    start: Start,
) -> None:
    hold = Hold("headers")
    with Endpoint([replace(DONE, faults=[hold])]) as endpoint:
        (*_, usage, result), err = stopped_at(start, endpoint.base_url, lambda _: hold.wait())
    assert (usage["is_estimate"], usage["is_most"]) == (True, True)
    assert usage["usage"] == result["usage"]
    assert usage["usage"]["prompt_tokens"] > usage["usage"]["completion_tokens"] == 0
    assert result["total_cost_usd"] == pytest.approx(usage["cost_usd"], abs=1e-6) != 0
    assert f"it counts as at most ${usage['cost_usd']:.4f}, if the service has read it" in err
