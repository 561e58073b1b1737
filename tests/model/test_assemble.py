from typing import Any

import pytest
from bathy.agent.model.assemble import Assembler
from bathy.agent.model.client import Attempt, BrokenStreamError, LeakedCallError
from bathy.agent.model.messages import ReasoningDelta, Reply, TextDelta, ToolCall, Usage

Chunk = dict[str, Any]


def chunk(finish: str | None = None, **delta: Any) -> Chunk:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def part(**values: Any) -> Chunk:
    function = {k: values.pop(k) for k in ("name", "arguments") if k in values}
    return chunk(tool_calls=[{**values, "function": function}])


def assemble(*chunks: Chunk) -> tuple[list[str], Reply]:
    assembler = Assembler(["grep", "read_file"])
    shown = [d.text for c in chunks for d in assembler.feed(c)]
    *rest, reply = assembler.finish()
    assert isinstance(reply, Reply)
    return [*shown, *(d.text for d in rest if isinstance(d, TextDelta))], reply


def calls(*chunks: Chunk) -> list[tuple[str, str]]:
    found = assemble(*chunks, chunk("tool_calls"))[1].message.tool_calls
    assert len({call.id for call in found}) == len(found)
    assert all(call.id for call in found)
    return [(call.name, call.arguments) for call in found]


def test_text_and_thinking_are_put_together() -> None:
    shown, reply = assemble(
        chunk(role="assistant", content=None, reasoning_content=""),
        chunk(content=None, reasoning_content="hm "),
        chunk(content="Be", reasoning_content=None),
        chunk(content="cause."),
        chunk("stop", content=""),
    )
    assert shown == ["hm ", "Be", "cause."]
    assert (reply.message.content, reply.message.reasoning) == ("Because.", "hm ")
    assert reply.finish_reason == "stop"


def test_either_name_of_the_thinking_is_read_and_remembered() -> None:
    reply = assemble(chunk(reasoning="hm"), chunk("stop", content="x"))[1]
    assert (reply.message.reasoning, reply.reasoning_field) == ("hm", "reasoning")
    assembler = Assembler([])
    both = chunk(reasoning="hm", reasoning_content="hm")
    assert list(assembler.feed(both)) == [ReasoningDelta("hm")]


def test_the_name_of_the_thinking_is_the_one_that_it_came_under() -> None:
    late = assemble(
        chunk(reasoning_content=None, reasoning=""),
        chunk(reasoning_content="", content=""),
        chunk(reasoning_content="", reasoning="hm"),
        chunk("stop", content="x", reasoning_content=None, reasoning=None),
    )[1]
    assert (late.message.reasoning, late.reasoning_field) == ("hm", "reasoning")


def test_a_reply_without_thinking_leaves_its_name_as_it_was() -> None:
    assembler = Assembler([], "reasoning")
    list(assembler.feed(chunk("stop", content="x", reasoning_content=None)))
    (reply,) = assembler.finish()
    assert isinstance(reply, Reply)
    assert reply.reasoning_field == "reasoning"


@pytest.mark.parametrize("finish", ["", None])
def test_a_stream_without_a_finish_reason_is_broken(finish: str | None) -> None:
    assembler = Assembler([])
    list(assembler.feed(chunk(finish, content="Be")))
    with pytest.raises(BrokenStreamError):
        list(assembler.finish())


def test_want_of_resources_is_no_end() -> None:
    with pytest.raises(BrokenStreamError, match="resources"):
        assemble(chunk("insufficient_system_resource", content="Be"))


def test_the_last_usage_counts_wherever_it_stands() -> None:
    one, two = {"prompt_tokens": 1}, {"prompt_tokens": 2, "prompt_cache_hit_tokens": 1}
    reply = assemble(
        {**chunk("stop", content="x"), "usage": one},
        {"choices": [], "usage": two},
        {"choices": [], "usage": None, "cost": 3},
    )[1]
    assert reply.usage == Usage(2, 1, 1, 0, 0)


def test_parallel_calls_come_in_pieces_by_index() -> None:
    assert calls(
        part(index=0, id="a", name="grep", arguments=""),
        part(index=0, arguments='{"x"'),
        part(index=0, arguments=": 1}"),
        part(index=1, id="b", name="read_file", arguments="{}"),
    ) == [("grep", '{"x": 1}'), ("read_file", "{}")]


def test_missing_indices_and_ids_do_not_mix_calls_up() -> None:
    assert calls(
        part(index=None, id="", name="grep", arguments='{"x": '),
        part(index=None, id=None, arguments="1}"),
        part(id="", name="grep", arguments="{}"),
    ) == [("grep", '{"x": 1}'), ("grep", "{}")]


def test_one_id_for_all_calls_is_made_several() -> None:
    assert len(calls(part(index=0, id="x", name="grep"), part(index=1, id="x", name="grep"))) == 2


def test_a_name_sent_again_with_every_piece_is_one_name() -> None:
    assert calls(
        part(index=0, id="a", name="grep", arguments="{"),
        part(index=0, id="a", name="grep", arguments="}"),
    ) == [("grep", "{}")]


def test_an_index_used_for_two_ids_is_two_calls() -> None:
    assert calls(
        part(index=0, id="a", name="grep", arguments='{"x"'),
        part(index=0, arguments=": 1}"),
        part(index=0, id="b", name="read_file", arguments=""),
        part(index=0, arguments="{"),
        part(index=0, id="b", arguments="}"),
    ) == [("grep", '{"x": 1}'), ("read_file", "{}")]


def test_an_id_made_anew_for_every_piece_is_one_call() -> None:
    assert calls(
        part(index=0, id="a", name="grep", arguments="{"),
        part(index=0, id="b", arguments="}"),
    ) == [("grep", "{}")]


