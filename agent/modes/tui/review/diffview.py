"""Files under review as one widget: of all rows, only those that are seen are drawn."""

from bisect import bisect_right
from itertools import accumulate
from typing import ClassVar

from bathy.agent.modes.tui.input.keymap import bindings
from bathy.agent.modes.tui.review.hunks import Files, Place, hunk_at, places_of
from bathy.agent.modes.tui.review.paint import LOOKS, Page, draw, heading_of, row_height
from bathy.agent.modes.tui.review.rows import Row, rows_of
from bathy.agent.modes.tui.viewer.glyphs import UNICODE, Glyphs
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

SPLIT_FROM_CELLS = 100
"""Narrowest widget in which lines before and after stand side by side."""

_SIDE_CELLS = 8
"""How far one key press moves to the side."""


class DiffView(ScrollView, can_focus=True):
    """The rows of a diff, one hunk of which is current."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"diff--{name}" for name in LOOKS}
    DEFAULT_CSS = """
    DiffView { overflow-x: hidden; overflow-y: scroll; background: $surface; color: $foreground; }
    DiffView > .diff--file { background: $primary 30%; text-style: bold; }
    DiffView > .diff--hunk { color: $text-accent; text-style: bold; }
    DiffView > .diff--current { color: $text-accent; text-style: bold reverse; }
    DiffView > .diff--gap { color: $text-muted; }
    DiffView > .diff--note { text-style: italic; }
    DiffView > .diff--number { color: $text-muted; }
    DiffView > .diff--added { background: $success 15%; }
    DiffView > .diff--removed { background: $error 15%; }
    DiffView > .diff--word { text-style: bold underline; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("moving"),
    ]

    class Picked(Message):
        """The user has clicked at a hunk."""

        def __init__(self, place: Place) -> None:
            """Say which."""
            super().__init__()
            self.place = place

    def __init__(self, files: Files, *, glyphs: Glyphs = UNICODE) -> None:
        """Show files; the first hunk is current."""
        super().__init__()
        self._files = files
        self._glyphs = glyphs
        self._places = places_of(files)
        self._current = self._places[0] if self._places else (0, 0)
        self._rows = list[Row]()
        self._starts = list[int]()
        self._page: Page | None = None
        self._drawn = dict[int, list[Strip]]()
        self._offset = 0
        self._is_wrapped = False

    @property
    def is_split(self) -> bool:
        """Whether lines before and after stand side by side now."""
        return self.outer_size.width >= SPLIT_FROM_CELLS

    def show(self, files: Files, current: Place) -> None:
        """Show files as they have become, and bring a hunk into sight."""
        is_same = _shape(files) == _shape(self._files)
        self._files, self._current = files, current
        self._places = places_of(files)
        if is_same:
            self._drawn.clear()
            self.refresh()
        else:
            self._lay_out()
        self._reveal()

    def on_resize(self, event: events.Resize) -> None:
        """Lay the rows out for the new width."""
        del event
        self._lay_out()
        self._reveal()

    def notify_style_update(self) -> None:
        """Draw anew in the colours of another theme."""
        super().notify_style_update()
        self._page = None
        self._drawn.clear()

    def action_move(self, rows: int) -> None:
        """Scroll by rows."""
        self.scroll_relative(y=rows, animate=False)

    def action_move_page(self, pages: int) -> None:
        """Scroll by pages."""
        self.action_move(pages * max(1, self.size.height - 1))

    def action_home(self) -> None:
        """Go to the top."""
        self.scroll_home(animate=False)

    def action_end(self) -> None:
        """Go to the end."""
        self.scroll_end(animate=False)

    def action_move_side(self, step: int) -> None:
        """Move lines that are cut to the side."""
        self._offset = max(self._offset + step * _SIDE_CELLS, 0)
        self._page = None
        self._drawn.clear()
        self.refresh()

    def toggle_wrap(self) -> None:
        """Let long lines go on below, or cut them."""
        self._is_wrapped = not self._is_wrapped
        self._lay_out()
        self._reveal()

    def on_click(self, event: events.Click) -> None:
        """Say which hunk was clicked."""
        index = self._row_at(self.scroll_offset.y + event.y)
        place = self._rows[index].place if index < len(self._rows) else None
        if place is not None:
            self.post_message(self.Picked(place))

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        line = self.scroll_offset.y + y
        if line >= self.virtual_size.height:
            return Strip.blank(self.size.width, self.rich_style)
        index = self._row_at(line)
        strips = self._drawn.get(index)
        if strips is None:
            strips = self._drawn[index] = self._draw(self._rows[index])
        strip = strips[line - self._starts[index]]
        return strip.adjust_cell_length(self.size.width, self.rich_style)

    def _draw(self, row: Row) -> list[Strip]:
        is_current = row.place == self._current and row.place is not None
        heading = ""
        if row.kind == "hunk" and row.place is not None:
            number = self._places.index(row.place) + 1
            hunk = hunk_at(self._files, row.place)
            heading = heading_of(hunk, number, len(self._places), self._glyphs)
        return draw(row, self._laid_page(), heading=heading, is_current=is_current)

    def _lay_out(self) -> None:
        self._page = None
        self._drawn.clear()
        self._rows = rows_of(self._files, is_split=self.is_split)
        page = self._laid_page()
        ends = list(accumulate(row_height(row, page) for row in self._rows))
        self._starts = [0, *ends[:-1]] if ends else []
        self.virtual_size = Size(1, ends[-1] if ends else 0)
        self.refresh()

    def _laid_page(self) -> Page:
        if self._page is None:
            looks = {name: self.get_component_rich_style(f"diff--{name}") for name in LOOKS}
            looks["base"] = self.rich_style
            for name in ("word", "note"):
                looks[name] = self.get_component_rich_style(f"diff--{name}", partial=True)
            self._page = Page(
                self.scrollable_content_region.width,
                self.is_split,
                self._digits(),
                self._is_wrapped,
                self._offset,
                self._glyphs,
                looks,
            )
        return self._page

    def _digits(self) -> int:
        sides = (side for row in self._rows for side in (row.old, row.new) if side is not None)
        return len(str(max((side.number for side in sides), default=1)))

    def _row_at(self, line: int) -> int:
        return max(bisect_right(self._starts, line) - 1, 0)

    def _reveal(self) -> None:
        """Scroll as little as needed to see the current hunk, or its start if it is too long."""
        own = [at for at, row in enumerate(self._rows) if row.place == self._current]
        if not own or not self.size.height:
            return
        page = self._laid_page()
        first = max(self._starts[own[0]] - 1, 0)
        last = self._starts[own[-1]] + row_height(self._rows[own[-1]], page)
        top = min(max(self.scroll_offset.y, last - self.size.height + 1), first)
        self.scroll_to(y=top, animate=False, immediate=True)


def _shape(files: Files) -> list[list[tuple[object, str]]]:
    """All that rows are made of, which is other than what is decided."""
    return [[(hunk.runs, hunk.comment) for hunk in file.hunks] for file in files]
