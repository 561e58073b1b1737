import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from bathy.agent.config import EFFORTS, Effort
from bathy.agent.index.tokens import count_tokens
from bathy.agent.loop.cost import IMAGE_TOKENS, Head, Meter, label_tokens
from bathy.agent.loop.prompt import (
    Pointer,
    change_messages,
    prefix_messages,
    question_mark,
    question_message,
    system_text,
)
from bathy.agent.model.catalog import Prices, find_model, prices_at
from bathy.agent.model.client import Request
from bathy.agent.model.deepseek import wire_body
from bathy.agent.model.messages import Image, Message, ToolCall, ToolSpec, Usage
from bathy.agent.pack.render import FOOTER, HEADER, render_file, render_tree
from bathy.tools.registry import TOOLS, parameters_of
from endpoint.contract import MODELS, Taken, take
from hypothesis import given, settings
from hypothesis import strategies as st

SPECS = tuple(ToolSpec(t.name, t.description, parameters_of(t)) for t in TOOLS.values())
PACK = (
    HEADER
    + render_file("a.py", "x = 1\n\n\ndef f():\n    return 1\n")
    + render_file("b/é.py", "\n\n")
    + render_tree([("a.py", "full"), ("b/é.py", "full")])
    + FOOTER
)
COMMIT = '<commit id="abc" subject="x">\n<new path="z">\n1\tq\n</new>\n</commit>\n'
UNCOMMITTED = '<uncommitted>\n<new path="y">\n1\tq\n</new>\n</uncommitted>\n'
POINTERS = [Pointer("a.py:1-2", "f"), Pointer("z:1-1", "", '<outline path="z">\n1\tq\n</outline>')]
BASE = prefix_messages(PACK)


def head(model: str = "deepseek-flash", effort: Effort = "auto") -> Head:
    return Head(find_model(model, {}), effort, SPECS, system_text())


def meter(model: str = "deepseek-flash", effort: Effort = "auto") -> Meter:
    return Meter(head(model, effort), count=count_tokens, prices=lambda: None)


def taken(messages: Sequence[Message], model: str = MODELS[0], effort: Effort = "auto") -> Taken:
    """What DeepSeek's own renderer makes of a conversation."""
    request = Request(model, tuple(messages), SPECS, effort, 1)
    return take(json.dumps(wire_body(request, "deepseek")).encode())


def asked(text: str) -> Message:
    return question_message(text, mark=question_mark(text))


FULL = question_message(
    "Why?",
    mark=question_mark("Why?"),
    changes=UNCOMMITTED,
    pointers=POINTERS,
    diff="+x\n-y",
    schema='{"type": "object"}',
)
QUESTIONS: dict[str, Sequence[Message]] = {
    "plain": [asked("What does f do?")],
    "odd lines": [question_message("\n\n  What?\n\n")],
    "evidence": [question_message("Why?", mark="7 marks it.", pointers=POINTERS)],
    "evidence, then lines": [question_message("\n\nWhy?", pointers=POINTERS)],
    "everything": [FULL],
    "commits": [*change_messages([COMMIT, COMMIT.replace("q", "r" * 90)]), asked("Why?")],
    "commits and files": [*change_messages([COMMIT]), FULL],
    "Chinese": [asked("配置在哪里读取?")],
    "nothing": [Message("user", "")],
}


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("model", MODELS)
def test_a_first_request_is_counted_exactly(model: str, effort: Effort, name: str) -> None:
    messages = (*BASE, *QUESTIONS[name])
    whole, found = taken(messages, model, effort), meter(model, effort)
    assert found.prompt_tokens(messages) == whole.prompt_tokens
    # What only warms the cache, too: it is a prefix of the question to the last character.
    for end in (2, len(messages) - 2 if name.startswith("commits") else 2):
        warming = taken(messages[:end], model, effort)
        assert found.prompt_tokens(messages[:end]) == warming.prompt_tokens
        assert whole.prompt.startswith(warming.prompt)


def test_without_a_pack_a_request_is_counted_exactly() -> None:
    messages = (*prefix_messages(""), asked("Why?"))
    assert meter().prompt_tokens(messages) == taken(messages).prompt_tokens


