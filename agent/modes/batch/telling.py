"""Results as they come -> a bar and a running total for a terminal, a sentence for each failure."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from bathy.agent.modes.batch.record import Record
from bathy.agent.modes.batch.tasks import BatchTask
from bathy.agent.modes.progress import Progress
from bathy.agent.modes.terminal import printable
from bathy.tools.base import count_of

_BAR_CHARS = 24
_ERROR_CHARS = 300


class Telling:
    """Tells how far a batch is."""

    def __init__(self, progress: Progress, record: Record, tasks: Sequence[BatchTask]) -> None:
        """Set up.

        Args:
            progress: Where it is told.
            record: What has been written down.
            tasks: All of the batch.
        """
        self._progress, self._record = progress, record
        self._ids = [task.id for task in tasks]
        self._began_s = time.monotonic()
        found = [record.results[name] for name in self._ids if name in record.results]
        self._done, self._failed = len(found), sum(bool(r["is_error"]) for r in found)
        self._cost_usd = 0.0

    @property
    def elapsed_s(self) -> float:
        """Seconds since the batch began."""
        return time.monotonic() - self._began_s

    def begin(self, size: int) -> None:
        """Say what is about to be done."""
        left = len(self._ids) - self._done
        self._progress.say(f"{count_of(left, 'task')} to do, {size} at a time")
        self._show(0)

    def tell(self, result: Mapping[str, Any], running: int) -> None:
        """Tell of a result.

        Args:
            result: Just written down.
            running: Tasks that run now.
        """
        self._done += 1
        self._cost_usd += result["total_cost_usd"]
        if result["is_error"]:
            self._failed += 1
            said = " ".join(printable(str(result["error"])).split())[:_ERROR_CHARS]
            self._progress.say(f"{result['id']}: {said}")
        self._show(running)

    def _show(self, running: int) -> None:
        total = len(self._ids)
        full = _BAR_CHARS * self._done // total
        bar = "#" * full + "-" * (_BAR_CHARS - full)
        failed = f", {self._failed} failed" if self._failed else ""
        self._progress.status(
            f"[{bar}] {self._done} of {total}{failed}, {running} running, ${self._cost_usd:.4f}"
        )
