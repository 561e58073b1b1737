"""The terminal of the full screen: Textual's driver, with pastes read whole and a sure end."""

import contextlib
import os
import selectors
import signal
import sys
import termios
import time
from collections.abc import Callable
from typing import IO, Any

from bathy.agent.modes.tui.ending import SIGNALS, Ending
from bathy.agent.modes.tui.input.stream import Stream
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.events import InputEvent, Paste
from textual.message import Message

_LOOK_S = 0.1
"""How often it is looked whether the screen is left."""

_AT_ONCE_BYTES = 1 << 16
_LEFT = b"\x1b[?2004l\x1b[?1000l\x1b[?1003l\x1b[<u\x1b[?1049l\x1b[?7h\x1b[?25h\x1b[?1004l"


class TerminalDriver(LinuxDriver):
    """Reads and writes the terminal; one that is gone ends the program."""

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        assert sys.__stderr__ is not None
        self._file = _Lossy(sys.__stderr__, self._lose)  # type: ignore[assignment]
        self._ending = Ending(app, self._abandon)
        self._is_lost = False
        for number in SIGNALS:
            signal.signal(number, self._ending.begin)

    def start_application_mode(self) -> None:
        """Take the terminal, if it is still there."""
        # Textual would go on without reading, and wait for ever as soon as it writes.
        if self.input_tty and not _is_there(self.fileno):
            self._lose()
        else:
            super().start_application_mode()  # type: ignore[no-untyped-call]

    def write(self, data: str) -> None:
        """Write to the terminal, as long as there is one."""
        if not self._is_lost:
            super().write(data)

    def process_message(self, message: Message) -> None:
        """Pass on what has happened; nothing is obeyed any more once the app leaves."""
        if not (self._app._exit and isinstance(message, InputEvent | Paste)):
            super().process_message(message)

    def run_input_thread(self) -> None:
        """Read the terminal until it is left."""
        stream, clock = Stream(), time.monotonic
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if not selector.select(stream.wait_s(clock(), _LOOK_S)):
                    messages = stream.tick(clock())
                elif data := self._read():
                    messages = stream.feed(data, clock())
                elif data is None:
                    continue
                else:
                    self._lose()
                    return
                for message in messages:
                    self.process_message(message)

    def _read(self) -> bytes | None:
        """What has come; None for nothing, empty if nothing ever will."""
        try:
            return os.read(self.fileno, _AT_ONCE_BYTES)
        except BlockingIOError:  # another program has left it so
            return None
        except OSError:
            return b""

    def _lose(self) -> None:
        self._is_lost = True
        self._ending.begin()

    def _abandon(self) -> None:
        with contextlib.suppress(termios.error, OSError):
            if self.attrs_before is not None:
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
            output = sys.__stderr__.fileno() if sys.__stderr__ else self.fileno
            os.set_blocking(output, False)
            try:
                os.write(output, _LEFT)
            finally:
                os.set_blocking(output, True)


class _Lossy:
    """A file whose writer need not know that nobody is there; Textual's thread would die of it."""

    def __init__(self, file: IO[str], lose: Callable[[], None]) -> None:
        self._file, self._lose = file, lose

    def write(self, text: str) -> None:
        self._try(lambda: self._file.write(text))

    def flush(self) -> None:
        self._try(self._file.flush)

    def fileno(self) -> int:
        return self._file.fileno()

    def _try(self, call: Callable[[], object]) -> None:
        try:
            call()
        except BlockingIOError:
            pass
        except (OSError, ValueError):
            self._lose()


def _is_there(terminal: int) -> bool:
    try:
        termios.tcgetattr(terminal)
    except termios.error:
        return False
    return True
