"""Signals, and streams that fail -> a clean end, with the exit code that the contract names."""

import contextlib
import errno
import io
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import TextIO

from bathy.agent.modes.signals import Terminated


def never_failing(*streams: TextIO) -> None:
    """Put a mark in the place of what a terminal's encoding cannot say, and of what is no text."""
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


@contextlib.contextmanager
def hung_up_told(*streams: TextIO) -> Iterator[None]:
    """Unwind when the terminal goes away, as when the process is asked to end.

    Args:
        *streams: Those that may lead to it; what is still said leads nowhere from then on.

    Raises:
        Terminated: It has gone.
    """

    def hang_up(_signal: int, _frame: FrameType | None) -> None:
        _lead_nowhere(streams)
        raise Terminated

    before = signal.getsignal(signal.SIGHUP)
    # Who starts it under nohup wants it to outlive the terminal.
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, hang_up)
    try:
        yield
    except OSError as error:
        # A terminal that has gone refuses to be written before, or without, the signal.
        if error.errno != errno.EIO:
            raise
        _lead_nowhere(streams)
        raise Terminated from error
    finally:
        signal.signal(signal.SIGHUP, before)


@contextlib.contextmanager
def interrupts_to(take: Callable[[], None]) -> Iterator[None]:
    """Have Ctrl-C call a function, which may raise KeyboardInterrupt itself."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        take()

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _lead_nowhere(streams: Iterable[TextIO]) -> None:
    """Let what is written to a terminal that has gone be written to nothing."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        try:
            os.write(stream.fileno(), b"")
        except OSError:
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
