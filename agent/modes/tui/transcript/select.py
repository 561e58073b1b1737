"""A selection of the mouse -> text, and what to copy of blocks.

Textual gives a selection as two offsets of what `Strip.apply_offsets` has told it. Here y is the
number of a block and x a row and a column in it, so what comes or grows above changes nothing; at
once they are made places in the text of blocks, which a resize leaves where they are.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bathy.agent.modes.tui.transcript.blocks import (
    Block,
    Code,
    Evidence,
    Notice,
    Patch,
    Prompt,
    Prose,
    Reasoning,
    Tool,
)
from bathy.agent.modes.tui.transcript.cells import NO_BREAK
from bathy.agent.modes.tui.transcript.citing import unmarked
from bathy.agent.modes.tui.transcript.markdown import code_in
from bathy.agent.modes.tui.transcript.rows import Rendered, Row
from bathy.agent.modes.tui.transcript.split import code_lines
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Offset
from textual.selection import Selection
from textual.strip import Strip

MOST_BLOCKS = 400
"""That are rendered to take the text of a selection; more are taken as their source."""

Span = tuple[int, int]

_COLUMN_BITS = 16


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a transcript: the number of a block, and an offset in its text."""

    block: int
    offset: int


Range = tuple[Place, Place]
"""From a place to before another."""

EVERYTHING: Range = (Place(0, 0), Place(sys.maxsize, 0))


def with_offsets(strip: Strip, at: int, row: int) -> Strip:
    """Tell Textual where the characters of a row stand, for its selection by mouse."""
    return strip.apply_offsets(row << _COLUMN_BITS, at)


def read_selection(
    selection: Selection | None, show: Callable[[int], Rendered | None]
) -> Range | None:
    """Turn a selection as Textual has it into places that rows do not matter to.

    Args:
        selection: Its offsets are those of `with_offsets`, of strips with one cell in front.
        show: Gives the rows of a block by its number, None if there is none.
    """
    if selection is None:
        return None
    start, end = selection
    first = _place(start, show) if start is not None else EVERYTHING[0]
    last = _place(end, show) if end is not None else EVERYTHING[1]
    return (first, last) if first < last else None


def _place(offset: Offset, show: Callable[[int], Rendered | None]) -> Place:
    rendered = show(offset.y)
    if rendered is None or not rendered.rows:
        return Place(max(0, offset.y), 0)
    number, column = divmod(max(0, offset.x), 1 << _COLUMN_BITS)
    row = rendered.rows[min(number, len(rendered.rows) - 1)]
    inside = min(max(0, column - 1 - row.lead), row.end - row.start)
    return Place(offset.y, row.start + inside)


def span_in(selected: Range | None, at: int) -> Span | None:
    """Return what of a block is selected, from one offset to before another; maybe too far."""
    if selected is None or not selected[0].block <= at <= selected[1].block:
        return None
    first, last = selected
    start = first.offset if at == first.block else 0
    return start, last.offset if at == last.block else sys.maxsize


def as_selection(selected: Range, show: Callable[[int], Rendered]) -> Selection:
    """Return places of a transcript as Textual has them; the reverse of `read_selection`."""
    return Selection(*(_offset(place, show(place.block)) for place in selected))


def _offset(place: Place, rendered: Rendered) -> Offset:
    number = rendered.row_of(place.offset)
    row = rendered.rows[number]
    column = place.offset - row.start + row.lead + 1
    return Offset((number << _COLUMN_BITS) + column, place.block)


def selected_text(
    selected: Range, blocks: Sequence[Block], show: Callable[[Block], Rendered]
) -> str:
    """Return the text of a selection: lines that were wrapped are whole again."""
    first, last = selected[0].block, min(len(blocks) - 1, selected[1].block)
    if last - first > MOST_BLOCKS:
        return "\n\n".join(filter(None, map(source_of, blocks[first : last + 1])))
    parts = list[str]()
    for at in range(first, last + 1):
        rendered, span = show(blocks[at]), span_in(selected, at)
        if span and rendered.rows:
            parts.append(rendered.text[slice(*span)])
    return "\n".join(parts).replace(NO_BREAK, " ")


def word_at(text: str, offset: int) -> Span:
    """Return the word around a place of a text; what a path is made of belongs to it."""
    start = end = min(max(0, offset), len(text))
    while start > 0 and _is_of_word(text[start - 1]):
        start -= 1
    while end < len(text) and _is_of_word(text[end]):
        end += 1
    return (start, end) if start < end else (start, min(len(text), start + 1))


def source_of(block: Block) -> str:
    """Return what a block is made of: Markdown as it was written, output in full."""
    if isinstance(block, Prose):
        return unmarked(block.text, block.citations).strip("\n")
    if isinstance(block, Prompt | Notice | Reasoning | Code):
        return block.text.strip("\n")
    if isinstance(block, Tool):
        return "\n".join(filter(None, (f"{block.name} {block.arguments}", block.text)))
    if isinstance(block, Patch):
        return "\n".join(f"{c.path} +{c.added} -{c.removed}" for c in block.files)
    return "\n\n".join(
        "\n".join((f"{found.citation.written} {found.symbol}".rstrip(), *found.lines))
        for found in block.found
    )


def code_of(block: Block, parts: Sequence[Code]) -> str:
    """Return the code in a block; `parts` is all of the fenced block if it belongs to one."""
    if parts:
        lines = [
            line
            for part in parts
            for line in code_lines(part.text, part.fence, is_first=part.before is None)
        ]
        return "\n".join(lines)
    if isinstance(block, Prose):
        return "\n".join(code_in(block.text))
    if isinstance(block, Evidence):
        return "\n".join("\n".join(found.lines) for found in block.found)
    return block.text if isinstance(block, Tool) else ""


def paint(row: Row, spans: Sequence[tuple[Span, Style]]) -> Strip:
    """Lay styles over parts of a row.

    Args:
        row: Of a block.
        spans: Offsets in the text of the block, in any order, with what is laid over them; the
            last one is on top.
    """
    strip = row.strip
    for (start, end), style in spans:
        first = max(start, row.start) - row.start + row.lead
        last = min(end, row.end) - row.start + row.lead
        if first < last:
            strip = Strip(_styled(strip, first, last, style))
    return strip


def _styled(strip: Strip, first: int, last: int, style: Style) -> list[Segment]:
    segments, at = list[Segment](), 0
    for text, own, _ in strip:
        cuts = sorted({0, len(text), *(c - at for c in (first, last) if 0 < c - at < len(text))})
        for start, end in pairwise(cuts):
            is_in = first <= at + start < last
            base = own or Style.null()
            segments.append(Segment(text[start:end], base + style if is_in else own))
        at += len(text)
    return segments


def _is_of_word(character: str) -> bool:
    return character.isalnum() or character in "_-./:"
