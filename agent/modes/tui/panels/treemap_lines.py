"""Cells of a treemap -> lines with borders, labels and a pattern for each class of file; pure.

Colour only repeats what patterns, words and heavy borders say.
"""

from collections.abc import Iterator, Sequence

from bathy.agent.modes.tui.panels.canvas import Canvas, Row
from bathy.agent.modes.tui.panels.figures import cut, percent_word
from bathy.agent.modes.tui.panels.treemap import Cell, Item, Rect, Size, lay_out
from rich.cells import cell_len

CELL_LEAST = Size(6, 2)
"""Cells of the smallest item, its border at the left and the top included."""

REST_LEAST = Size(2, 2)
"""The same of what stands for all smaller ones."""

_NESTED_LEAST = Size(16, 3)
"""Cells, below the title, from which on what is inside of an item is drawn."""

_INNER_LEAST, _INNER_REST = Size(5, 1), Size(2, 1)

_ROLES = {
    "source": "source",
    "notebook": "source",
    "test": "test",
    "documentation": "documentation",
    "configuration": "configuration",
    "list": "list",
    "overlay": "overlay",
    "more": "more",
}
_PATTERNS = {
    "source": ("▓", "#"),
    "test": ("▒", "%"),
    "documentation": ("░", ":"),
    "configuration": ("╱", "/"),  # noqa: RUF001 - a pattern
    "data": ("·", "."),
    "list": ("─", "-"),
    "overlay": ("+", "+"),
    "more": (" ", " "),
}
ROLES = (*_PATTERNS, "border", "frame", "selected", "title")
"""Names of all styles that a map is drawn with."""

_BORDERS = " ╵╶└╷│┌├╴┘─┴┐┤┬┼"
"""By which arms a border has: up 1, right 2, down 4, left 8."""

_HEAVY = {"plain": "━┃┏┓┗┛", "ascii": "******"}


def role_of(file_class: str) -> str:
    """Return the role of a class of file; what nobody writes by hand is data."""
    return _ROLES.get(file_class, "data")


def legend(*, is_ascii: bool) -> list[tuple[str, str, str]]:
    """Return (pattern, role, word) for each kind of file."""
    return [
        (_PATTERNS[role][is_ascii], role, word)
        for role, word in (
            ("source", "source"),
            ("test", "tests"),
            ("documentation", "docs"),
            ("configuration", "config"),
            ("data", "data, generated"),
        )
    ]


def map_cells(items: Sequence[Item], width: int, height: int) -> tuple[Cell, ...]:
    """Lay out a map that is `width` by `height` with its borders."""
    return lay_out(items, width - 1, height - 1, least=CELL_LEAST, least_rest=REST_LEAST)


def draw_map(
    cells: Sequence[Cell],
    width: int,
    height: int,
    *,
    selected: int | None = None,
    is_ascii: bool = False,
) -> list[Row]:
    """Draw what `map_cells` laid out.

    Args:
        cells: Of the map.
        width: The same as for the layout.
        height: The same.
        selected: Number of the cell with a heavy border and a mark.
        is_ascii: Draw with ASCII alone.

    Returns:
        `height` rows of `width` cells.
    """
    canvas = Canvas(width, height, is_ascii=is_ascii)
    total = sum(cell.tokens for cell in cells)
    for x, y, arms in _border_arms(cells):
        canvas.put(x, y, _ascii_border(arms) if is_ascii else _BORDERS[arms], "border")
    for number, cell in enumerate(cells):
        is_selected = number == selected
        if is_selected:
            _draw_heavy(canvas, cell.rect, _HEAVY["ascii" if is_ascii else "plain"])
        _draw_cell(canvas, cell, total, is_selected=is_selected, is_ascii=is_ascii)
    return canvas.rows()


def _border_arms(cells: Sequence[Cell]) -> Iterator[tuple[int, int, int]]:
    """Where a border goes, and in which directions it goes on from there."""
    arms: dict[tuple[int, int], int] = {}
    for x, y, width, height in (cell.rect for cell in cells):
        for row in (y, y + height):
            for at in range(x, x + width):
                arms[at, row] = arms.get((at, row), 0) | 2
                arms[at + 1, row] = arms.get((at + 1, row), 0) | 8
        for column in (x, x + width):
            for at in range(y, y + height):
                arms[column, at] = arms.get((column, at), 0) | 4
                arms[column, at + 1] = arms.get((column, at + 1), 0) | 1
    for (x, y), found in arms.items():
        yield x, y, found


