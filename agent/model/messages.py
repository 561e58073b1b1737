"""What goes to a model and what comes back: messages, tool calls, deltas, usage. Data only.

A reply is one assistant message: its thinking, its text and its calls belong together, and are sent
back together for as long as the conversation lasts.
"""

from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant", "tool"]

FinishReason = Literal[
    "stop", "tool_calls", "length", "content_filter", "insufficient_system_resource"
]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model asks for.

    Attributes:
        id: Unique within the conversation.
        name: Of the tool; any text, as the model wrote it.
        arguments: JSON text, as the model wrote it.
    """

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that goes with a user's message.

    Attributes:
        media_type: Such as "image/png".
        data: Base64 of the file.
    """

    media_type: str
    data: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation.

    Attributes:
        role: Who speaks.
        content: Text; never missing, "" at least.
        reasoning: The assistant's thinking, verbatim; "" if it is not known.
        tool_calls: The assistant's calls, in order.
        tool_call_id: Of a "tool" message: the call that it answers.
        images: Of a "user" message.
    """

    role: Role
    content: str
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    images: tuple[Image, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as the model is told of it.

    Attributes:
        name: Letters, digits, "_" and "-".
        description: What it does and when to use it.
        parameters: JSON Schema of a flat object.
    """

    name: str
    description: str
    parameters: dict[str, object]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request or of several; `prompt` is hits and misses together."""

    prompt_tokens: int = 0
    cache_hit_tokens: int = 0
    cache_miss_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.cache_hit_tokens + other.cache_hit_tokens,
            self.cache_miss_tokens + other.cache_miss_tokens,
            self.completion_tokens + other.completion_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
        )


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More text of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More of the thinking."""

    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply; the last thing that a stream yields.

    Attributes:
        message: With text, thinking and calls.
        finish_reason: Why the model stopped; one that is not known is taken as it came.
        usage: Of this request, or None if the server told none.
        reasoning_field: Name of the field that the server gave the thinking in.
    """

    message: Message
    finish_reason: str
    usage: Usage | None
    reasoning_field: str = "reasoning_content"


Delta = TextDelta | ReasoningDelta | Reply
