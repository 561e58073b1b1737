"""A file's lines as one widget: only those that are seen are drawn, and coloured as time allows."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from bathy.agent.modes.tui.input.keymap import bindings
from bathy.agent.modes.tui.viewer.cells import fit, paint, show
from bathy.agent.modes.tui.viewer.glyphs import UNICODE, Glyphs
from bathy.agent.modes.tui.viewer.highlight import KINDS, Highlighter
from bathy.agent.modes.tui.viewer.search import Search, search
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

_SLICE_LINES = 150
"""Lines that are coloured before keys are looked at again."""

_SIDE_CELLS = 8
"""How far one key press moves to the side."""


class CodeView(ScrollView, can_focus=True):
    """Lines with numbers, one of which is the cursor; keys move it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "code--gutter", "code--range", "code--cursor", "code--found",
        *(f"code--{kind}" for kind in KINDS),
    }  # fmt: skip
    DEFAULT_CSS = """
    CodeView { overflow-x: hidden; overflow-y: scroll; background: $surface; color: $foreground; }
    CodeView > .code--gutter { color: $text-muted; }
    CodeView > .code--range { background: $primary 20%; }
    CodeView > .code--cursor { text-style: bold; }
    CodeView > .code--found { text-style: reverse; }
    CodeView > .code--keyword { color: $text-accent; text-style: bold; }
    CodeView > .code--name { color: $text-primary; }
    CodeView > .code--string { color: $text-success; }
    CodeView > .code--number { color: $text-warning; }
    CodeView > .code--comment { color: $text-muted; text-style: italic; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("moving", "viewer.up", "viewer.down", "viewer.page_down")
    ]
    cursor = reactive(1)
    """The line that keys act on, 1-based."""

    def __init__(
        self,
        path: str,
        lines: Sequence[str],
        span: tuple[int, int] | None = None,
        *,
        glyphs: Glyphs = UNICODE,
    ) -> None:
        """Show lines.

        Args:
            path: Repository-relative; tells the language.
            lines: Of the whole file, without line ends.
            span: First and last line that are meant, 1-based, inclusive; None for none. Of lines
                behind the last none is marked.
            glyphs: What is drawn.
        """
        super().__init__()
        self.lines = lines
        last = max(len(lines), 1)
        first = 1 if span is None else _within(span[0], last)
        is_there = span is not None and span[0] <= last
        self.span = (first, _within(span[1], last)) if span is not None and is_there else None
        self.search = Search()
        self._glyphs = glyphs
        self._offset = 0
        self._is_placed = False
        self._is_coloring = False
        self._highlighter = Highlighter(path, lines)
        self._digits = len(str(last))
        self.virtual_size = Size(1, len(lines))
        self.set_reactive(CodeView.cursor, first)

    def on_resize(self, event: events.Resize) -> None:
        """Put what is meant in the middle at first, and keep the cursor in sight later."""
        del event
        if not self.size.height:
            return
        if self._is_placed:
            self._reveal()
        else:
            self._is_placed = True
            self._center(*(self.span or (self.cursor, self.cursor)))
        self._color()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Colour what has come into sight."""
        super().watch_scroll_y(old_value, new_value)
        self._color()

    def watch_cursor(self) -> None:
        """Draw the lines that it has left and come to."""
        self.refresh()

    def go_to(self, line: int) -> None:
        """Move to a line, 1-based, or to the nearest there is; far ones come to the middle."""
        self.cursor = _within(line, max(len(self.lines), 1))
        if not self._is_seen(self.cursor):
            self._center(self.cursor, self.cursor)

    def find(self, query: str) -> bool:
        """Look for a text and move to the first line with it, from the cursor on.

        Args:
            query: Without upper case letters, it fits either case; "" forgets the last one.

        Returns:
            Whether there is one.
        """
        self.search = search(self.lines, query)
        return self._go_to_found(self.search.step(self.cursor - 1, 1))

    def find_next(self, step: int) -> bool:
        """Move to the next line with what was found, 1, or the one before, -1, round the ends."""
        return self._go_to_found(self.search.step(self.cursor, step))

    def text_to_copy(self) -> str:
        """Return the lines that are meant if the cursor is in them, else its line."""
        start, end = self.cursor, self.cursor
        if self.span is not None and self.span[0] <= self.cursor <= self.span[1]:
            start, end = self.span
        return "\n".join(self.lines[start - 1 : end])

    def action_move(self, step: int) -> None:
        """Move by lines."""
        self.cursor = _within(self.cursor + step, max(len(self.lines), 1))
        self._reveal()

    def action_move_page(self, step: int) -> None:
        """Move by pages."""
        self.action_move(step * max(self.size.height - 1, 1))

    def action_home(self) -> None:
        """Move to the first line."""
        self.go_to(1)

    def action_end(self) -> None:
        """Move to the last line."""
        self.go_to(len(self.lines))

    def action_move_side(self, step: int) -> None:
        """Move to the side."""
        self._offset = max(self._offset + step * _SIDE_CELLS, 0)
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Move to the line that is clicked."""
        line = self.scroll_offset.y + event.y + 1
        if line <= len(self.lines):
            self.cursor = line

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        index, width = self.scroll_offset.y + y, self.scrollable_content_region.width
        if index >= len(self.lines):
            return Strip.blank(self.size.width, self.rich_style)
        gutter = self._gutter(index + 1)
        is_meant = self._is_meant(index + 1)
        base = self.get_component_rich_style("code--range") if is_meant else self.rich_style
        text, places = show(self.lines[index])
        tokens = [
            (places[start], places[end], self._look(kind))
            for start, end, kind in self._highlighter.parts(index)
            if kind
        ]
        found = [(*hit, self._look("found")) for hit in self.search.hits(text)]
        segments = paint(text, base, tokens, found)
        code = fit(segments, self._offset, width - gutter.cell_length, base, self._glyphs.cut)
        return Strip.join([gutter, code]).adjust_cell_length(self.size.width, base)

    def _gutter(self, line: int) -> Strip:
        is_cursor, glyphs = line == self.cursor, self._glyphs
        style = self.rich_style + self._look("gutter")
        if is_cursor:
            style += self._look("cursor")
        signs = (glyphs.cursor if is_cursor else " ") + (
            glyphs.bar if self._is_meant(line) else " "
        )
        return Strip([Segment(f"{signs}{line:>{self._digits}} ", style)], self._digits + 3)

    def _look(self, name: str) -> Style:
        look = self.get_component_rich_style(f"code--{name}")
        return look.without_color + Style(color=look.color)

    def _is_meant(self, line: int) -> bool:
        return self.span is not None and self.span[0] <= line <= self.span[1]

    def _is_seen(self, line: int) -> bool:
        return 0 <= line - 1 - self.scroll_offset.y < self.size.height

    def _center(self, start: int, end: int) -> None:
        free = self.size.height - (end - start + 1)
        self._scroll_to_line(start - 1 - max(free // 2, 0))

    def _reveal(self) -> None:
        top, line = self.scroll_offset.y, self.cursor - 1
        self._scroll_to_line(min(max(top, line - self.size.height + 1), line))

    def _scroll_to_line(self, index: int) -> None:
        self.scroll_to(y=max(index, 0), animate=False, immediate=True)

    def _go_to_found(self, line: int) -> bool:
        self.refresh()
        if not line:
            return False
        self.go_to(line)
        text = show(self.lines[line - 1])[0]
        for hit in self.search.hits(text)[:1]:
            start, end = (cell_len(text[:edge]) for edge in hit)
            room = self.scrollable_content_region.width - self._digits - 4
            if not self._offset <= start <= end <= self._offset + room:
                self._offset = 0 if end <= room else max(start - room // 2, 0)
        return True

    def _color(self) -> None:
        if not self._is_coloring and self._highlighter.done < self._goal():
            self._is_coloring = True
            self.run_worker(self._color_slices(), group="color", exit_on_error=False)

    def _goal(self) -> int:
        return min(self.scroll_offset.y + 2 * self.size.height, len(self.lines))

    async def _color_slices(self) -> None:
        try:
            await asyncio.to_thread(self._highlighter.load)
            while self._highlighter.done < self._goal():
                self._highlighter.advance(_SLICE_LINES)
                if self._highlighter.done > self.scroll_offset.y:
                    self.refresh()
                await asyncio.sleep(0)
        finally:
            self._is_coloring = False


def _within(line: int, last: int) -> int:
    return min(max(line, 1), last)
