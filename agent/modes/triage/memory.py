"""What was triaged before, kept in the state folder -> what need not, or may not yet, be again.

A file a repository: issues done with the time of their last change, when each author set a run off,
and ids of deliveries. What keeps writes from being made twice is the marker in the
comment; this saves the work before.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bathy.agent.errors import BathyError

MOST_AN_HOUR = 10
"""Runs that one author may set off in an hour with issues that nobody else asked to look at."""

MOST_DELIVERIES = 1_000
MOST_DONE = 20_000
_HOUR_S = 3_600.0


@dataclass(slots=True)
class Memory:
    """What is known of one repository.

    Attributes:
        done: Time of the last change by issue number, as the tracker gave it when it was triaged.
        runs: Seconds since 1970 at which an author set a run off, by login.
        deliveries: Ids of webhook deliveries, oldest first.
        digests: Of what was said in an issue when it was triaged, by its number.
    """

    done: dict[str, str] = field(default_factory=dict)
    runs: dict[str, list[float]] = field(default_factory=dict)
    deliveries: list[str] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)

    def is_done(self, number: int, updated_at: str) -> bool:
        """Whether an issue was triaged and has not changed since."""
        return bool(updated_at) and self.done.get(str(number)) == updated_at

    def is_said(self, number: int, digest: str) -> bool:
        """Whether an issue was triaged and nothing was said in it since.

        Our own labels change an issue, too, so that `is_done` alone would begin anew with it.
        """
        return self.digests.get(str(number)) == digest

    def finish(self, number: int, updated_at: str, digest: str = "") -> None:
        """Note that an issue was triaged."""
        self.done.pop(str(number), None)
        self.done[str(number)] = updated_at
        self.digests[str(number)] = digest
        for old in list(self.done)[:-MOST_DONE]:
            del self.done[old]
            self.digests.pop(old, None)

    def admit(self, author: str, now_s: float) -> bool:
        """Note a run that an author sets off; False if there were too many within an hour."""
        recent = [at for at in self.runs.get(author, ()) if now_s - _HOUR_S < at <= now_s]
        is_admitted = len(recent) < MOST_AN_HOUR
        self.runs = {
            login: times for login, times in self.runs.items() if times[-1:] > [now_s - _HOUR_S]
        }
        self.runs[author] = [*recent, now_s] if is_admitted else recent
        return is_admitted

    def is_new(self, delivery: str) -> bool:
        """Note a delivery; False if it came before."""
        if delivery in self.deliveries:
            return False
        self.deliveries = [*self.deliveries, delivery][-MOST_DELIVERIES:]
        return True

    def forget(self, delivery: str) -> None:
        """Let a delivery come again."""
        self.deliveries = [one for one in self.deliveries if one != delivery]


@contextlib.contextmanager
def remembered(
    host: str, full_name: str, clock: Callable[[], float] = time.time
) -> Iterator[tuple[Memory, float]]:
    """Open the memory of a repository, alone; what was changed is kept at the end.

    Yields:
        The memory, and the time in seconds since 1970.

    Raises:
        BathyError: The state folder cannot be written.
    """
    path = _path(host, full_name)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BathyError(
            f"cannot keep what was triaged in {path.parent}: {error.strerror}; set XDG_STATE_HOME"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        memory = _read(path)
        yield memory, clock()
        part = path.with_suffix(".part")
        part.write_text(json.dumps(asdict(memory)))
        part.replace(path)
    finally:
        os.close(lock)


def _path(host: str, full_name: str) -> Path:
    from platformdirs import user_state_path

    name = hashlib.sha256(f"{host}/{full_name}".lower().encode()).hexdigest()[:32]
    return user_state_path("bathy", appauthor=False) / "triage" / f"{name}.json"


def _read(path: Path) -> Memory:
    """What the file holds; a damaged one is begun anew."""
    try:
        value: Any = json.loads(path.read_text(encoding="utf-8"))
        done = {str(k): str(v) for k, v in value["done"].items()}
        runs = {str(k): [float(at) for at in v] for k, v in value["runs"].items()}
        digests = {str(k): str(v) for k, v in value.get("digests", {}).items()}
        return Memory(done, runs, [str(one) for one in value["deliveries"]], digests)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Memory()
