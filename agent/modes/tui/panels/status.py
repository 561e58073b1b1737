"""The status line: how full the window is, what it costs, what is going on, which keys help."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from bathy.agent.modes.tui.panels.canvas import Row, row_strip
from bathy.agent.modes.tui.panels.status_row import StatusState, status_row
from textual import events
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget


class StatusLine(Widget):
    """One row; a timer runs only while something is going on."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"status--{role}" for role in ("meter", "full", "phase", "keys")
    }
    DEFAULT_CSS = """
    StatusLine {
        height: 1;
        padding: 0 1;
        background: $panel;
        & > .status--meter { color: $text-primary; }
        & > .status--full { color: $text-error; text-style: bold; }
        & > .status--phase { color: $text-accent; text-style: bold; }
        & > .status--keys { color: $text-muted; }
    }
    """

    def __init__(
        self,
        *,
        is_ascii: bool = False,
        is_still: bool = False,
        tick_s: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        id: str | None = None,
    ) -> None:
        """Set up.

        Args:
            is_ascii: Draw with ASCII alone.
            is_still: Without a spinner; the seconds still go on.
            tick_s: Seconds between two looks at the clock.
            clock: Seconds; the moments of the state are on it.
            id: Of the widget.
        """
        super().__init__(id=id)
        self.state = StatusState()
        self._is_ascii, self._is_still = is_ascii, is_still
        self._tick_s, self._clock = tick_s, clock
        self._ticker: Timer | None = None
        self._line: Row = ()

    @property
    def is_ticking(self) -> bool:
        """Whether a timer runs."""
        return self._ticker is not None

    def show(self, state: StatusState) -> None:
        """Show another state; how much has streamed in is told at the next look at the clock."""
        is_same = replace(state, streamed_tokens=self.state.streamed_tokens) == self.state
        self.state = state
        self._wind()
        if not is_same:
            self._update()

    def on_mount(self) -> None:
        """Begin to tick if the state asks for it."""
        self._wind()

    def on_resize(self, event: events.Resize) -> None:
        """Use the form for the width."""
        self._update()

    def _wind(self) -> None:
        """Run the timer while it is needed."""
        if self.state.is_busy and self._ticker is None and self.is_running:
            self._ticker = self.set_interval(self._tick_s, self._update)
        elif not self.state.is_busy and self._ticker is not None:
            self._ticker.stop()
            self._ticker = None

    def _update(self) -> None:
        row = status_row(
            self.state,
            self.size.width,
            self._clock(),
            is_ascii=self._is_ascii,
            is_still=self._is_still,
        )
        if row != self._line:
            self._line = row
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Return the row."""
        roles = {role for _, role in self._line if role}
        styles = {role: self.get_component_rich_style(f"status--{role}") for role in roles}
        return row_strip(self._line if y == 0 else (), styles, self.rich_style, self.size.width)
