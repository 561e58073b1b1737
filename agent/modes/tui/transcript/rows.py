"""Lines -> rows: strips for the screen, and the text that they show, with where each stands in it.

Positions in that text do not depend on the width, but for tables, so a selection, a match or the
reader's place outlives a resize.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bathy.agent.modes.tui.transcript.cells import Line, Span
from rich.cells import cell_len, split_graphemes
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a block.

    Attributes:
        strip: What is drawn, never wider than asked for; not padded.
        start: Where its text begins in that of the block.
        lead: Characters at the start of the strip that are not text.
        fill: How the rest of the row looks; as the page if None.
    """

    strip: Strip
    start: int
    lead: int = 0
    fill: Style | None = None

    @property
    def text(self) -> str:
        """What of the row can be selected."""
        return self.strip.text[self.lead :]

    @property
    def end(self) -> int:
        """Where its text ends in that of the block."""
        return self.start + len(self.strip.text) - self.lead

    def at_cell(self, cell: int) -> tuple[int, Mapping[str, Any]]:
        """Return the place in the text of the block that a cell shows, and the meta of its style.

        A cell behind the end shows the end, one of the lead the start.
        """
        used, passed = 0, 0
        for text, style, _ in self.strip:
            size = cell_len(text)
            if cell < used + size:
                inside = _characters(text, cell - used)
                offset = self.start + max(0, passed + inside - self.lead)
                return offset, style.meta if style else {}
            used, passed = used + size, passed + len(text)
        return self.end, {}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A block at one width: its rows, and their text with wrapped lines joined."""

    rows: tuple[Row, ...]
    text: str

    def row_of(self, offset: int) -> int:
        """Return the number of the row that a place of the text is in; 0 if there are no rows."""
        return max(0, bisect_right(self.rows, offset, key=lambda row: row.start) - 1)

    def same_rows(self, other: "Rendered") -> int:
        """Count the rows at the top that another rendering has as well."""
        number = 0
        for mine, theirs in zip(self.rows, other.rows, strict=False):
            if mine.strip is not theirs.strip and (
                mine.strip != theirs.strip or mine.fill is not theirs.fill
            ):
                break
            number += 1
        return number


def render_lines(lines: Sequence[Line], width: int) -> Rendered:
    """Make rows of lines; what is wider than `width` cells is cut off."""
    rows, texts, at = list[Row](), list[str](), 0
    for number, line in enumerate(lines):
        if number:
            texts.append(line.joint)
            at += len(line.joint)
        lead = sum(len(text) for text, _ in line.lead)
        strip = Strip(_segments([*line.lead, *line.spans]))
        if strip.cell_length > width:
            strip = strip.crop(0, width)
            lead = min(lead, len(strip.text))
        rows.append(Row(strip, at, lead, line.fill))
        text = strip.text[lead:]
        texts.append(text)
        at += len(text)
    return Rendered(tuple(rows), "".join(texts))


def _characters(text: str, cells: int) -> int:
    """Count the characters that end at a cell or before it."""
    if text.isascii():
        return cells
    at = used = 0
    for _, end, size in split_graphemes(text)[0]:
        used += size
        if used > cells:
            break
        at = end
    return at


def _segments(spans: Sequence[Span]) -> list[Segment]:
    return [Segment(text, style) for text, style in spans if text]
