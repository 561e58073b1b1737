"""One issue -> a lock that lets one run of this user at a time write to it."""

import asyncio
import fcntl
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bathy.agent.errors import BathyError, TryAgainError
from bathy.agent.modes.triage.dossier import Target

LONGEST_WAIT_S = 120.0
"""Another run makes a handful of requests, one a second; what takes longer hangs."""

_STEP_S = 0.05


@asynccontextmanager
async def issue_lock(target: Target, longest_s: float = LONGEST_WAIT_S) -> AsyncIterator[None]:
    """Hold the issue's lock; another run of this user on this machine waits for its end.

    Args:
        target: The issue; case does not count in the name of its repository.
        longest_s: How long to wait for another run.

    Raises:
        TryAgainError: The other run did not end in time.
        BathyError: There is no folder for the lock.
    """
    file = _open(lock_path(target))
    try:
        await _wait(file, target, longest_s)
        yield
    finally:
        os.close(file)


def lock_path(target: Target) -> Path:
    """Return the issue's lock file, in the user's state folder.

    It is never removed: a run that waits for a removed file would not see the next one.
    """
    from platformdirs import user_state_path

    name = f"{target.host}/{target.full_name}/{target.number}".lower()
    folder = user_state_path("bathy", appauthor=False) / "triage"
    return folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.lock"


def _open(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, flags, 0o600)
    except OSError as error:
        raise BathyError(
            f"nothing is written without a lock in {path.parent}, which cannot be made: "
            f"{error.strerror}; set XDG_STATE_HOME to a folder that can be written"
        ) from error


async def _wait(file: int, target: Target, longest_s: float) -> None:
    """Asks again and again, since a thread that waits in flock could not be interrupted."""
    try:
        async with asyncio.timeout(longest_s):
            while True:
                if _is_taken(file):
                    return
                await asyncio.sleep(_STEP_S)
    except TimeoutError:
        raise TryAgainError(
            f"another run is still writing to {target.full_name}#{target.number}; "
            "wait for its end and run the same command again"
        ) from None


def _is_taken(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
