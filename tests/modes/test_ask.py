"""`bathy --task` against the service on loopback, every fault at every place."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Ran, Run
from repo_builder import RepoBuilder
from wire.faults import OVERFLOW, PLACES, Fault, Place
from wire.script import Call, Reply, leaked
from wire.server import Endpoint

CART = "class Cart:\n    def add(self, item):\n        return item\n\n\ndef add_all(cart):\n    cart.add(1)\n"
READ = Call("read_file", {"path": "src/cart.py", "start_line": 1, "end_line": 3})
GREP = Call("grep", {"pattern": "add"})
FIND = Call("find_symbol", {"name": "Cart.add"})
ANSWER = "`add` gives the item back [src/cart.py:2-3]."
LOOK = Reply("", "must look", (READ, GREP, FIND))
DONE = Reply(ANSWER, "clear now")

Ask = Callable[..., Ran]


@pytest.fixture
def shop(repo: RepoBuilder) -> RepoBuilder:
    repo.file("src/cart.py", CART).file("README.md", "# Shop\n")
    repo.commit()
    return repo


@pytest.fixture
def ask(shop: RepoBuilder, run: Run, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Asks a question of the endpoint, in this process."""
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-test")
    monkeypatch.setenv("BATHY_IDLE_TIMEOUT_S", "1")
    monkeypatch.setenv("BATHY_MAX_RETRIES", "2")

    def call(endpoint: Endpoint, *args: str | Path, task: str = "What does add do?") -> Ran:
        monkeypatch.setenv("DEEPSEEK_BASE_URL", endpoint.base_url)
        return run("-C", shop.root, "--task", task, *args)

    return call


def result_of(ran: Ran) -> dict[str, Any]:
    """The result of a run; there is exactly one, and it agrees with the exit code."""
    results = [line for line in map(json.loads, ran.out.splitlines()) if line["type"] == "result"]
    assert len(results) == 1
    result: dict[str, Any] = results[0]
    assert result["is_error"] == (ran.code != 0) == (result["subtype"] != "success")
    assert bool(result["error"]) == result["is_error"]
    return result


def tool_texts(endpoint: Endpoint) -> list[str]:
    return [m["content"] for m in endpoint.asked[-1].messages if m["role"] == "tool"]


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
    events = [json.loads(line) for line in ran.out.splitlines()]
    assert [e["seq"] for e in events] == list(range(len(events)))
    kinds = [e["type"] for e in events]
    assert kinds[:3] == ["session_started", "pack_ready", "turn_started"]
    assert kinds.count("tool_started") == kinds.count("tool_finished") == 3
    assert kinds[-2:] == ["citations", "result"]


def test_people_get_the_answer_on_stdout_and_the_price_on_stderr(ask: Ask) -> None:
    with Endpoint([LOOK, DONE]) as endpoint:
        ran = ask(endpoint)
    assert ran.out == ANSWER + "\n"
    assert ran.err.splitlines()[0].startswith("bathy: asking deepseek-flash: about ")
    assert "if nothing of it is cached" in ran.err.splitlines()[0]
    assert "cached)" in ran.err.splitlines()[-1]


def test_later_turns_find_all_but_the_new_in_the_cache(ask: Ask, shop: RepoBuilder) -> None:
    shop.file("src/more.py", "".join(f"value_{n} = {n}\n" for n in range(3000)))
    with Endpoint([LOOK, Reply("", "r", (READ,)), DONE]) as endpoint:
        ask(endpoint)
    first, second, third = endpoint.asked
    assert second.prompt.startswith(first.prompt)
    assert third.prompt.startswith(second.prompt)
    assert third.hit_tokens > 0.95 * len(third.prompt) // 4


def test_another_question_shares_the_pack(ask: Ask, shop: RepoBuilder) -> None:
    shop.file("src/more.py", "".join(f"value_{n} = {n}\n" for n in range(3000)))
    with Endpoint([DONE, DONE]) as endpoint:
        ask(endpoint)
        ask(endpoint, task="Where is the cart?")
    one, two = (asked.prompt for asked in endpoint.asked)
    shared = next(n for n, (a, b) in enumerate(zip(one, two, strict=False)) if a != b)
    assert "</repository>" in one[:shared]


PASSING: dict[str, Callable[[Place], Fault]] = {
    "cut": lambda at: Fault("cut", at),
    "clean end": lambda at: Fault("clean_end", at),
    "stall": lambda at: Fault("stall", at),
    "malformed": lambda at: Fault("malformed", at),
    "error event": lambda at: Fault("error_event", at),
    "429": lambda _: Fault("status", status=429, message="slow down", headers={"retry-after": "0"}),
    "500": lambda _: Fault("status", status=500),
    "503": lambda _: Fault("status", status=503),
    "json body": lambda _: Fault("json_error"),
    "overflow": lambda _: Fault(
        "status",
        status=400,
        message=OVERFLOW.replace("1000000 in", "1040000 in"),
    ),
    "no choices": lambda at: Fault("no_choices", at),
    "no ids": lambda at: Fault("no_ids", at),
}


