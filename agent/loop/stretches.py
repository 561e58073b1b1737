"""The messages of a request -> stretches of its prompt, each with what it holds and its text.

A stretch is the smallest part that can be cached or not; where one ends is told by the text alone,
so that a session that is read back falls into the same ones.
"""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from bathy.agent.loop.forecast import Label
from bathy.agent.loop.prompt import CHANGE_ANSWER, CHANGE_REASONING, PREFIX_MESSAGES
from bathy.agent.model.messages import Message, ToolCall

SPECIAL = "\N{FULLWIDTH VERTICAL LINE}DSML\N{FULLWIDTH VERTICAL LINE}"
"""A token of its own in the markup of calls, where the tokenizer always cuts."""

# All LFs belong to the end, or the tokens of two stretches would not be those of the whole text.
_ENDS = re.compile(r"^</(?:uncommitted|evidence)>\n+", re.MULTILINE)


class Dialect(NamedTuple):
    """How a model writes calls.

    Attributes:
        calls: Name of the block of all of them.
        call: Of one call.
        argument: Of one argument.
        nothing: What stands in a call without arguments.
    """

    calls: str
    call: str
    argument: str
    nothing: str


V4 = Dialect("tool_calls", "invoke", "parameter", "")
V4_1 = Dialect(" calls", " invoke", " parameter", "\n")


class Stretch(NamedTuple):
    """A part of a message.

    Attributes:
        label: What it holds.
        text: All of its text that the model reads, thinking aside.
        is_first: It begins the message.
    """

    label: Label
    text: str
    is_first: bool


def dialect_of(model: str) -> Dialect:
    """Return the words of a model, by its id; those of the newest for one that is not known."""
    return V4 if model == "deepseek-v4-pro" else V4_1


def stretches(message: Message, at: int, dialect: Dialect = V4_1) -> Iterator[Stretch]:
    """Split a message.

    Args:
        message: Any but the system text.
        at: Its index in the conversation, 0-based.
        dialect: Words in which the service shows the model its own calls.
    """
    if at < PREFIX_MESSAGES:
        yield Stretch("base", message.content, True)
    elif is_change(message):
        yield Stretch("overlay", message.content, True)
    elif message.role != "user":
        yield Stretch("turns", with_calls(message, dialect), True)
    else:
        yield from _parts(message.content)


def with_calls(message: Message, dialect: Dialect) -> str:
    """Return the text of a message and the markup of its calls, as the service puts them."""
    if not message.tool_calls:
        return message.content
    block = f"<{SPECIAL}{dialect.calls}>"
    calls = "".join(_call_markup(call, dialect) for call in message.tool_calls)
    return f"{message.content}\n\n{block}\n{calls}</{SPECIAL}{dialect.calls}>"


def _call_markup(call: ToolCall, dialect: Dialect) -> str:
    try:
        arguments = json.loads(call.arguments)
    except (ValueError, RecursionError):
        arguments = None
    values = arguments if isinstance(arguments, dict) else {"arguments": call.arguments}
    lines = [f'<{SPECIAL}{dialect.call} name="{call.name}">\n']
    for name, value in values.items():
        is_text = isinstance(value, str)
        text = value if is_text else json.dumps(value, ensure_ascii=False)
        head = f'<{SPECIAL}{dialect.argument} name="{name}" string="{str(is_text).lower()}">'
        lines.append(f"{head}{text}</{SPECIAL}{dialect.argument}>\n")
    nothing = "" if values else dialect.nothing
    return "".join((*lines, nothing, f"</{SPECIAL}{dialect.call}>\n"))


def is_change(message: Message) -> bool:
    """Whether a message tells of a commit since the base, or is the fixed reply to one."""
    if message.role == "assistant":
        return message.content == CHANGE_ANSWER and message.reasoning == CHANGE_REASONING
    return message.role == "user" and message.content.startswith("<commit ")


def _parts(text: str) -> Iterator[Stretch]:
    start = 0
    for end in _ENDS.finditer(text):
        yield _part(text[start : end.end()], is_first=not start)
        start = end.end()
    if start < len(text) or not start:
        yield _part(text[start:], is_first=not start)


def _part(text: str, *, is_first: bool) -> Stretch:
    label: Label = "question"
    end = text.rstrip("\n")
    if end != text and end.endswith("\n</uncommitted>"):
        label = "overlay"
    elif end != text and end.endswith("\n</evidence>"):
        label = "evidence"
    return Stretch(label, text, is_first)
