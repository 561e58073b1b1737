"""The blocks of a transcript on the screen: drawing, scrolling, following, and when to do so.

Knows nothing of what the blocks mean, nor of keys; `view.Transcript` does.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import ClassVar

from bathy.agent.modes.tui.transcript.content import Content
from bathy.agent.modes.tui.transcript.messages import NewLines
from bathy.agent.modes.tui.transcript.palette import GLYPHS, PLAIN, GlyphSet, make_palette
from bathy.agent.modes.tui.transcript.render import Renderer
from bathy.agent.modes.tui.transcript.rows import Row
from bathy.agent.modes.tui.transcript.select import Span, paint, with_offsets
from bathy.agent.modes.tui.transcript.viewport import Viewport
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollDown, ScrollTo, ScrollUp
from textual.strip import Strip
from textual.widget import Widget

GUTTER_CELLS = 1
"""In front of each row: the cursor."""

_PAINTED_ROWS = 600
"""Rows that are kept as they were drawn last."""


class Pane(ScrollView, can_focus=True):
    """Draws what a viewport shows. Content that changes is drawn after `wake`."""

    ALLOW_SELECT: ClassVar[bool] = True
    DEFAULT_CSS = """
    Pane { overflow-x: hidden; overflow-y: scroll; background: $background; color: $foreground; }
    """

    def __init__(self, fps: float, glyphs: GlyphSet, clock: Callable[[], float]) -> None:
        super().__init__()
        self.set_reactive(Widget.auto_links, False)
        self.fps = fps
        self.content = Content(clock)
        self.viewport = Viewport(self.content, Renderer(PLAIN, GLYPHS[glyphs]))
        self._clock = clock
        self._glyphs = GLYPHS[glyphs]
        self._due: asyncio.TimerHandle | None = None
        self._drawn_at = float("-inf")
        self._is_moving = False
        self._new_rows = 0
        self._cells = 1
        self._drawn_top = (0, 0)
        self._painted: dict[int, tuple[Row, int, Strip]] = {}

    @property
    def allow_select(self) -> bool:
        """Text can be selected, although the widget scrolls."""
        return True

    @property
    def is_following(self) -> bool:
        """Whether the end is in sight, and stays so."""
        return self.viewport.is_following

    def wake(self) -> None:
        """Draw what has changed: at once, or as soon as the frame rate allows."""
        if self._due is None and self.viewport.width:
            self._due = self.later(self.next_draw_s, self.flush)

    @property
    def next_draw_s(self) -> float:
        """Seconds until it may be drawn again."""
        return max(0.0, self._drawn_at + 1 / self.fps - self._clock())

    def later(self, wait_s: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        """Call something after a time, as an event of this widget.

        Textual's one-shot timers never fire if the loop is late by more than their interval.
        """
        return asyncio.get_running_loop().call_later(wait_s, self.call_next, call)

    def on_unmount(self) -> None:
        """Nothing is drawn any more."""
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def flush(self) -> None:
        """Draw what has changed now."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if not self.viewport.width:
            return
        self._drawn_at = self._clock()
        dirty_row = self.viewport.sync()
        if dirty_row is not None:
            self.content_changed(self.viewport.changed_block)
            row = self.viewport.scroll_row
            self.place()
            first = max(0, dirty_row - row) if row == self.viewport.scroll_row else 0
            if first < self.size.height:
                self.refresh(Region(0, first, self._cells, self.size.height - first))

    def content_changed(self, at: int) -> None:
        """Is called when blocks from one on have changed, before they are drawn."""
        del at

    def overlays(self, at: int, row: Row) -> Sequence[tuple[Span, Style]]:
        """Return what is laid over a row of a block: offsets in its text, and styles."""
        del at, row
        return ()

    def place(self) -> None:
        """Scroll to where the viewport wants to be, and say how much waits below."""
        viewport = self.viewport
        if not viewport.width:
            return
        viewport.settle()
        size = Size(self._cells, viewport.total)
        self._is_moving = True
        try:
            if size != self.virtual_size:
                # As Textual's layout would; but a layout of the whole screen for each new row is
                # what most of the time would be spent on.
                self.set_reactive(Widget.virtual_size, size)
                self._scroll_update(size)
            if round(self.scroll_y) != viewport.scroll_row:
                self.scroll_y = self.scroll_target_y = viewport.scroll_row
        finally:
            self._is_moving = False
        top = (viewport.top_block, viewport.top_row)
        if top != self._drawn_top:
            self._drawn_top = top
            self.refresh()
        if viewport.new_rows != self._new_rows:
            self._new_rows = viewport.new_rows
            self.post_message(NewLines(self._new_rows))

    def scroll_rows(self, rows: int) -> None:
        """Scroll down by so many rows, or up if they are negative."""
        most = max(0, self.viewport.total - self.viewport.height)
        self.viewport.scroll_to(max(0, min(most, self.viewport.scroll_row + rows)))
        self.place()

    def scroll_page(self, pages: int) -> None:
        """Scroll by pages; a row of the last one stays in sight."""
        self.scroll_rows(pages * max(1, self.size.height - 1))

    def follow(self) -> None:
        """Go to the end, and stay there."""
        self.viewport.follow()
        self.place()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """The user has scrolled, or `place` has."""
        super().watch_scroll_y(old_value, new_value)
        # While a resize is under way Textual clamps the place, which is not where the reader goes.
        is_resizing = self.size.height != self.viewport.height
        if not self._is_moving and not is_resizing and round(old_value) != round(new_value):
            self.viewport.scroll_to(round(new_value))
            self.place()

    def on_resize(self, event: events.Resize) -> None:
        """Wrap what is seen anew; the rest follows when it is seen."""
        del event
        if not self.size:
            return
        if not self.viewport.width:
            self._restyle()
        self._cells = max(1 + GUTTER_CELLS, self.scrollable_content_region.width)
        self.viewport.resize(self._cells - GUTTER_CELLS, self.size.height)
        self.viewport.sync()
        self.content_changed(self.viewport.changed_block)
        self.place()
        self.refresh()

    def notify_style_update(self) -> None:
        """Take the colours of another theme."""
        super().notify_style_update()
        if self.viewport.width:
            self._restyle()

    def _restyle(self) -> None:
        is_coloured = not self.app.no_color
        page = self.rich_style
        variables = self.app.theme_variables
        palette = make_palette(variables, page, is_coloured=is_coloured)
        if palette != self.viewport.renderer.palette:
            self.viewport.restyle(Renderer(palette, self._glyphs))
            self._painted.clear()
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw a row of the screen."""
        width, palette = self._cells, self.viewport.renderer.palette
        found = self.viewport.row_at(y + self.scroll_offset.y)
        if found is None:
            return Strip.blank(width, palette.text)
        at, number, row = found
        cursor = self.viewport.cursor
        is_marked = self.has_focus and cursor is not None and cursor.block == at
        overlays = self.overlays(at, row)
        kept = self._painted.get(id(row))
        if kept and kept[1] == at and not is_marked and not overlays:
            return kept[2].adjust_cell_length(width, row.fill or palette.text)
        sign = self._glyphs.cursor if is_marked and (row.text or row.lead) else " "
        gutter = Segment(sign, palette.cursor)
        strip = with_offsets(Strip([gutter, *paint(row, overlays)]), at, number)
        strip = strip.adjust_cell_length(width, row.fill or palette.text)
        if not is_marked and not overlays:
            if len(self._painted) > _PAINTED_ROWS:
                self._painted.clear()
            self._painted[id(row)] = (row, at, strip)
        return strip

    def _on_scroll_to(self, message: ScrollTo) -> None:
        message.prevent_default().stop()
        if message.y is not None:
            self.scroll_rows(round(message.y) - self.viewport.scroll_row)

    def _on_scroll_up(self, event: ScrollUp) -> None:
        event.prevent_default().stop()
        self.scroll_page(-1)

    def _on_scroll_down(self, event: ScrollDown) -> None:
        event.prevent_default().stop()
        self.scroll_page(1)
