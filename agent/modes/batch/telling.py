"""Results as they come -> a bar and a running total for a terminal, a sentence for each failure."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from bathy.agent.modes.progress import Progress
from bathy.agent.modes.terminal import printable
from bathy.tools.base import count_of

_BAR_CHARS = 24
_ERROR_CHARS = 300


class Telling:
    """Tells how far a batch is."""

    def __init__(self, progress: Progress, count: int, done: Sequence[Mapping[str, Any]]) -> None:
        """Set up.

        Args:
            progress: Where it is told.
            count: Tasks of the batch.
            done: Results of those that have ended before.
        """
        self._progress, self._count = progress, count
        self._began_s = time.monotonic()
        self._done, self._failed = len(done), sum(bool(r["is_error"]) for r in done)
        self._cost_usd = 0.0

    @property
    def elapsed_s(self) -> float:
        """Seconds since the batch began."""
        return time.monotonic() - self._began_s

    def begin(self, size: int) -> None:
        """Say what is about to be done."""
        left = self._count - self._done
        self._progress.say(f"{count_of(left, 'task')} to do, {size} at a time")
        self._show(0)

    def tell(self, result: Mapping[str, Any], running: int, cost_usd: float) -> None:
        """Tell of a result.

        Args:
            result: Just written down.
            running: Tasks that run now.
            cost_usd: What this run did cost so far.
        """
        self._done += 1
        self._cost_usd = cost_usd
        if result["is_error"]:
            self._failed += 1
            said = " ".join(printable(str(result["error"])).split())[:_ERROR_CHARS]
            self._progress.say(f"{result['id']}: {said}")
        self._show(running)

    def _show(self, running: int) -> None:
        full = _BAR_CHARS * self._done // self._count
        bar = "#" * full + "-" * (_BAR_CHARS - full)
        failed = f", {self._failed} failed" if self._failed else ""
        self._progress.status(
            f"[{bar}] {self._done} of {self._count}{failed}, {running} running,"
            f" ${self._cost_usd:.4f}"
        )
