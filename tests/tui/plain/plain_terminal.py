"""bathy in lines on a terminal of its own: what it writes, and what a user types."""

import errno
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

ENDS_S = 90
AGAIN_S = 2

MAIN = "import sys; from bathy.agent.cli import main; sys.exit(main())"
# Ctrl-C and the end of a terminal reach only those whose terminal it is, and the latter no process
# that was started with nohup, as the tests may have been.
_OWN = (
    "import fcntl, signal, termios; signal.signal(signal.SIGHUP, signal.SIG_DFL);"
    f"fcntl.ioctl(0, termios.TIOCSCTTY, 0); {MAIN}"
)

Environment = Mapping[str, str]


def run_script(
    folder: Path, lines: Iterable[str], *flags: str, env: Environment | None = None
) -> "subprocess.CompletedProcess[bytes]":
    """Run bathy with a pipe for stdin."""
    return subprocess.run(
        [sys.executable, "-c", MAIN, "-C", str(folder), "--plain", *flags],
        input="".join(f"{line}\n" for line in lines).encode(),
        capture_output=True,
        env={**os.environ, **(env or {})},
        timeout=ENDS_S,
        check=False,
    )


class Seat:
    """A user in front of bathy, who waits for words, never for time."""

    def __init__(self, folder: Path, *flags: str, env: Environment | None = None) -> None:
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _OWN, "-C", str(folder), "--plain", *flags],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm-256color", **(env or {})},
            start_new_session=True,
        )
        os.close(slave)
        self.raw = b""
        self._read_to = 0

    @property
    def text(self) -> str:
        """All that was written."""
        return _text(self.raw)

    def until(self, words: str) -> str:
        """What was written since the last wait, up to these words."""
        wanted, ends_s = words.replace("\n", "\r\n").encode(), time.monotonic() + ENDS_S
        while (at := self.raw.find(wanted, self._read_to)) < 0:
            if not self._more(ends_s):
                raise AssertionError(f"{words!r} never came:\n{self.text}")
        start, self._read_to = self._read_to, at + len(wanted)
        return _text(self.raw[start : self._read_to])

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def signal(self, number: int, words: str) -> None:
        """Send a signal until these words come.

        readline minds a signal only while it waits for a key, and the prompt is there before that.
        """
        wanted, seen = words.encode(), len(self.raw)
        while wanted not in self.raw[seen:]:
            assert self._process.poll() is None, f"{words!r} never came:\n{self.text}"
            self._process.send_signal(number)
            while wanted not in self.raw[seen:] and self._more(time.monotonic() + AGAIN_S):
                pass

    def hang_up(self) -> int:
        """Take the terminal away; return the exit code."""
        os.close(self._master)
        self._master = -1
        return self._process.wait(ENDS_S)

    def end(self) -> int:
        """The exit code, once all is written."""
        ends_s = time.monotonic() + ENDS_S
        while self._more(ends_s):
            pass
        return self._process.wait(ENDS_S)

    def close(self) -> None:
        if self._master >= 0:
            os.close(self._master)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _more(self, ends_s: float) -> bool:
        wait_s = max(0.0, ends_s - time.monotonic())
        if not select.select([self._master], [], [], wait_s)[0]:
            return False
        try:
            data = os.read(self._master, 1 << 16)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return False
        self.raw += data
        return bool(data)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace").replace("\r\n", "\n")
