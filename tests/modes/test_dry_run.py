"""`--dry-run`: what would be sent is what is sent next, and nothing is, and nothing stays behind."""

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import pytest
from bathy.agent.modes import ask as ask_module
from bathy.agent.modes import first_prompt as prompt_module
from conftest import Ran
from endpoint.script import Reply
from endpoint.server import Endpoint, Recorded
from repo_builder import RepoBuilder
from shop import CART, DONE, Ask, result_of

VALUES = "".join(f"value_{n} = {n}\n" for n in range(400))
JSON = ("--output-format", "json")
DRY = ("--dry-run", *JSON)
KEY = "gh" + "p_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


class OffPeak(datetime):
    """A clock that stands still where prices are low."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "OffPeak":
        return cls(2026, 11, 25, 12, 30, tzinfo=tz or UTC)


@pytest.fixture(autouse=True)
def values(shop: RepoBuilder, monkeypatch: pytest.MonkeyPatch) -> RepoBuilder:
    """A base of some 4,000 tokens."""
    monkeypatch.setattr(prompt_module, "datetime", OffPeak)
    shop.file("src/values.py", VALUES).commit()
    return shop


@pytest.fixture
def warms(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such a base is worth a request of its own."""
    monkeypatch.setattr(ask_module, "WARM_UP_TOKENS", 1_000)


def always(_recorded: Recorded) -> Reply:
    return DONE


def state(folder: Path) -> dict[str, bytes]:
    """All that bathy has written down about the user's sessions."""
    place = folder / "home" / ".local" / "state"
    kept = [p for p in place.rglob("*") if p.is_file() and not p.name.startswith("ledger.")]
    return {str(path): path.read_bytes() for path in kept}


def ledger_rows(folder: Path) -> list[Any]:
    with sqlite3.connect(folder / "home" / ".local/state/bathy/ledger.sqlite") as ledger:
        tables = ("request", "prefix", "base")
        rows = [ledger.execute(f"SELECT * FROM {table}").fetchall() for table in tables]
    ledger.close()
    return rows


def change(shop: RepoBuilder) -> None:
    """A commit, and something that is not committed."""
    shop.file("src/cart.py", CART.replace("return item", "return [item]")).commit("List it")
    shop.file("src/cart.py", CART.replace("return item", "return (item,)"))


def nothing(_shop: RepoBuilder) -> None:
    pass


CASES: dict[str, tuple[Callable[[RepoBuilder], None], tuple[str, ...]]] = {
    "plain": (nothing, ()),
    "changes": (change, ()),
    "diff": (change, ("--diff", "HEAD~1")),
    "effort": (nothing, ("--effort", "max")),
    "pro, not thinking": (nothing, ("--model", "deepseek-v4-pro", "--effort", "off")),
    "tools alone": (nothing, ("--context", "tools")),
    "limits": (nothing, ("--max-tokens", "40k", "--max-cost", "0.01")),
    "goes on": (change, ("--continue",)),
    "forks": (nothing, ("--continue", "--fork-session")),
    "another revision": (change, ("--rev", "HEAD~1")),
}


@pytest.mark.parametrize("name", CASES)
def test_the_body_is_that_of_the_next_request(
    ask: Ask, shop: RepoBuilder, tmp_path: Path, name: str
) -> None:
    prepare, args = CASES[name]
    path = tmp_path / "body.json"
    with Endpoint(always) as endpoint:
        assert ask(endpoint, task="Where does it begin?").code == 0
        prepare(shop)
        before, rows, sent = state(tmp_path), ledger_rows(tmp_path), len(endpoint.requests)
        dry = ask(endpoint, *DRY, "-o", path, *args)
        assert (dry.code, len(endpoint.requests)) == (0, sent)
        assert (state(tmp_path), ledger_rows(tmp_path)) == (before, rows)
        assert ask(endpoint, *args).code == 0
    (asked,) = endpoint.requests[sent:]
    assert json.loads(path.read_text()) == asked.body
    assert dry.json["prompt_tokens"] == asked.prompt_tokens
    assert dry.json["forecast"]["cache_hit_tokens"] <= dry.json["prompt_tokens"]
    assert sum(segment["tokens"] for segment in dry.json["segments"]) == asked.prompt_tokens


