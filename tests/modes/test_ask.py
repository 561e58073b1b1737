"""`bathy --task` against the service on loopback: what is asked, and what comes of it."""

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest
from bathy.agent.loop.ledger import Ledger, ledger_path
from bathy.agent.loop.record import read_record, rebuild_requests
from conftest import Run
from endpoint.faults import Fault
from endpoint.script import Call, Reply
from endpoint.server import Endpoint
from repo_builder import RepoBuilder
from shop import ANSWER, CART, DONE, LOOK, READ, Ask, events_of, result_of, tool_texts


def test_a_question_is_answered_over_parallel_calls(ask: Ask) -> None:
    with Endpoint([LOOK, DONE]) as endpoint:
        ran = ask(endpoint, "--output-format", "stream-json")
    assert endpoint.problems == []
    result = result_of(ran)
    assert result["result"] == ANSWER
    assert result["citations"] == [
        {"path": "src/cart.py", "start_line": 2, "end_line": 3, "status": "verified"}
    ]
    assert result["num_turns"] == 2
    assert result["mode"] == "online"
    assert result["total_cost_usd"] > 0
    read, grep, find = tool_texts(endpoint)
    assert read.startswith("1\tclass Cart:")
    assert "7:    cart.add(1)" in grep
    assert "[src/cart.py:2-3] method Cart.add" in find
    events = events_of(ran)
    assert [e["seq"] for e in events] == list(range(len(events)))
    kinds = [e["type"] for e in events]
    assert kinds[:3] == ["session_started", "pack_ready", "turn_started"]
    assert kinds.count("tool_started") == kinds.count("tool_finished") == 3
    assert kinds[-2:] == ["citations", "result"]


def test_people_get_the_answer_on_stdout_and_the_price_on_stderr(ask: Ask) -> None:
    with Endpoint([LOOK, DONE]) as endpoint:
        ran = ask(endpoint)
    assert ran.out == ANSWER + "\n"
    first, second, *_, last = ran.err.splitlines()
    assert first.startswith(
        f"bathy: this repository goes to {endpoint.base_url} for the first time"
    )
    assert second.startswith("bathy: asking deepseek-flash: about ")
    assert "if nothing of it is cached" in second
    assert "cached)" in last


def test_later_turns_find_all_but_the_new_in_the_cache(ask: Ask, shop: RepoBuilder) -> None:
    shop.file("src/more.py", "".join(f"value_{n} = {n}\n" for n in range(3000)))
    with Endpoint([LOOK, Reply("", "r", (READ,)), DONE]) as endpoint:
        ask(endpoint)
    first, second, third = endpoint.requests
    assert second.prompt.startswith(first.prompt)
    assert third.prompt.startswith(second.prompt)
    assert second.hit_tokens > first.prompt_tokens - 128
    assert third.hit_tokens > second.prompt_tokens - 128


def test_another_question_shares_the_pack(ask: Ask, shop: RepoBuilder) -> None:
    shop.file("src/more.py", "".join(f"value_{n} = {n}\n" for n in range(3000)))
    with Endpoint([DONE, DONE]) as endpoint:
        ask(endpoint)
        ask(endpoint, task="Where is the cart?")
    one, two = (asked.prompt for asked in endpoint.requests)
    shared = next(n for n, (a, b) in enumerate(zip(one, two, strict=False)) if a != b)
    assert "</repository>" in one[:shared]


def test_a_session_goes_on_with_the_same_prefix(ask: Ask) -> None:
    with Endpoint([LOOK, DONE, Reply("Because.", "r")]) as endpoint:
        first = result_of(ask(endpoint, "--output-format", "json"))
        second = ask(endpoint, "--continue", "--output-format", "json", task="Why?")
    assert endpoint.problems == []
    assert result_of(second)["session_id"] == first["session_id"]
    assert endpoint.requests[2].prompt.startswith(endpoint.requests[1].prompt)
    assert endpoint.requests[2].messages[-1]["content"].endswith("Why?")


def test_a_fork_leaves_the_session_as_it_was(ask: Ask, run: Run) -> None:
    with Endpoint([DONE, DONE]) as endpoint:
        first = result_of(ask(endpoint, "--output-format", "json"))["session_id"]
        second = result_of(
            ask(endpoint, "--resume", first[:8], "--fork-session", "--output-format", "json")
        )["session_id"]
    assert first != second
    listed = json.loads(run("sessions", "--all", "--output-format", "json").out)
    assert {row["id"] for row in listed} == {first, second}


def test_without_a_session_nothing_is_kept(ask: Ask, tmp_path: Path) -> None:
    with Endpoint([DONE]) as endpoint:
        assert (
            result_of(ask(endpoint, "--no-session", "--output-format", "json"))["session_id"] == ""
        )
    assert list(tmp_path.rglob("*.jsonl")) == []