CALLS = (
    ToolCall("1", "read_file", '{"path":"a.py","start_line":1}'),
    ToolCall("2", "grep", '{"pattern": "def f", "ignore_case": true}'),
    ToolCall("3", "list_files", "{}"),
)
ROUNDS = [
    Message("assistant", "Let me look.", "I must look at it.", CALLS),
    *(Message("tool", text, "", (), str(n)) for n, text in enumerate(("1\tx = 1\n", "a.py:4:def f", ""), 1)),
    Message("assistant", "", "hm", (ToolCall("4", "find_symbol", '{"name": "f"}'),)),
    Message("tool", "[a.py:4-5] function f", tool_call_id="4"),
    Message("assistant", "It gives 1 [a.py:5].", "done"),
    asked("And why?"),
    Message("assistant", "Because.", ""),
    Message("user", "Go on."),
    Message("user", "Answer now.\n"),
]  # fmt: skip


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("model", MODELS)
def test_rounds_of_calls_are_counted_to_a_few_tokens(model: str, effort: Effort) -> None:
    found = meter(model, effort)
    for end in (4, 6, 8, 10, 11):
        messages = (*BASE, asked("What does f do?"), *ROUNDS[:end])
        assert (
            abs(found.prompt_tokens(messages) - taken(messages, model, effort).prompt_tokens) <= 1
        )


WORDS = st.sampled_from(
    [
        "def f():",
        "\n",
        "\n\n",
        " ",
        "\t",
        "x = 1",
        "配置",
        "é",
        "</tool_result>",
        ">",
        "0123",
        "{}",
        "🙂",
    ]
)
TEXTS = st.lists(WORDS, max_size=8).map("".join)
ARGUMENTS = st.dictionaries(
    st.sampled_from(["path", "pattern", "n"]), TEXTS | st.integers(), max_size=3
)


@st.composite
def conversations(draw: st.DrawFn) -> list[Message]:
    """A question, rounds of calls, an answer, and another question."""
    found = [asked(draw(TEXTS))]
    for number in range(draw(st.integers(1, 3))):
        ids = [f"{number}.{n}" for n in range(draw(st.integers(1, 3)))]
        calls = [ToolCall(i, "grep", json.dumps(draw(ARGUMENTS))) for i in ids]
        found.append(Message("assistant", draw(TEXTS), draw(TEXTS), tuple(calls)))
        found += [Message("tool", draw(TEXTS), tool_call_id=i) for i in ids]
    return [*found, Message("assistant", draw(TEXTS), draw(TEXTS)), asked(draw(TEXTS))]


@settings(max_examples=60, deadline=None)
@given(conversations(), st.sampled_from(MODELS), st.sampled_from(EFFORTS))
def test_any_conversation_is_counted_to_within_one_percent(
    messages: list[Message], model: str, effort: Effort
) -> None:
    whole = (*BASE, *messages)
    tokens = taken(whole, model, effort).prompt_tokens
    assert abs(meter(model, effort).prompt_tokens(whole) - tokens) <= 0.01 * tokens


@settings(deadline=None)
@given(conversations(), st.integers(1, 20))
def test_marks_only_grow_and_later_messages_change_no_earlier_mark(
    messages: list[Message], end: int
) -> None:
    whole = (*BASE, *messages)
    cheap = Meter(head(), count=len, prices=lambda: None)
    marks = cheap.marks(whole)
    tokens = [mark.tokens for mark in marks]
    assert tokens == sorted(tokens)
    assert len({mark.digest for mark in marks}) == len(marks)
    part = cheap.marks(whole[:end])
    assert part == marks[: len(part)]
    assert marks == Meter(head(), count=len, prices=lambda: None).marks(whole)
    assert sum(label_tokens(marks).values()) == marks[-1].tokens == cheap.prompt_tokens(whole)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: replace(m, content=m.content + " "),
        lambda m: replace(m, reasoning="other"),
        lambda m: replace(m, tool_calls=(*m.tool_calls, CALLS[0])),
        lambda m: replace(m, role="user"),
        lambda m: replace(m, images=(Image("image/png", "QQ=="),)),
    ],
)
def test_whatever_the_model_would_read_makes_another_prefix(change: object) -> None:
    said = Message("assistant", "I look.", "hm", CALLS[:1])
    one, other = (
        meter().marks((*BASE, asked("Why?"), message))[-1].digest
        for message in (said, change(said))  # type: ignore[operator]
    )
    assert one != other


