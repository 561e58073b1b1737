"""The status line: how full the window is, what it costs, what is going on, which keys help."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from bathy.agent.modes.tui.panels.canvas import Row, row_strip
from bathy.agent.modes.tui.panels.figures import cut, meter, one_line, seconds_word, usd_word
from rich.cells import cell_len
from textual import events
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

WIDE = 100
"""Cells from which on the line has its wide form."""

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_ASCII_SPINNER = "|/-\\"
_FRAME_S = 0.2
_METER_CELLS = 10

Key = tuple[str, str]
"""A key and the word for what it does."""


@dataclass(frozen=True, slots=True)
class StatusState:
    """All that the status line shows.

    Attributes:
        used_tokens: Of the window.
        window_tokens: Of the model; 0 if not known yet.
        cached_share: Part of the last prompt that came from the cache, 0 to 1; None if none was.
        turn_usd: Price of the turn; None if not known.
        session_usd: Price of all of them; None if not known.
        phase: Word for what is going on.
        is_busy: Something is.
        since_s: Moment at which it began, on the clock of the line.
        until_s: Moment that it waits for; 0 if it waits for none. Seconds then count down.
        stop: Key that ends it, shown while it is busy.
        keys: Others, the first ones longest.
    """

    used_tokens: int = 0
    window_tokens: int = 0
    cached_share: float | None = None
    turn_usd: float | None = None
    session_usd: float | None = None
    phase: str = "ready"
    is_busy: bool = False
    since_s: float = 0.0
    until_s: float = 0.0
    stop: Key = ("esc", "stop")
    keys: tuple[Key, ...] = ()


def status_row(
    state: StatusState, width: int, now_s: float, *, is_ascii: bool, is_still: bool
) -> Row:
    """Return the line, at most `width` cells of it.

    Args:
        state: What to show.
        width: Of the line; from `WIDE` on it has its wide form.
        now_s: Moment, on the clock of the state.
        is_ascii: With ASCII alone.
        is_still: Without a spinner, which the word stands for.
    """
    phase = phase_text(state, now_s, is_ascii=is_ascii, is_still=is_still)
    stop = (state.stop,) if state.is_busy else ()
    if width >= WIDE:
        return _row(_parts(state, is_ascii=is_ascii), phase, [*stop, *state.keys], width, is_ascii)
    if stop:
        phase += f"{' | ' if is_ascii else ' · '}{_key_text(state.stop)}"
    return _row([], phase, list(state.keys), width, is_ascii)


def phase_text(state: StatusState, now_s: float, *, is_ascii: bool, is_still: bool) -> str:
    """Say what is going on, for how long or until when."""
    word = one_line(state.phase)
    if not state.is_busy:
        return word
    spinner = _ASCII_SPINNER if is_ascii else SPINNER
    glyph = "" if is_still else spinner[int(now_s / _FRAME_S) % len(spinner)] + " "
    if state.until_s:
        return f"{glyph}{word} in {seconds_word(state.until_s - now_s + 0.999)}"
    return f"{glyph}{word} {seconds_word(now_s - state.since_s)}"


def _parts(state: StatusState, *, is_ascii: bool) -> list[tuple[str, str]]:
    """What stands before the phase; what is dropped first for want of room stands last."""
    parts = list[tuple[str, str]]()
    if state.window_tokens:
        share = state.used_tokens / state.window_tokens
        bar = meter(share, _METER_CELLS, is_ascii=is_ascii)
        parts.append((f"ctx {bar} {100 * share:.0f} %", "full" if share > 1 else "meter"))
    if state.cached_share is not None:
        parts.append((f"cache {100 * state.cached_share:.0f} %", ""))
    if state.session_usd is not None:
        parts.append((f"{usd_word(state.turn_usd)} / {usd_word(state.session_usd)}", ""))
    return parts


def _row(
    parts: list[tuple[str, str]], phase: str, keys: Sequence[Key], width: int, is_ascii: bool
) -> Row:
    gap = "   " if width >= WIDE else "  "
    parts, keys = [*parts, (phase, "phase")], list(keys)
    while keys and _cells(parts, gap) + len(gap) + _keys_cells(keys, gap) > width:
        keys.pop()
    while len(parts) > 1 and _cells(parts, gap) > width:
        parts.pop(0)
    left = list[tuple[str, str]]()
    for text, role in parts:
        left += [(gap, ""), (text, role)] if left else [(text, role)]
    if len(parts) == 1:
        left = [(cut(parts[0][0], width, is_ascii=is_ascii), "phase")]
    right = gap.join(map(_key_text, keys))
    space = " " * (width - sum(cell_len(text) for text, _ in left) - cell_len(right))
    return (*left, (space, ""), (right, "keys"))


def _cells(parts: Sequence[tuple[str, str]], gap: str) -> int:
    return sum(cell_len(text) for text, _ in parts) + len(gap) * (len(parts) - 1)


def _keys_cells(keys: Sequence[Key], gap: str) -> int:
    return cell_len(gap.join(map(_key_text, keys)))


def _key_text(key: Key) -> str:
    return one_line(f"{key[0]} {key[1]}")


class StatusLine(Widget):
    """One row; a timer runs only while something is going on."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"status--{role}" for role in ("meter", "full", "phase", "keys")
    }
    DEFAULT_CSS = """
    StatusLine {
        height: 1;
        & > .status--meter { color: $text-primary; }
        & > .status--full { color: $text-error; text-style: bold; }
        & > .status--phase { color: $text-accent; text-style: bold; }
        & > .status--keys { color: $foreground 70%; }
    }
    """

    def __init__(
        self,
        *,
        is_ascii: bool = False,
        is_still: bool = False,
        tick_s: float = _FRAME_S,
        clock: Callable[[], float] = time.monotonic,
        id: str | None = None,
    ) -> None:
        """Set up.

        Args:
            is_ascii: Draw with ASCII alone.
            is_still: Without a spinner; the seconds still go on.
            tick_s: Seconds between two frames of the spinner.
            clock: Seconds; the moments of the state are on it.
            id: Of the widget.
        """
        super().__init__(id=id)
        self.state = StatusState()
        self._is_ascii, self._is_still = is_ascii, is_still
        self._tick_s = 1.0 if is_still else tick_s
        self._clock = clock
        self._ticker: Timer | None = None
        self._line: Row = ()

    @property
    def is_ticking(self) -> bool:
        """Whether a timer runs."""
        return self._ticker is not None

    def show(self, state: StatusState) -> None:
        """Show another state."""
        self.state = state
        self._wind()
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