def test_every_request_can_be_rebuilt_from_the_log(ask: Ask, tmp_path: Path) -> None:
    with Endpoint([LOOK, replace(DONE, faults=[Fault("cut")]), DONE]) as endpoint:
        ask(endpoint, "--effort", "low")
    (path,) = tmp_path.rglob("*.jsonl")
    sent = [asked.body for asked in endpoint.requests]
    rebuilt = [json.loads(json.dumps(body)) for body in rebuild_requests(read_record(path))]
    assert rebuilt == [sent[0], sent[1]]
    assert sent[1] == sent[2]


def test_secrets_do_not_leave_by_any_door(ask: Ask, shop: RepoBuilder, tmp_path: Path) -> None:
    key = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    shop.file("deploy.sh", f"TOKEN={key}\n").commit()
    shop.file("deploy.sh", f"TOKEN={key}\necho\n")
    calls = (Call("read_file", {"path": "deploy.sh"}), Call("grep", {"pattern": "TOKEN"}),
             Call("history", {"path": "deploy.sh", "start_line": 1, "end_line": 1}))  # fmt: skip
    with Endpoint([Reply("", "r", calls), DONE]) as endpoint:
        ran = ask(endpoint, "--diff", "HEAD", task=f"Is {key} safe?")
    assert all(key not in asked.prompt for asked in endpoint.requests)
    assert "[redacted: github token]" in endpoint.requests[0].prompt
    assert key not in ran.out
    for path in (tmp_path / "home").rglob("*.jsonl"):
        assert key not in path.read_text()


def test_the_change_since_a_commit_goes_with_the_question(ask: Ask, shop: RepoBuilder) -> None:
    shop.file("src/cart.py", CART.replace("return item", "return [item]"))
    with Endpoint([DONE]) as endpoint:
        ask(endpoint, "--diff", "HEAD")
    assert "+        return [item]" in endpoint.requests[0].messages[-1]["content"]


@pytest.mark.parametrize(("context", "shown"), [("pack", True), ("map", False), ("tools", False)])
def test_the_context_is_chosen(ask: Ask, context: str, shown: bool) -> None:
    with Endpoint([DONE]) as endpoint:
        ask(endpoint, "--context", context)
    first = endpoint.requests[0].messages[1]["content"]
    assert ("return item" in first) == shown
    assert ("class Cart" in first) == (context != "tools")


SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


