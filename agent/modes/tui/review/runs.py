"""Lines before and after -> the runs of lines that replace others, and which replaces which."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest

from bathy.agent.index.edits import Replaced, compare_texts, replace_all
from bathy.agent.modes.tui.review.lines import Lines, split_end, text_of
from bathy.tools.git import GitError

_MOST_PAIRS = 10_000
"""Pairs of lines that are looked at to find out which one replaces which."""

_MOST_CHARS = 200
"""Characters of a line that are looked at for it."""

_ALIKE = 50.0
"""Lines of which less than so many percent agree do not replace each other."""


@dataclass(frozen=True, slots=True)
class Run:
    """Lines that stand in the place of others.

    Attributes:
        start: Index of the first old line, 0-based; of a pure addition, of the line after it.
        old: Lines that go, encoded, with their ends.
        new: Lines that come, likewise.
    """

    start: int
    old: tuple[bytes, ...]
    new: tuple[bytes, ...]

    @property
    def end(self) -> int:
        """Index of the line after the last old one."""
        return self.start + len(self.old)


def compare(pairs: Sequence[tuple[Lines, Lines]]) -> list[tuple[Run, ...]]:
    """Return for each pair the runs that make the second of the first.

    Args:
        pairs: Lines before and after.

    Returns:
        Runs, ascending, with an unchanged line between any two. Lines of two encodings that do not
        fit are compared by their text. All in the place of all where git cannot be run.
    """
    texts = [(_comparable(old, new), _comparable(new, old)) for old, new in pairs]
    try:
        found = compare_texts(texts)
    except GitError:
        found = [replace_all(*sides) for sides in texts]
    return [_runs(old, new, ranges) for (old, new), ranges in zip(pairs, found, strict=True)]


def _comparable(lines: Lines, other: Lines) -> str:
    # Latin-1 keeps bytes apart that are not the same, whatever they mean.
    is_bytewise = lines.fits(other) and not lines.codec.startswith(("utf-16", "utf-32"))
    codec = "latin-1" if is_bytewise else lines.codec
    return "".join(text_of(unit, codec) for unit in lines.units)


def _runs(old: Lines, new: Lines, ranges: Iterable[Replaced]) -> tuple[Run, ...]:
    runs = list[Run]()
    is_bytewise, past = old.fits(new), 0
    last = Replaced(len(old.units), 0, len(new.units), 0)
    for start, count, new_start, new_count in (*ranges, last):
        # git is not told how the last line ends; where that differs, the line is replaced, too.
        is_other = is_bytewise and start > past and old.units[start - 1] != new.units[new_start - 1]
        first, new_first = start - is_other, new_start - is_other
        taken, added = (
            old.units[first : start + count],
            new.units[new_first : new_start + new_count],
        )
        if runs and runs[-1].end == first:
            before = runs.pop()
            first, taken, added = before.start, before.old + taken, before.new + added
        if taken or added:
            runs.append(Run(first, taken, added))
        past = start + count
    return tuple(runs)


def replaced(units: Sequence[bytes], runs: Iterable[Run]) -> Iterator[bytes]:
    """Yield the lines after some runs, which are in order."""
    at = 0
    for run in runs:
        yield from units[at : run.start]
        yield from run.new
        at = run.end
    yield from units[at:]


def paired(run: Run, codec: str) -> tuple[tuple[int | None, int | None], ...]:
    """Return which line of a run replaces which: indexes in `old` and in `new`, in order.

    Lines that are alike stand together; of the others each stands alone, those that go first. Where
    there are too many to compare, the first replaces the first, and so on.
    """
    old, new = (_bodies(units, codec) for units in (run.old, run.new))
    return _paired(old, new)


def _bodies(units: Sequence[bytes], codec: str) -> tuple[str, ...]:
    return tuple(split_end(text_of(unit, codec))[0] for unit in units)


@lru_cache(maxsize=512)
def _paired(
    old: tuple[str, ...], new: tuple[str, ...]
) -> tuple[tuple[int | None, int | None], ...]:
    if len(old) * len(new) > _MOST_PAIRS:
        return tuple(zip_longest(range(len(old)), range(len(new))))
    best = _scores(old, new)
    pairs = list[tuple[int | None, int | None]]()
    i, j = 0, 0
    while i < len(old) or j < len(new):
        down = best[i + 1][j] if i < len(old) else -1.0
        right = best[i][j + 1] if j < len(new) else -1.0
        if best[i][j] > max(down, right):
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif down >= right:
            pairs.append((i, None))
            i += 1
        else:
            pairs.append((None, j))
            j += 1
    return tuple(pairs)


def _scores(old: Sequence[str], new: Sequence[str]) -> list[list[float]]:
    """How well the lines from each index on can be paired, for both sides."""
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in range(len(old) - 1, -1, -1):
        for j in range(len(new) - 1, -1, -1):
            like = _likeness(old[i], new[j])
            together = best[i + 1][j + 1] + like if like >= _ALIKE else 0.0
            best[i][j] = max(together, best[i + 1][j], best[i][j + 1])
    return best


def _likeness(old: str, new: str) -> float:
    from rapidfuzz import fuzz

    ours, theirs = old.strip()[:_MOST_CHARS], new.strip()[:_MOST_CHARS]
    return 100.0 if ours == theirs else fuzz.ratio(ours, theirs)
