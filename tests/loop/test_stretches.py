import json

import pytest
from bathy.agent.loop.prompt import (
    PREFIX_MESSAGES,
    Pointer,
    change_messages,
    prefix_messages,
    question_mark,
    question_message,
)
from bathy.agent.loop.stretches import (
    SPECIAL,
    V4,
    V4_1,
    dialect_of,
    is_change,
    stretches,
    with_calls,
)
from bathy.agent.model.client import Request
from bathy.agent.model.deepseek import wire_body
from bathy.agent.model.messages import Message, ToolCall, ToolSpec
from endpoint.contract import MODELS, take
from hypothesis import given, settings
from hypothesis import strategies as st

UNCOMMITTED = '<uncommitted>\n<new path="y">\n1\tq\n</new>\n</uncommitted>\n'
COMMIT = '<commit id="abc" subject="x">\n<new path="z">\n1\tq\n</new>\n</commit>\n'
POINTERS = [Pointer("a.py:1-2", "f"), Pointer("b:1-1", "", '<outline path="b">\n1\tq\n</outline>')]
QUESTION = question_message(
    "Why?",
    mark=question_mark("Why?"),
    changes=UNCOMMITTED,
    pointers=POINTERS,
    diff="+x\n-y",
    schema='{"type": "object"}',
)
PIECES = st.sampled_from(
    [
        "</uncommitted>",
        "<uncommitted>",
        "</evidence>",
        "<evidence>",
        "\n",
        "\n\n",
        "Why?",
        " ",
        "é",
        "\r",
    ]
)
TEXTS = st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=40)


@settings(deadline=None)
@given(TEXTS, st.integers(PREFIX_MESSAGES, 9))
def test_stretches_put_together_are_the_message(text: str, at: int) -> None:
    found = list(stretches(Message("user", text), at))
    assert "".join(stretch.text for stretch in found) == text
    assert [stretch.is_first for stretch in found] == [True] + [False] * (len(found) - 1)
    assert all(stretch.text for stretch in found[1:])


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_where_a_stretch_ends_is_told_by_what_stands_before_it(text: str, more: str) -> None:
    end = "\n</evidence>\n"
    first = [s.text for s in stretches(Message("user", text + end), 4)]
    whole = [s.text for s in stretches(Message("user", f"{text}{end}Q{more}"), 4)]
    assert whole[: len(first)] == first


@pytest.mark.parametrize("at", range(PREFIX_MESSAGES))
def test_what_every_conversation_begins_with_is_one_stretch_a_message(at: int) -> None:
    message = prefix_messages("x\n</evidence>\nlooks like an end\n")[at]
    (found,) = stretches(message, at)
    assert (found.label, found.text, found.is_first) == ("base", message.content, True)


def test_a_question_falls_into_what_differs_for_different_reasons() -> None:
    found = [(s.label, s.text.strip().rpartition("\n")[2]) for s in stretches(QUESTION, 3)]
    assert found == [
        ("overlay", "</uncommitted>"),
        ("evidence", "</evidence>"),
        ("question", "Why?"),
    ]


def test_the_turns_that_tell_of_commits_are_the_overlay() -> None:
    told = change_messages([COMMIT, COMMIT])
    assert [is_change(message) for message in told] == [True] * 4
    assert [s.label for at, m in enumerate(told, 3) for s in stretches(m, at)] == ["overlay"] * 4
    for message in (QUESTION, Message("assistant", "Noted.", "hm"), Message("tool", COMMIT)):
        assert not is_change(message)


def test_replies_and_results_are_turns() -> None:
    call = ToolCall("c", "grep", '{"pattern": "a", "word": true, "n": 2}')
    (said,) = stretches(Message("assistant", "I look.", "r", (call,)), 4)
    (told,) = stretches(Message("tool", "x\n</evidence>\n", tool_call_id="c"), 5)
    assert (said.label, told.label) == ("turns", "turns")
    assert told.text == "x\n</evidence>\n"
    assert said.text.startswith("I look.\n\n<")
    assert said.text.count(SPECIAL) == 10


ODD = [
    ToolCall("1", "read_file", '{"path": "a.py", "start_line": 1}'),
    ToolCall("2", "grep", '{"pattern": "é<b>\\n</x>", "word": true}'),
    ToolCall("3", "list_files", "{}"),
    ToolCall("4", "grep", '{"list": [1, {"a": "b"}], "none": null, "real": 1.5}'),
    ToolCall("5", "grep", "no JSON"),
    ToolCall("6", "grep", "[1, 2]"),
]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("calls", [*([call] for call in ODD), ODD], ids=lambda calls: len(calls))
def test_calls_stand_in_the_prompt_as_the_service_shows_them(
    model: str, calls: list[ToolCall]
) -> None:
    said = Message("assistant", "I look.", "hm", tuple(calls))
    results = [Message("tool", "x", tool_call_id=call.id) for call in calls]
    request = Request(
        model, (Message("user", "?"), said, *results), (ToolSpec("grep", "d", {"type": "object"}),), "auto", 9
    )  # fmt: skip
    prompt = take(json.dumps(wire_body(request, "deepseek")).encode()).prompt
    shown = prompt.partition("hm</think>")[2].partition("<｜end▁of▁sentence｜>")[0]
    assert shown == with_calls(said, dialect_of(model))


def test_a_model_that_is_not_known_is_taken_for_the_newest() -> None:
    assert dialect_of("deepseek-v4-pro") == V4
    assert dialect_of("my-model") == dialect_of("deepseek-flash") == V4_1
