"""What a batch may not write over, and what it says before it begins; in this process."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from bathy.agent.config import Settings
from bathy.agent.errors import ConfigError
from bathy.agent.modes.batch.swe_bench import KEY
from bathy.agent.modes.batch.wanted import Wanted, check_wanted
from conftest import Run
from endpoint.server import Endpoint
from modes.batch.conftest import Batch, results_in
from repo_builder import RepoBuilder
from shop import DONE

GOLD = {KEY: "one", "model_name_or_path": "gold", "model_patch": "diff"}


@pytest.fixture
def tasks(shop: RepoBuilder) -> list[dict[str, Any]]:
    return [{"id": f"t{n}", "task": f"What is {n}?", "repo": str(shop.root)} for n in range(2)]


@pytest.fixture
def instance(shop: RepoBuilder, tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "o+shop").symlink_to(shop.root)
    place = {"repo": "o/shop", "base_commit": shop.git("rev-parse", "HEAD").strip()}
    return {KEY: "one", "problem_statement": "It breaks.", **place}


@pytest.mark.parametrize(
    "args",
    [
        ("t.jsonl", "-o", "t.jsonl"),
        ("t.jsonl", "-o", "link.jsonl"),
        ("t.results.jsonl", "-o", "t.jsonl"),
        ("t.html", "-o", "t.jsonl"),
        ("t.jsonl", "-o", "p.jsonl", "--report", "p.jsonl"),
        ("t.jsonl", "-o", "p.jsonl", "--report", "p.results.jsonl"),
        ("t.jsonl", "-o", "p.jsonl", "--report", "t.jsonl"),
        ("t.jsonl", "-o", "p.jsonl", "--report", "notes.md"),
        ("t.html", "-o", "p.jsonl", "--report", "t.html"),
        ("t.jsonl", "-o", "."),
    ],
)
def test_no_file_is_written_over_another(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("t.jsonl", "t.html", "t.results.jsonl", "notes.md"):
        Path(name).write_text("as it was\n")
    Path("link.jsonl").symlink_to("t.jsonl")
    before = {path: path.read_text() for path in tmp_path.iterdir() if path.is_file()}
    ran = run("batch", *args, "--format", "swe-bench", "--resume-batch")
    assert (ran.code, ran.out) == (2, "")
    assert any(said in ran.err for said in ("are one file", "end in .html", "name the file that"))
    assert {path: path.read_text() for path in tmp_path.iterdir() if path.is_file()} == before


@pytest.mark.parametrize("more", [(), ("--resume-batch",), ("--retry-failed",)])
def test_predictions_of_somebody_else_are_left_alone(
    batch: Batch, instance: dict[str, Any], tmp_path: Path, more: tuple[str, ...]
) -> None:
    (tmp_path / "r.jsonl").write_text(json.dumps(GOLD) + "\n")
    with Endpoint([]) as endpoint:
        ran = batch([instance], "--format", "swe-bench", *more, endpoint=endpoint)
    assert (ran.code, endpoint.requests) == (2, [])
    assert "-o" in ran.err
    assert (tmp_path / "r.jsonl").read_text() == json.dumps(GOLD) + "\n"


def test_all_predictions_name_the_model_that_was_to_be_asked(
    batch: Batch, instance: dict[str, Any], tmp_path: Path
) -> None:
    bad = {**instance, KEY: "bad", "base_commit": "0" * 40}
    with Endpoint([DONE]) as endpoint:
        batch([instance, bad], "--format", "swe-bench", endpoint=endpoint)
        again = batch(None, "--format", "swe-bench", "--resume-batch", endpoint=endpoint)
    assert (again.code, len(endpoint.requests)) == (1, 1)
    lines = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    assert sorted(line[KEY] for line in lines) == ["bad", "one"]
    assert {line["model_name_or_path"] for line in lines} == {"bathy-deepseek-flash"}


def test_what_is_retried_keeps_its_result_until_there_is_another(
    batch: Batch, tasks: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks[1]["rev"] = "missing"
    assert batch(tasks, "--offline").code == 1
    before = (tmp_path / "r.jsonl").read_bytes()
    place = Path(tasks[0]["repo"])
    place.rename(tmp_path / "elsewhere")
    assert batch(tasks, "--offline", "--retry-failed").code == 2
    (tmp_path / "elsewhere").rename(place)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "distributed", None)
        ran = batch(tasks, "--offline", "--retry-failed", "--scheduler", "tcp://127.0.0.1:1")
    assert ran.code == 2
    assert "needs Dask" in ran.err
    assert (tmp_path / "r.jsonl").read_bytes() == before
    assert batch(tasks, "--offline", "--retry-failed").code == 1
    assert list(results_in(tmp_path)) == ["t0", "t1"]


def test_what_a_failure_did_cost_is_part_of_what_its_successor_does(
    batch: Batch, tasks: list[dict[str, Any]], tmp_path: Path
) -> None:
    with Endpoint([DONE, DONE]) as endpoint:
        failed = batch(tasks[:1], "--max-turns", "1", "--strict-citations", endpoint=endpoint)
    line = results_in(tmp_path)["t0"]
    (tmp_path / "r.jsonl").write_text(json.dumps({**line, "is_error": True, "exit_code": 4}) + "\n")
    with Endpoint([DONE]) as endpoint:
        assert batch(None, "--retry-failed", endpoint=endpoint).code == 0, failed.err
    later = results_in(tmp_path)["t0"]
    assert later["earlier_cost_usd"] == line["total_cost_usd"] > 0
    assert later["total_cost_usd"] > line["total_cost_usd"]


def test_one_file_holds_no_results_of_two_ways_to_ask(
    batch: Batch, tasks: list[dict[str, Any]], tmp_path: Path
) -> None:
    assert batch(tasks, "--offline").code == 0
    before = (tmp_path / "r.jsonl").read_bytes()
    with Endpoint([]) as endpoint:
        ran = batch(None, "--resume-batch", "--model", "deepseek-v4-pro", endpoint=endpoint)
        assert ran.code == 2
        assert "mode offline, now online, model None, now deepseek-v4-pro" in ran.err
        assert batch(None, "--resume-batch", "--offline", "--exclude", "*.md").code == 2
        assert batch(None, "--resume-batch", "--offline", "--max-turns", "3").code == 0
    assert (tmp_path / "r.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("option", "said"),
    [({"apply": True}, "no DEEPSEEK_API_KEY"), ({"model": "deepseek-flash"}, "no DEEPSEEK_API")],
)
def test_a_line_that_needs_a_model_needs_a_key(
    batch: Batch, tasks: list[dict[str, Any]], option: dict[str, Any], said: str
) -> None:
    ran = batch([tasks[0], {**tasks[1], **option}])
    assert ran.code == 2
    assert said in ran.err
    ran = batch(None, "--offline")
    assert ran.code == 2
    assert "asks no model" in ran.err


@pytest.mark.parametrize(
    ("option", "said"),
    [({"model": "deepseek-chat"}, "ended on"), ({"model": "mine", "max_cost": 1}, "needs prices")],
)
def test_a_model_that_cannot_be_asked_is_told_of_before_anything_begins(
    batch: Batch, tasks: list[dict[str, Any]], option: dict[str, Any], said: str
) -> None:
    with Endpoint([]) as endpoint:
        ran = batch([tasks[0], {**tasks[1], **option}], endpoint=endpoint)
    assert (ran.code, endpoint.requests) == (2, [])
    assert said in ran.err


@pytest.mark.parametrize(
    "place",
    [
        "https://user:TOKEN@example.org/x",
        "https://TOKEN@example.org",
        "https://example.org/x?key=TOKEN",
        "https://example.org/#TOKEN",
        "https://[TOKEN",
        "https://",
        "http://TOKEN",
    ],
)
def test_an_address_that_may_hold_a_secret_is_refused_and_not_repeated(place: str) -> None:
    wanted = Wanted(Path("t.jsonl"), clone_from=place)
    with pytest.raises(ConfigError) as error:
        check_wanted(Settings(output=Path("r.jsonl")), wanted)
    assert "TOKEN" not in str(error.value)


def test_what_killed_batches_left_goes_even_if_there_is_nothing_to_do(
    batch: Batch, tasks: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert batch(tasks[:1], "--offline").code == 0
    dead = tmp_path / "bathy-batch-dead"
    dead.mkdir()
    (dead / "lock").touch()
    assert batch(None, "--offline", "--resume-batch").code == 0
    assert not dead.exists()


def test_a_question_beside_the_file_is_refused(batch: Batch, tasks: list[dict[str, Any]]) -> None:
    ran = batch(tasks, "--offline", "-p", "why?")
    assert ran.code == 2
    assert "--task" in ran.err
