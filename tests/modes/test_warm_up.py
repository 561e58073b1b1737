"""What is sent first so that the service keeps base and overlay by themselves: whole runs."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from bathy.agent.loop.prompt import CHANGE_ANSWER, PREFIX_MESSAGES
from bathy.agent.loop.record import read_record, rebuild_requests
from bathy.agent.modes import ask as ask_module
from endpoint.contract import MODELS
from endpoint.faults import Fault, Hold
from endpoint.script import Reply
from endpoint.server import Endpoint, Recorded
from repo_builder import RepoBuilder
from shop import ANSWER, DONE, LOOK, Ask, events_of, result_of

LARGE = "".join(f"value_{n} = {n}\n" for n in range(3_000))
"""More than 32,000 tokens with its line numbers."""

SMALL = "".join(f"value_{n} = {n}\n" for n in range(400))
JSON = ("--output-format", "json")
WARM = Reply("", "I")


@pytest.fixture
def small(shop: RepoBuilder, monkeypatch: pytest.MonkeyPatch) -> RepoBuilder:
    """A small base that is worth a request of its own all the same."""
    monkeypatch.setattr(ask_module, "WARM_UP_TOKENS", 1_000)
    shop.file("src/values.py", SMALL).commit()
    return shop


def is_warming(recorded: Recorded) -> bool:
    return recorded.body.get("max_tokens") == 1


def log_of(folder: Path) -> Path:
    (path,) = folder.rglob("*.jsonl")
    return path


def test_a_base_from_32k_tokens_on_is_put_into_the_cache_first(
    ask: Ask, shop: RepoBuilder, tmp_path: Path
) -> None:
    shop.file("src/values.py", LARGE).commit()
    with Endpoint([WARM, DONE, DONE]) as endpoint:
        result = result_of(ask(endpoint, *JSON))
        again = result_of(ask(endpoint, *JSON, task="Where is it used?"))
    assert endpoint.problems == []
    warming, question, other = endpoint.requests
    assert result["pack"]["tokens"] > ask_module.WARM_UP_TOKENS
    assert warming.body == {**question.body, "messages": question.messages[:2], "max_tokens": 1}
    assert question.prompt.startswith(warming.prompt)
    assert question.hit_tokens == warming.prompt_tokens // 128 * 128
    assert other.hit_tokens >= question.hit_tokens
    # It is no turn, but it is paid for, and it is in the log as it was sent.
    assert (result["num_turns"], result["result"]) == (1, ANSWER)
    assert result["usage"]["prompt_tokens"] == warming.prompt_tokens + question.prompt_tokens
    assert result["total_cost_usd"] > 30 * again["total_cost_usd"]
    logs = sorted(tmp_path.rglob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns)
    assert list(rebuild_requests(read_record(logs[0]))) == [warming.body, question.body]


def test_a_smaller_base_is_not(ask: Ask, shop: RepoBuilder) -> None:
    shop.file("src/values.py", SMALL).commit()
    with Endpoint([DONE]) as endpoint:
        assert ask(endpoint).code == 0
    assert not is_warming(endpoint.requests[0])


@pytest.mark.parametrize("effort", ["auto", "off"])
@pytest.mark.parametrize("model", MODELS)
def test_it_is_a_prefix_of_the_question_to_the_last_character(
    ask: Ask, small: RepoBuilder, model: str, effort: str
) -> None:
    with Endpoint([WARM, DONE]) as endpoint:
        assert ask(endpoint, "--model", model, "--effort", effort).code == 0
    warming, question = endpoint.requests
    assert is_warming(warming)
    assert question.prompt.startswith(warming.prompt)
    # Where the question's own prompt goes on with the fixed answer, the model would begin to write.
    assert warming.prompt.endswith("<｜Assistant｜><think>" if effort == "auto" else "</think>")


def test_the_overlay_is_put_there_too_and_only_what_is_new_is_missed(
    ask: Ask, small: RepoBuilder
) -> None:
    with Endpoint(lambda _recorded: DONE) as endpoint:
        assert ask(endpoint).code == 0
        for n in range(2):
            small.file("src/values.py", SMALL.replace(f"value_{n} = ", f"changed_{n} = ")).commit()
            small.file(f"src/new_{n}.py", f"# {'word ' * 180}\n").commit()
            before = len(endpoint.requests)
            assert ask(endpoint, task=f"What about {n}?").code == 0
            warming, question = endpoint.requests[before:]
            assert is_warming(warming)
            assert warming.messages[-1]["content"].startswith("<commit ")
            told = [m for m in question.messages if m["content"] == CHANGE_ANSWER]
            assert len(told) == 2 * (n + 1)
            assert question.prompt.startswith(warming.prompt)
            assert question.hit_tokens == warming.prompt_tokens // 128 * 128
            assert warming.hit_tokens > endpoint.requests[0].prompt_tokens - 128
        # The end of the overlay of yesterday was a hit for that of today.
        first, second = endpoint.requests[2], endpoint.requests[4]
        assert second.hit_tokens == first.prompt_tokens // 128 * 128


def test_a_session_that_goes_on_warms_nothing_that_only_it_would_use(
    ask: Ask, small: RepoBuilder
) -> None:
    with Endpoint(lambda _recorded: DONE) as endpoint:
        assert ask(endpoint).code == 0
        small.file("src/new.py", f"# {'word ' * 400}\n").commit()
        before = len(endpoint.requests)
        assert ask(endpoint, "--continue", task="And now?").code == 0
    (question,) = endpoint.requests[before:]
    assert question.messages[PREFIX_MESSAGES + 2]["content"].startswith("<commit ")
    assert not is_warming(question)


FAULTS = {
    "503": Fault("status", status=503, headers={"retry-after": "0"}),
    "cut": Fault("cut", "first"),
    "clean end": Fault("clean_end", "last"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_it_is_tried_again_when_it_fails(ask: Ask, small: RepoBuilder, name: str) -> None:
    lost = replace(WARM, faults=[FAULTS[name]])
    with Endpoint([lost, WARM, LOOK, DONE]) as endpoint:
        ran = ask(endpoint, "--output-format", "stream-json")
    assert endpoint.problems == []
    result = result_of(ran)
    assert (ran.code, result["result"], result["num_turns"]) == (0, ANSWER, 2)
    assert [is_warming(one) for one in endpoint.requests] == [True, True, False, False]
    assert endpoint.requests[0].body == endpoint.requests[1].body
    turns = [event["turn"] for event in events_of(ran) if event["type"] == "turn_started"]
    assert turns == [0, 1, 2]


def test_a_service_that_is_down_is_asked_no_question(ask: Ask, small: RepoBuilder) -> None:
    with Endpoint(lambda _recorded: FAULTS["503"]) as endpoint:
        ran = ask(endpoint, *JSON)
    assert (ran.code, result_of(ran)["num_turns"]) == (75, 0)
    assert [is_warming(one) for one in endpoint.requests if one.body] == [True, True]


def test_a_window_that_the_base_does_not_fit_leads_to_a_smaller_pack(
    ask: Ask, small: RepoBuilder
) -> None:
    small.file("src/more.py", "".join(f"def f{n}():\n    return {n}\n\n\n" for n in range(1500)))
    small.commit()
    with Endpoint([DONE], window=16_384, may_reject=True) as endpoint:
        ran = ask(endpoint, *JSON)
    assert (ran.code, result_of(ran)["result"]) == (0, ANSWER)
    assert "maximum context length is 16384 tokens" in endpoint.problems[0]
    assert [one.status for one in endpoint.requests] == [400, 200]
    assert endpoint.requests[1].prompt_tokens < 16_384
    assert not is_warming(endpoint.requests[1])


def test_where_a_limit_has_no_room_the_question_goes_alone(
    ask: Ask, small: RepoBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Endpoint([WARM, DONE]) as endpoint:
        needed = result_of(ask(endpoint, *JSON))["usage"]["prompt_tokens"]
    for home in ("a", "b"):
        (small.root.parent / home).mkdir()
    for home, tokens, count in (("a", needed + 200, 2), ("b", needed - 500, 1)):
        monkeypatch.setenv("HOME", str(small.root.parent / home))
        with Endpoint(lambda _recorded: Reply("Yes.", "r")) as endpoint:
            ran = ask(endpoint, *JSON, "--max-tokens", str(tokens))
        assert (ran.code, len(endpoint.requests)) == (0, count)
        used = result_of(ran)["usage"]
        assert used["prompt_tokens"] + used["completion_tokens"] <= tokens


def test_people_are_told_what_goes_first_and_what_it_costs(ask: Ask, small: RepoBuilder) -> None:
    with Endpoint([WARM, DONE]) as endpoint:
        told = ask(endpoint).err.splitlines()
    (first,) = [line for line in told if "putting the repository into the cache" in line]
    assert "(first request)" in first
    assert "expected (0 % cached)" in first
    (asking,) = [line for line in told if "asking deepseek-flash" in line]
    assert "% cached)" in asking


def test_an_interrupt_while_it_is_awaited_leaves_a_session_that_goes_on(
    repo: RepoBuilder, tmp_path: Path, vocabulary: None
) -> None:
    repo.file("src/values.py", LARGE).commit()
    hold = Hold("headers")

    def start(endpoint: Endpoint, *args: str) -> "subprocess.Popen[str]":
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path / "home"),
            "DEEPSEEK_API_KEY": "sk-test",
            "DEEPSEEK_BASE_URL": endpoint.base_url,
        }
        return subprocess.Popen(
            [sys.executable, "-I", "-m", "bathy.agent", "-C", str(repo.root), *JSON, *args],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    with Endpoint([replace(WARM, faults=[hold]), WARM, DONE]) as endpoint:
        process = start(endpoint, "--task", "which?")
        hold.wait()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        hold.release()
        endpoint.forget()
        again = start(endpoint, "--continue", "--task", "go on")
        resumed, complaint = again.communicate(timeout=60)
    result = json.loads(out)
    assert (process.returncode, result["subtype"], result["num_turns"]) == (130, "interrupted", 0)
    assert result["usage"]["prompt_tokens"] > 32_000
    assert "Traceback" not in err
    assert again.returncode == 0, complaint
    assert json.loads(resumed)["result"] == ANSWER
    assert (endpoint.problems, endpoint.unused) == ([], 0)
    assert [is_warming(one) for one in endpoint.requests] == [True, True, False]
    assert "which?" in json.dumps(endpoint.requests[2].messages)
