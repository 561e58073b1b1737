"""Why a base was missed, and what a run costs by prediction: whole runs against the service."""

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import pytest
from bathy.agent.loop import bill, prompt
from bathy.agent.loop.forecast import NOT_A_UNIT, NOT_KEPT
from bathy.agent.modes import ask as ask_module
from bathy.agent.modes import first_prompt as prompt_module
from endpoint.contract import take
from endpoint.script import Raw, Reply, frame
from endpoint.server import Endpoint, Recorded
from repo_builder import RepoBuilder
from shop import DONE, Ask, events_of, result_of

LINES = "".join(f"value_{n} = {n}\n" for n in range(1_000))
JSON = ("--output-format", "json")


def clock_at(hour: int) -> type[datetime]:
    """A clock that stands still, on a Wednesday."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Clock":
            return cls(2026, 11, 25, hour, 30, tzinfo=tz or UTC)

    return Clock


@pytest.fixture(autouse=True)
def _warms(monkeypatch: pytest.MonkeyPatch, shop: RepoBuilder) -> None:
    """A base of some 12,000 tokens is worth a request of its own; prices are those off peak."""
    monkeypatch.setattr(ask_module, "WARM_UP_TOKENS", 1_000)
    monkeypatch.setattr(prompt_module, "datetime", clock_at(12))
    shop.file("src/values.py", LINES).commit()


@pytest.fixture
def later(tmp_path: Path) -> Callable[[float], None]:
    """Lets hours pass, as far as the ledger knows."""

    def pass_hours(hours: float) -> None:
        (path,) = tmp_path.glob("home*/.local/state/bathy/ledger.sqlite")
        with sqlite3.connect(path) as ledger:
            ledger.execute("UPDATE prefix SET used = used - ?", (hours * 3600,))
            ledger.execute("UPDATE request SET time = time - ?", (hours * 3600,))
        ledger.close()

    return pass_hours


def always(_recorded: Recorded) -> Reply:
    return DONE


def misses(ask: Ask, endpoint: Endpoint, *args: str, task: str = "What does add do?") -> list[str]:
    """Why the base was missed in a run; the figures of the run agree with one another."""
    before = len(endpoint.requests)
    result = result_of(ask(endpoint, *JSON, *args, task=task))
    assert endpoint.problems == []
    made = endpoint.requests[before:]
    usage = result["usage"]
    assert usage["prompt_tokens"] == sum(one.prompt_tokens for one in made)
    assert usage["cache_hit_tokens"] == sum(one.hit_tokens for one in made)
    forecast = result["forecast"]
    assert forecast["prompt_tokens"] == pytest.approx(usage["prompt_tokens"], rel=0.001)
    assert sum(forecast["uncached"].values()) == forecast["cache_miss_tokens"]
    found: list[str] = result["cache"]["misses"]
    return found


def test_a_first_request_misses_the_base_and_no_later_one_does(ask: Ask) -> None:
    with Endpoint(always) as endpoint:
        assert misses(ask, endpoint) == ["first request"]
        assert misses(ask, endpoint, task="Where is it used?") == []
        assert misses(ask, endpoint, task="Who calls it?") == []
    base = endpoint.requests[0].prompt_tokens // 128 * 128
    assert [one.hit_tokens >= base for one in endpoint.requests] == [False, True, True, True]
    assert [one.body["max_tokens"] for one in endpoint.requests] == [1, 65_536, 65_536, 65_536]


def test_what_is_predicted_is_what_the_service_reports(ask: Ask) -> None:
    with Endpoint(always) as endpoint:
        runs = [
            result_of(ask(endpoint, *JSON, task=f"{word} is it?"))
            for word in ("Where", "What", "How", "Who")
        ]
    for result in runs:
        expected, told = result["forecast"], result["usage"]
        assert abs(expected["cache_hit_tokens"] - told["cache_hit_tokens"]) <= 256
        paid = result["cache"]["prompt_cost_usd"]
        assert expected["prompt_cost_usd"] == pytest.approx(paid, abs=0.00005)
        saved = told["cache_hit_tokens"] * (0.15 - 0.003) / 1e6
        assert result["cache"]["saved_usd"] == pytest.approx(saved, abs=1e-8)


def test_another_effort_or_model_is_another_prefix(ask: Ask) -> None:
    with Endpoint(always) as endpoint:
        assert misses(ask, endpoint) == ["first request"]
        assert misses(ask, endpoint, "--effort", "max") == ["effort changed from auto to max"]
        pro = ["--model", "deepseek-v4-pro", "--effort", "max"]
        assert misses(ask, endpoint, *pro) == [
            "model changed from deepseek-flash to deepseek-v4-pro"
        ]
        # None of them has thrown away what was there before; and high is what auto means.
        assert misses(ask, endpoint) == []
        assert misses(ask, endpoint, "--effort", "high") == []
        assert misses(ask, endpoint, "--effort", "max") == []


def test_a_session_that_goes_on_with_another_effort_says_so_and_goes_on(ask: Ask) -> None:
    with Endpoint(always) as endpoint:
        assert misses(ask, endpoint) == ["first request"]
        assert misses(ask, endpoint, "--continue", "--effort", "low", task="Why?") == [
            "effort changed from auto to low"
        ]
        assert misses(ask, endpoint, "--continue", task="Really?") == []
    assert endpoint.requests[-1].hit_tokens > endpoint.requests[1].prompt_tokens - 128


def test_a_session_of_an_older_bathy_has_other_tools(ask: Ask, tmp_path: Path) -> None:
    with Endpoint(always) as endpoint:
        assert misses(ask, endpoint) == ["first request"]
        (log,) = tmp_path.rglob("*.jsonl")
        header, rest = log.read_text().split("\n", 1)
        values = json.loads(header)
        values["tools"][0]["description"] = "Lists files."
        log.write_text(json.dumps(values) + "\n" + rest)
        assert misses(ask, endpoint, "--continue", task="Why?") == ["tools or instructions changed"]
        assert misses(ask, endpoint) == []


def test_another_version_of_the_prompt_is_named(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    with Endpoint(always) as endpoint:
        assert misses(ask, endpoint) == ["first request"]
        now = prompt.PROMPT_VERSION
        for module in (prompt, bill):
            monkeypatch.setattr(module, "PROMPT_VERSION", now + 1)
        monkeypatch.setattr(prompt, "system_text", lambda: "Answer in one word.")
        assert misses(ask, endpoint) == [
            f"version of the prompt changed from {now} to {now + 1}"
        ]  # fmt: skip
        assert misses(ask, endpoint) == []


def test_a_base_that_had_to_be_chosen_anew_is_named(ask: Ask, shop: RepoBuilder) -> None:
    with Endpoint(always) as endpoint:
        assert misses(ask, endpoint) == ["first request"]
        shop.file("src/values.py", LINES.replace(" = ", " == ")).commit()
        assert misses(ask, endpoint) == ["new base"]
        assert misses(ask, endpoint) == []
    assert " == " in endpoint.requests[-1].messages[1]["content"]


def test_what_has_expired_is_told_by_its_age(ask: Ask, later: Callable[[float], None]) -> None:
    with Endpoint(always) as endpoint:
        assert misses(ask, endpoint) == ["first request"]
        later(8)
        endpoint.forget()
        assert misses(ask, endpoint) == ["expired: last sent 8 hours ago"]
        later(8)
        # It was taken for cold, and was not.
        assert misses(ask, endpoint) == []
        assert endpoint.requests[-1].hit_tokens > 10_000
        later(3)
        endpoint.forget()
        # It was taken for warm, so that nothing was sent first; the next question makes up for it.
        assert misses(ask, endpoint) == ["expired: last sent 3 hours ago"]
        assert misses(ask, endpoint, task="Where is it used?") == [NOT_A_UNIT]
        assert misses(ask, endpoint, task="Who calls it?") == []
    assert [one.body["max_tokens"] == 1 for one in endpoint.requests] == [
        True, False, True, False, True, False, False, True, False, False,
    ]  # fmt: skip


def test_what_the_service_did_not_keep_is_its_own_doing(ask: Ask) -> None:
    with Endpoint(always) as endpoint:
        assert misses(ask, endpoint) == ["first request"]
        endpoint.forget()
        ran = ask(endpoint, "--output-format", "stream-json")
    (usage,) = [event for event in events_of(ran) if event["type"] == "usage"]
    assert (usage["cause"], usage["usage"]["cache_hit_tokens"]) == (NOT_KEPT, 0)
    assert usage["expected_hit_tokens"] > 10_000
    assert result_of(ran)["cache"]["misses"] == [NOT_KEPT]


def test_a_base_that_somebody_else_has_paid_for_is_no_miss(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Endpoint(always) as endpoint:
        assert misses(ask, endpoint) == ["first request"]
        home = tmp_path / "colleague"
        home.mkdir()
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
        result = result_of(ask(endpoint, *JSON, task="Where is it used?"))
    assert result["cache"]["misses"] == []
    assert result["usage"]["cache_hit_tokens"] > 2 * 10_000
    assert result["cache"]["saved_usd"] > 0


def test_a_small_base_is_not_warmed_and_needs_two_questions_that_share_it(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask_module, "WARM_UP_TOKENS", 32_000)
    with Endpoint(always) as endpoint:
        assert misses(ask, endpoint) == ["first request"]
        assert misses(ask, endpoint, task="Where is it used?") == [NOT_A_UNIT]
        assert misses(ask, endpoint, task="Who calls it?") == []
    assert [one.hit_tokens > 10_000 for one in endpoint.requests] == [False, False, True]


def test_a_service_that_keeps_any_prefix_is_believed_when_it_has_shown_it(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask_module, "WARM_UP_TOKENS", 32_000)
    with Endpoint(always, cache="any") as endpoint:
        found = [
            result_of(ask(endpoint, *JSON, task=task)) for task in ("What is it?", "How?", "Why?")
        ]
    expected = [result["forecast"]["cache_hit_tokens"] for result in found]
    assert expected[:2] == [0, 0]
    assert expected[2] > 10_000
    assert [result["cache"]["misses"] for result in found] == [["first request"], [], []]


def silent(recorded: Recorded) -> Raw:
    """A reply that says nothing of the cache."""
    events = frame(take(json.dumps(recorded.body).encode()), DONE, 0).events
    chunks = [json.loads(event.removeprefix("data: ")) for event in events[:-1]]
    for chunk in chunks:
        for name in (
            "prompt_cache_hit_tokens",
            "prompt_cache_miss_tokens",
            "prompt_tokens_details",
        ):
            (chunk.get("usage") or {}).pop(name, None)
    return Raw([*(f"data: {json.dumps(chunk)}" for chunk in chunks), events[-1]])


def test_a_server_that_tells_nothing_of_its_cache_is_not_blamed_and_not_warmed(
    ask: Ask, later: Callable[[float], None]
) -> None:
    with Endpoint(silent) as endpoint:
        found = []
        for n in range(4):
            if n == 3:
                later(24)
            result = result_of(ask(endpoint, *JSON, task=f"Question {n}?"))
            assert result["usage"]["cache_hit_tokens"] == 0
            found.append(result["cache"]["misses"])
    assert found == [["first request", NOT_KEPT], [NOT_KEPT], [], []]
    assert [one.body["max_tokens"] == 1 for one in endpoint.requests] == [True] + [False] * 4


# Money, before it is spent.


def test_a_cold_base_over_the_limit_is_never_sent_and_a_warm_one_is(ask: Ask) -> None:
    limit = ("--max-cost", "0.0012")
    with Endpoint(always) as endpoint:
        stopped = ask(endpoint, *JSON, *limit)
        assert (stopped.code, result_of(stopped)["subtype"]) == (3, "error_max_cost")
        assert result_of(stopped)["total_cost_usd"] == 0
        assert endpoint.requests == []
        assert ask(endpoint).code == 0
        sent = len(endpoint.requests)
        asked = ask(endpoint, *JSON, *limit, task="Where is it used?")
    assert (asked.code, result_of(asked)["subtype"]) == (0, "success")
    assert result_of(asked)["total_cost_usd"] <= 0.0012
    assert len(endpoint.requests) == sent + 1


@pytest.mark.parametrize(("hour", "factor"), [(12, 1), (2, 2)])
def test_the_hour_sets_the_price(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, hour: int, factor: int
) -> None:
    monkeypatch.setattr(prompt_module, "datetime", clock_at(hour))
    with Endpoint(always) as endpoint:
        result = result_of(ask(endpoint, *JSON))
    usage: dict[str, Any] = result["usage"]
    whole = (
        usage["cache_hit_tokens"] * 0.003
        + usage["cache_miss_tokens"] * 0.15
        + usage["completion_tokens"] * 0.60
    ) / 1e6
    assert result["total_cost_usd"] == pytest.approx(factor * whole, abs=1e-6)
    prompts = result["cache"]["prompt_cost_usd"]
    reply = usage["completion_tokens"] * 0.60e-6
    assert prompts == pytest.approx(factor * (whole - reply), abs=1e-8)
    assert result["forecast"]["prompt_cost_usd"] == pytest.approx(prompts, abs=1e-4)
