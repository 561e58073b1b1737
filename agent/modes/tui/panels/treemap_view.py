"""The treemap of one folder, as a widget that is walked with the arrows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from bathy.agent.modes.tui.input.keymap import bindings
from bathy.agent.modes.tui.panels.canvas import row_strip
from bathy.agent.modes.tui.panels.figures import cut
from bathy.agent.modes.tui.panels.map_widget import MapWidget
from bathy.agent.modes.tui.panels.treemap import Cell, Direction, Item, neighbour
from bathy.agent.modes.tui.panels.treemap_lines import draw_map, map_cells
from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip


class TreemapView(MapWidget, can_focus=True):
    """Draws items; one cell is selected."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("moving.up", "moving.down", "moving.left", "moving.right", "pack.open")
    ]

    @dataclass
    class Highlighted(Message):
        """The user went to a cell."""

        cell: Cell

    @dataclass
    class Opened(Message):
        """The user wants to see what is in a folder."""

        key: str

    def __init__(self, *, is_ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self._is_ascii = is_ascii
        self._items: tuple[Item, ...] = ()
        self._cells: tuple[Cell, ...] = ()
        self._key: str | None = None
        self._at: int | None = None
        self._strips: list[Strip] | None = None

    @property
    def cells(self) -> tuple[Cell, ...]:
        """What is drawn, the largest first."""
        return self._cells

    @property
    def selected(self) -> Cell | None:
        """The cell with the heavy border."""
        return self._cells[self._at] if self._at is not None else None

    def show(self, items: Sequence[Item]) -> None:
        """Draw other items; what was selected stays so if it is still there."""
        self._items = tuple(items)
        self._lay_out()

    def select(self, key: str | None) -> None:
        """Select the cell that shows a file or folder, or one around it; tells nobody."""
        self._key = key
        at = self._find(key)
        if at != self._at:
            self._at = at
            self._redraw()

    def _find(self, key: str | None) -> int | None:
        if key is None:
            return None
        for number, cell in enumerate(self._cells):
            if any(_shows(item, key) for item in cell.items):
                return number
        return None

    def _lay_out(self) -> None:
        self._cells = map_cells(self._items, *self.size)
        self._at = self._find(self._key)
        self._redraw()

    def _redraw(self) -> None:
        self._strips = None
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Lay out anew."""
        self._lay_out()

    def notify_style_update(self) -> None:
        """Draw with the colours of another theme."""
        super().notify_style_update()
        self._strips = None

    def render_line(self, y: int) -> Strip:
        """Return one row."""
        if self._strips is None:
            self._strips = self._draw()
        width = self.size.width
        return self._strips[y] if y < len(self._strips) else Strip.blank(width, self.rich_style)

    def _draw(self) -> list[Strip]:
        width, height = self.size
        if not self._cells:
            text = cut("Nothing here is in the pack.", width, is_ascii=self._is_ascii)
            blank, style = Strip.blank(width, self.rich_style), self.rich_style
            return [blank] * (height // 2) + [
                Strip([Segment(text.center(width), style)], width)  # ASCII: a cell each
            ]
        rows = draw_map(
            self._cells,
            width,
            height,
            selected=self._at,
            is_ascii=self._is_ascii,
        )
        styles = self.map_styles()
        return [row_strip(row, styles, self.rich_style, width) for row in rows]

    def action_move(self, step: int) -> None:
        """Go to the cell below this one, or above."""
        self._step("down" if step > 0 else "up")

    def action_move_side(self, step: int) -> None:
        """Go to the cell to the right of this one, or to the left."""
        self._step("right" if step > 0 else "left")

    def _step(self, direction: Direction) -> None:
        if self._cells:
            at = neighbour(self._cells, self._at, direction) if self._at is not None else 0
            self._go(at)

    def action_open(self) -> None:
        """Look into the folder, if it is one."""
        item = self.selected.item if self.selected is not None else None
        if item is not None and item.key is not None and item.key.endswith("/"):
            self.post_message(self.Opened(item.key))

    def on_click(self, event: events.Click) -> None:
        """Select a cell; open it if it was."""
        at = event.get_content_offset(self)
        for number, cell in enumerate(self._cells):
            if at is not None and cell.rect.holds(*at):
                if number == self._at:
                    self.action_open()
                else:
                    self._go(number)
                return

    def _go(self, at: int) -> None:
        cell = self._cells[at]
        self._at, self._key = at, cell.items[0].key
        self._redraw()
        self.post_message(self.Highlighted(cell))


def _shows(item: Item, key: str) -> bool:
    if item.key is None:
        return False
    return item.key == key or (item.key.endswith("/") and key.startswith(item.key))
