import json

import pytest
from bathy.agent.config import Effort
from bathy.agent.model.client import Request
from bathy.agent.model.deepseek import wire_body
from bathy.agent.model.messages import Image, Message, ToolCall, ToolSpec
from deepseek_recipe import (
    ChatCompletionRequest,
    ConversionOptions,
    ModelVersion,
    ReasoningContentBehavior,
)

TOOL = ToolSpec(
    "grep", "searches", {"type": "object", "properties": {"pattern": {"type": "string"}}}
)
TALK = (
    Message("system", "s"),
    Message("user", "pack"),
    Message("assistant", "read", "r"),
    Message("user", "why?"),
    Message("assistant", "", "must look", (ToolCall("c1", "grep", '{"pattern": "x"}'),)),
    Message("tool", "found", tool_call_id="c1"),
)


def request(effort: Effort = "auto", field: str = "reasoning_content", *more: Message) -> Request:
    return Request("deepseek-flash", (*TALK, *more), (TOOL,), effort, 1000, field)


@pytest.mark.parametrize("effort", ["auto", "off", "low", "high", "max"])
def test_every_effort_is_taken_by_the_services_own_converter(effort: Effort) -> None:
    options = (
        ConversionOptions()
        .with_reasoning_content_behavior(ReasoningContentBehavior.Reject)
        .with_model_alias("deepseek-flash", ModelVersion.DeepseekV41Flash)
    )
    body = wire_body(request(effort), "deepseek")
    ChatCompletionRequest(json.dumps(body)).convert(options)


def test_thinking_goes_back_on_every_assistant_message_and_is_never_null() -> None:
    messages = wire_body(request("auto", "reasoning_content", Message("assistant", "")), "deepseek")
    found = [m["reasoning_content"] for m in messages["messages"] if m["role"] == "assistant"]
    assert found == ["r", "must look", ""]
    assert all(isinstance(m["content"], str) for m in messages["messages"])


def test_it_goes_back_under_the_name_that_the_server_used() -> None:
    messages = wire_body(request("auto", "reasoning"), "deepseek")["messages"]
    assert messages[2]["reasoning"] == "r"
    assert "reasoning_content" not in messages[2]


def test_what_thinking_models_refuse_or_ignore_is_not_sent() -> None:
    body = wire_body(request(), "deepseek")
    assert set(body) == {"model", "messages", "stream", "stream_options", "max_tokens", "tools"}


@pytest.mark.parametrize(
    ("effort", "style", "sent"),
    [
        ("off", "deepseek", {"thinking": {"type": "disabled"}}),
        ("max", "deepseek", {"thinking": {"type": "enabled"}, "reasoning_effort": "max"}),
        ("off", "template", {"chat_template_kwargs": {"thinking": False}}),
        (
            "low",
            "template",
            {
                "chat_template_kwargs": {
                    "thinking": True,
                    "reasoning_effort": "low",
                    "drop_thinking": False,
                }
            },
        ),
        ("high", "none", {}),
    ],
)
def test_servers_are_told_in_their_own_way_whether_to_think(
    effort: Effort, style: str, sent: dict[str, object]
) -> None:
    plain = wire_body(request(), "deepseek")
    body = wire_body(request(effort), style)  # type: ignore[arg-type]
    assert {k: v for k, v in body.items() if k not in plain} == sent


def test_pictures_go_before_the_text_of_their_turn() -> None:
    message = Message("user", "what is this?", images=(Image("image/png", "QUJD"),))
    content = wire_body(request("auto", "reasoning_content", message), "deepseek")["messages"][-1]
    assert content["content"] == [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}},
        {"type": "text", "text": "what is this?"},
    ]


def test_tools_and_system_stay_the_same_bytes_whatever_is_asked() -> None:
    first = json.dumps(wire_body(request(), "deepseek"))
    second = json.dumps(
        wire_body(request("auto", "reasoning_content", Message("user", "x")), "deepseek")
    )
    shared = first.index('"found"')
    assert first[:shared] == second[:shared]
