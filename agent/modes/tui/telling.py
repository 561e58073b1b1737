"""Progress of the code below -> events of the screen, in place of stderr."""

import contextlib
from collections.abc import Callable, Iterator

from bathy.agent.modes.progress import Progress
from bathy.agent.modes.tui.events import Told, UiEvent, Working


class Telling(Progress):
    """A `Progress` that hands everything to the screen."""

    def __init__(self, post: Callable[[UiEvent], None]) -> None:
        super().__init__(quiet=True, verbose=False)
        self._post = post

    def say(self, text: str) -> None:
        """Tell one sentence."""
        self._post(Told(text))

    @contextlib.contextmanager
    def bar(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """Tell of work counted in bytes."""
        self._post(Working(what))
        yield lambda done, total: self._post(Working(what, done, total))
