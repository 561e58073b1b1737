"""Long work -> a bar and notices on stderr; stdout is never touched."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

_MIN_BYTES = 1 << 20
_STATUS_EVERY_S = 0.2


class Progress:
    """Where a run says what it is doing."""

    def __init__(self, *, quiet: bool, verbose: bool) -> None:
        """Say nothing if quiet; say how long things took if verbose."""
        self._quiet = quiet
        self._verbose = verbose
        self._began_s = time.monotonic()
        self._shown_s, self._has_status = 0.0, False

    @property
    def elapsed_s(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._began_s

    def say(self, text: str) -> None:
        """Show one sentence to a person, if somebody still reads."""
        self.clear()
        if not self._quiet:
            with contextlib.suppress(OSError):
                print(f"bathy: {text}", file=sys.stderr)  # noqa: T201

    def status(self, text: str) -> None:
        """Show what is going on just now, in place of what was shown before; terminals only."""
        now_s = time.monotonic()
        if self._quiet or now_s - self._shown_s < _STATUS_EVERY_S or not sys.stderr.isatty():
            return
        self._shown_s, self._has_status = now_s, True
        print(f"\r\033[Kbathy: {text}", end="", file=sys.stderr, flush=True)  # noqa: T201

    def clear(self) -> None:
        """Take the status away."""
        if self._has_status:
            print("\r\033[K", end="", file=sys.stderr, flush=True)  # noqa: T201
            self._has_status = False

    def trace(self, text: str) -> None:
        """Show one sentence, with the seconds since the start, to somebody who asked for more."""
        if self._verbose:
            self.say(f"{self.elapsed_s:.2f} s: {text}")

    @contextlib.contextmanager
    def bar(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """Show a bar for work counted in bytes, on a terminal only.

        Yields:
            A function of the bytes done and the bytes in all; small work shows nothing.
        """
        if self._quiet or not sys.stderr.isatty():
            yield lambda _done, _total: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn()
        console = Console(stderr=True)
        # A refreshing thread would keep the workers from being forked.
        with RichProgress(
            *columns, TimeRemainingColumn(), console=console, transient=True, auto_refresh=False
        ) as shown:
            task = shown.add_task(what, total=None, visible=False)

            def report(done: int, total: int) -> None:
                shown.update(
                    task, completed=done, total=total, visible=total > _MIN_BYTES, refresh=True
                )

            yield report
