"""Text of a file -> what a terminal can be shown of it, measured in cells.

Nothing that a terminal would obey, and nothing that it would hide, comes through: control and
format characters show as escapes. Widths are those of `rich.cells.cell_len`, so wide characters
take two.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from rich.cells import cell_len, chop_cells, split_graphemes
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

TAB_CELLS = 4
"""Distance of tab stops, in cells."""

MOST_CHARS = 4_000
"""Longest line shown whole, in characters; the rest is left out, and its length told."""

_JOINER = "\u200d"
_AS_EMOJI = "\ufe0f"

Span = tuple[int, int, Style]
"""Characters of a text from an index to before another, and how they look."""


def show(text: str) -> tuple[str, Sequence[int]]:
    """Return a line as it is shown, and where each of its characters went.

    Args:
        text: One line, without its end.

    Returns:
        The line with tabs as spaces and invisible characters as escapes, cut if it is too long; and
        for each index of `text`, and for its end, the index in what is shown.
    """
    rest = len(text) - MOST_CHARS
    if rest > 0:
        shown, at = show(text[:MOST_CHARS])
        places = [*at, *[at[-1]] * rest]
        return f"{shown} [{rest} more characters]", places
    if text.isprintable():
        return text, range(len(text) + 1)
    return _escape(text)


def shown(text: str) -> str:
    """Return a line as it is shown; see `show`."""
    if text.isascii() and len(text) <= MOST_CHARS and text.replace("\t", "").isprintable():
        return text.expandtabs(TAB_CELLS)
    return show(text)[0]


def _escape(text: str) -> tuple[str, Sequence[int]]:
    parts, places, size = list[str](), list[int](), 0
    column, since = 0, 0
    for index, char in enumerate(text):
        places.append(size)
        part = char
        if char == "\t":
            column += cell_len("".join(parts[since:]))
            part = " " * (TAB_CELLS - column % TAB_CELLS)
            column, since = column + len(part), index + 1
        elif not _is_shown(text, index):
            part = ascii(char)[1:-1]
        parts.append(part)
        size += len(part)
    return "".join(parts), [*places, size]


def _is_shown(text: str, index: int) -> bool:
    char = text[index]
    if char == _JOINER:
        return _is_emoji(text[index - 1 : index]) and _is_emoji(text[index + 1 : index + 2])
    return char.isprintable() or unicodedata.category(char) == "Zs"


def _is_emoji(char: str) -> bool:
    return char == _AS_EMOJI or (char != "" and ord(char) > 0x2000 and _is_symbol(char))


def _is_symbol(char: str) -> bool:
    return unicodedata.category(char) in ("So", "Sk")


def paint(text: str, base: Style, *layers: Sequence[Span]) -> list[Segment]:
    """Colour a text.

    Args:
        text: As it is shown.
        base: Look of all of it.
        layers: Spans in order that do not overlap, each layer over the one before.

    Returns:
        Segments that make up the text; none of them begins inside of a joined emoji.
    """
    bounds = {0, len(text)}
    for layer in layers:
        bounds.update(min(edge, len(text)) for start, end, _ in layer for edge in (start, end))
    if _JOINER in text or _AS_EMOJI in text:
        bounds &= {0, len(text), *(span[0] for span in split_graphemes(text)[0])}
    edges = sorted(bounds)
    queues = [iter(layer) for layer in layers]
    heads = [next(queue, None) for queue in queues]
    segments = []
    for start, end in pairwise(edges):
        style = base
        for number, queue in enumerate(queues):
            head = heads[number]
            while head is not None and head[1] <= start:
                head = next(queue, None)
            heads[number] = head
            if head is not None and head[0] < end:
                style += head[2]
        segments.append(Segment(text[start:end], style))
    return segments


def fit(segments: Iterable[Segment], offset: int, width: int, base: Style, cut: str) -> Strip:
    """Return a part of a line, exactly so wide.

    Args:
        segments: The line.
        offset: Cells left out at its start.
        width: Of the result, in cells.
        base: Look of what is filled up.
        cut: Sign for the last cell of a line that goes on.
    """
    strip = Strip(segments)
    if strip.cell_length - offset <= width:
        return strip.crop_extend(offset, offset + width, base) if width > 0 else Strip([], 0)
    kept = strip.crop(offset, offset + max(width - 1, 0))
    kept = Strip([*kept, Segment(cut[:width], base)])
    return kept.adjust_cell_length(max(width, 0), base)


def wrap(segments: Sequence[Segment], width: int, base: Style) -> list[Strip]:
    """Return a line in as many parts as it takes, each exactly so wide, at least 2 cells."""
    width = max(width, 2)
    text = "".join(segment.text for segment in segments)
    sizes = [len(part) for part in chop_cells(text, width)] or [0]
    sizes[-1] += len(text) - sum(sizes)
    rows = _cut_chars(segments, sizes)
    return [Strip(row).adjust_cell_length(width, base) for row in rows]


def height(text: str, width: int) -> int:
    """Return in how many parts `wrap` puts a text."""
    width = max(width, 2)
    if text.isascii():
        return max(1, -(-len(text) // width))
    return max(1, len(chop_cells(text, width)))


def _cut_chars(segments: Sequence[Segment], sizes: Sequence[int]) -> Iterator[list[Segment]]:
    """Yield the segments in groups of so many characters."""
    waiting = list(reversed(segments))
    for size in sizes:
        row, left = list[Segment](), size
        while left and waiting:
            segment = waiting.pop()
            if len(segment.text) > left:
                waiting.append(Segment(segment.text[left:], segment.style))
                segment = Segment(segment.text[:left], segment.style)
            left -= len(segment.text)
            row.append(segment)
        yield row
