"""Stopping and going on (ctrl+z, `kill -TSTP`, fg) -> the terminal given back, and taken again.

Textual does that for SIGTSTP. When a process goes on that was stopped in another way (SIGSTOP), it
would start a second reader of the keys; here it gives back what the shell has changed anyway first.
"""

import signal
from collections.abc import Callable
from types import FrameType

from textual.driver import Driver

_SIGNALS = (signal.SIGTSTP, signal.SIGCONT)


class JobControl:
    """Stands between these signals and Textual's driver."""

    def __init__(self, driver: Driver, resume: Callable[[], object]) -> None:
        """Take the signals from a driver that has taken them.

        Args:
            driver: Of the screen.
            resume: Tells the application what the driver tells only after SIGTSTP.
        """
        self._driver, self._resume, self._is_away = driver, resume, False
        self._stop, self._go_on = map(signal.getsignal, _SIGNALS)
        signal.signal(signal.SIGTSTP, self._stopping)
        signal.signal(signal.SIGCONT, self._going_on)

    def _stopping(self, number: int, frame: FrameType | None) -> None:
        self._is_away = True
        if callable(self._stop):
            self._stop(number, frame)

    def _going_on(self, number: int, frame: FrameType | None) -> None:
        """Take the terminal; more than once if another program still has it."""
        was_away, self._is_away = self._is_away, True
        if not was_away:
            self._driver.suspend_application_mode()
        if callable(self._go_on):
            self._go_on(number, frame)
        if not was_away:
            self._resume()

    def goes_away(self) -> None:
        """Know that the terminal belongs to another program, an editor say."""
        self._is_away = True

    def is_back(self) -> None:
        """Know that the terminal has been taken again."""
        self._is_away = False

    def close(self) -> None:
        """Leave the signals to the system: what comes after the screen needs nothing of this."""
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