@pytest.mark.parametrize(
    ("replies", "code", "answer"),
    [
        (['{"n": 1}'], 0, '{"n": 1}'),
        (['```json\n{"n": 1}\n```'], 0, '{"n": 1}'),
        (["one", '{"n": 1}'], 0, '{"n": 1}'),
        (['{"n": "x"}', '{"m": 1}'], 1, ""),
    ],
)
def test_an_answer_fits_its_schema_or_fails(
    ask: Ask, tmp_path: Path, replies: list[str], code: int, answer: str
) -> None:
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(SCHEMA))
    with Endpoint([Reply(text, "r") for text in replies]) as endpoint:
        ran = ask(endpoint, "--output-schema", path, "--output-format", "json")
    assert endpoint.problems == []
    assert (ran.code, result_of(ran)["result"]) == (code, answer)
    assert '"required": ["n"]' in endpoint.requests[0].messages[-1]["content"]
    assert "response_format" not in endpoint.requests[0].body


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--output-schema", "none.json"], "No such file"),
        (["--image", "none.png"], "No such file"),
        (["--model", "deepseek-chat"], "use --model deepseek-flash --effort off"),
        (["--resume", "zzz"], "there is no session"),
        (["--continue"], "to continue"),
        (["--env-file", "none"], "there is no file"),
        (["--diff", "nope"], "no commit 'nope'"),
        (["--base-url", "ftp://x"], "must begin with"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_asked(
    ask: Ask, args: list[str], says: str
) -> None:
    with Endpoint([]) as endpoint:
        ran = ask(endpoint, *args, "--output-format", "json")
    assert ran.code == (1 if "--diff" in args else 2)
    assert says in ran.err
    assert endpoint.requests == []
    assert (ran.out == "") == (ran.code == 2)


@pytest.mark.parametrize("flag", [["--model", "deepseek-flash"], ["--base-url", "http://h"]])
def test_what_needs_a_model_needs_a_key(
    ask: Ask, flag: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Endpoint([]) as endpoint:
        monkeypatch.delenv("DEEPSEEK_API_KEY")
        ran = ask(endpoint, *flag)
        assert (ran.code, ran.out) == (2, "")
        assert "DEEPSEEK_API_KEY" in ran.err
        offline = ask(endpoint, "--output-format", "json")
        assert result_of(offline)["mode"] == "offline"
    assert endpoint.requests == []


PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_a_picture_goes_to_a_model_that_sees(ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "shot.png"
    path.write_bytes(PIXEL)
    with Endpoint([DONE]) as endpoint:
        assert ask(endpoint, "--image", path).code == 0
    parts = endpoint.requests[0].messages[-1]["content"]
    assert parts[0]["image_url"]["url"].startswith("data:image/png;base64,")
    with Endpoint([]) as endpoint:
        ran = ask(endpoint, "--image", path, "--model", "deepseek-v4-pro")
        assert ran.code == 2
        assert "does not see images" in ran.err
        (tmp_path / "shot.png").write_text("no picture")
        assert "is no PNG" in ask(endpoint, "--image", path).err


@pytest.mark.parametrize(
    ("args", "subtype"),
    [
        (["--max-turns", "1"], "error_max_turns"),
        (["--max-cost", "0.000001"], "error_max_cost"),
        (["--max-tokens", "10"], "error_max_tokens"),
    ],
)
def test_limits_end_in_exit_code_3(ask: Ask, args: list[str], subtype: str) -> None:
    with Endpoint([LOOK]) as endpoint:
        ran = ask(endpoint, *args, "--output-format", "json")
    assert ran.code == 3
    assert result_of(ran)["subtype"] == subtype


def test_strict_citations_fail_when_one_cannot_be_verified(ask: Ask) -> None:
    with Endpoint([Reply("See `nowhere_at_all` [src/cart.py:90-95].", "r")] * 2) as endpoint:
        strict = ask(endpoint, "--strict-citations", "--output-format", "json")
        lax = ask(endpoint)
    assert strict.code == 4
    assert result_of(strict)["subtype"] == "error_citations"
    assert result_of(strict)["citations"][0]["status"] == "invalid"
    assert lax.code == 0
    assert "[src/cart.py:90-95] (invalid)" in lax.out


def test_a_model_with_a_small_window_gets_a_pack_that_fits(
    ask: Ask, shop: RepoBuilder, tmp_path: Path
) -> None:
    shop.file("src/large.py", "".join(f"def f{n}():\n    return {n}\n\n\n" for n in range(2000)))
    folder = tmp_path / "home" / ".config" / "bathy"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(
        '[models.my-model]\nwindow_tokens = 16_384\nthinking = "deepseek"\n'
    )
    with Endpoint([DONE], aliases=["my-model"]) as endpoint:
        ran = ask(endpoint, "--model", "my-model", "--output-format", "json")
    assert result_of(ran)["pack"]["tokens"] < 12_288
    assert endpoint.requests[0].body["max_tokens"] <= 4_096
    assert result_of(ran)["total_cost_usd"] == 0


def test_a_window_smaller_than_declared_leads_to_a_smaller_pack(
    ask: Ask, shop: RepoBuilder, tmp_path: Path
) -> None:
    shop.file("src/large.py", "".join(f"def f{n}():\n    return {n}\n\n\n" for n in range(2000)))
    with Endpoint([LOOK, DONE], window=16_384, may_reject=True) as endpoint:
        ran = ask(endpoint, "--output-format", "json")
    assert result_of(ran)["result"] == ANSWER
    assert all("maximum context length is 16384 tokens" in said for said in endpoint.problems)
    assert endpoint.requests[-1].prompt_tokens < 16_384


def test_a_session_that_had_to_pack_less_goes_on_with_what_it_holds(
    ask: Ask, shop: RepoBuilder
) -> None:
    shop.file("src/large.py", "".join(f"def f{n}():\n    return {n}\n\n\n" for n in range(2000)))
    shop.commit()
    with Endpoint([DONE, DONE], window=16_384, may_reject=True) as endpoint:
        assert ask(endpoint).code == 0
        ran = ask(endpoint, "--continue", "--output-format", "json", task="And add_all?")
        rows = Ledger(ledger_path()).requests(str(shop.root), 9)
    asked, forecast = endpoint.requests[-1], result_of(ran)["forecast"]
    assert forecast["prompt_tokens"] == pytest.approx(asked.prompt_tokens, rel=0.01)
    assert forecast["cache_hit_tokens"] == asked.hit_tokens > 1_000
    assert rows[0]["base_tokens"] < asked.prompt_tokens
    assert rows[0]["base_id"] != rows[1]["base_id"]


def test_a_window_that_was_found_out_is_kept_in_mind(ask: Ask) -> None:
    with Endpoint([LOOK, DONE], window=16_384, may_reject=True) as endpoint:
        assert ask(endpoint).code == 0
    assert [asked.status for asked in endpoint.requests] == [400, 200, 200]
