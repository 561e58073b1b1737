"""A hunk whose context is not quite the file's -> its one place, or why there is none.

Removed lines have to be right. A few context lines may be mistyped, missing or invented, as long as
that leaves no doubt about any line that is removed or added. Source: semi-global alignment by
dynamic programming in a band around the diagonals that rare lines vote for.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bathy.tools.patch.escapes import unescape
from bathy.tools.patch.hunks import Item
from bathy.tools.patch.index import LineIndex, options
from bathy.tools.patch.place import Placed, place

_CONTEXT_PER_ERROR = 4
_MAX_ERRORS = 3
_MIN_EXACT = 2
_COMMON = 64
"""Lines that stand in more places than this do not vote."""

_MAX_CELLS = 300_000
_MAX_PATHS = 200
_FAR = 1 << 20

_Mapping = tuple[tuple[int | None, bool], ...]
"""For each old line: its index in the file or None, and whether it is exactly the file's."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a hunk was not placed; `reason` is "" if nothing comes near."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Band:
    """Alignments that run near some diagonals: an old line less its index in the file."""

    low: int
    high: int


def place_tolerant(
    index: LineIndex, items: Sequence[Item], *, may_invent: bool = True
) -> Placed | Refused:
    """Find the one place that a hunk with mistakes in its context means.

    Args:
        index: The file.
        items: The hunk, with at least one old line.
        may_invent: Whether a context line may be one that the file has not got.

    Returns:
        The hunk at its place, or why not. Deterministic.
    """
    old = [item for item in items if item.kind != "added"]
    context = sum(item.kind == "context" for item in old)
    if not context:
        return Refused()
    bound = min(max(1, context // _CONTEXT_PER_ERROR), _MAX_ERRORS)
    found: list[Placed] = []
    for band in _bands(index, old, bound):
        if (band.high - band.low + 2 * bound + 1) * len(old) > _MAX_CELLS:
            return Refused("too many places of the file look like it")
        aligner = _Aligner(index, items, band, bound, may_invent=may_invent)
        best = aligner.best()
        if isinstance(best, Refused) and best.reason:
            return best
        if isinstance(best, Placed):
            found.append(best)
    if len(found) > 1:
        lines = ", ".join(str(placed.start + 1) for placed in found[:10])
        return Refused(f"it fits in no place exactly, and nearly at lines {lines}")
    return found[0] if found else Refused()


def _bands(index: LineIndex, old: Sequence[Item], bound: int) -> Iterator[_Band]:
    """Yield the bands in which enough of the rare lines stand."""
    voters: dict[int, set[int]] = {}
    rare = 0
    for number, item in enumerate(old):
        if index.count_of(item) > _COMMON:
            continue
        rare += 1
        for at in index.places_of(item):
            voters.setdefault(at - number, set()).add(number)
    group: list[int] = []
    for diagonal in [*sorted(voters), _FAR * _FAR]:
        if group and diagonal - group[-1] > bound:
            if len(set().union(*(voters[one] for one in group))) >= max(1, rare - bound):
                yield _Band(group[0], group[-1])
            group = []
        group.append(diagonal)


class _Aligner:
    """One alignment problem: the old lines of a hunk against one band of the file.

    Position (k, j) means that old lines before k are done and the next file line is j; `_cost`
    holds the fewest errors from there to the end.
    """

    def __init__(
        self,
        index: LineIndex,
        items: Sequence[Item],
        band: _Band,
        bound: int,
        *,
        may_invent: bool,
    ) -> None:
        self._index = index
        self._items = items
        self._old = [item for item in items if item.kind != "added"]
        self._bound = bound
        self._may_invent = may_invent
        self._low = band.low - bound
        self._high = band.high + bound
        self._has_added = _added_before(items)
        self._cost: dict[tuple[int, int], int] = {}

    def best(self) -> Placed | Refused:
        """Return the place of the alignments with the fewest errors, if it is one and certain."""
        self._fill()
        starts = range(max(self._low, 0), min(self._high, len(self._index.lines)) + 1)
        costs = {at: self._cost.get((0, at), _FAR) for at in starts}
        least = min(costs.values(), default=_FAR)
        if least > self._bound:
            return Refused()
        mappings: set[_Mapping] = set()
        for at, cost in costs.items():
            if cost == least:
                for mapping in self._paths(at):
                    mappings.add(mapping)
                    if len(mappings) > _MAX_PATHS:
                        return Refused("the lines around it can be read in too many ways")
        return self._agreed(mappings)

    def _fill(self) -> None:
        size = len(self._index.lines)
        count = len(self._old)
        for k in range(count, -1, -1):
            for j in range(min(k + self._high, size), max(k + self._low, 0) - 1, -1):
                steps = (
                    cost + self._cost.get((k2, j2), _FAR) for cost, k2, j2 in self._steps(k, j)
                )
                self._cost[k, j] = 0 if k == count else min(steps, default=_FAR)

    def _steps(self, k: int, j: int) -> Iterator[tuple[int, int, int]]:
        """Yield what can come next: its errors, and where it leads."""
        if k == len(self._old):
            return
        item = self._old[k]
        if j < len(self._index.lines):
            if self._is_exact(item, j):
                yield 0, k + 1, j + 1
            elif item.kind == "context" and is_similar(item.text, self._index.lines[j]):
                yield 1, k + 1, j + 1
            is_run = item.kind == "removed" and k > 0 and self._old[k - 1].kind == "removed"
            if k > 0 and not is_run:
                yield 1, k, j + 1
        # A line without a mark, or beside one that changes, may be an added line whose + was lost.
        is_invented = item.kind == "context" and not item.is_bare and self._may_invent
        if is_invented and not self._is_beside_change(k):
            yield 1, k + 1, j

    def _is_beside_change(self, k: int) -> bool:
        if self._has_added[k] or self._has_added[k + 1]:
            return True
        return any(item.kind == "removed" for item in self._old[max(k - 1, 0) : k + 2])

    def _is_exact(self, item: Item, at: int) -> bool:
        if item.kind == "removed":
            return item.text == self._index.lines[at]
        return self._index.trimmed_lines[at] in options(item)

    def _paths(self, start: int) -> Iterator[_Mapping]:
        """Yield the alignments with the fewest errors that begin at a file line."""
        stack: list[tuple[int, int, _Mapping]] = [(0, start, ())]
        while stack:
            k, j, done = stack.pop()
            if k == len(self._old):
                yield done
                continue
            left = self._cost[k, j]
            for cost, k2, j2 in self._steps(k, j):
                if cost + self._cost.get((k2, j2), _FAR) != left:
                    continue
                step: _Mapping = ()
                if k2 > k:
                    is_exact = cost == 0
                    step = ((j if j2 > j else None, is_exact),)
                stack.append((k2, j2, done + step))

    def _agreed(self, mappings: set[_Mapping]) -> Placed | Refused:
        """Return the place if all alignments mean the same edits, each without a doubt."""
        places = set()
        for mapping in sorted(mappings, key=repr):
            if not self._is_evident(mapping):
                return Refused()
            if doubt := self._doubt(mapping):
                return Refused(doubt)
            at = [where for where, _ in mapping]
            places.add(place(self._items, at, start=0, size=len(self._index.lines)))
        if len({one.edits for one in places}) > 1:
            return Refused("its lines can be read against the file in more than one way")
        return min(places, key=lambda one: (one.start, one.end))

    def _is_evident(self, mapping: _Mapping) -> bool:
        """Whether enough lines are right: two with text, or one that the file has only once."""
        pairs = zip(self._old, mapping, strict=True)
        exact = [item for item, (_, is_exact) in pairs if is_exact]
        telling = [item for item in exact if item.text.strip()]
        is_unique = any(self._index.count_of(item) == 1 for item in telling)
        return len(telling) >= _MIN_EXACT or (is_unique and len(exact) >= _MIN_EXACT)

    def _doubt(self, mapping: _Mapping) -> str:
        """Say why it is not certain where some lines are added, or return ""."""
        for k, has_added in enumerate(self._has_added):
            if not has_added:
                continue
            above = mapping[k - 1] if k > 0 else None
            below = mapping[k] if k < len(mapping) else None
            if not any(side and side[1] for side in (above, below)):
                return "lines are added where neither the line above nor the one below is right"
            if above and below and above[0] is not None and below[0] != above[0] + 1:
                return (
                    f"lines are added near line {above[0] + 2} of the file, which the patch does "
                    "not have, and it is not certain on which side of it they go"
                )
        return ""


def _added_before(items: Sequence[Item]) -> list[bool]:
    """Return for each old line, and for the end, whether lines are added right before it."""
    flags = [False]
    for item in items:
        if item.kind == "added":
            flags[-1] = True
        else:
            flags.append(False)
    return flags


def is_similar(patch_line: str, file_line: str) -> bool:
    """Whether a context line of a patch may be a mistyped line of the file.

    Indentation does not count. An HTML-escaped line is not mistyped: the lines added beside it will
    be escaped as well.
    """
    from rapidfuzz import fuzz
    from rapidfuzz.distance import Levenshtein

    ours, theirs = patch_line.strip(), file_line.strip()
    if not ours or not theirs:
        return False
    if "&" in ours and unescape(ours) == unescape(theirs):
        return False
    if ours == theirs:
        return True
    if min(len(ours), len(theirs)) < 2:
        return False
    near = Levenshtein.distance(ours, theirs, score_cutoff=1) <= 1
    return near or fuzz.ratio(ours, theirs) >= 85
