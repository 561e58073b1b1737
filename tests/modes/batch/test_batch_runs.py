"""Whole batches, in this process: what stands in the results, what they cost, and how they end."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bathy.agent.modes import ask as ask_module
from bathy.agent.modes.batch.streak import MOST_IN_A_ROW
from endpoint.faults import Fault
from endpoint.script import Call, Reply
from endpoint.server import Endpoint, Recorded, Scripted
from modes.batch.conftest import Batch, CountingEndpoint, results_in
from repo_builder import RepoBuilder
from shop import ANSWER, DONE, LOOK

SMALL = "".join(f"value_{n} = {n}\n" for n in range(400))
BUSY = Fault("status", status=429, headers={"retry-after": "0"})
WARM = Reply("", "I")
CENT = 0.01


@pytest.fixture
def offline(shop: RepoBuilder) -> list[dict[str, Any]]:
    place = {"repo": str(shop.root)}
    return [{"id": f"t{n}", "task": f"What does Cart.add do ({n})?", **place} for n in range(3)]


def asked(recorded: Recorded) -> Reply:
    """A warm-up is answered with a word, a question with the answer."""
    return WARM if recorded.body.get("max_tokens") == 1 else DONE


def test_offline_tasks_have_the_result_of_a_task_alone(
    batch: Batch, offline: list[dict[str, Any]], tmp_path: Path
) -> None:
    commit = RepoBuilder(Path(offline[0]["repo"]), init=False).git("rev-parse", "HEAD").strip()
    offline[1]["rev"] = commit
    ran = batch(offline, "--offline")
    results = results_in(tmp_path)
    assert (ran.code, sorted(results)) == (0, ["t0", "t1", "t2"])
    assert {r["subtype"] for r in results.values()} == {"success"}
    assert "[src/cart.py:" in results["t0"]["result"]
    assert results["t1"]["repo"]["commit"] == commit
    assert "3         3       0      0" in ran.out
    page = (tmp_path / "r.html").read_text()
    assert "<svg" in page
    assert "://" not in page.replace("http://www.w3.org", "")


def test_what_has_a_result_is_left_out_and_what_failed_is_done_again(
    batch: Batch, offline: list[dict[str, Any]], tmp_path: Path
) -> None:
    offline[1]["rev"] = "missing"
    ran = batch(offline, "--offline")
    assert ran.code == 1
    assert "t1: no commit 'missing'" in ran.err
    before = (tmp_path / "r.jsonl").read_bytes()
    refused = batch(None, "--offline")
    assert (refused.code, (tmp_path / "r.jsonl").read_bytes()) == (2, before)
    assert "--resume-batch" in refused.err
    more = {**offline[0], "id": "t3"}
    assert batch([*offline, more], "--offline", "--resume-batch").code == 1
    after = (tmp_path / "r.jsonl").read_bytes()
    assert after.startswith(before)
    assert list(results_in(tmp_path))[3:] == ["t3"]
    RepoBuilder(Path(offline[0]["repo"]), init=False).git("tag", "missing")
    assert batch(None, "--offline", "--retry-failed").code == 0
    assert results_in(tmp_path)["t1"]["subtype"] == "success"
    changed = [{**offline[0], "task": "Something else?"}]
    refused = batch(changed, "--offline", "--resume-batch")
    assert refused.code == 2
    assert "t0 for another task" in refused.err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("-C", "."), "-C is for one task"),
        (("--continue",), "--continue and --resume"),
        (("--patch-out", "x"), "--patch-out"),
        (("--dry-run",), "--dry-run"),
        (("--with-tests",), "goes with --format swe-bench"),
        (("--clone-from", "ssh://x"), "https address"),
        (("--output-format", "stream-json"), "text or json"),
        (("--apply",), "asks no model"),
        (("--scheduler", "nowhere"), "threads, processes, or the address"),
        (("--scheduler", "tcp://\x1b[2J"), "threads, processes, or the address"),
    ],
)
def test_what_a_batch_cannot_do_is_a_usage_error(
    batch: Batch, offline: list[dict[str, Any]], args: tuple[str, ...], said: str
) -> None:
    where = args if args[0] != "-C" else ("-C", "/")
    ran = batch(offline, "--offline", *where)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_a_repository_that_is_not_there_is_named_before_anything_begins(
    batch: Batch, offline: list[dict[str, Any]], tmp_path: Path
) -> None:
    ran = batch([*offline, {"id": "x", "task": "why?", "repo": "no\x1bwhere"}], "--offline")
    assert ran.code == 2
    assert r"no\033where" in ran.err
    assert (tmp_path / "r.jsonl").read_bytes() == b""


def test_tasks_that_share_a_base_pay_for_it_once_and_the_sum_is_right_to_the_cent(
    batch: Batch, shop: RepoBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask_module, "WARM_UP_TOKENS", 1_000)
    shop.file("src/values.py", SMALL).commit()
    other = RepoBuilder(tmp_path / "other").file("main.py", SMALL.replace("value", "other"))
    other.commit()
    tasks = [
        {"id": f"{at}-{n}", "task": f"What of {n}?", "repo": str(place)}
        for n in range(6)
        for at, place in enumerate((shop.root, tmp_path / "other"))
    ]
    storm = iter([False] * 6 + [True] * 5)

    def say(recorded: Recorded) -> Scripted:
        is_question = recorded.body.get("max_tokens") != 1
        return BUSY if is_question and next(storm, False) else asked(recorded)

    monkeypatch.setenv("BATHY_MAX_RETRIES", "9")
    endpoint = CountingEndpoint(say)
    with endpoint:
        ran = batch(tasks, "--workers", "3", "--output-format", "json", endpoint=endpoint)
    assert ran.code == 0, ran.err
    assert endpoint.problems == []
    results = results_in(tmp_path)
    assert len(results) == len(tasks)
    # One request a base misses it; every other one finds all of it.
    heard = [r for r in endpoint.requests if r.status == 200]
    bases = {r.messages[1]["content"]: r.prompt_tokens for r in heard if not r.hit_tokens}
    assert len(bases) == 2 == sum(r.hit_tokens == 0 for r in heard)
    assert all(
        r.hit_tokens in (0, bases[r.messages[1]["content"]] // 128 * 128)
        or r.hit_tokens > bases[r.messages[1]["content"]] // 128 * 128
        for r in heard
    )
    assert 2 <= endpoint.most <= 3
    assert sum(r["throttled"] for r in results.values()) == 5
    assert len(heard) + 5 == len(endpoint.requests)
    prompts, hits = (sum(getattr(r, k) for r in heard) for k in ("prompt_tokens", "hit_tokens"))
    written = sum(r["usage"]["completion_tokens"] for r in results.values())
    usd = (hits * 10 + (prompts - hits) * 100 + written * 1000) / 1e6
    assert usd > 10 * CENT
    assert abs(ran.json["total"]["cost_usd"] - usd) < CENT / 100
    assert abs(sum(r["total_cost_usd"] for r in results.values()) - usd) < CENT / 100


def test_the_money_is_for_all_tasks_and_what_is_left_goes_on_later(
    batch: Batch, shop: RepoBuilder, tmp_path: Path
) -> None:
    tasks = [{"id": f"t{n}", "task": f"What of {n}?", "repo": str(shop.root)} for n in range(8)]
    with Endpoint(asked) as endpoint:
        ran = batch(tasks, "--max-cost", "0.6", "--workers", "2", endpoint=endpoint)
        spent = sum(r["total_cost_usd"] for r in results_in(tmp_path).values())
        assert ran.code == 3, ran.err
        assert 0 < spent <= 0.6
        left = 8 - len(results_in(tmp_path))
        assert 0 < left < 8
        assert f"{left} task" in ran.err
        assert all(r["subtype"] == "success" for r in results_in(tmp_path).values())
        before = len(endpoint.requests)
        assert batch(None, "--resume-batch", endpoint=endpoint).code == 0
        assert len(endpoint.requests) == before + left
    assert len(results_in(tmp_path)) == 8


def test_a_task_of_several_turns_that_its_share_cuts_off_is_no_failure(
    batch: Batch, shop: RepoBuilder, tmp_path: Path
) -> None:
    tasks = [{"id": f"t{n}", "task": f"What of {n}?", "repo": str(shop.root)} for n in range(3)]

    def say(recorded: Recorded) -> Reply:
        return DONE if recorded.messages[-1]["role"] == "tool" else LOOK

    with Endpoint(say) as endpoint:
        assert batch(tasks[:1], endpoint=endpoint).code == 0
        one_usd = results_in(tmp_path)["t0"]["total_cost_usd"]
        (tmp_path / "r.jsonl").unlink()
        # What the cache holds by now makes each cheaper; a third of it is too little for two turns.
        limit = f"{2.1 * one_usd:.6f}"
        ran = batch(tasks, "--max-cost", limit, "--workers", "3", endpoint=endpoint)
        assert ran.code == 3, ran.err
        results = results_in(tmp_path)
        assert any("earlier_cost_usd" in r for r in results.values())
        assert all(r["subtype"] == "success" or r["is_left"] for r in results.values())
        assert sum(r["total_cost_usd"] for r in results.values()) <= float(limit)
        known = {r["id"]: r["total_cost_usd"] for r in results.values() if r.get("is_left")}
        assert batch(None, "--resume-batch", endpoint=endpoint).code == 0
    later = results_in(tmp_path)
    assert {r["subtype"] for r in later.values()} == {"success"}
    assert known == {name: later[name]["earlier_cost_usd"] for name in known}


def test_a_service_that_is_down_ends_a_batch_that_can_go_on_later(
    batch: Batch, shop: RepoBuilder, tmp_path: Path
) -> None:
    tasks = [{"id": f"t{n}", "task": f"What of {n}?", "repo": str(shop.root)} for n in range(5)]
    with Endpoint(lambda _recorded: Fault("status", status=503)) as endpoint:
        ran = batch(tasks, endpoint=endpoint)
    assert ran.code == 75
    assert "one after the other" in ran.err
    assert len(endpoint.requests) == 2 * MOST_IN_A_ROW
    assert all(r["exit_code"] == 75 for r in results_in(tmp_path).values())
    with Endpoint(asked) as endpoint:
        assert batch(None, "--retry-failed", endpoint=endpoint).code == 0
    assert len(results_in(tmp_path)) == 5


def test_a_task_that_failed_in_passing_is_done_again_and_both_are_paid_for(
    batch: Batch, shop: RepoBuilder, tmp_path: Path
) -> None:
    broken = replace(DONE, faults=[Fault("cut", at="last")])
    with Endpoint([broken, broken, DONE]) as endpoint:
        ran = batch([{"id": "a", "task": "What?", "repo": str(shop.root)}], endpoint=endpoint)
    assert ran.code == 0, ran.err
    result = results_in(tmp_path)["a"]
    assert result["result"] == ANSWER
    assert result["total_cost_usd"] > result["earlier_cost_usd"] > 0


def test_predictions_apply_hold_no_tests_and_leave_the_repository_as_it_was(
    batch: Batch, shop: RepoBuilder, tmp_path: Path
) -> None:
    shop.file("tests/test_cart.py", "def test_add():\n    pass\n")
    shop.file(".gitattributes", "*.py eol=crlf filter=evil\n")
    commit = shop.commit()
    shop.git("config", "filter.evil.smudge", f"touch {tmp_path}/ran")
    shop.file("src/cart.py", "something = else_\n").commit()
    (tmp_path / "o+shop").symlink_to(shop.root)
    edits = (
        Call("read_file", {"path": "src/cart.py"}),
        Call("read_file", {"path": "tests/test_cart.py"}),
    )
    script = [
        Reply("", "look", edits),
        Reply(
            "",
            "edit",
            (
                Call(
                    "edit_file",
                    {
                        "path": "src/cart.py",
                        "old_text": "        return item",
                        "new_text": "        return [item]",
                    },
                ),
                Call(
                    "edit_file",
                    {"path": "tests/test_cart.py", "old_text": "    pass", "new_text": "    ..."},
                ),
            ),
        ),
        DONE,
        DONE,
    ]
    base = {"repo": "o/shop", "base_commit": commit}
    tasks = [
        {"instance_id": "one", "problem_statement": "add gives no list", **base},
        {"instance_id": "two", "problem_statement": "nothing to do", **base},
    ]
    before = (shop.git("worktree", "list"), shop.git("for-each-ref"), shop.git("status", "-s"))
    with Endpoint(script) as endpoint:
        ran = batch(tasks, "--format", "swe-bench", "--workers", "1", endpoint=endpoint)
    assert ran.code == 0, ran.err
    after = (shop.git("worktree", "list"), shop.git("for-each-ref"), shop.git("status", "-s"))
    assert after == before
    assert not (shop.root / ".git" / "worktrees").exists()
    assert not (tmp_path / "ran").exists()
    lines = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    one, two = sorted(lines, key=lambda line: str(line["instance_id"]))
    assert two == {
        "instance_id": "two",
        "model_name_or_path": "bathy-deepseek-flash",
        "model_patch": "",
    }
    assert "+        return [item]" in one["model_patch"]
    assert "test_cart" not in one["model_patch"]
    shop.git("read-tree", commit)
    (tmp_path / "p.diff").write_text(one["model_patch"])
    shop.git("apply", "--check", "--cached", str(tmp_path / "p.diff"))
    results = [json.loads(x) for x in (tmp_path / "r.results.jsonl").read_text().splitlines()]
    told = {r["id"]: r for r in results}
    assert told["one"]["tests_left_out"] == ["tests/test_cart.py"]
    assert told["one"]["applied"]
    # What is lost of the predictions is made again from the results.
    (tmp_path / "r.jsonl").write_bytes(b'{"instance_id": "one", "mod')
    with Endpoint([]) as endpoint:
        again = batch(None, "--format", "swe-bench", "--resume-batch", endpoint=endpoint)
    assert again.code == 0
    assert sorted(map(json.loads, (tmp_path / "r.jsonl").read_text().splitlines()), key=str) == (
        sorted(lines, key=str)
    )
