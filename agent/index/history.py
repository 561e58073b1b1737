"""A commit -> how often and how recently each path was changed, as seen from the main line.

One change is one commit of the first-parent line with all that it merged, because that is the unit
in which a project accepts work; it is also a third of the cost of walking every commit.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bathy.tools.git import GitError, GitRepo, stream_git
from bathy.tools.workspace import decode_path

HALF_LIFE_DAYS = 180
"""Age at which a change counts half, in days."""

MASS_EDIT_FILES = 60
"""A change of more files than this (renames, reformatting, licence headers) says nothing of one
file."""

_BOTS = ("[bot]", "dependabot", "renovate", "pre-commit-ci", "github-actions", "weblate")
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class PathHistory:
    """What the main line says of one path.

    Attributes:
        changes: Changes that touched it; bots and mass edits do not count.
        recent: The same, each change halved every `HALF_LIFE_DAYS` before the newest one.
        last_s: Time of its last change, seconds since the epoch.
    """

    changes: int
    recent: float
    last_s: int


History = Mapping[str, PathHistory]


def read_history(repo: GitRepo, commit: str) -> History:
    """Count the changes of every path that the main line of a commit ever touched.

    Args:
        repo: The repository.
        commit: Full id; "" (no commits yet) gives {}.

    Returns:
        By path. The same commit gives the same figures everywhere, except in shallow clones, which
        know less. {} where git cannot walk the history (missing objects).
    """
    if not commit:
        return {}
    try:
        changes = list(_changes(repo, commit))
    except GitError:
        return {}
    newest = max((time_s for time_s, _ in changes), default=0)
    counts: dict[bytes, int] = {}
    recent: dict[bytes, float] = {}
    last: dict[bytes, int] = {}
    for time_s, paths in changes:
        weight = 0.5 ** (((newest - time_s) // _DAY_S) / HALF_LIFE_DAYS)
        for path in paths:
            counts[path] = counts.get(path, 0) + 1
            recent[path] = recent.get(path, 0.0) + weight
            last[path] = max(last.get(path, 0), time_s)
    # Rounded, so that the last digit of a platform's pow() cannot reorder files.
    return {decode_path(p): PathHistory(n, round(recent[p], 4), last[p]) for p, n in counts.items()}


def is_bot(author: str) -> bool:
    """Whether an author's name is that of a program."""
    name = author.lower()
    return any(bot in name for bot in _BOTS)


def _changes(repo: GitRepo, commit: str) -> Iterator[tuple[int, list[bytes]]]:
    """(time in seconds, paths) of each change that counts, newest first."""
    head: tuple[int, bool] | None = None
    paths: list[bytes] = []
    log = stream_git(
        repo, "log", "-z", "--first-parent", "-m", "--name-only", "--no-renames", "--no-ext-diff",
        "--no-textconv", "--format=%x01%ct %an", commit, "--",
    )  # fmt: skip
    for record in log:
        text = record.lstrip(b"\n")
        if text.startswith(b"\x01"):
            if head is not None and not head[1] and 0 < len(paths) <= MASS_EDIT_FILES:
                yield head[0], paths
            time_s, _, author = text[1:].partition(b" ")
            head, paths = (int(time_s), is_bot(author.decode("utf-8", "replace"))), []
        elif text:
            paths.append(text)
    if head is not None and not head[1] and 0 < len(paths) <= MASS_EDIT_FILES:
        yield head[0], paths
