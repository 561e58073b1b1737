"""Progress of the code below -> events of the screen, in place of stderr."""

import contextlib
import time
from collections.abc import Callable, Iterator

from bathy.agent.modes.progress import Progress
from bathy.agent.modes.tui.events import Told, UiEvent, Working

_EVERY_S = 0.1


class Telling(Progress):
    """A `Progress` that hands everything to the screen."""

    def __init__(self, post: Callable[[UiEvent], None], told: set[str] | None = None) -> None:
        """Set up.

        Args:
            post: Gets the events.
            told: Sentences that were told before, which are not told again; added to.
        """
        super().__init__(quiet=True, verbose=False)
        self._post = post
        self._told = told if told is not None else set()

    def say(self, text: str) -> None:
        """Tell one sentence."""
        if text not in self._told:
            self._told.add(text)
            self._post(Told(text))

    @contextlib.contextmanager
    def bar(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """Tell of work counted in bytes."""
        self._post(Working(what))
        told_s, last = time.monotonic(), (0, 0)

        def report(done: int, total: int) -> None:
            # Files are read by the ten thousand; what nobody could see is not told.
            nonlocal told_s, last
            last = (done, total)
            if time.monotonic() - told_s >= _EVERY_S:
                told_s = time.monotonic()
                self._post(Working(what, done, total))

        yield report
        self._post(Working(what, last[1], last[1], is_done=True))