def test_spaces_in_arguments_are_not_what_the_model_reads() -> None:
    one, other = (
        meter().marks((*BASE, Message("assistant", "", "", (ToolCall("1", "grep", text),))))[-1]
        for text in ('{"pattern":"a","word":true}', '{"pattern": "a", "word": true}')
    )
    assert one == other


def test_model_effort_tools_and_system_text_stand_at_the_very_start() -> None:
    known = {
        head().digest,
        head("deepseek-v4-pro").digest,
        head(effort="max").digest,
        replace(head(), tools=SPECS[::-1]).digest,
        replace(head(), system="other").digest,
    }
    assert len(known) == 5
    assert head().instructions == head("deepseek-v4-pro", "max").instructions


@pytest.mark.parametrize(
    ("thinking", "same"),
    [
        ("deepseek", {"auto", "high"}),
        ("template", {"auto"}),
        ("none", set(EFFORTS)),
    ],
)
def test_efforts_that_a_prompt_shows_alike_share_a_cache(thinking: str, same: set[Effort]) -> None:
    model = replace(find_model("deepseek-flash", {}), thinking=thinking)  # type: ignore[arg-type]
    heads = {effort: replace(head(effort=effort), model=model) for effort in EFFORTS}
    assert {e for e in EFFORTS if heads[e].digest == heads["auto"].digest} == same
    assert {e for e in EFFORTS if heads[e].effort_shown == "auto"} == same


@pytest.mark.parametrize("model", MODELS)
def test_what_is_said_to_be_alike_is_rendered_alike(model: str) -> None:
    messages = (*BASE, asked("Why?"))
    prompts = {effort: taken(messages, model, effort).prompt for effort in EFFORTS}
    assert prompts["auto"] == prompts["high"]
    assert len(set(prompts.values())) == 4


# What the service counts, where it counts otherwise.


def test_the_services_own_count_takes_the_place_of_ours() -> None:
    found, question = meter(), (*BASE, asked("Why?"))
    own = found.prompt_tokens(question)
    found.learn(question, Usage(prompt_tokens=own + 500))
    assert found.prompt_tokens(question) == own + 500
    longer = (*question, Message("assistant", "Because.", "hm"), asked("So?"))
    assert found.prompt_tokens(longer) == meter().prompt_tokens(longer) + 500
    found.learn(longer, Usage(prompt_tokens=9_000))
    assert found.prompt_tokens(longer) == 9_000


@settings(deadline=None)
@given(st.integers(1, 20_000), conversations(), st.integers(1, 20))
def test_marks_are_in_the_tokens_of_the_service(
    told: int, messages: list[Message], end: int
) -> None:
    found, whole = Meter(head(), count=len, prices=lambda: None), (*BASE, *messages)
    own = found.prompt_tokens(whole)
    found.learn(whole, Usage(prompt_tokens=told))
    marks = found.marks(whole)
    assert marks[-1].tokens == found.prompt_tokens(whole) == told
    assert [mark.tokens for mark in marks] == sorted(mark.tokens for mark in marks)
    assert sum(label_tokens(marks).values()) == told
    # A conversation that has become shorter has its share of the difference.
    part = whole[: max(1, min(end, len(whole)))]
    expected = Meter(head(), count=len, prices=lambda: None).prompt_tokens(part) * told / own
    assert abs(found.prompt_tokens(part) - expected) <= 1


def test_of_no_messages_nothing_is_expected() -> None:
    assert meter().prompt_tokens(()) == 0
    assert meter().marks(()) == ()


def test_a_text_that_is_known_is_not_counted_again() -> None:
    counted = list[str]()

    def count(text: str) -> int:
        counted.append(text)
        return len(text)

    found = Meter(head(), known=[(PACK, 7)], count=count, prices=lambda: None)
    before = found.marks(BASE[:1])[-1].tokens
    assert found.marks(BASE[:2])[-1].tokens == before + 7 + 2
    found.prompt_tokens((*BASE, asked("Why?"), *ROUNDS))
    assert PACK not in counted
    assert len(counted) == len(set(counted))


