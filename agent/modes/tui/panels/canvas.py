"""A grid of characters that is drawn on with patterns and labels -> rows of text; pure."""

from collections.abc import Mapping
from itertools import groupby

from bathy.agent.modes.tui.panels.figures import cut
from bathy.agent.modes.tui.panels.treemap import Rect
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

Row = tuple[tuple[str, str], ...]
"""A line of text: (text, role) from left to right; equal rows look the same in any theme."""


class Canvas:
    """So many columns and rows, blank at first; what lies outside is not drawn."""

    def __init__(self, width: int, height: int, *, is_ascii: bool = False) -> None:
        self.width, self.height, self._is_ascii = width, height, is_ascii
        self._chars = [[" "] * width for _ in range(height)]
        self._roles = [[""] * width for _ in range(height)]

    def put(self, x: int, y: int, char: str, role: str) -> None:
        """Set one cell to a character of one cell."""
        if 0 <= x < self.width and 0 <= y < self.height:
            self._chars[y][x], self._roles[y][x] = char, role

    def fill(self, rect: Rect, char: str, role: str) -> None:
        """Fill a rectangle with a character of one cell."""
        for y in range(max(0, rect.y), min(self.height, rect.y + rect.height)):
            for x in range(max(0, rect.x), min(self.width, rect.x + rect.width)):
                self._chars[y][x], self._roles[y][x] = char, role

    def write(self, x: int, y: int, text: str, width: int, role: str) -> None:
        """Write a label, at most `width` cells of it.

        The text must be printable, and nothing may be drawn over a part of it afterwards: it is
        kept as a whole, since its characters may take two cells or none.
        """
        short = cut(text, min(width, self.width - x), is_ascii=self._is_ascii)
        cells = cell_len(short)
        if x < 0 or not 0 <= y < self.height or not cells:
            return
        self._chars[y][x : x + cells] = [short, *[""] * (cells - 1)]
        self._roles[y][x : x + cells] = [role] * cells

    def rows(self) -> list[Row]:
        """Return what is drawn, each row exactly `width` cells long."""
        return [
            tuple(
                ("".join(char for char, _ in run), role)
                for role, run in groupby(zip(chars, roles, strict=True), key=lambda pair: pair[1])
            )
            for chars, roles in zip(self._chars, self._roles, strict=True)
        ]


def row_strip(row: Row, styles: Mapping[str, Style], plain: Style, width: int) -> Strip:
    """Return a row as a strip of exactly `width` cells; a role without a style is plain."""
    strip = Strip([Segment(text, styles.get(role, plain)) for text, role in row])
    return strip.adjust_cell_length(width, plain)
