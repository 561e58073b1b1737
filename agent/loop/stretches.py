"""The messages of a request -> stretches of its prompt, each with what it holds and its text.

A stretch is the smallest part that can be cached or not; where one ends is told by the text alone,
so that a session that is read back falls into the same ones.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from bathy.agent.loop.forecast import Label
from bathy.agent.loop.prompt import CHANGE_ANSWER, CHANGE_REASONING, PREFIX_MESSAGES
from bathy.agent.model.messages import Message

_ENDS = re.compile(r"^</(?:uncommitted|evidence)>\n", re.MULTILINE)


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


def stretches(message: Message, at: int) -> Iterator[Stretch]:
    """Split a message.

    Args:
        message: Any but the system text.
        at: Its index in the conversation, 0-based.
    """
    if at < PREFIX_MESSAGES:
        yield Stretch("base", message.content, True)
    elif is_change(message):
        yield Stretch("overlay", message.content, True)
    elif message.role != "user":
        calls = "".join(f"\n{call.name}\n{call.arguments}" for call in message.tool_calls)
        yield Stretch("turns", message.content + calls, True)
    else:
        yield from _parts(message.content)


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
    if text.endswith("</uncommitted>\n"):
        label = "overlay"
    elif text.endswith("</evidence>\n"):
        label = "evidence"
    return Stretch(label, text, is_first)
