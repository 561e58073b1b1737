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

MOST_SAID_CHARS = 4_000
"""Only so much of a message is read; what follows is a log."""

_BOTS = ("[bot]", "dependabot", "renovate", "pre-commit-ci", "github-actions", "weblate")
_DAY_S = 86_400
_MARK = b"//"
"""What a change begins with; no path of git's does."""

_MOST_DIGITS = 12


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


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the main line: its time in seconds since the epoch, its message, its paths."""

    time_s: int
    message: str
    paths: tuple[bytes, ...]


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
        changes = list(read_changes(repo, commit))
    except GitError:
        return {}
    newest = max((change.time_s for change in changes), default=0)
    counts: dict[bytes, int] = {}
    recent: dict[bytes, float] = {}
    last: dict[bytes, int] = {}
    for change in changes:
        weight = 0.5 ** (((newest - change.time_s) // _DAY_S) / HALF_LIFE_DAYS)
        for path in change.paths:
            counts[path] = counts.get(path, 0) + 1
            recent[path] = recent.get(path, 0.0) + weight
            last[path] = max(last.get(path, 0), change.time_s)
    # Rounded, so that the last digit of a platform's pow() cannot reorder files.
    return {decode_path(p): PathHistory(n, round(recent[p], 4), last[p]) for p, n in counts.items()}


def is_bot(author: str) -> bool:
    """Whether an author's name is that of a program."""
    name = author.lower()
    return any(bot in name for bot in _BOTS)


def read_changes(
    repo: GitRepo, commit: str, *, most: int | None = None, with_messages: bool = False
) -> Iterator[Change]:
    """Read the changes of the main line that count, newest first.

    Args:
        repo: The repository.
        commit: Full id.
        most: Look at so many commits; None for all.
        with_messages: Read what was said, too.

    Raises:
        GitError: git cannot walk the history.
    """
    said = "%n%B" if with_messages else ""
    limit = () if most is None else (f"--max-count={most}",)
    log = stream_git(
        repo, "log", "-z", "--first-parent", "-m", "--name-only", "--no-renames", "--no-ext-diff",
        "--no-textconv", *limit, f"--format={_MARK.decode()}%ct %an{said}", commit, "--",
    )  # fmt: skip
    head, paths = b"", list[bytes]()
    for record in log:
        if record.startswith(_MARK):
            yield from _counted(head, paths)
            head, paths = record.removeprefix(_MARK), []
        else:
            # git puts a line break of its own before the first path; paths may begin with one, too.
            paths.append(record if paths else record.removeprefix(b"\n"))
    yield from _counted(head, paths)


def _counted(head: bytes, paths: list[bytes]) -> Iterator[Change]:
    """The change, unless it is a robot's, touches nothing or touches everything."""
    if not 0 < len(paths) <= MASS_EDIT_FILES:
        return
    first, _, message = head.decode("utf-8", "replace").partition("\n")
    time_s, _, author = first.partition(" ")
    if not is_bot(author):
        yield Change(_seconds(time_s), message[:MOST_SAID_CHARS], tuple(paths))


def _seconds(digits: str) -> int:
    """Read a time; 0, as git takes it, for what is none: a commit may say anything there."""
    is_time = digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS
    return int(digits) if is_time else 0
