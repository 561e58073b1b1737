import asyncio
from collections.abc import Sequence

import pytest
from bathy.agent.model.client import Request
from bathy.agent.model.deepseek import DeepSeekClient
from bathy.agent.model.deepseek import Endpoint as Place
from bathy.agent.model.messages import Delta, Message, ToolCall, ToolSpec
from bathy.agent.model.messages import Reply as Got

from wire.script import Call, Reply
from wire.server import Endpoint

GREP = ToolSpec("grep", "d", {"type": "object", "properties": {"pattern": {"type": "string"}}})


def ask(endpoint: Endpoint, messages: Sequence[Message], effort: str = "auto") -> Got:
    async def collect() -> list[Delta]:
        client = DeepSeekClient(Place(endpoint.base_url, "sk-test"))
        request = Request("deepseek-flash", tuple(messages), (GREP,), effort, 1000)  # type: ignore[arg-type]
        try:
            return [delta async for delta in client.stream(request)]
        finally:
            await client.close()

    last = asyncio.run(collect())[-1]
    assert isinstance(last, Got)
    return last


def test_a_reply_comes_as_it_was_written() -> None:
    calls = (Call("grep", {"pattern": "a<b"}), Call("grep", {"pattern": "c", "word": True}))
    with Endpoint([Reply("Looking.", "hm", calls)]) as endpoint:
        got = ask(endpoint, [Message("user", "why?")])
    assert (got.message.content, got.message.reasoning) == ("Looking.", "hm")
    assert [c.arguments for c in got.message.tool_calls] == [
        '{"pattern": "a<b"}', '{"pattern": "c", "word": true}',
    ]  # fmt: skip
    assert got.finish_reason == "tool_calls"
    assert endpoint.problems == []


def test_the_cache_holds_what_was_sent_until_the_effort_changes() -> None:
    talk = [Message("user", "pack " * 2000), Message("assistant", "ok", "r"), Message("user", "a")]
    with Endpoint([Reply("x", "r")] * 4) as endpoint:
        ask(endpoint, talk)
        ask(endpoint, [*talk, Message("assistant", "x", "r"), Message("user", "b")])
        ask(endpoint, talk, "max")
    hits = [asked.hit_tokens for asked in endpoint.asked]
    assert hits[0] == hits[2] == 0
    assert hits[1] > 2000


@pytest.mark.parametrize(
    "messages",
    [
        [Message("user", "a"), Message("tool", "x", tool_call_id="c")],
        [
            Message("user", "a"),
            Message("assistant", "", "", (ToolCall("c", "grep", "{}"),)),
            Message("user", "b"),
        ],
    ],
)
def test_a_broken_conversation_is_refused_as_the_service_does(messages: list[Message]) -> None:
    with (
        Endpoint([], may_reject=True) as endpoint,
        pytest.raises(Exception, match="refuses the request"),
    ):
        ask(endpoint, messages)
    assert len(endpoint.problems) == 1


def test_a_request_beyond_the_script_is_a_problem() -> None:
    with Endpoint([]) as endpoint:
        ask(endpoint, [Message("user", "a")])
    assert endpoint.problems
