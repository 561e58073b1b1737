"""The side panel of the main screen: the pack, what was cited, what it costs, what was asked."""

from dataclasses import dataclass
from typing import ClassVar

from bathy.agent.modes.tui.input.keymap import bindings
from bathy.agent.modes.tui.panels.canvas import Row, row_strip
from bathy.agent.modes.tui.panels.map_widget import MapWidget
from bathy.agent.modes.tui.panels.side_rows import SideRow, SideState, share_rows, side_rows
from bathy.agent.modes.tui.panels.treemap import Item
from bathy.agent.modes.tui.panels.treemap_lines import draw_map, map_cells
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

_LEAST_CELLS, _STEP_CELLS = 24, 6
"""Of the width, and of a change of it."""

_ROLES = ("title", "good", "bad", "meter", "cursor")


class SidePanel(MapWidget, can_focus=True):
    """Shows a `SideState`; of a new one only the rows that differ are drawn again."""

    FOCUS_ON_CLICK: ClassVar[bool] = False
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("side", "moving.up", "moving.down")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"side--{role}" for role in _ROLES}
    DEFAULT_CSS = """
    SidePanel {
        padding: 0 1;
        & > .side--title { color: $text-accent; text-style: bold; }
        & > .side--good { color: $foreground; }
        & > .side--bad { color: $text-warning; }
        & > .side--meter { color: $text-primary; }
        & > .side--cursor { text-style: bold reverse; }
    }
    """

    @dataclass
    class Chosen(Message):
        """The user wants to see a citation.

        Attributes:
            number: Of it, as in the state.
        """

        number: int

    def __init__(self, *, is_ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.state = SideState()
        self._is_ascii = is_ascii
        self._lines: list[SideRow] = []
        self._cursor: int | None = None
        self._map_key: tuple[tuple[Item, ...], int, int] = ((), 0, 0)
        self._map_rows: list[Row] = []
        self._role_styles: dict[str, Style] | None = None

    def show(self, state: SideState) -> None:
        """Show another state."""
        if state == self.state:
            return
        self.state = state
        if self._cursor not in [place.number for place in state.cited]:
            self._cursor = None
        self._update()

    def _update(self) -> None:
        width, height = self.size
        before, self._lines = self._lines, self._all_rows(width, height)
        changed = [
            Region(0, y, width, 1)
            for y in range(max(len(before), len(self._lines)))
            if before[y : y + 1] != self._lines[y : y + 1]
        ]
        if changed:
            self.refresh(*changed)

    def _all_rows(self, width: int, height: int) -> list[SideRow]:
        return side_rows(
            self.state,
            width,
            height,
            map_rows=self._map(width, share_rows(self.state, height).map),
            cursor=self._cursor if self.has_focus else None,
            is_ascii=self._is_ascii,
        )

    def _map(self, width: int, height: int) -> list[Row]:
        """The treemap, drawn anew only for another pack or another size."""
        blocks, *size = self._map_key
        if blocks is not self.state.blocks or size != [width, height]:
            self._map_key = (self.state.blocks, width, height)
            cells = map_cells(self.state.blocks, width, height) if height else ()
            drawn = draw_map(cells, width, height, is_ascii=self._is_ascii)
            self._map_rows = [
                tuple((text, f"map-{role}" if role else "") for text, role in row) for row in drawn
            ]
        return self._map_rows

    def render_line(self, y: int) -> Strip:
        """Return one row."""
        width, row = self.size.width, self._lines[y].row if y < len(self._lines) else ()
        if self._role_styles is None:
            self._role_styles = {f"map-{role}": s for role, s in self.map_styles().items()}
            found = {role: self.get_component_rich_style(f"side--{role}") for role in _ROLES}
            self._role_styles.update(found)
        return row_strip(row, self._role_styles, self.rich_style, width)

    def notify_style_update(self) -> None:
        """Draw with the colours of another theme."""
        super().notify_style_update()
        self._role_styles = None

    def on_resize(self, event: events.Resize) -> None:
        """Lay out anew."""
        self._lines = []
        self._update()
        self.refresh()

    def on_focus(self, event: events.Focus) -> None:
        """Mark the citation that enter opens."""
        if self._cursor is None and self.state.cited:
            self._cursor = self.state.cited[0].number
        self._update()

    def on_blur(self, event: events.Blur) -> None:
        """Take the mark away."""
        self._update()

    def action_move(self, by: int) -> None:
        """Go to another citation."""
        numbers = [place.number for place in self.state.cited]
        if numbers:
            at = numbers.index(self._cursor) + by if self._cursor in numbers else 0
            self._cursor = numbers[min(max(at, 0), len(numbers) - 1)]
            self._update()

    def action_widen(self, step: int) -> None:
        """Take more room, or less."""
        width = self.outer_size.width + step * _STEP_CELLS
        self.styles.width = min(max(width, _LEAST_CELLS), self.app.size.width // 2)

    def action_choose(self) -> None:
        """Open the marked citation."""
        if self._cursor is not None:
            self.post_message(self.Chosen(self._cursor))

    def on_click(self, event: events.Click) -> None:
        """Open the citation of that row."""
        offset = event.get_content_offset(self)
        number = self._lines[offset.y].number if offset and offset.y < len(self._lines) else None
        if number is not None:
            self.post_message(self.Chosen(number))
