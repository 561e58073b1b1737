"""Texts before and after -> which lines were replaced, by git's own comparison."""

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bathy.tools.git import GitError, GitRepo, stream_bytes

_HEADING = re.compile(rb"^diff --git a/(\d+) b/", re.MULTILINE)
_RANGE = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
_TIMEOUT_S = 30


class Replaced(NamedTuple):
    """Some lines that stand in the place of others.

    Attributes:
        old_start: Index of the first line replaced, 0-based; if none is, of the line after.
        old_count: How many are.
        new_start: Index of the first line that took their place, 0-based, likewise.
        new_count: How many did.
    """

    old_start: int
    old_count: int
    new_start: int
    new_count: int


def compare_texts(pairs: Sequence[tuple[str, str]]) -> list[tuple[Replaced, ...]]:
    """Compare texts by lines; only LF ends one.

    Args:
        pairs: Text before and text after.

    Returns:
        For each pair what was replaced, ascending; the same for the same texts, whatever git is
        set up to do. All pairs cost one process of git.

    Raises:
        GitError: git is missing, or takes too long, or there is no room for the texts.
    """
    sides = ((_lines_alone(before), _lines_alone(after)) for before, after in pairs)
    differing = {at: pair for at, pair in enumerate(sides) if pair[0] != pair[1]}
    found: list[tuple[Replaced, ...]] = [()] * len(pairs)
    if not differing:
        return found
    try:
        with tempfile.TemporaryDirectory(prefix="bathy-") as folder:
            diff = _compare(Path(folder).resolve(), differing)
    except OSError as error:
        raise GitError(f"texts cannot be compared in {tempfile.gettempdir()}: {error}") from error
    headings = [*_HEADING.finditer(diff)]
    ends = [*(heading.start() for heading in headings[1:]), len(diff)]
    for heading, end in zip(headings, ends, strict=True):
        ranges = _RANGE.finditer(diff, heading.end(), end)
        found[int(heading[1])] = tuple(_replaced(match) for match in ranges)
    return found


def replace_all(before: str, after: str) -> tuple[Replaced, ...]:
    """Return the edit that puts all lines of one text in the place of all of another's."""
    old, new = _lines_alone(before), _lines_alone(after)
    return (Replaced(0, old.count(b"\n"), 0, new.count(b"\n")),) if old != new else ()


def _compare(top: Path, pairs: Mapping[int, tuple[bytes, bytes]]) -> bytes:
    """The diff of all pairs, each under its number, made in an empty folder."""
    for side, name in enumerate("ab"):
        (top / name).mkdir()
        for at, pair in pairs.items():
            (top / name / str(at)).write_bytes(pair[side])
    found = stream_bytes(
        GitRepo(top, top, top, is_bare=False),
        # The folder may lie in a repository, whose attributes could name programs: there is none.
        f"--git-dir={top / 'none'}",
        "-c", "diff.noprefix=false", "-c", "diff.mnemonicPrefix=false",
        "-c", "core.autocrlf=false", "-c", "core.safecrlf=false",
        "diff", "--no-index", "--text", "-U0", "-O/dev/null", "--no-color", "--no-ext-diff",
        "--no-textconv", "--no-renames", "--diff-algorithm=myers", "--indent-heuristic",
        "--inter-hunk-context=0", "--no-prefix", "--", "a", "b",
        no_match_code=1, timeout_s=_TIMEOUT_S,
    )  # fmt: skip
    return b"".join(found)


def _lines_alone(text: str) -> bytes:
    """A text as git is to see it: how its last line ends is no difference."""
    data = text.encode("utf-8", "surrogatepass")
    return data if data.endswith(b"\n") or not data else data + b"\n"


def _replaced(match: re.Match[bytes]) -> Replaced:
    numbers = [int(value) if value is not None else 1 for value in match.groups()]
    old_start, old_count, new_start, new_count = numbers
    # Of an empty range git names the line before it.
    return Replaced(
        old_start - 1 if old_count else old_start,
        old_count,
        new_start - 1 if new_count else new_start,
        new_count,
    )
