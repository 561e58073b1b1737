import contextlib
import json
from typing import Any

import pytest
from bathy.agent.model.assemble import Assembler
from bathy.agent.model.client import BrokenStreamError
from bathy.agent.model.frame import CallPiece, read_frame, usage_of
from bathy.agent.model.messages import Usage
from hypothesis import given, settings
from hypothesis import strategies as st

Table = dict[str, Any]


def delta(**values: Any) -> Table:
    return {"choices": [{"delta": values}]}


@pytest.mark.parametrize(
    "odd",
    [
        5,
        None,
        [],
        "x",
        {"choices": 5},
        {"choices": {}},
        {"choices": [None]},
        {"choices": [{"delta": "x"}]},
        {"choices": [{"finish_reason": 1}]},
        delta(content=5),
        delta(content=[5]),
        delta(content=[{"type": "image_url"}]),
        delta(reasoning_content={}),
        delta(reasoning=1),
        delta(tool_calls="x"),
        delta(tool_calls=[None]),
        delta(tool_calls=[{"function": "x"}]),
        delta(tool_calls=[{"function": {"name": 5}}]),
        delta(tool_calls=[{"index": "0"}]),
        delta(tool_calls=[{"id": 5}]),
        {"usage": "x"},
        {"usage": {"prompt_tokens": "9"}},
        {"usage": {"prompt_tokens": float("nan")}},
        {"usage": {"prompt_tokens": 10**400}},
        {"usage": {"prompt_tokens_details": "x"}},
    ],
    ids=repr,
)
def test_what_is_of_another_form_is_refused(odd: object) -> None:
    with pytest.raises(BrokenStreamError, match="not of the form of Chat Completions"):
        read_frame(odd)


@pytest.mark.parametrize(
    "odd",
    [{}, {"choices": []}, {"choices": None}, {"choices": [{}]}, {"choices": [{"delta": None}]},
     {"usage": None}, {"usage": {}}, delta(content=None), delta(content=[]), delta(tool_calls=[])],
)  # fmt: skip
def test_what_is_left_out_is_nothing_said(odd: Table) -> None:
    assert read_frame(odd) == read_frame({"choices": []})


def test_an_error_in_the_place_of_a_frame_is_told() -> None:
    with pytest.raises(BrokenStreamError, match="out of memory"):
        read_frame({"object": "error", "message": "out of memory"})


def test_a_text_in_parts_is_joined() -> None:
    parts = [{"type": "text", "text": "Be"}, {"type": "text", "text": "cause"}, "."]
    assert read_frame(delta(content=parts)).text == "Because."


@pytest.mark.parametrize(
    ("arguments", "text"), [({"a": [1]}, '{"a": [1]}'), ([1], "[1]"), ({}, "")]
)
def test_arguments_that_are_no_text_are_made_one(arguments: object, text: str) -> None:
    piece = {"index": 0, "function": {"name": "grep", "arguments": arguments}}
    assert read_frame(delta(tool_calls=[piece])).calls == (CallPiece(0, "", "grep", text),)


def test_half_a_character_never_gets_into_a_reply() -> None:
    frame = json.loads(
        '{"choices": [{"delta": {"content": "a\\ud83d", "reasoning": "\\ud83d\\ude00"}}]}'
    )
    assert read_frame(frame).text == "a\ufffd"
    assert read_frame(frame).reasoning == "\U0001f600"
    piece = {"function": {"name": "grep", "arguments": {"pattern": "\udc00"}}}
    json.dumps(read_frame(delta(tool_calls=[piece])).calls[0].arguments).encode()


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt_tokens": 10, "completion_tokens": 3}, Usage(10, 0, 10, 3, 0)),
        ({"prompt_tokens": 10.0, "completion_tokens": -1}, Usage(10, 0, 10, 0, 0)),
        (
            {"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 4}},
            Usage(10, 4, 6, 0, 0),
        ),
        (
            {"prompt_tokens": 10, "prompt_cache_hit_tokens": 99, "completion_tokens": None},
            Usage(10, 10, 0, 0, 0),
        ),
        ({"completion_tokens_details": {"reasoning_tokens": 7}}, Usage(0, 0, 0, 0, 7)),
    ],
)
def test_accounts_of_all_servers_are_read(usage: Table, expected: Usage) -> None:
    assert usage_of(usage) == expected


KEYS = st.sampled_from(
    ["choices", "delta", "content", "reasoning", "reasoning_content", "tool_calls", "function",
     "name", "arguments", "id", "index", "usage", "finish_reason", "prompt_tokens", "text", "error",
     "prompt_tokens_details", "cached_tokens", "object", "message"]
)  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
ANY_JSON = st.recursive(
    SCALARS | st.just("stop") | st.just("<tool_call>{"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)
"""JSON with the right words at the wrong places."""
ALMOST = st.fixed_dictionaries(
    {},
    optional={
        "index": ANY_JSON,
        "id": ANY_JSON,
        "function": st.fixed_dictionaries({}, optional={"name": ANY_JSON, "arguments": ANY_JSON}),
    },
)
FRAMES = ANY_JSON | st.builds(
    lambda found, usage, finish: {
        "choices": [{"delta": found, "finish_reason": finish}],
        "usage": usage,
    },
    st.fixed_dictionaries(
        {}, optional={"content": ANY_JSON, "reasoning": ANY_JSON, "tool_calls": st.lists(ALMOST)}
    ),
    ANY_JSON,
    st.none() | st.just("stop") | ANY_JSON,
)


@settings(max_examples=300, deadline=None)
@given(frames=st.lists(FRAMES, max_size=5))
def test_any_json_is_a_reply_or_a_broken_stream(frames: list[object]) -> None:
    assembler = Assembler(["grep"])
    with contextlib.suppress(BrokenStreamError):
        for frame in frames:
            for shown in assembler.feed(frame):
                shown.text.encode()
        for last in assembler.finish():
            repr(last).encode()
