"""Long work -> a bar and notices on stderr; stdout is never touched."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

_MIN_BYTES = 1 << 20


class Progress:
    """Where a run says what it is doing."""

    def __init__(self, *, quiet: bool, verbose: bool) -> None:
        """Say nothing if quiet; say how long things took if verbose."""
        self._quiet = quiet
        self._verbose = verbose
        self._began_s = time.monotonic()

    def say(self, text: str) -> None:
        """Show one sentence to a person."""
        if not self._quiet:
            print(f"bathy: {text}", file=sys.stderr)  # noqa: T201

    def trace(self, text: str) -> None:
        """Show one sentence, with the seconds since the start, to somebody who asked for more."""
        if self._verbose:
            self.say(f"{time.monotonic() - self._began_s:.2f} s: {text}")

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
