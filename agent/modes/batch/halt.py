"""What works in threads of this process -> all of it stops, and asks nothing any more."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator

from bathy.tools.running import git_scope, stop_git


class Halt:
    """Stops the tasks of a pool of threads, once and for good.

    A task may be anywhere when that happens: what waits for a model is cancelled, a command of git
    is killed, and what only computes goes on to the next `check`.
    """

    def __init__(self) -> None:
        """Begin with everything running."""
        self._is_set = False
        self._lock = threading.Lock()
        self._asking: dict[asyncio.AbstractEventLoop, asyncio.Task[None]] = {}
        self._scopes = set[object]()

    def stop(self) -> None:
        """Stop what runs, and what would begin to ask from now on."""
        with self._lock:
            self._is_set = True
            for loop, task in self._asking.items():
                with contextlib.suppress(RuntimeError):  # it has just ended
                    loop.call_soon_threadsafe(task.cancel)
            for scope in self._scopes:
                stop_git(scope)

    def check(self) -> None:
        """Go on only if nobody said stop.

        Raises:
            asyncio.CancelledError: Somebody did.
        """
        if self._is_set:
            raise asyncio.CancelledError

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Do a task whose commands of git end with it.

        Raises:
            asyncio.CancelledError: All was stopped before.
        """
        with git_scope() as scope:
            with self._lock:
                self.check()
                self._scopes.add(scope)
            try:
                yield
            finally:
                with self._lock:
                    self._scopes.discard(scope)

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """Ask a model, in a running loop.

        Raises:
            asyncio.CancelledError: All was stopped before.
        """
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        with self._lock:
            self.check()
            self._asking[loop] = task
        try:
            yield
        finally:
            with self._lock:
                del self._asking[loop]
