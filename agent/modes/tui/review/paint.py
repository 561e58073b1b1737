"""A row of a diff -> what is drawn of it, exactly as wide as the screen. No widget."""

from collections.abc import Mapping
from dataclasses import dataclass

from bathy.agent.modes.tui.review.hunks import Hunk
from bathy.agent.modes.tui.review.rows import Row, Side
from bathy.agent.modes.tui.review.words import changed_words
from bathy.agent.modes.tui.viewer.cells import fit, height, paint, wrap
from bathy.agent.modes.tui.viewer.glyphs import Glyphs
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

LOOKS = ("base", "file", "hunk", "current", "gap", "note", "number", "added", "removed", "word")
"""Names of the styles that are needed."""


@dataclass(frozen=True, slots=True)
class Page:
    """How rows are drawn.

    Attributes:
        width: In cells.
        is_split: Old and new lines stand side by side.
        digits: Of the largest line number.
        is_wrapped: Long lines go on below; else they are cut.
        offset: Cells left out at the start of lines that are cut.
        glyphs: What is drawn.
        looks: Styles by name.
    """

    width: int
    is_split: bool
    digits: int
    is_wrapped: bool
    offset: int
    glyphs: Glyphs
    looks: Mapping[str, Style]

    @property
    def widths(self) -> tuple[int, int]:
        """Width of each side, the bar and the divider left out; 0 for no second side."""
        room = max(self.width - 1, 0)
        if not self.is_split:
            return room, 0
        left = (room - 1) // 2
        return left, room - 1 - left

    def text_width(self, side: int) -> int:
        """Cells for the text of a line, behind its numbers and its sign."""
        numbers = 1 if self.is_split else 2
        return max(self.widths[side] - numbers * (self.digits + 1) - 2, 2)


def row_height(row: Row, page: Page) -> int:
    """Return how many lines of the screen a row takes."""
    if row.kind != "line" or not page.is_wrapped:
        return 1
    sides = _columns(row, page)
    return max(height(s.text + s.tail, page.text_width(at)) for at, s in enumerate(sides) if s)


def draw(row: Row, page: Page, *, heading: str = "", is_current: bool = False) -> list[Strip]:
    """Draw a row.

    Args:
        row: Of the page's files.
        page: How.
        heading: What a hunk's heading says before its own text.
        is_current: It belongs to the hunk that keys act on.

    Returns:
        As many strips as `row_height` says, each as wide as the page.
    """
    looks, glyphs = page.looks, page.glyphs
    bar = Strip([Segment(glyphs.bar if is_current else " ", looks["hunk"])], 1)
    if row.kind != "line":
        return [Strip.join([bar, _text(row, page, heading, is_current)])]
    columns = [
        _lines(side, page, at, _numbers(row, at, page))
        for at, side in enumerate(_columns(row, page))
        if page.widths[at]
    ]
    count = max(map(len, columns))
    divider = Strip([Segment(glyphs.divider, looks["number"])], 1)
    strips = []
    for at in range(count):
        parts = [bar]
        for number, column in enumerate(columns):
            blank = Strip.blank(page.widths[number], looks["base"])
            parts += [divider] * bool(number) + [column[at] if at < len(column) else blank]
        strips.append(Strip.join(parts))
    return strips


def heading_of(hunk: Hunk, number: int, count: int, glyphs: Glyphs) -> str:
    """Return what a hunk's heading says: a sign and a word for what was decided, and its number."""
    sign = {"open": glyphs.open, "accepted": glyphs.accepted, "rejected": glyphs.rejected}
    words = [f"{sign[hunk.choice]} {hunk.choice}", f"hunk {number}/{count}"]
    if hunk.is_own:
        words.append("your own lines")
    return f" {glyphs.dot} ".join(words)


def _columns(row: Row, page: Page) -> tuple[Side | None, Side | None]:
    return (row.old, row.new) if page.is_split else (row.old or row.new, None)


def _text(row: Row, page: Page, heading: str, is_current: bool) -> Strip:
    glyphs, text = page.glyphs, row.text
    is_note = row.kind in ("note", "comment")
    style = page.looks["base"] + page.looks["note" if is_note else row.kind]
    match row.kind:
        case "hunk":
            style = page.looks["current"] if is_current else style
            text = f" {heading} {glyphs.dot} {text} " if text else f" {heading} "
        case "gap":
            text = f"  {glyphs.gap} {text}"
        case "comment":
            text = f"   your comment: {text}"
        case "note":
            text = f"   {text}"
        case _:
            text = f" {text}"
    return fit([Segment(text, style)], 0, page.width - 1, style, glyphs.cut)


def _lines(side: Side | None, page: Page, at: int, numbers: str) -> list[Strip]:
    """One side of a row, as many strips as it takes."""
    if side is None:
        return []
    looks, width = page.looks, page.text_width(at)
    look = {"-": "removed", "+": "added", " ": "base"}[side.sign]
    base, number_look = looks[look], looks["number"]
    marks = []
    if side.partner is not None:
        which = 0 if side.sign == "-" else 1
        pair = (side.text, side.partner) if which == 0 else (side.partner, side.text)
        marks = [(start, end, looks["word"]) for start, end in changed_words(*pair)[which]]
    segments = [*paint(side.text, base, marks), Segment(side.tail, base + looks["note"])]
    if page.is_wrapped:
        texts = wrap(segments, width, base)
    else:
        texts = [fit(segments, page.offset, width, base, page.glyphs.cut)]
    gutter = f"{numbers} "
    strips = []
    for number, text in enumerate(texts):
        shown = gutter if not number else " " * len(gutter)
        head = [Segment(shown, number_look), Segment(f"{side.sign} " if not number else "  ", base)]
        strip = Strip([*head, *text])
        strips.append(strip.adjust_cell_length(page.widths[at], base))
    return strips


def _numbers(row: Row, at: int, page: Page) -> str:
    """The line numbers of a side; of both files where they stand in one column."""
    sides = ((row.old, row.new)[at],) if page.is_split else (row.old, row.new)
    return " ".join(("" if s is None else str(s.number)).rjust(page.digits) for s in sides)
