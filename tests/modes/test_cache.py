"""`bathy cache`: what should be cached, what a question costs, and what the last ones cost."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import pytest
from bathy.agent.loop.forecast import Sent
from bathy.agent.loop.ledger import Entry, Ledger, account_of, ledger_path
from bathy.agent.model.messages import Usage
from bathy.agent.modes import ask as ask_module
from bathy.agent.modes import cache as cache_module
from bathy.agent.modes import first_prompt as prompt_module
from conftest import Ran, Run
from endpoint.faults import Fault
from endpoint.script import Reply
from endpoint.server import Endpoint, Recorded
from repo_builder import RepoBuilder
from shop import DONE, LOOK, Ask, result_of

VALUES = "".join(f"value_{n} = {n}\n" for n in range(400))
JSON = ("--output-format", "json")
HOUR_S = 3600

Show = Callable[..., Ran]


class OffPeak(datetime):
    """A clock that stands still where prices are low."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "OffPeak":
        return cls(2026, 11, 25, 12, 30, tzinfo=tz or UTC)


@pytest.fixture(autouse=True)
def _priced_off_peak(shop: RepoBuilder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A base of some 4,000 tokens that is worth a request of its own, at prices that stay."""
    for module in (prompt_module, cache_module):
        monkeypatch.setattr(module, "datetime", OffPeak)
    monkeypatch.setattr(ask_module, "WARM_UP_TOKENS", 1_000)
    shop.file("src/values.py", VALUES).commit()


@pytest.fixture
def show(shop: RepoBuilder, run: Run) -> Show:
    """Shows the account of the repository."""
    return lambda *args: run("cache", "-C", shop.root, *args)


def always(_recorded: Recorded) -> Reply:
    return DONE


def let_pass(hours: float) -> None:
    with sqlite3.connect(ledger_path()) as ledger:
        ledger.execute("UPDATE prefix SET used = used - ?", (hours * HOUR_S,))
        ledger.execute("UPDATE request SET time = time - ?", (hours * HOUR_S,))
    ledger.close()


def test_of_a_repository_that_was_never_asked_about_there_is_nothing_to_show(show: Show) -> None:
    told = show()
    assert (told.code, told.err) == (0, "")
    assert "nothing has been asked about this repository yet" in told.out
    found = show(*JSON).json
    assert (found["type"], found["schema_version"]) == ("cache", 1)
    assert (found["model"], found["endpoint"]) == ("deepseek-flash", "https://api.deepseek.com")
    assert (found["bases"], found["requests"]) == ([], [])
    assert found["totals"] == {
        "requests": 0, "cache_hit_tokens": 0, "cache_miss_tokens": 0, "cost_usd": 0, "saved_usd": 0,
    }  # fmt: skip


def test_programs_get_the_bases_the_requests_and_the_sums(ask: Ask, show: Show) -> None:
    with Endpoint([DONE, LOOK, DONE, DONE]) as endpoint:
        first = result_of(ask(endpoint, *JSON))
        second = result_of(ask(endpoint, *JSON, task="Where is the cart?"))
        found = show(*JSON).json
    (base,) = found["bases"]
    assert base["base_id"] == first["pack"]["base_id"]
    assert (base["tokens"], base["overlay_tokens"]) == (first["pack"]["tokens"], 0)
    assert (base["model"], base["effort"], base["state"]) == ("deepseek-flash", "auto", "warm")
    assert base["age_s"] < 60
    rows = found["requests"]
    assert [row["kind"] for row in rows] == ["question", "turn", "question", "warm-up"]
    assert [row["cause"] for row in rows] == [None, None, None, "first request"]
    made = endpoint.requests[::-1]
    assert [row["cache_hit_tokens"] for row in rows] == [one.hit_tokens for one in made]
    assert [row["cache_hit_tokens"] + row["cache_miss_tokens"] for row in rows] == [
        one.prompt_tokens for one in made
    ]
    assert {row["session"] for row in rows} == {first["session_id"], second["session_id"]}
    assert not any(row["is_estimate"] for row in rows)
    totals = found["totals"]
    assert totals["requests"] == 4
    for name in ("cache_hit_tokens", "cache_miss_tokens"):
        assert totals[name] == first["usage"][name] + second["usage"][name]
    paid = first["total_cost_usd"] + second["total_cost_usd"]
    assert totals["cost_usd"] == pytest.approx(paid, abs=2e-6)
    saved = first["cache"]["saved_usd"] + second["cache"]["saved_usd"]
    assert totals["saved_usd"] == pytest.approx(saved, abs=1e-7)


def test_what_a_question_costs_now_is_what_the_next_one_does(ask: Ask, show: Show) -> None:
    with Endpoint(lambda r: LOOK if r.messages[-1]["role"] != "tool" else DONE) as endpoint:
        ask(endpoint)
        ask(endpoint, task="Where is it used?")
        (base,) = show(*JSON).json["bases"]
        before = len(endpoint.requests)
        ask(endpoint, task="Who is it called by?")
    asked = endpoint.requests[before]
    cost = asked.hit_tokens * 0.003e-6 + (asked.prompt_tokens - asked.hit_tokens) * 0.15e-6
    assert base["question_usd"] == pytest.approx(cost, rel=0.2)


@pytest.mark.parametrize(
    ("hours", "state", "words"),
    [
        (0, "warm", "should be cached"),
        (5.9, "warm", "last sent 6 hours ago, should be cached"),
        (7, "perhaps", "last sent 7 hours ago, may be cached still"),
        (24 * 8, "gone", "last sent 8 days ago, has gone"),
        (-2, "warm", "last sent just now"),
    ],
)
def test_a_base_is_warm_for_some_hours_and_gone_after_some_days(
    ask: Ask, show: Show, hours: float, state: str, words: str
) -> None:
    with Endpoint(always) as endpoint:
        ask(endpoint)
        let_pass(hours)
        (base,) = show(*JSON).json["bases"]
        told = show().out
    assert base["state"] == state
    assert words in told
    asked = endpoint.requests[1].prompt_tokens
    assert (base["question_usd"] < asked * 0.15e-6 / 2) == (state == "warm")


def test_people_get_a_table(ask: Ask, show: Show, shop: RepoBuilder) -> None:
    with Endpoint(always) as endpoint:
        ask(endpoint)
        ask(endpoint, "--effort", "max")
        lines = show().out.splitlines()
    assert lines[0] == f"deepseek-flash at {endpoint.base_url}, about {shop.root}"
    bases = [line for line in lines if line.startswith("base ")]
    assert [line.rpartition(", ")[2] for line in bases] == ["effort max", "effort auto"]
    assert "tokens and 0 of changes" in bases[0]
    assert "just now, should be cached; a question costs about $0.00" in "\n".join(lines)
    rows = [line for line in lines if line.startswith("  20")]
    assert len(rows) == 4
    assert rows[1].endswith("effort changed from auto to max")
    assert rows[3].endswith("first request")
    assert lines[-1].startswith("4 requests: ")
    assert lines[-1].endswith("saved by it")


def test_each_base_has_the_prices_of_its_own_model(ask: Ask, show: Show) -> None:
    with Endpoint(always) as endpoint:
        ask(endpoint)
        ask(endpoint, "--model", "deepseek-v4-pro")
        let_pass(8)
        pro, flash = show(*JSON).json["bases"]
    assert (flash["model"], pro["model"]) == ("deepseek-flash", "deepseek-v4-pro")
    assert pro["question_usd"] == pytest.approx(flash["question_usd"] * 0.66 / 0.15, rel=0.05)


def test_a_model_that_has_gone_has_no_price(show: Show, shop: RepoBuilder) -> None:
    sent = Sent(1_800_000_000.0, "deepseek-chat", "auto", "t", 1, "b")
    endpoint = "https://api.deepseek.com"
    entry = Entry(
        sent, account_of(endpoint, ""), endpoint, str(shop.root), "s", "question", 1000, 0, 1500, 0, 0, 0, 0.0
    )  # fmt: skip
    with Ledger(ledger_path()) as ledger:
        for one in (entry, replace(entry, sent=replace(sent, model="never-heard-of"))):
            ledger.settle(
                ledger.enter(one), Usage(1500, 0, 1500, 1, 0), usd=0.0, uncached_usd=0.0, cause=""
            )
    assert [base["question_usd"] for base in show(*JSON).json["bases"]] == [0, 0]
    assert "a question costs" not in show().out


def test_the_account_is_that_of_one_service_and_of_one_key_if_there_is_one(
    ask: Ask, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Endpoint(always) as endpoint:
        ask(endpoint)
        monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-other")
        other = show(*JSON).json
        monkeypatch.delenv("DEEPSEEK_API_KEY")
        unknown = show(*JSON).json
        elsewhere = show(*JSON, "--base-url", "http://127.0.0.1:9").json
    assert (len(other["bases"]), len(other["requests"])) == (0, 2)
    assert (len(unknown["bases"]), len(unknown["requests"])) == (1, 2)
    assert (len(elsewhere["bases"]), len(elsewhere["requests"])) == (0, 0)


def test_what_broke_off_is_an_estimate_and_what_failed_is_left_out(ask: Ask, show: Show) -> None:
    lost = replace(DONE, faults=[Fault("cut", "last")])
    busy = Fault("status", status=503, headers={"retry-after": "0"})
    with Endpoint([DONE, lost, busy]) as endpoint:
        failed = result_of(ask(endpoint, *JSON))
        rows = show(*JSON).json["requests"]
        told = show().out
    assert failed["subtype"] == "error_during_execution"
    assert [(row["kind"], row["is_estimate"]) for row in rows] == [
        ("question", True), ("warm-up", False),
    ]  # fmt: skip
    assert rows[0]["cache_hit_tokens"] > 0, (
        "as forecast: the request before it has filled the cache"
    )
    assert sum(row["cost_usd"] for row in rows) == pytest.approx(failed["total_cost_usd"], abs=1e-6)
    assert "estimated" in told


def test_a_service_that_keeps_nothing_is_said_to(ask: Ask, show: Show) -> None:
    with Endpoint(always) as endpoint:
        for _ in range(2):
            ask(endpoint)
        with sqlite3.connect(ledger_path()) as ledger:
            ledger.execute("UPDATE request SET miss = hit + miss, hit = 0")
        ledger.close()
        (base,) = show(*JSON).json["bases"]
        told = show().out
    assert base["state"] == "never"
    assert "this service keeps nothing, or does not say so" in told
    assert base["question_usd"] > endpoint.requests[1].prompt_tokens * 0.149e-6


def test_other_repositories_have_their_own_account(
    ask: Ask, show: Show, run: Run, tmp_path: Path
) -> None:
    with Endpoint(always) as endpoint:
        ask(endpoint)
        assert len(show(*JSON).json["requests"]) == 2
        other = RepoBuilder(tmp_path / "other").file("a.py", "x = 1\n")
        other.commit()
        assert run("cache", "-C", other.root, *JSON).json["requests"] == []


def test_a_folder_with_an_odd_name_is_one_like_any_other(
    ask: Ask, run: Run, tmp_path: Path
) -> None:
    root = tmp_path / "caf\udce9 \x1b[31m"
    RepoBuilder(root).file("a.py", VALUES).commit()
    with Endpoint(always) as endpoint:
        ask(endpoint)
        ran = run("-C", root, "--task", "Why?", *JSON)
        assert ran.code == 0, ran.err
        found: dict[str, Any] = run("cache", "-C", root, *JSON).json
        told = run("cache", "-C", root)
    assert len(found["requests"]) == 2
    assert found["repo"] == str(root)
    assert told.code == 0
    assert "\x1b" not in told.out
