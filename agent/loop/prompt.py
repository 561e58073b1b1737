"""Pack, evidence and question -> the messages that a session begins with.

What stands first changes least, so that the service finds it in its cache: the system text and the
tools are the same for everybody, the pack is the same for every question about a commit and is a
turn of its own with a fixed answer, and the question comes last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bathy.agent.model.messages import Image, Message

PACK_ANSWER = "I have read the repository. What is your question?"
PACK_REASONING = "The user shows me the repository first; the question comes next."
"""The fixed reply to the pack. Its thinking is not empty, lest the model learn not to think."""

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


def prefix_messages(pack: str) -> tuple[Message, ...]:
    """Return what every conversation about a pack begins with; "" for no pack at all."""
    return (
        Message("system", system_text()),
        Message("user", pack or NO_PACK),
        Message("assistant", PACK_ANSWER, PACK_REASONING),
    )


def question_message(
    question: str,
    *,
    pointers: Sequence[Pointer] = (),
    note: str = "",
    diff: str = "",
    schema: str = "",
    images: tuple[Image, ...] = (),
) -> Message:
    """Return the turn that asks.

    Args:
        question: As asked, redacted.
        pointers: Best first.
        note: Something to know about the repository, or "".
        diff: A change that goes with the question, redacted, or "".
        schema: JSON Schema that the answer must fit, or "".
        images: Pictures that go with it.
    """
    parts = [note] if note else []
    if pointers:
        rows = [
            f"[{p.place}] {p.symbol}".rstrip() + (f"\n{p.text}" * bool(p.text)) for p in pointers
        ]
        head = "Places that the index finds for the question below; they may be beside the point."
        parts.append("\n".join(("<evidence>", head, *rows, "</evidence>")))
    if diff:
        parts.append(f"<diff>\n{diff.rstrip()}\n</diff>")
    if schema:
        parts.append(
            "Answer with nothing but one JSON value that fits this JSON Schema, without a code"
            f" fence and without citations outside of its strings:\n{schema}"
        )
    parts.append(question)
    return Message("user", "\n\n".join(parts), images=images)
