"""Work and thinking that take a while -> seldom a line, whenever an event says that they go on.

No clock runs of its own: nothing is said unless something happens.
"""

from collections.abc import Callable, Iterator

from bathy.agent.model.messages import ReasoningDelta
from bathy.agent.modes.tui.events import UiEvent, Working
from bathy.agent.modes.tui.panels.figures import count_word

THINKING_EVERY_S = 15.0
"""Seconds between two lines about thinking that goes on."""

_CHARS_PER_TOKEN = 3.6
_QUARTERS = 4


class Steps:
    """Says how far things are."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Set up; `clock` gives seconds that only grow."""
        self._clock = clock
        self._quarters: dict[str, int] = {}
        self._chars, self._began_s, self._told_s = 0, 0.0, 0.0

    def lines_of(self, event: UiEvent) -> Iterator[str]:
        """Say what an event tells of the progress, or that the thinking before it is over."""
        if isinstance(event, ReasoningDelta):
            yield from self._thinking(event.text)
        elif isinstance(event, Working):
            yield from self._working(event)
        elif self._chars:
            seconds = self._clock() - self._began_s
            yield f"thought for {_duration(seconds)}, about {self._tokens()}"
            self._chars = 0

    def _working(self, event: Working) -> Iterator[str]:
        """A line at each quarter; of work that never came so far, none."""
        told = self._quarters.get(event.what, 0)
        if event.is_done:
            if self._quarters.pop(event.what, 0):
                yield f"{event.what}: done"
            return
        reached = _QUARTERS * event.done // event.total if event.total else 0
        if told < reached < _QUARTERS:
            self._quarters[event.what] = reached
            yield f"{event.what}: {100 // _QUARTERS * reached} %"

    def _thinking(self, text: str) -> Iterator[str]:
        now_s = self._clock()
        if not self._chars:
            self._began_s = self._told_s = now_s
        self._chars += len(text)
        if self._chars and now_s - self._told_s >= THINKING_EVERY_S:
            self._told_s = now_s
            yield f"thinking: {_duration(now_s - self._began_s)}, about {self._tokens()} so far"

    def _tokens(self) -> str:
        return count_word(max(1, round(self._chars / _CHARS_PER_TOKEN)), "token")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(max(0, int(seconds)), 60)
    said = count_word(rest, "second")
    return f"{count_word(minutes, 'minute')} {said}" if minutes else said