@pytest.mark.parametrize("limits", [(), ("--max-tokens", "50k"), ("--max-cost", "0.02")])
def test_what_warms_the_cache_goes_first_and_leaves_the_body_as_it_was_shown(
    ask: Ask, shop: RepoBuilder, tmp_path: Path, warms: None, limits: tuple[str, ...]
) -> None:
    path = tmp_path / "body.json"
    with Endpoint(always) as endpoint:
        dry = ask(endpoint, *DRY, "-o", path, *limits)
        real = result_of(ask(endpoint, *JSON, *limits))
    warming, question = endpoint.requests
    shown = json.loads(path.read_text())
    assert shown == question.body
    assert warming.body == {**shown, "messages": shown["messages"][:2], "max_tokens": 1}
    assert dry.json["warm_ups_first"] == 1
    forecast = dry.json["forecast"]
    assert forecast["why_cold"] == "first request"
    assert forecast["cache_hit_tokens"] == question.hit_tokens
    assert forecast["cost_usd"] == pytest.approx(real["cache"]["prompt_cost_usd"], abs=1e-6)


def test_before_anything_was_ever_asked_nothing_is_left_behind(
    ask: Ask, shop: RepoBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEEPSEEK_API_KEY")
    path = tmp_path / "body.json"
    with Endpoint([]) as endpoint:
        dry = ask(endpoint, *DRY, "-o", path)
    assert dry.code == 0, dry.err
    assert (endpoint.requests, endpoint.problems) == ([], [])
    assert state(tmp_path) == {}
    assert ledger_rows(tmp_path) == [[], [], []]
    assert json.loads(path.read_text())["messages"][-1]["content"].endswith("What does add do?")
    assert "Bearer" not in path.read_text()


def test_a_folder_without_commits_is_not_remembered(
    ask: Ask, run: Callable[..., Ran], tmp_path: Path
) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "a.py").write_text(VALUES)
    dry = run("-C", folder, "--task", "Why?", *DRY)
    assert (dry.code, state(tmp_path), ledger_rows(tmp_path)) == (0, {}, [[], [], []])
    assert dry.json["base_level"] == 0
    assert "only this machine has it" in dry.json["base_note"]


def test_programs_get_every_figure(ask: Ask, shop: RepoBuilder) -> None:
    with Endpoint(always) as endpoint:
        cold = ask(endpoint, *DRY, task="Where is the class Cart?").json
        real = result_of(ask(endpoint, *JSON))
        ask(endpoint, task="Where is the cart?")
        warm = ask(endpoint, *DRY, task="Who calls it?").json
    assert (cold["type"], cold["schema_version"], cold["sent"]) == ("dry_run", 1, False)
    assert (cold["model"], cold["effort"], cold["max_tokens"]) == ("deepseek-flash", "auto", 65_536)
    assert cold["endpoint"] == endpoint.base_url
    assert cold["base"] == real["pack"]
    assert cold["commits_since_base"] == 0
    assert cold["limit"] is None
    labels = [segment["label"] for segment in cold["segments"]]
    assert labels == ["instructions", "base", "evidence", "question"]
    tokens = cold["prompt_tokens"]
    assert cold["forecast"] == {
        "cache_hit_tokens": 0,
        "cache_miss_tokens": tokens,
        "cost_usd": pytest.approx(tokens * 0.15e-6),
        "why_cold": "first request",
    }
    assert cold["cost_usd_cold"] == pytest.approx(tokens * 0.15e-6)
    base = cold["cost_usd_warm"]
    assert base < cold["cost_usd_cold"] / 3
    assert warm["forecast"]["why_cold"] is None
    assert warm["forecast"]["cost_usd"] == pytest.approx(warm["cost_usd_warm"], rel=0.01)


