"""Replies that came whole but are not what they should be: leaked, cut, broken or endless."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from bathy.agent.loop.guard import NOTE_AT, REFUSE_AT, STOP_AT
from conftest import Ran
from endpoint.script import Call, Output, Reply, Said, markup
from endpoint.server import Endpoint
from shop import ANSWER, DONE, LOOK, Ask, calls_told, result_of, text_shown, tool_texts

README = Call("read_file", {"path": "README.md"})
MORE = (README,)
LOOKS = ["read_file", "grep", "find_symbol"]
TURNS = pytest.mark.parametrize("turn", [0, 1], ids=["calling", "answering"])


def bare_json(calls: Sequence[Call]) -> str:
    return "\n".join(
        f"<tool_call>{json.dumps({'name': c.name, 'arguments': c.arguments})}</tool_call>"
        for c in calls
    )


def named_json(calls: Sequence[Call]) -> str:
    return "\n".join(
        f'<tool_call id="{n}" name="{c.name}">{json.dumps(c.arguments)}</tool_call>'
        for n, c in enumerate(calls)
    )


BARS = ("｜", "｜｜", "|", "||")


def leak(dialect: str, calls: Sequence[Call]) -> str:
    """Calls as text, in one of the dialects."""
    if dialect in ("tool_call", "named tool_call"):
        return (bare_json if dialect == "tool_call" else named_json)(calls)
    version, bars = dialect.split(" ")
    return markup(calls, is_pro=version == "V4").replace("｜", bars)


DIALECTS = [
    *(f"{version} {bars}" for version in ("V4", "V4.1") for bars in BARS),
    "tool_call",
    "named tool_call",
]


@pytest.mark.parametrize("leaking", [{0}, {1}, {0, 1}], ids=["once", "later", "always"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_leaked_call_is_run_once_and_never_shown(
    ask: Ask, dialect: str, leaking: set[int]
) -> None:
    said = [
        Reply("I look." + "\n\n" + leak(dialect, calls), "r") if turn in leaking
        else Reply("I look.", "r", calls)
        for turn, calls in enumerate((LOOK.calls, MORE))
    ]  # fmt: skip
    with Endpoint([*said, DONE]) as endpoint:
        ran = ask(endpoint, "--output-format", "stream-json")
    assert endpoint.problems == []
    assert (ran.code, result_of(ran)["result"]) == (0, ANSWER)
    assert calls_told(ran) == [*LOOKS, "read_file"]
    read, grep, find, readme = tool_texts(endpoint)
    assert read.startswith("1\tclass Cart:")
    assert "7:    cart.add(1)" in grep
    assert "[src/cart.py:2-3] method Cart.add" in find
    assert readme.startswith("1\t# Shop")
    texts = [m["content"] for m in endpoint.requests[-1].messages if m["role"] == "assistant"]
    assert texts[-2:] == ["I look.", "I look."]
    assert "DSML" not in ran.out
    assert "<tool_call" not in ran.out


@dataclass(frozen=True)
class Odd:
    """A call with something wrong, what its result says, and whether the tool ran."""

    said: Said
    result: str
    runs: bool = True


def call(name: str, arguments: object, finish: str = "") -> Reply:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return Reply("", "r", (Call(name, text),), finish)


CUT_MARKUP = markup(MORE).partition("ME.md")[0]
CUT = "cut off before its end"
SHOP = "1\t# Shop"

CALLS: dict[str, Odd] = {
    "unknown tool": Odd(call("write_file", {"path": "x"}), "there is no tool", runs=False),
    "unknown parameter": Odd(call("read_file", {"file": "x"}), "no parameter", runs=False),
    "wrapped": Odd(call("read_file", {"arguments": README.arguments}), SHOP),
    "wrapped in a text": Odd(call("read_file", {"input": '{"path": "README.md"}'}), SHOP),
    "numbers as texts": Odd(call("read_file", {"path": "README.md", "start_line": "1"}), SHOP),
    "placeholders": Odd(call("grep", {"pattern": "# Shop", "glob": "", "path": None}), "1:# Shop"),
    "trailing comma": Odd(call("read_file", '{"path": "README.md",}'), SHOP),
    "no JSON": Odd(call("read_file", "README.md"), "no valid JSON", runs=False),
    "cut, tool_calls": Odd(call("read_file", '{"path": "READ', "tool_calls"), CUT, runs=False),
    "cut, length": Odd(call("read_file", '{"path": "READ', "length"), CUT, runs=False),
    "whole, length": Odd(call("read_file", README.arguments, "length"), CUT, runs=False),
    "cut by the service": Odd(Output(f"r</think>{CUT_MARKUP}", "length"), CUT, runs=False),
    "cut and not told of": Odd(Output(f"r</think>{CUT_MARKUP}", "tool_calls"), CUT, runs=False),
}


def in_its_place(turn: int, odd: Sequence[Said]) -> Iterator[Said]:
    """The script of a run: on a turn, odd replies come before the one that was meant."""
    for number, said in enumerate((LOOK, DONE)):
        yield from odd if number == turn else ()
        yield said


@TURNS
@pytest.mark.parametrize("name", CALLS)
def test_an_odd_call_is_mended_or_told_of(ask: Ask, name: str, turn: int) -> None:
    odd = CALLS[name]
    with Endpoint(in_its_place(turn, [odd.said])) as endpoint:
        ran = ask(endpoint, "--output-format", "stream-json")
    assert_answered(ran, endpoint)
    texts = tool_texts(endpoint)
    found = texts.pop(3 * turn)
    assert odd.result in found
    assert found.startswith("error") == (not odd.runs)
    assert len(texts) == 3
    assert not any(text.startswith("error") for text in texts)
    assert sorted(calls_told(ran)) == sorted([*LOOKS, *_names(odd.said)])


def _names(said: Said) -> list[str]:
    return [c.name for c in said.calls] if isinstance(said, Reply) else ["read_file"]


@TURNS
@pytest.mark.parametrize("name", CALLS)
def test_an_odd_call_without_end_ends_the_run(ask: Ask, name: str, turn: int) -> None:
    with Endpoint([*[LOOK] * turn, *[CALLS[name].said] * STOP_AT]) as endpoint:
        ran = ask(endpoint, "--max-turns", str(STOP_AT + 2), "--output-format", "json")
    assert_stopped(ran, endpoint)


@TURNS
def test_the_same_call_again_and_again_is_told_of_refused_and_ends_the_run(
    ask: Ask, turn: int
) -> None:
    again = Reply("", "r", (README,))
    with Endpoint([*[LOOK] * turn, *[again] * STOP_AT]) as endpoint:
        ran = ask(endpoint, "--output-format", "json")
    assert_stopped(ran, endpoint)
    told = tool_texts(endpoint)[3 * turn :]
    assert [text.startswith(SHOP) for text in told].count(True) == REFUSE_AT - 1
    assert all(text.startswith("error: not run") for text in told[REFUSE_AT - 1 :])


@TURNS
def test_a_call_made_three_times_is_told_so_and_no_more(ask: Ask, turn: int) -> None:
    again = Reply("", "r", (README,))
    with Endpoint(in_its_place(turn, [again] * NOTE_AT)) as endpoint:
        ran = ask(endpoint, "--output-format", "stream-json")
    assert_answered(ran, endpoint)
    noted = [text for text in tool_texts(endpoint) if "[note: the same call" in text]
    assert len(noted) == 1


def assert_answered(ran: Ran, endpoint: Endpoint) -> None:
    assert (endpoint.problems, endpoint.unused) == ([], 0)
    assert (ran.code, result_of(ran)["result"], text_shown(ran)) == (0, ANSWER, ANSWER)


def assert_stopped(ran: Ran, endpoint: Endpoint) -> None:
    assert (endpoint.problems, endpoint.unused) == ([], 0)
    result = result_of(ran)
    assert (ran.code, result["subtype"]) == (1, "error_during_execution")
    assert "the same call" in result["error"]
    assert result["result"] == ""


@dataclass(frozen=True)
class Ending:
    """A reply that is no answer.

    Attributes:
        reply: What comes.
        code: Exit code if it comes again and again.
        passes: A better reply is asked for.
        replies: How many of it end the run.
        text: What is given out then.
    """

    reply: Reply
    code: int
    passes: bool = True
    replies: int = 2
    text: str = ""


SOME_TEXT = "It gives"
ENDINGS: dict[str, Ending] = {
    "reasoning only": Ending(Reply("", "The item."), 75),
    "blank text": Ending(Reply(" \n", "The item."), 75),
    "empty": Ending(Reply(), 75, replies=3),
    "text repeated": Ending(Reply("again and again\n" * 400, "r"), 1),
    "reasoning repeated": Ending(Reply("", "on and on, " * 400), 1),
    "a call in two halves": Ending(Reply(CUT_MARKUP, "r"), 75),
    "no resources": Ending(Reply(SOME_TEXT, "r", finish="insufficient_system_resource"), 75),
    "filtered": Ending(Reply(SOME_TEXT, "r", finish="content_filter"), 1, passes=False, replies=1),
    "too long": Ending(
        Reply(SOME_TEXT, "r", finish="length"), 3, passes=False, replies=1, text=SOME_TEXT
    ),
}


@TURNS
@pytest.mark.parametrize("name", [name for name, end in ENDINGS.items() if end.passes])
def test_a_reply_that_is_no_answer_is_asked_for_again(ask: Ask, name: str, turn: int) -> None:
    with Endpoint(in_its_place(turn, [ENDINGS[name].reply])) as endpoint:
        ran = ask(endpoint, "--output-format", "stream-json")
    assert_answered(ran, endpoint)
    assert calls_told(ran) == LOOKS
    assert len(tool_texts(endpoint)) == 3


@TURNS
@pytest.mark.parametrize("name", ENDINGS)
def test_replies_that_are_no_answers_are_never_taken_for_one(
    ask: Ask, name: str, turn: int
) -> None:
    end = ENDINGS[name]
    with Endpoint([*[LOOK] * turn, *[end.reply] * end.replies]) as endpoint:
        ran = ask(endpoint, "--output-format", "stream-json")
    assert (endpoint.problems, endpoint.unused) == ([], 0)
    assert (ran.code, result_of(ran)["result"]) == (end.code, end.text)
    assert calls_told(ran) == LOOKS * turn
