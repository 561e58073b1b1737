"""Paths that may be meant -> a list, one of them chosen; only rows that are seen are drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

from bathy.agent.modes.tui.input.complete import Match
from bathy.agent.modes.tui.input.popup import file_choices, row
from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

_NONE = "No packed file has these letters."


class PathList(ScrollView, can_focus=False):
    """The list; keys are pressed elsewhere."""

    DEFAULT_CSS = """
    PathList { overflow-x: hidden; overflow-y: auto; background: $surface; color: $foreground; }
    """

    @dataclass
    class Picked(Message):
        """A row was clicked."""

        path: str

    def __init__(self, *, is_ascii: bool = False) -> None:
        super().__init__()
        self._is_ascii = is_ascii
        self._matches: Sequence[Match] = ()
        self._at = 0

    @property
    def chosen(self) -> str | None:
        """The path of the row with the cursor; None if there is none."""
        return self._matches[self._at].path if self._matches else None

    def show(self, matches: Sequence[Match]) -> None:
        """Show matches, the first of them chosen."""
        self._matches, self._at = matches, 0
        self.virtual_size = Size(0, len(matches))
        self.scroll_to(y=0, animate=False, immediate=True)
        self.refresh()

    def move(self, rows: int) -> None:
        """Choose another row."""
        if self._matches:
            before = self._at
            self._at = min(max(before + rows, 0), len(self._matches) - 1)
            self.refresh_line(before)
            self.refresh_line(self._at)
            place = Region(0, self._at, 1, 1)
            self.scroll_to_region(place, animate=False, force=True, immediate=True)

    def move_page(self, pages: int) -> None:
        """Choose a row a page away."""
        self.move(pages * max(1, self.size.height - 1))

    def render_line(self, y: int) -> Strip:
        """Return one row of the screen."""
        at, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        if not self._matches and not y:
            return Visual.to_strips(self, Content(_NONE), width, 1, self.visual_style, pad=True)[0]
        if at >= len(self._matches):
            return Strip.blank(width, self.rich_style)
        choice = file_choices([self._matches[at]])[0]
        content = row(choice, width, 0, is_chosen=at == self._at, is_ascii=self._is_ascii)
        return Visual.to_strips(self, content, width, 1, self.visual_style)[0]

    def on_click(self, event: events.Click) -> None:
        """Take the row that was clicked."""
        event.stop()
        at = event.y + self.scroll_offset.y
        if at < len(self._matches):
            self.post_message(self.Picked(self._matches[at].path))
