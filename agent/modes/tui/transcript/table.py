"""Cells of a table -> lines whose columns fit the width; rows as small lists where they cannot."""

from collections.abc import Sequence
from itertools import zip_longest

from bathy.agent.modes.tui.transcript.cells import Line, Span, width_of, wrap
from bathy.agent.modes.tui.transcript.palette import Glyphs, Palette

Cell = list[Span]
Look = tuple[Palette, Glyphs]

_LEAST_CELLS = 4
"""Of a column. Where that is not to be had, a table is no table any more."""

_BETWEEN_CELLS = 3


def table_lines(
    rows: Sequence[Sequence[Cell]], aligned: Sequence[str], width: int, look: Look
) -> list[Line]:
    """Render a table.

    Args:
        rows: The head first; each with as many cells, or fewer.
        aligned: "left", "right", "center" or "" for each column.
        width: Cells, more than 0.
        look: Styles and signs.

    Returns:
        Lines of at most `width` cells.
    """
    count = len(rows[0]) if rows else 0
    room = width - _BETWEEN_CELLS * (count - 1)
    if not count:
        return []
    if room < _LEAST_CELLS * count:
        return _as_lists(rows, width, look)
    widths = fit_columns([_wanted(rows, column) for column in range(count)], room)
    lines = list[Line]()
    for number, row in enumerate(rows):
        lines += _row(row, widths, aligned, look)
        if number == 0:
            lines.append(_rule(widths, look))
    return lines


def fit_columns(wanted: Sequence[int], room: int) -> list[int]:
    """Share cells among columns: what fits is granted, the wide ones share the rest alike.

    Args:
        wanted: Cells of each column if there were no limit.
        room: Cells for all of them; at least one each.

    Returns:
        Widths that are no more than wanted, but at least 1, and `room` in sum at most.
    """
    widths = dict[int, int]()
    open_columns, left = set(range(len(wanted))), room
    while open_columns:
        share = left // len(open_columns)
        fitting = {column for column in open_columns if wanted[column] <= share}
        if not fitting:
            for extra, column in enumerate(sorted(open_columns)):
                widths[column] = share + (extra < left % len(open_columns))
            break
        for column in fitting:
            widths[column] = max(1, wanted[column])
            left -= widths[column]
        open_columns -= fitting
    return [widths[column] for column in range(len(wanted))]


def _wanted(rows: Sequence[Sequence[Cell]], column: int) -> int:
    return max(max(1, width_of(row[column])) for row in rows if column < len(row))


def _row(
    row: Sequence[Cell], widths: Sequence[int], aligned: Sequence[str], look: Look
) -> list[Line]:
    palette, glyphs = look
    cells = [
        wrap(row[column] if column < len(row) else [], width) for column, width in enumerate(widths)
    ]
    lines = list[Line]()
    for parts in zip_longest(*cells):
        line = Line([])
        for column, part in enumerate(parts):
            if column:
                line.spans.append((f" {glyphs.bar} ", palette.muted))
            is_last = column == len(widths) - 1
            spans = part.spans if part else []
            align = aligned[column] if column < len(aligned) else ""
            line.spans += _padded(spans, widths[column], align, palette, is_last=is_last)
        lines.append(line)
    return lines


def _padded(
    spans: list[Span], width: int, align: str, palette: Palette, *, is_last: bool
) -> list[Span]:
    missing = max(0, width - width_of(spans))
    before = {"right": missing, "center": missing // 2}.get(align, 0)
    behind = 0 if is_last else missing - before
    return [(" " * before, palette.text), *spans, (" " * behind, palette.text)]


def _rule(widths: Sequence[int], look: Look) -> Line:
    palette, glyphs = look
    joint = f"{glyphs.rule}{glyphs.cross}{glyphs.rule}"
    return Line([(joint.join(glyphs.rule * width for width in widths), palette.muted)])


def _as_lists(rows: Sequence[Sequence[Cell]], width: int, look: Look) -> list[Line]:
    """Each row as `head: cell` lines, apart from the next."""
    palette, _ = look
    head, *body = rows
    lines = list[Line]()
    for number, row in enumerate(body or [head]):
        if number:
            lines.append(Line([]))
        for name, cell in zip_longest(head, row, fillvalue=()):
            label = [*name, (": ", palette.strong)] if body and name else []
            lines += wrap([*label, *cell], width)
    return lines