def test_a_picture_is_counted_for_the_most_that_it_takes() -> None:
    picture = question_message("What is it?", images=(Image("image/png", "QUJD"),) * 2)
    more = meter().prompt_tokens((*BASE, picture)) - meter().prompt_tokens(
        (*BASE, question_message("What is it?"))
    )
    assert more == 2 * IMAGE_TOKENS


def test_a_reply_that_nobody_counted_is_estimated() -> None:
    found, question = meter(), (*BASE, asked("Why?"))
    said = Message("assistant", "Because of it.", "I think so.", CALLS[:1])
    usage = found.estimate(question, said)
    assert usage.prompt_tokens == usage.cache_miss_tokens == found.prompt_tokens(question)
    assert usage.reasoning_tokens == count_tokens("I think so.")
    # What it takes as part of the next prompt, but for the signs around it.
    next_prompt = taken((*question, said, Message("tool", "x", tool_call_id="1"))).prompt_tokens
    assert 0 < next_prompt - usage.prompt_tokens - usage.completion_tokens < 20


# Money.


@pytest.mark.parametrize(
    ("moment", "factor"),
    [
        ("2026-11-20 00:59", 1), ("2026-11-20 01:00", 2), ("2026-11-20 03:59", 2),
        ("2026-11-20 04:00", 1), ("2026-11-20 06:00", 2), ("2026-11-20 09:59", 2),
        ("2026-11-20 10:00", 1), ("2026-11-21 02:00", 1), ("2026-11-22 07:00", 1),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("model", "hit", "miss", "output"),
    [("deepseek-flash", 0.003, 0.15, 0.60), ("deepseek-v4-pro", 0.022, 0.66, 1.98)],
)
def test_prices_are_those_of_the_hour(
    moment: str, factor: int, model: str, hit: float, miss: float, output: float
) -> None:
    now = datetime.strptime(moment, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    found = Meter(head(model), count=len, prices=lambda: prices_at(find_model(model, {}), now))
    assert found.cost(Usage(0, 1_000_000, 0, 0, 0)) == pytest.approx(hit * factor)
    assert found.cost(Usage(0, 0, 1_000_000, 0, 0)) == pytest.approx(miss * factor)
    assert found.cost(Usage(0, 0, 0, 1_000_000, 0)) == pytest.approx(output * factor)


def test_a_run_that_goes_on_into_the_peak_hours_pays_their_prices() -> None:
    model, hours = find_model("deepseek-flash", {}), iter([0, 1])

    def prices() -> Prices | None:
        return prices_at(model, datetime(2026, 11, 20, next(hours), 30, tzinfo=UTC))

    found = Meter(head(), count=len, prices=prices)
    usage = Usage(0, 0, 1_000_000, 0, 0)
    assert [found.cost(usage), found.cost(usage)] == pytest.approx([0.15, 0.30])


@pytest.mark.parametrize(
    ("prices", "is_cheap"),
    [
        (None, False),
        (Prices(0, 0, 0), False),
        (Prices(0, 1, 2), True),
        (Prices(0.003, 0.15, 0.60), True),
        (Prices(0.25, 1, 2), True),
        (Prices(0.26, 1, 2), False),
        (Prices(1, 1, 2), False),
    ],
)
def test_a_cache_is_worth_filling_where_hits_are_cheap(
    prices: Prices | None, is_cheap: bool
) -> None:
    found = Meter(head(), count=len, prices=lambda: prices)
    assert found.has_cheap_hits == is_cheap


def test_money_buys_a_reply_of_some_length() -> None:
    prices = Prices(1, 2, 4)
    found = Meter(head(), count=len, prices=lambda: prices)
    assert found.reply_tokens(0.004) == 1_000
    assert found.reply_tokens(-0.004) == -1_000
    assert meter().reply_tokens(0.0) > 10**9
    assert meter().cost(Usage(10, 5, 5, 5, 0)) == 0
