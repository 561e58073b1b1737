"""Streaming git commands of this process, noted from their start on so that they can be stopped."""

import contextlib
import contextvars
import os
import signal
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from git.cmd import Git

_RUNNING: dict["Git.AutoInterrupt", object] = {}
_SCOPE: contextvars.ContextVar[object] = contextvars.ContextVar("git_scope", default=None)
_STARTING = list[None]()
_ENDS = list[Callable[[], object]]()


@contextlib.contextmanager
def started() -> Iterator[Callable[["Git.AutoInterrupt"], None]]:
    """Start a command in here, and note it; no end of the process comes between the two.

    Yields what notes it.

    Raises:
        RuntimeError: The process is about to end.
    """
    _STARTING.append(None)
    try:
        if _ENDS:
            raise RuntimeError("no command is started any more")
        yield _note
    finally:
        _STARTING.pop()
        if _ENDS and not _STARTING:
            _end()


def _note(process: "Git.AutoInterrupt") -> None:
    _RUNNING[process] = _SCOPE.get()


def forget(process: "Git.AutoInterrupt") -> None:
    """Take no more notice of a command, which has ended."""
    _RUNNING.pop(process, None)


@contextlib.contextmanager
def git_scope() -> Iterator[object]:
    """Keep the commands that begin in here, and in threads given this context, to themselves.

    Several runs side by side each take one, so that `stop_git` stops only their own. Yields the
    scope, for a thread outside it.
    """
    scope = object()
    token = _SCOPE.set(scope)
    try:
        yield scope
    finally:
        _SCOPE.reset(token)


def stop_git(scope: object = None) -> None:
    """Kill the streaming commands of a scope; their readers see an error.

    Args:
        scope: From `git_scope`; None for the current one.
    """
    wanted = _SCOPE.get() if scope is None else scope
    for process, own in list(_RUNNING.items()):
        if own is wanted:
            kill_git(process)


def stop_all_git(end: Callable[[], object]) -> None:
    """Kill the streaming commands of this whole process, and end it.

    That waits for a command which is just being started: only then can it be killed.

    Args:
        end: Ends the process.
    """
    _ENDS.append(end)
    if not _STARTING:
        _end()


def _end() -> None:
    for process in list(_RUNNING):
        kill_git(process)
    _ENDS[0]()


def kill_git(process: "Git.AutoInterrupt") -> None:
    """Kill a command, and with one that leads a group all that it has started."""
    proc = process.proc
    if proc is None or proc.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        if os.getpgid(proc.pid) == proc.pid:
            os.killpg(proc.pid, signal.SIGKILL)
        else:
            proc.kill()