def test_arguments_that_come_as_an_object_are_taken() -> None:
    assert calls(
        part(index=0, id="a", name="grep", arguments={"pattern": "é"}),
        part(index=1, id="b", name="read_file", arguments={}),
        part(index=1, arguments='{"path": "x"}'),
    ) == [("grep", '{"pattern": "é"}'), ("read_file", '{"path": "x"}')]


LEAK = '<tool_call>{"name": "grep", "arguments": {"pattern": "x"}}</tool_call>'


def test_leaked_calls_are_calls_and_their_markup_is_never_shown() -> None:
    shown, reply = assemble(*[chunk(content=c) for c in f"Look: {LEAK}"], chunk("stop"))
    assert "<" not in "".join(shown)
    assert [c.name for c in reply.message.tool_calls] == ["grep"]
    assert "tool_call" not in reply.message.content


def test_a_leaked_call_that_was_cut_makes_the_reply_void() -> None:
    with pytest.raises(LeakedCallError, match="cannot be read"):
        assemble(chunk(content=LEAK[:40]), chunk("stop"))


UNKNOWN = '<tool_call>{"name": "foo", "arguments": {}}</tool_call>'
DSML = '<｜DSML｜calls><｜DSML｜invoke name="foo"></｜DSML｜invoke></｜DSML｜calls>'


@pytest.mark.parametrize("block", [UNKNOWN, DSML])
@pytest.mark.parametrize("after", ["", " is parsed.\n", f" and {UNKNOWN}, too"])
def test_a_block_that_calls_no_tool_of_ours_is_text_as_it_stands(block: str, after: str) -> None:
    text = f"The text {block}{after}"
    shown, reply = assemble(*[chunk(content=c) for c in text], chunk("stop"))
    assert "".join(shown) == reply.message.content == text
    assert reply.message.tool_calls == ()


def test_a_call_behind_a_block_that_is_text_is_a_call() -> None:
    shown, reply = assemble(chunk(content=f"See {UNKNOWN}. I look: {LEAK} It"), chunk("stop"))
    assert "".join(shown) == reply.message.content == f"See {UNKNOWN}. I look:"
    assert [c.name for c in reply.message.tool_calls] == ["grep"]


def test_text_that_is_markup_beside_real_calls_is_kept() -> None:
    reply = assemble(
        chunk(content=f"See {UNKNOWN}."), part(index=0, id="a", name="grep"), chunk("tool_calls")
    )[1]
    assert reply.message.content == f"See {UNKNOWN}."


def test_real_calls_win_over_leaked_ones() -> None:
    reply = assemble(
        chunk(content=LEAK), part(index=0, id="a", name="read_file", arguments="{}"), chunk("stop")
    )[1]
    assert reply.message.tool_calls == (ToolCall("a", "read_file", "{}"),)


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"choices": []},
        {"choices": None},
        {"choices": [{"index": 0}]},
        {"choices": [{"delta": None}]},
    ],
)
def test_frames_that_say_nothing_are_passed_over(odd: Chunk) -> None:
    assert assemble(odd, chunk("stop", content="x"), odd)[1].message.content == "x"


def test_what_has_come_is_told_before_it_is_shown() -> None:
    attempt = Attempt(is_sent=True)
    assembler = Assembler(["grep"], "reasoning_content", attempt)
    steps = assembler.feed(chunk(reasoning_content="hm", content="So"))
    next(steps)
    assert (attempt.is_read, attempt.chars, attempt.usage) == (True, 4, None)
    list(steps)
    list(assembler.feed(part(index=0, id="a", name="grep", arguments='{"pattern":')))
    list(assembler.feed(part(index=0, arguments='"x"}')))
    assert attempt.chars == 4 + len('{"pattern":"x"}')
    usage = {"prompt_tokens": 9, "prompt_cache_hit_tokens": 4, "completion_tokens": 3}
    list(assembler.feed({**chunk("tool_calls"), "usage": usage}))
    list(assembler.feed(chunk()))
    assert attempt.usage == Usage(9, 4, 5, 3, 0)


@pytest.mark.parametrize("last", [{"prompt_tokens": 0}, {"cost": 0.1}, None])
def test_a_last_frame_that_counts_nothing_takes_no_count_away(last: Any) -> None:
    usage = {"prompt_tokens": 9, "prompt_cache_hit_tokens": 4, "completion_tokens": 3}
    reply = assemble(
        {**chunk("stop", content="x"), "usage": usage}, {"choices": [], "usage": last}
    )[1]
    assert reply.usage == Usage(9, 4, 5, 3, 0)


def test_what_is_counted_before_the_end_is_not_all_of_it() -> None:
    attempt = Attempt()
    assembler = Assembler([], "reasoning_content", attempt)
    early = {"prompt_tokens": 9, "completion_tokens": 1}
    list(assembler.feed({**chunk(content="So"), "usage": early}))
    assert attempt.usage is None
    list(assembler.feed(chunk("stop")))
    assert attempt.usage == Usage(9, 0, 9, 1, 0)


def test_a_reply_that_leaked_a_call_is_billed_as_the_service_counts_it() -> None:
    attempt = Attempt()
    assembler = Assembler(["grep"], "reasoning_content", attempt)
    leaked = chunk("stop", content='<｜DSML｜tool_calls><｜DSML｜invoke name="grep">')
    list(assembler.feed({**leaked, "usage": {"prompt_tokens": 9, "completion_tokens": 7}}))
    with pytest.raises(LeakedCallError):
        list(assembler.finish())
    assert attempt.usage == Usage(9, 0, 9, 7, 0)