def test_people_get_it_in_a_few_lines(ask: Ask, shop: RepoBuilder, warms: None) -> None:
    change(shop)
    with Endpoint([]) as endpoint:
        lines = ask(endpoint, "--dry-run", task=f"Is {KEY} safe?").out.splitlines()
    assert lines[0] == f"deepseek-flash at {endpoint.base_url}; nothing has been sent"
    text = "\n".join(lines)
    assert "system text and tools" in text
    assert "base: the packed repository" in text
    assert "overlay: changes since" in text
    assert "tokens in all, and up to 65,536 for the reply" in text
    assert "prompt with a warm cache   $0.00" in text
    assert "expected now               $0.00" in text
    assert "tokens from the cache (first request)" in text
    assert "a request goes first, for one token" in text
    assert lines[-1] == "1 secret redacted"
    assert KEY not in text


def test_of_a_model_without_prices_none_are_shown(ask: Ask) -> None:
    with Endpoint([], aliases=["my-model"]) as endpoint:
        told = ask(endpoint, "--dry-run", "--model", "my-model")
    assert told.code == 0
    assert "no prices are known of this model" in told.out
    assert "$" not in told.out


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (("--max-cost", "0.0001"), "over --max-cost 0.0001"),
        (("--max-tokens", "1000"), "over --max-tokens 1000"),
    ],
)
def test_a_limit_that_would_stop_it_is_told(ask: Ask, limit: tuple[str, str], said: str) -> None:
    with Endpoint([]) as endpoint:
        dry = ask(endpoint, *DRY, *limit)
        told = ask(endpoint, "--dry-run", *limit)
        stopped = ask(endpoint, *JSON, *limit)
    assert (dry.code, told.code, stopped.code) == (0, 0, 3)
    assert said in dry.json["limit"]
    assert dry.json["limit"] == result_of(stopped)["error"]
    assert f"it would not be sent: {dry.json['limit']}" in told.out
    assert dry.json["max_tokens"] >= 1
    assert endpoint.requests == []


def test_what_cannot_be_is_said(ask: Ask, run: Callable[..., Ran], tmp_path: Path) -> None:
    with Endpoint([]) as endpoint:
        for args, words in (
            (["--offline"], "leave out --offline, or --dry-run"),
            (["-o", str(tmp_path)], "cannot write"),
            (["-o", str(tmp_path / "none" / "x")], "cannot write"),
            (["--continue"], "to continue"),
            (["--diff", "nope"], "no commit 'nope'"),
            (["--model", "deepseek-chat"], "--model deepseek-flash"),
        ):
            ran = ask(endpoint, "--dry-run", *args)
            assert (ran.code > 0, ran.out) == (True, "")
            assert words in ran.err
        folder = tmp_path / "home" / ".config" / "bathy"
        folder.mkdir(parents=True)
        (folder / "config.toml").write_text('endpoints = ["https://api.deepseek.com"]\n')
        ran = ask(endpoint, "--dry-run")
    assert (ran.code, ran.out) == (2, "")
    assert "is not among the `endpoints`" in ran.err
    assert run("--dry-run").code == 2
    assert endpoint.requests == []


def test_a_prompt_that_does_not_fit_is_an_error(
    ask: Ask, shop: RepoBuilder, tmp_path: Path
) -> None:
    folder = tmp_path / "home" / ".config" / "bathy"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("[models.small]\nwindow_tokens = 8_192\n")
    with Endpoint([], aliases=["small"]) as endpoint:
        ran = ask(endpoint, "--dry-run", "--model", "small", task="why " * 9_000)
    assert (ran.code, ran.out) == (1, "")
    assert "do not fit the window of small" in ran.err
