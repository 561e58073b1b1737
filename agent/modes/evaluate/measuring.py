"""Outcomes one by one -> those of a run, with a bar, whatever ends it."""

import sqlite3
from collections.abc import Iterator

from bathy.agent.errors import BathyError
from bathy.agent.modes.evaluate.judge import Outcome
from bathy.agent.modes.progress import Progress
from bathy.agent.modes.signals import INTERRUPTED, TERMINATED, Terminated
from bathy.tools.workspace import quote_path

_BAR_WIDTH, _SHOWN_ID = 24, 16


class Measuring:
    """What has been measured so far, and a bar that says so.

    Attributes:
        limit: How many items there are to be, at most.
        outcomes: Those measured, in order.
        failed: Why others cannot be, by id.
        progress: Where it is said.
    """

    def __init__(self, progress: Progress, limit: int, what: str) -> None:
        """Measure up to `limit` items, which are called `what`."""
        self.limit = limit
        self.outcomes = list[Outcome]()
        self.failed = dict[str, str]()
        self.progress = progress
        self._what = what

    def measure(self, outcomes: Iterator[Outcome]) -> int:
        """Take outcomes until there are enough, or until somebody has.

        Returns:
            The exit code: 0, or that of what ended it before its time, once something is measured.

        Raises:
            BathyError: What the outcomes raise, as long as nothing is measured; so are a disk and a
                cache that fail.
        """
        try:
            for outcome in outcomes:
                self.outcomes.append(outcome)
                self.progress.trace(f"measured {quote_path(outcome.id)}")
                self._draw(outcome.id)
                if len(self.outcomes) >= self.limit:
                    break
        except (KeyboardInterrupt, Terminated) as end:
            if not self.outcomes:
                raise
            self.progress.say("stopped; this is what was measured until then")
            return TERMINATED if isinstance(end, Terminated) else INTERRUPTED
        except (BathyError, OSError, sqlite3.Error) as error:
            told = error if isinstance(error, BathyError) else BathyError(f"cannot go on: {error}")
            if not self.outcomes:
                raise told from error
            self.progress.say(f"{told}; this is what was measured until then")
            return told.exit_code
        finally:
            self.progress.clear()
        return 0

    def leave_out(self, item: str, why: str) -> None:
        """Put down, and say, that an item cannot be measured."""
        self.failed[item] = why
        self.progress.say(f"{quote_path(item)} is left out: {why}")

    def _draw(self, item: str) -> None:
        done = len(self.outcomes) + len(self.failed)
        filled = _BAR_WIDTH * done // self.limit
        bar = "#" * filled + "." * (_BAR_WIDTH - filled)
        name = quote_path(item)[:_SHOWN_ID]
        self.progress.status(f"[{bar}] {done} of {self.limit} {self._what}; {name}")
