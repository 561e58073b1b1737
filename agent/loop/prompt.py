"""Pack, evidence and question -> the messages that a session begins with.

What stands first changes least, so that the service finds it in its cache: the system text and the
tools are the same for everybody, the pack is the same for every question about a commit and is a
turn of its own with a fixed answer, and the question comes last.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bathy.agent.model.messages import Image, Message

PACK_ANSWER = "I have read the repository. What is your question?"
PACK_REASONING = "The user shows me the repository first; the question comes next."
"""The fixed reply to the pack. Its thinking is not empty, lest the model learn not to think."""

CHANGE_ANSWER = "Noted."
CHANGE_REASONING = "Some files have changed; this holds from here on."
"""The fixed reply to each change that was made since."""

PROMPT_VERSION = 2
"""Raised when a byte of what is the same for everybody changes: the system text, the tools and
their order, the shape of pack, overlay or question. What was cached before is lost then."""

PREFIX_MESSAGES = 3
"""Messages that every conversation begins with: system text, pack, fixed answer."""

NO_PACK = "The repository is not shown here. Use the tools to look at it."


@dataclass(frozen=True, slots=True)
class Pointer:
    """A place that the index finds for a question.

    Attributes:
        place: As it is cited: "path:start-end".
        symbol: What stands there, or "".
        text: Its numbered lines, if the pack does not show them in full; else "".
    """

    place: str
    symbol: str
    text: str = ""


def system_text() -> str:
    """Return the instructions: constant bytes."""
    return Path(__file__).with_name("system.md").read_text(encoding="utf-8").strip()


def base_id(pack: str) -> str:
    """Return a name for the base that a pack makes; another version of the prompt gives another."""
    return hashlib.sha256(f"{PROMPT_VERSION}\0{pack}".encode("utf-8", "replace")).hexdigest()[:16]


def prefix_messages(pack: str) -> tuple[Message, ...]:
    """Return what every conversation about a pack begins with; "" for no pack at all."""
    return (
        Message("system", system_text()),
        Message("user", pack or NO_PACK),
        Message("assistant", PACK_ANSWER, PACK_REASONING),
    )


def change_messages(blocks: Iterable[str]) -> tuple[Message, ...]:
    """Return the turns that tell of commits since the base, one for each block.

    Each is a turn of its own, because the service keeps a prefix where an input ends: what was
    cached before a commit stays so after it.
    """
    answer = Message("assistant", CHANGE_ANSWER, CHANGE_REASONING)
    return tuple(m for block in blocks for m in (Message("user", block.rstrip("\n")), answer))


def question_mark(question: str) -> str:
    """Return the line that what is new in a question's turn begins with: a number of its own.

    What two prompts have in common is kept, too, but only a prompt that holds all of it finds it.
    So it should end where the question begins, and not with a word that two questions begin with
    by chance.
    """
    number = int.from_bytes(hashlib.sha256(question.encode("utf-8", "replace")).digest()[:4])
    return f"{number % 1000} marks this question."


def question_message(
    question: str,
    *,
    mark: str = "",
    changes: str = "",
    pointers: Sequence[Pointer] = (),
    diff: str = "",
    schema: str = "",
    images: tuple[Image, ...] = (),
) -> Message:
    """Return the turn that asks.

    What many questions have in common stands before what only this one has.

    Args:
        question: As asked, redacted.
        mark: Its `question_mark`, or "".
        changes: What is not committed, or what else to know about the repository, or "".
        pointers: Best first.
        diff: A change that goes with the question, redacted, or "".
        schema: JSON Schema that the answer must fit, or "".
        images: Pictures that go with it.
    """
    parts = [part for part in (changes.rstrip("\n"), mark) if part]
    if pointers:
        head = "Places that the index finds for the question below; they may be beside the point."
        parts.append("\n".join(("<evidence>", head, *map(pointer_text, pointers), "</evidence>")))
    if diff:
        parts.append(f"<diff>\n{diff.rstrip()}\n</diff>")
    if schema:
        parts.append(
            "Answer with nothing but one JSON value that fits this JSON Schema, without a code"
            f" fence and without citations outside of its strings:\n{schema}"
        )
    parts.append(question)
    return Message("user", "\n\n".join(parts), images=images)


def pointer_text(pointer: Pointer) -> str:
    """Return a pointer as it stands in the prompt, without an LF at its end."""
    return f"[{pointer.place}] {pointer.symbol}".rstrip() + f"\n{pointer.text}" * bool(pointer.text)