def _ascii_border(arms: int) -> str:
    return {10: "-", 5: "|"}.get(arms, "+")


def _draw_heavy(canvas: Canvas, rect: Rect, chars: str) -> None:
    flat, upright, corners = chars[0], chars[1], chars[2:]
    right, bottom = rect.x + rect.width, rect.y + rect.height
    for x in range(rect.x, right):
        canvas.put(x, rect.y, flat, "frame")
        canvas.put(x, bottom, flat, "frame")
    for y in range(rect.y, bottom):
        canvas.put(rect.x, y, upright, "frame")
        canvas.put(right, y, upright, "frame")
    ends = ((rect.x, rect.y), (right, rect.y), (rect.x, bottom), (right, bottom))
    for (x, y), char in zip(ends, corners, strict=True):
        canvas.put(x, y, char, "frame")


def _draw_cell(
    canvas: Canvas, cell: Cell, total: int, *, is_selected: bool, is_ascii: bool
) -> None:
    x, y, width, height = cell.rect
    inside = Rect(x + 1, y + 1, width - 1, height - 1)
    below = Rect(inside.x, inside.y + 1, inside.width, inside.height - 1)
    role, margin = _cell_role(cell), min(1, inside.width // 4)
    canvas.fill(inside, _PATTERNS[role][is_ascii], role)
    parts = cell.item.parts if cell.item is not None else ()
    text = label_of(cell, total, inside.width - 2 * margin, is_ascii=is_ascii)
    share = percent_word(cell.tokens, total)
    if below.height > 0:
        canvas.fill(Rect(inside.x, inside.y, inside.width, 1), " ", "title")
    if parts and below.width >= _NESTED_LEAST.width and below.height >= _NESTED_LEAST.height:
        _draw_parts(canvas, parts, below, total, is_ascii=is_ascii)
    elif share not in text and below.height > 0 and len(share) + 2 * margin <= inside.width:
        canvas.write(below.x, below.y, f"{' ' * margin}{share}{' ' * margin}", 9, "title")
    mark = (">" if is_ascii else "▸") if is_selected else " "
    title = f"{mark * margin}{text}{' ' * margin}"
    canvas.write(inside.x, inside.y, title, inside.width, "selected" if is_selected else "title")


def _draw_parts(
    canvas: Canvas, parts: Sequence[Item], rect: Rect, total: int, *, is_ascii: bool
) -> None:
    """Draw one level more, without borders: a column and the row of labels keep cells apart."""
    for cell in lay_out(parts, rect.width, rect.height, least=_INNER_LEAST, least_rest=_INNER_REST):
        x, y = rect.x + cell.rect.x, rect.y + cell.rect.y
        width, height, role = cell.rect.width, cell.rect.height, _cell_role(cell)
        canvas.fill(Rect(x, y, width, height), _PATTERNS[role][is_ascii], role)
        canvas.fill(Rect(x, y, 1, height), " ", role)
        text = label_of(cell, total, width - 2, is_ascii=is_ascii)
        canvas.fill(Rect(x, y, width if height > 1 else cell_len(text) + 2, 1), " ", role)
        canvas.write(x + 1, y, text, width - 1, role)


def _cell_role(cell: Cell) -> str:
    return role_of(cell.item.file_class) if cell.item is not None else "more"


def label_of(cell: Cell, total: int, width: int, *, is_ascii: bool = False) -> str:
    """Name a cell in at most `width` cells, with its share where there is room for it."""
    share = percent_word(cell.tokens, total)
    if cell.item is not None:
        full = f"{cell.item.name} {share}"
        return full if cell_len(full) <= width else cut(cell.item.name, width, is_ascii=is_ascii)
    mark, number = "..." if is_ascii else "…", len(cell.items)
    ways = (f"{mark} {number} more {share}", f"{mark} {number} more", f"{mark} {number}", mark)
    return next((way for way in ways if len(way) <= width), mark[:1] if width > 0 else "")
