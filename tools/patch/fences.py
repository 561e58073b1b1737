"""Markdown -> its fenced blocks."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_FENCE = re.compile(r"( {0,3})(`{3,}|~{3,})([^`]*)")


@dataclass(frozen=True, slots=True)
class Fenced:
    """A fenced block.

    Attributes:
        start: Index of the opening fence, from 0.
        end: Index of the closing fence, or the number of lines without one.
        lines: What stands between, the fence's indentation taken off.
        is_closed: Whether there is a closing fence.
    """

    start: int
    end: int
    lines: tuple[str, ...]
    is_closed: bool


def fenced_blocks(lines: Sequence[str]) -> list[Fenced]:
    """Find the fenced blocks of a text.

    Only a fence of the same indentation closes a block: with one blank more it may be context of a
    diff.

    Args:
        lines: Without line ends.

    Returns:
        The blocks in order.
    """
    blocks = []
    at = 0
    while at < len(lines):
        opening = _FENCE.fullmatch(lines[at])
        if not opening:
            at += 1
            continue
        indent, fence = opening[1], opening[2]
        closing = re.compile(re.escape(indent) + re.escape(fence[0]) + f"{{{len(fence)},}}[ \t]*")
        end = at + 1
        while end < len(lines) and not closing.fullmatch(lines[end]):
            end += 1
        inside = tuple(line.removeprefix(indent) for line in lines[at + 1 : end])
        blocks.append(Fenced(at, end, inside, end < len(lines)))
        at = end + 1
    return blocks