@pytest.mark.parametrize("at", PLACES)
@pytest.mark.parametrize("turn", [0, 1])
@pytest.mark.parametrize("name", PASSING)
def test_a_fault_that_passes_costs_nothing_but_time(
    ask: Ask, name: str, at: Place, turn: int
) -> None:
    script: list[Any] = [LOOK, DONE]
    fault = PASSING[name](at)
    script[turn] = (script[turn], fault)
    if fault.kind not in ("no_choices", "no_ids") and (
        at != "last" or fault.kind in ("clean_end", "status", "json_error")
    ):
        script.insert(turn + 1, [LOOK, DONE][turn])
    with Endpoint(script) as endpoint:
        ran = ask(endpoint, "--output-format", "json")
    assert endpoint.problems == []
    assert endpoint.left == 0
    assert result_of(ran)["result"] == ANSWER
    assert len(tool_texts(endpoint)) == 3
    assert "error" not in "".join(tool_texts(endpoint))


LASTING: dict[str, tuple[Fault, int, int]] = {
    "401": (Fault("status", status=401, message="no such key"), 1, 1),
    "402": (Fault("status", status=402, message="Insufficient Balance"), 1, 1),
    "422": (Fault("status", status=422, message="odd"), 1, 1),
    "429": (Fault("status", status=429, message="slow", headers={"retry-after": "0"}), 75, 3),
    "429 for an hour": (Fault("status", status=429, headers={"retry-after": "3600"}), 75, 1),
    "500": (Fault("status", status=500), 75, 3),
    "503": (Fault("status", status=503), 75, 3),
    "cut": (Fault("cut", "middle"), 75, 3),
    "clean end": (Fault("clean_end", "first"), 75, 3),
    "stall": (Fault("stall", "middle"), 75, 3),
    "json body": (Fault("json_error"), 75, 3),
    "overflow": (
        Fault("status", status=400, message=OVERFLOW.replace("(1000000", "(2000000")),
        1,
        2,
    ),
}


@pytest.mark.parametrize("name", LASTING)
def test_a_fault_that_stays_ends_in_one_honest_result(ask: Ask, name: str) -> None:
    fault, code, requests = LASTING[name]
    with Endpoint(lambda _asked: (DONE, fault)) as endpoint:
        ran = ask(endpoint, "--output-format", "json")
    result = result_of(ran)
    assert ran.code == code
    assert result["subtype"] == "error_during_execution"
    assert result["result"] == ""
    assert len(endpoint.asked) == requests
    assert endpoint.problems == []


