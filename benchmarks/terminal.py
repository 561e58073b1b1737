"""A terminal of 120x40 for the benchmarks: a pair of devices and the environment that belongs to it."""

import fcntl
import os
import pty
import struct
import termios

CELLS = (120, 40)


def open_pty() -> tuple[int, int]:
    """Open a terminal; return the file descriptors of our end and of the program's."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", CELLS[1], CELLS[0], 0, 0))
    return ours, theirs


def environment() -> dict[str, str]:
    """This process's environment, in a terminal with all colours."""
    told = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    return {name: value for name, value in {**os.environ, **told}.items() if name != "NO_COLOR"}
