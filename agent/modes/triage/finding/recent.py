"""A commit -> how much was changed in each file, and which files were changed shortly before it."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log1p

from bathy.agent.index.history import read_history
from bathy.tools.git import GitRepo, run_git

RECENT_CHANGES, RECENT_DAYS = 30, 90
"""A change is recent if it is among so many of the newest and within so many days of the newest."""

_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Changes:
    """What the main line says of files.

    Attributes:
        churn: By path, how much was changed of late: the logarithm of 1 and the changes, each
            halved with every half-life of the index's history.
        recent: Paths that were changed last.
    """

    churn: Mapping[str, float]
    recent: frozenset[str]


def read_changes(repo: GitRepo | None, commit: str) -> Changes:
    """Read what was changed before a commit, bots and mass edits aside.

    Args:
        repo: The repository; None gives nothing.
        commit: Full id.

    Returns:
        The same for the same commit, wherever its history is whole. No file is recent where most of
        them are: in a young repository or a shallow clone that would tell nothing.
    """
    history = read_history(repo, commit) if repo is not None else {}
    if repo is None or not history:
        return Changes({}, frozenset())
    times = _times(repo, commit)
    since = max(min(times), max(times) - RECENT_DAYS * _DAY_S)
    recent = frozenset(path for path, known in history.items() if known.last_s >= since)
    return Changes(
        {path: log1p(known.recent) for path, known in history.items()},
        recent if 2 * len(recent) <= len(history) else frozenset(),
    )


def _times(repo: GitRepo, commit: str) -> list[int]:
    """Times of the newest changes of the main line, in seconds since the epoch."""
    most = f"--max-count={RECENT_CHANGES}"
    out = run_git(repo, "log", "--first-parent", most, "--format=%ct", commit, "--")
    return [int(line) for line in out.split()]