ODD: dict[str, tuple[Reply, str]] = {
    "unknown tool": (Reply("", "r", (Call("write_file", {"path": "x"}),)), "there is no tool"),
    "wrapped arguments": (
        Reply("", "r", (Call("read_file", {"arguments": {"path": "README.md"}}),)),
        "1\t# Shop",
    ),
    "arguments as text": (
        Reply("", "r", (Call("read_file", {"path": "README.md", "start_line": "1"}),)),
        "1\t# Shop",
    ),
    "placeholders": (
        Reply("", "r", (Call("grep", {"pattern": "Shop", "glob": "", "context_lines": None}),)),
        "1:# Shop",
    ),
    "cut arguments, tool_calls": (
        Reply("", "", (Call("read_file", {"path": "README.md" * 9}),), keep=0.72),
        "cut off before its end",
    ),
    "cut arguments, length": (
        Reply("", "", (Call("read_file", {"path": "README.md" * 9}),), "length", keep=0.72),
        "cut off before its end",
    ),
    "two bars": (
        Reply(leaked((Call("read_file", {"path": "README.md"}),), "||"), "r"),
        "1\t# Shop",
    ),
    "ascii": (
        Reply(leaked((Call("read_file", {"path": "README.md"}),), "|", "tool_calls"), "r"),
        "1\t# Shop",
    ),
    "function_calls": (
        Reply(leaked((Call("read_file", {"path": "README.md"}),), "||", "function_calls"), "r"),
        "1\t# Shop",
    ),
    "tool_call": (
        Reply(
            '<tool_call>{"name": "read_file", "arguments": {"path": "README.md"}}</tool_call>', "r"
        ),
        "1\t# Shop",
    ),
    "named tool_call": (
        Reply('<tool_call id="1" name="read_file">{"path": "README.md"}</tool_call>', "r"),
        "1\t# Shop",
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_calls_are_mended_or_told_of(ask: Ask, name: str) -> None:
    reply, expected = ODD[name]
    with Endpoint([reply, DONE]) as endpoint:
        ran = ask(endpoint, "--output-format", "stream-json")
    assert endpoint.problems == []
    assert result_of(ran)["result"] == ANSWER
    (text,) = tool_texts(endpoint)
    assert expected in text
    shown = [json.loads(line) for line in ran.out.splitlines()]
    deltas = "".join(e["text"] for e in shown if e["type"] == "text_delta")
    assert "DSML" not in deltas
    assert "tool_call" not in deltas
    assert "DSML" not in json.dumps(endpoint.asked[-1].messages)


@pytest.mark.parametrize(
    ("script", "answer", "code"),
    [
        ([Reply("", "The item."), DONE], ANSWER, 0),
        ([Reply("", "The item."), Reply("", "Again.")], "", 75),
        ([Reply(), DONE], ANSWER, 0),
        ([Reply(), Reply(), Reply()], "", 75),
        ([Reply("x", "r", finish="content_filter")], "", 1),
        ([Reply("x", "r", finish="insufficient_system_resource"), DONE], ANSWER, 0),
        ([Reply("again and again\n" * 400, "r"), DONE], ANSWER, 0),
        ([Reply("", "on and on, " * 400), Reply("again and again\n" * 400, "r")], "", 1),
        ([Reply("It gives", "r", finish="length")], "It gives", 3),
    ],
)
def test_odd_endings_are_never_taken_for_success(
    ask: Ask, script: list[Any], answer: str, code: int
) -> None:
    with Endpoint(script) as endpoint:
        ran = ask(endpoint, "--output-format", "json")
    assert endpoint.problems == []
    assert ran.code == code
    assert result_of(ran)["result"] == answer
    assert endpoint.left == 0


def test_a_session_goes_on_with_the_same_prefix(ask: Ask) -> None:
    with Endpoint([LOOK, DONE, Reply("Because.", "r")]) as endpoint:
        first = result_of(ask(endpoint, "--output-format", "json"))
        second = ask(endpoint, "--continue", "--output-format", "json", task="Why?")
    assert endpoint.problems == []
    assert result_of(second)["session_id"] == first["session_id"]
    assert endpoint.asked[2].prompt.startswith(endpoint.asked[1].prompt)
    assert endpoint.asked[2].messages[-1]["content"].endswith("Why?")


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
    from bathy.agent.loop.record import read_record, rebuild_requests

    with Endpoint([LOOK, (DONE, Fault("cut", "middle")), DONE]) as endpoint:
        ask(endpoint, "--effort", "low")
    (path,) = tmp_path.rglob("*.jsonl")
    sent = [asked.body for asked in endpoint.asked]
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
    assert all(key not in asked.prompt for asked in endpoint.asked)
    assert "[redacted: github token]" in endpoint.asked[0].prompt
    assert key not in ran.out
    for path in (tmp_path / "home").rglob("*.jsonl"):
        assert key not in path.read_text()


def test_the_change_since_a_commit_goes_with_the_question(ask: Ask, shop: RepoBuilder) -> None:
    shop.file("src/cart.py", CART.replace("return item", "return [item]"))
    with Endpoint([DONE]) as endpoint:
        ask(endpoint, "--diff", "HEAD")
    assert "+        return [item]" in endpoint.asked[0].messages[-1]["content"]


@pytest.mark.parametrize(("context", "shown"), [("pack", True), ("map", False), ("tools", False)])
def test_the_context_is_chosen(ask: Ask, context: str, shown: bool) -> None:
    with Endpoint([DONE]) as endpoint:
        ask(endpoint, "--context", context)
    first = endpoint.asked[0].messages[1]["content"]
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
    assert '"required": ["n"]' in endpoint.asked[0].messages[-1]["content"]
    assert "response_format" not in endpoint.asked[0].body


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
    assert endpoint.asked == []
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
    assert endpoint.asked == []


PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_a_picture_goes_to_a_model_that_sees(ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "shot.png"
    path.write_bytes(PIXEL)
    with Endpoint([DONE]) as endpoint:
        assert ask(endpoint, "--image", path).code == 0
    parts = endpoint.asked[0].messages[-1]["content"]
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
    with Endpoint([DONE]) as endpoint:
        ran = ask(endpoint, "--model", "my-model", "--output-format", "json")
    assert result_of(ran)["pack"]["tokens"] < 12_288
    assert endpoint.asked[0].body["max_tokens"] <= 4_096
    assert result_of(ran)["total_cost_usd"] == 0


def test_a_window_smaller_than_declared_leads_to_one_smaller_pack(
    ask: Ask, shop: RepoBuilder, tmp_path: Path
) -> None:
    shop.file("src/large.py", "".join(f"def f{n}():\n    return {n}\n\n\n" for n in range(2000)))
    message = OVERFLOW.replace("1048576", "16384").replace("1000000 in", "30000 in")
    fault = Fault("status", status=400, message=message)
    with Endpoint([(DONE, fault), LOOK, DONE]) as endpoint:
        ran = ask(endpoint, "--output-format", "json")
    assert endpoint.problems == []
    assert result_of(ran)["result"] == ANSWER
    assert len(endpoint.asked[1].prompt) < len(endpoint.asked[0].prompt) / 2
