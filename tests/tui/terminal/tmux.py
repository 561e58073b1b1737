"""bathy's full screen in a terminal that tmux plays: keys go in -> rows, flags and raw bytes.

Each terminal has a server of its own, which no settings of the user reach. Nobody waits for time
here, only for what is on the screen; the grace of questions alone is real time.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from bathy.agent.modes.tui.question import GRACE_S
from rich.cells import cell_len

ENDS_S = 60
WIDE, NARROW = (120, 40), (80, 24)
NEEDS_TMUX = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
COMMAND = [sys.executable, "-I", "-m", "bathy.agent"]
BEFORE = "written before"

_POLL_S = 0.03
_ENVIRON = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
# The shell outlives bathy, so that one sees how the terminal is left.
_SCRIPT = """\
stty -echo
echo '{before}'
sh -c 'echo $$ >"$0"; exec "$@"' {pid} {command}
printf 'left with %s\\n' $?
exec cat
"""


class Terminal:
    """A user in front of bathy; use as a context manager."""

    def __init__(self, folder: Path, *flags: str, env: Mapping[str, str] | None = None) -> None:
        self._own = tempfile.TemporaryDirectory(prefix="bathy-")
        own = Path(self._own.name)
        self._pid, self._raw, script = own / "pid", own / "raw", own / "script"
        self._env = {name: os.environ[name] for name in ("PATH", "HOME", "XDG_CACHE_HOME")}
        self._env |= {"TMUX_TMPDIR": str(own), **_ENVIRON, **(env or {})}
        command = shlex.join([*COMMAND, "-C", str(folder), *flags])
        script.write_text(_SCRIPT.format(before=BEFORE, pid=self._pid, command=command))

    def __enter__(self) -> "Terminal":
        width, height = map(str, WIDE)
        begin = (
            "new-session",
            "-d",
            "-x",
            width,
            "-y",
            height,
            f"exec sh {self._raw.parent}/script",
        )
        keep = ("pipe-pane", "-O", f"exec cat >{self._raw}")
        self.tmux("set-option", "-g", "default-terminal", "xterm-256color", ";", *begin, ";", *keep)
        return self

    def __exit__(self, *_: object) -> None:
        self.tmux("kill-server", check=False)
        self._own.cleanup()

    def tmux(self, *args: str, check: bool = True) -> str:
        """What a command of tmux writes."""
        done = subprocess.run(
            ["tmux", "-L", "bathy", "-f", "/dev/null", "start-server", ";", *args],
            env=self._env,
            capture_output=True,
            check=check,
            timeout=ENDS_S,
        )
        return done.stdout.decode()

    # What is seen.

    @property
    def rows(self) -> list[str]:
        """Each row of the screen, without blanks at its end."""
        return self.text.split("\n")

    @property
    def text(self) -> str:
        return self.tmux("capture-pane", "-p").removesuffix("\n")

    @property
    def raw(self) -> bytes:
        """All bytes that the terminal has got so far."""
        return self._raw.read_bytes()

    @property
    def copied(self) -> str:
        """What is in the clipboard, tmux's buffer."""
        return self.tmux("show-buffer", check=False)

    def flag(self, name: str) -> str:
        """What tmux knows of the terminal, such as "alternate_on"."""
        return self.tmux("display-message", "-p", f"#{{{name}}}").strip()

    def until(self, *words: str) -> str:
        """The screen, once all these words are on it."""
        return self.wait(lambda text: all(each in text for each in words), f"{words} to come")

    def until_gone(self, *words: str) -> str:
        """The screen, once none of these words is on it."""
        return self.wait(lambda text: not any(each in text for each in words), f"{words} to go")

    def wait(self, holds: Callable[[str], bool], what: str) -> str:
        """The screen, once something holds for it."""
        ends_s, clock = time.monotonic() + ENDS_S, threading.Event()
        while not holds(text := self.text):
            if time.monotonic() > ends_s:
                raise AssertionError(f"waited for {what}; the screen is\n{text}")
            clock.wait(_POLL_S)
        return text

    # What the user does.

    def press(self, *keys: str) -> None:
        """Press keys, as tmux names them."""
        self.tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type a text, and see it on the screen."""
        self.tmux("send-keys", "-l", "--", text)
        self.wait(lambda shown: squeezed(text) in squeezed(shown), f"{text!r} to be typed")

    def opens(self, key: str, *words: str) -> str:
        """Press a key that brings words which were not there; return the screen."""
        assert not [each for each in words if each in self.text]
        self.press(key)
        return self.until(*words)

    def closes(self, key: str, *words: str) -> str:
        """Press a key that takes words away; return the screen."""
        assert not [each for each in words if each not in self.text]
        self.press(key)
        return self.until_gone(*words)

    def say(self, text: str, *words: str) -> str:
        """Type a line and send it, which brings words that were not there; return the screen."""
        self.type(text)
        return self.opens("Enter", *words)

    def outwait_grace(self) -> None:
        """Let the time go by in which a question that is seen takes no answer."""
        threading.Event().wait(GRACE_S)

    def resize(self, size: tuple[int, int]) -> None:
        width, height = map(str, size)
        self.tmux("resize-window", "-x", width, "-y", height)

    @property
    def process(self) -> int:
        """Number of bathy's process."""
        return int(self._pid.read_text())

    def kill(self) -> None:
        """Let bathy die at once."""
        os.kill(self.process, signal.SIGKILL)
        self.until("left with 137")

    def left(self) -> int:
        """The exit code, once bathy has come to its end."""
        found = re.search(r"left with (\d+)", self.until("left with "))
        assert found
        return int(found[1])


def squeezed(text: str) -> str:
    """A text, or what stands left of the side panel, without blanks and ends of rows."""
    return re.sub(r"▏.*|\s", "", text)


def widest(rows: list[str]) -> int:
    """Cells of the longest row."""
    return max(map(cell_len, rows))
