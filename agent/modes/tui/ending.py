"""An ending signal, or a terminal that is gone -> the end of the program, whatever it is doing.

The screen is asked to leave as it would by /quit. If it cannot, because it waits for a terminal
that takes nothing any more, say, the process ends all the same.
"""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bathy.agent.modes.signals import INTERRUPTED, TERMINATED
from bathy.agent.modes.tui.input.editor import end_editor, has_editor
from textual.app import App

GRACE_S = 6.0
"""To leave in: the engine alone may take two seconds for its log."""

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class Ending:
    """Waits in a thread until the end is wanted."""

    def __init__(
        self, app: App[Any], abandon: Callable[[], None], grace_s: float = GRACE_S
    ) -> None:
        """Begin to wait; use from the screen's thread.

        Args:
            app: That is to leave.
            abandon: Gives the terminal back without waiting for it.
            grace_s: After which the process ends without the app.
        """
        self._app, self._abandon, self._grace_s = app, abandon, grace_s
        # A handler of signals may take no lock, so all that it does is to write a byte.
        self._wanted, self._want = os.pipe()
        os.set_blocking(self._want, False)
        threading.Thread(target=self._wait, name="bathy-ending", daemon=True).start()

    def begin(self, number: int = signal.SIGHUP, _: object = None) -> None:
        """End; from any thread, and as a handler of signals."""
        if number == signal.SIGINT and has_editor():
            return  # ctrl+c in an editor that leaves the terminal as it is
        with contextlib.suppress(OSError):
            os.write(self._want, bytes([number]))

    def _wait(self) -> None:
        number = os.read(self._wanted, 1)[0]
        code = INTERRUPTED if number == signal.SIGINT else TERMINATED
        end_editor(signal.SIGHUP)
        # While the app comes to its end its loop may be closed.
        with contextlib.suppress(RuntimeError):
            loop = self._app._driver._loop if self._app._driver else None
            if loop is not None:
                loop.call_soon_threadsafe(self._app.exit, None, code)
        threading.Event().wait(self._grace_s)
        end_editor(signal.SIGKILL)
        self._abandon()
        os._exit(code)


@contextmanager
def heeded() -> Iterator[None]:
    """Let the signals mean after the block what they meant before."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
