"""Conversations that outgrow the window: what is dropped, what stays, and what the log holds."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from bathy.agent.loop.compact import RESULT_DROPPED
from bathy.agent.loop.prompt import PREFIX_MESSAGES
from bathy.agent.loop.record import read_record, rebuild_requests
from conftest import Ran, Run
from endpoint.script import Call, Reply
from endpoint.server import Endpoint, Recorded
from repo_builder import RepoBuilder
from shop import ANSWER, DONE, Ask, events_of, result_of

WINDOW = 24_576
FILES = 12
TASK = "Please tell all of it."
"""Words that stand nowhere, so that the question brings no text along."""

TEXT = "".join(f"# This is line {n} of a comment that explains it.\n" for n in range(110))


@pytest.fixture
def parts(shop: RepoBuilder, tmp_path: Path) -> RepoBuilder:
    """Files of some 2,000 tokens each, and a model with a small window."""
    for n in range(FILES):
        shop.file(f"src/part_{n}.py", TEXT.replace("line", f"part {n}, line"))
    shop.commit()
    folder = tmp_path / "home" / ".config" / "bathy"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(
        f'[models.my-model]\nwindow_tokens = {WINDOW}\nthinking = "deepseek"\n'
        "prices = { hit = 1, miss = 50, output = 100 }\n"
    )
    return shop


def look(n: int) -> Reply:
    return Reply("", f"part {n}", (Call("read_file", {"path": f"src/part_{n}.py"}),))


def reading(recorded: Recorded) -> Reply:
    """Reads all parts one after another, then answers."""
    asked = max(n for n, m in enumerate(recorded.messages) if m["role"] == "user")
    done = sum("tool_calls" in m for m in recorded.messages[asked:])
    return look(done) if done < FILES else DONE


def asked_with_small_window(ask: Ask, endpoint: Endpoint, *args: str, task: str) -> Ran:
    return ask(
        endpoint, "--model", "my-model", "--context", "map", "--effort", "low",
        "--output-format", "stream-json", *args, task=task,
    )  # fmt: skip


def same_start(requests: Sequence[Recorded]) -> dict[str, Any]:
    """What all requests begin with and are made with; there is only one of it."""
    found = [
        {k: v for k, v in one.body.items() if k not in ("messages", "max_tokens")}
        | {"base": one.messages[:PREFIX_MESSAGES]}
        for one in requests
    ]
    assert all(one == found[0] for one in found)
    return found[0]


def log_lines(folder: Path) -> list[dict[str, Any]]:
    (path,) = folder.rglob("*.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


def dropped(recorded: Recorded) -> int:
    return sum(m["content"] == RESULT_DROPPED for m in recorded.messages)


def test_a_long_run_is_shortened_goes_on_and_can_be_rebuilt(
    ask: Ask, parts: RepoBuilder, run: Run, tmp_path: Path
) -> None:
    with Endpoint(reading, aliases=["my-model"], window=WINDOW) as endpoint:
        ran = asked_with_small_window(ask, endpoint, task=TASK)
        assert endpoint.problems == []
        result = result_of(ran)
        assert (ran.code, result["result"], result["num_turns"]) == (0, ANSWER, FILES + 1)
        told = [event["reason"] for event in events_of(ran) if event["type"] == "shortened"]
        assert len(told) >= 1
        assert all(reason.startswith("dropped the results of ") for reason in told)
        start = same_start(endpoint.requests)
        assert (start["model"], start["reasoning_effort"]) == ("my-model", "low")
        assert all(one.prompt_tokens < WINDOW for one in endpoint.requests)
        assert max(map(dropped, endpoint.requests)) >= 3
        # The log says why, and every request can be made again from it.
        lines = log_lines(tmp_path)
        assert [line["reason"] for line in lines if line["type"] == "restart"] == told
        (path,) = tmp_path.rglob("*.jsonl")
        sent = [one.body for one in endpoint.requests]
        assert list(rebuild_requests(read_record(path))) == sent

        before = len(endpoint.requests)
        more = asked_with_small_window(ask, endpoint, "--continue", task="And again?")
        assert (more.code, result_of(more)["result"]) == (0, ANSWER)
    assert endpoint.problems == []
    assert same_start(endpoint.requests) == start
    assert sum(line["type"] == "restart" for line in log_lines(tmp_path)) > len(told)
    resumed = endpoint.requests[before].messages
    said = [m["content"] for m in resumed if m["role"] in ("user", "assistant") and m["content"]]
    assert sum(text.endswith(TASK) for text in said) == 1
    assert ANSWER in said
    assert list(rebuild_requests(read_record(path))) == [one.body for one in endpoint.requests]
    shown = run("sessions", "show", path.stem[:8], "-C", parts.root)
    assert shown.code == 0
    assert "And again?" in shown.out


def test_a_window_found_out_in_the_middle_of_a_run_is_worked_in(
    ask: Ask, parts: RepoBuilder, tmp_path: Path
) -> None:
    with Endpoint(reading, window=WINDOW, may_reject=True) as endpoint:
        ran = ask(endpoint, "--context", "map", "--output-format", "stream-json", task=TASK)
    result = result_of(ran)
    assert (ran.code, result["result"]) == (0, ANSWER)
    assert result["num_turns"] == FILES + 1
    assert all(f"maximum context length is {WINDOW} tokens" in said for said in endpoint.problems)
    taken = [one for one in endpoint.requests if one.status == 200]
    same_start(taken)
    assert max(map(dropped, taken)) > 0
    assert [line["reason"] for line in log_lines(tmp_path) if line["type"] == "restart"]
    # It is refused once for want of room for the reply, and at most once more for the prompt.
    assert len(endpoint.requests) - len(taken) <= 2


def test_the_guard_does_not_point_to_results_that_were_dropped(
    ask: Ask, parts: RepoBuilder
) -> None:
    order = [0, 0, 1, 2, 3, 4, 5, 6, 7, 0, 0]

    def say(recorded: Recorded) -> Reply:
        done = sum("tool_calls" in m for m in recorded.messages)
        return look(order[done]) if done < len(order) else DONE

    with Endpoint(say, aliases=["my-model"], window=WINDOW) as endpoint:
        ran = asked_with_small_window(ask, endpoint, task=TASK)
    assert (ran.code, result_of(ran)["result"]) == (0, ANSWER)
    last = [m["content"] for m in endpoint.requests[-1].messages if m["role"] == "tool"]
    assert last[0] == RESULT_DROPPED
    assert last[9].startswith("1\t# This is part 0, line 0")
    assert not any("see above" in text for text in last)


def test_a_session_that_has_grown_is_shortened_before_its_next_question(
    ask: Ask, parts: RepoBuilder, tmp_path: Path, keep: Callable[[int], None]
) -> None:
    with Endpoint(reading, aliases=["my-model"], window=10**6) as endpoint:
        keep(10**6)
        ran = asked_with_small_window(ask, endpoint, task=TASK)
        assert (ran.code, result_of(ran)["result"]) == (0, ANSWER)
        keep(endpoint.requests[-1].prompt_tokens + 2_000)
        before = len(endpoint.requests)
        body = tmp_path / "body.json"
        dry = asked_with_small_window(
            ask, endpoint, "--continue", "--dry-run", "-o", str(body), task="And now?"
        )
        assert dry.code == 0, dry.err
        more = asked_with_small_window(ask, endpoint, "--continue", task="And now?")
    assert more.code == 0
    assert dropped(endpoint.requests[before - 1]) == 0
    assert dropped(endpoint.requests[before]) > 0
    assert json.loads(body.read_text()) == endpoint.requests[before].body


@pytest.fixture
def keep(tmp_path: Path) -> Callable[[int], None]:
    """Sets the window of the model."""

    def set_window(tokens: int) -> None:
        path = tmp_path / "home" / ".config" / "bathy" / "config.toml"
        lines = path.read_text().splitlines()
        lines[1] = f"window_tokens = {tokens}"
        path.write_text("\n".join(lines) + "\n")

    return set_window
