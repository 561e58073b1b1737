"""Sessions -> a list, one of them chosen; only rows that are seen are drawn or looked into."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bathy.agent.loop.sessions import SessionInfo
from bathy.agent.modes.tui.sessions.rows import row_text
from bathy.agent.modes.tui.sessions.tally import Tally
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

_REVERSED = Style(reverse=True)


class SessionList(ScrollView, can_focus=False):
    """The list; keys are pressed elsewhere."""

    DEFAULT_CSS = """
    SessionList {
        overflow-x: hidden;
        scrollbar-gutter: stable;
        background: $background;
        color: $foreground;
    }
    """

    @dataclass
    class Picked(Message):
        """The row with the cursor was clicked."""

    @dataclass
    class Seen(Message):
        """Other rows have come into sight."""

    def __init__(self, tallies: Mapping[str, Tally | None], *, is_ascii: bool = False) -> None:
        """Set up.

        Args:
            tallies: By id of a session; `refresh` draws what has come since.
            is_ascii: Draw no sign of bathy's own but of ASCII.
        """
        super().__init__()
        self._tallies, self._is_ascii = tallies, is_ascii
        self._infos: Sequence[SessionInfo] = ()
        self._now_s = 0.0
        self._at = 0

    @property
    def chosen(self) -> SessionInfo | None:
        """The session of the row with the cursor; None if there is none."""
        return self._infos[self._at] if self._infos else None

    @property
    def seen(self) -> Sequence[SessionInfo]:
        """Those in sight."""
        return self._infos[self.scroll_offset.y : self.scroll_offset.y + self.size.height]

    def show(self, infos: Sequence[SessionInfo], now_s: float) -> None:
        """Show sessions; the cursor stays on its session if that is among them."""
        kept = self.chosen
        self._infos, self._now_s = infos, now_s
        ids = [info.id for info in infos]
        self._at = ids.index(kept.id) if kept is not None and kept.id in ids else 0
        self.virtual_size = Size(0, len(infos))
        self._follow()
        self.refresh()
        self.post_message(self.Seen())

    def move(self, rows: int) -> None:
        """Choose another row."""
        if self._infos:
            before = self._at
            self._at = min(max(before + rows, 0), len(self._infos) - 1)
            self.refresh_line(before)
            self.refresh_line(self._at)
            self._follow()

    def move_page(self, pages: int) -> None:
        """Choose a row a page away."""
        self.move(pages * max(1, self.size.height - 1))

    def _follow(self) -> None:
        place = Region(0, self._at, 1, 1)
        self.scroll_to_region(place, animate=False, force=True, immediate=True)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Tell of the rows that have come into sight."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self.post_message(self.Seen())

    def on_resize(self) -> None:
        """Keep the cursor in sight, and tell of the rows that have come."""
        self._follow()
        self.post_message(self.Seen())

    def render_line(self, y: int) -> Strip:
        """Return one row of the screen."""
        at, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        style = self.rich_style
        if at >= len(self._infos):
            return Strip.blank(width, style)
        info, is_chosen = self._infos[at], at == self._at
        text = row_text(
            info,
            self._tallies.get(info.id),
            width,
            now_s=self._now_s,
            is_chosen=is_chosen,
            is_ascii=self._is_ascii,
        )
        return Strip([Segment(text, style + _REVERSED if is_chosen else style)], width)

    def on_click(self, event: events.Click) -> None:
        """Choose the row that was clicked; take it if it was chosen."""
        event.stop()
        at = event.y + self.scroll_offset.y
        if at < len(self._infos):
            if at == self._at:
                self.post_message(self.Picked())
            else:
                self.move(at - self._at)
