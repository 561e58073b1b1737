"""Hunks and the lines of a file -> where each hunk goes, or what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bathy.tools.base import count_of
from bathy.tools.patch.align import Refused, place_tolerant
from bathy.tools.patch.anchors import under_anchors
from bathy.tools.patch.hunks import Hunk, Item
from bathy.tools.patch.index import MAX_HITS, LineIndex
from bathy.tools.patch.nearest import nearest_lines
from bathy.tools.patch.place import Placed, place

_MAX_NAMED = 10
_MAX_NEAREST = 5
"""Hunks of a file whose nearest lines are looked up; the message is for a model, not an archive."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a hunk.

    Attributes:
        number: Its number in the file's patch, from 1.
        text: For the model: what is wrong, and what to try.
    """

    number: int
    text: str


@dataclass(slots=True)
class _Search:
    """A hunk on its way to a place.

    Attributes:
        hunk: The hunk.
        items: Its items, without loose ones if the file has not got them.
        hits: Places that are left, as indexes of the first old line.
        placed: The place, once it is certain.
    """

    hunk: Hunk
    items: tuple[Item, ...]
    hits: list[int] = field(default_factory=list)
    placed: Placed | None = None

    @property
    def size(self) -> int:
        """Number of old lines."""
        return sum(item.kind != "added" for item in self.items)


def locate(lines: Sequence[str], hunks: Sequence[Hunk]) -> tuple[list[Placed], list[Problem]]:
    """Find the place of every hunk in one state of a file.

    Exact places go first, then those that differ in blanks at line ends, then those where context
    lines have lost their mark, then the only one where a few context lines are wrong. Among
    several equal places the order of the hunks chooses, then section headings and anchors, then
    the stated line number if it hits one of them exactly; never which is nearest.

    Args:
        lines: The file, without line ends.
        hunks: In the order of the patch; line numbers are those of the old file.

    Returns:
        The places in the order of the file, not overlapping, and the problems. With a problem the
        places are not all of them. Deterministic.
    """
    index = LineIndex(lines)
    searches = []
    problems: list[Problem] = []
    for number, hunk in enumerate(hunks, 1):
        search, reason = _search(index, hunk, is_brief=len(problems) >= _MAX_NEAREST)
        searches.append(search)
        if reason:
            problems.append(Problem(number, reason))
    _narrow(index, searches)
    for number, search in enumerate(searches, 1):
        if search.placed is None and search.hits:
            problems.append(Problem(number, _ambiguous(search)))
    problems += _overlaps(searches)
    placed = sorted((one.placed for one in searches if one.placed), key=lambda one: one.start)
    return placed, sorted(problems, key=lambda problem: problem.number)


def _search(index: LineIndex, hunk: Hunk, *, is_brief: bool) -> tuple[_Search, str]:
    """Return the places of a hunk by the first level that has any, or the reason why none."""
    if all(item.kind == "context" for item in hunk.items):
        return _Search(hunk, hunk.items), (
            "it has only context lines; mark the lines that change with - and +"
        )
    old = [item for item in hunk.items if item.kind != "added"]
    if not old:
        return _without_context(index, hunk)
    for find in (index.find_exact, index.find_trimmed, index.find_unmarked):
        for items in _readings(hunk):
            wanted = [item for item in items if item.kind != "added"]
            hits = find(wanted) if wanted else []
            if hits:
                hits = _at_end(index, hunk, hits, len(wanted))
                return _Search(hunk, items, hits), _edge_doubt(
                    index, hunk, hits[0], hits[-1] + len(wanted)
                )
    if reason := _applied(index, hunk):
        return _Search(hunk, hunk.items), reason
    if is_brief:
        return _Search(hunk, hunk.items), "its old lines do not stand in the file exactly"
    # Where context is wrong anyway, lines that may be none must not tip the scales.
    items = _readings(hunk)[-1]
    found: Placed | Refused = Refused()
    if any(item.kind != "added" for item in items):
        found = place_tolerant(index, items, may_invent=not hunk.has_lost_plus)
    if isinstance(found, Placed):
        doubt = _edge_doubt(index, hunk, found.start, found.end)
        return _Search(hunk, items, placed=found), doubt
    return _Search(hunk, hunk.items), _not_found(index, hunk, found)


def _readings(hunk: Hunk) -> list[tuple[Item, ...]]:
    """Return the items with and without those that may be text after the patch."""
    return [hunk.items, hunk.items[: -hunk.loose]] if hunk.loose else [hunk.items]


def _without_context(index: LineIndex, hunk: Hunk) -> tuple[_Search, str]:
    size = len(index.lines)
    if size and not hunk.is_at_end:
        return _Search(hunk, hunk.items), (
            "it adds lines without saying beside which; give some unchanged lines before or after "
            "them, each marked with a blank"
        )
    return _Search(hunk, hunk.items, placed=place(hunk.items, (), start=size, size=size)), ""


def _at_end(index: LineIndex, hunk: Hunk, hits: list[int], size: int) -> list[int]:
    """Keep the place at the end of the file if the patch says that it is there."""
    is_at_end = hunk.is_at_end or any(item.has_no_newline for item in hunk.items)
    last = len(index.lines) - size
    return [last] if is_at_end and last in hits else hits


def _edge_doubt(index: LineIndex, hunk: Hunk, start: int, end: int) -> str:
    """Say that a context line may be lost where the hunk begins or ends with added lines."""
    is_first = hunk.items[0].kind == "added" and start > 0
    # A blank line at the end of a text is lost so easily that it says nothing.
    after = index.trimmed_lines[end : end + 1]
    is_last = hunk.items[-1].kind == "added" and any(after)
    if hunk.lost and (is_first or is_last):
        return (
            f"its header counts {count_of(hunk.lost, 'context line')} more than it has, and added "
            "lines stand at its edge, so it is not certain where they go; give unchanged lines on "
            "both sides of them"
        )
    return ""


def _narrow(index: LineIndex, searches: Sequence[_Search]) -> None:
    """Choose among several places, as long as one choice makes the next one possible."""
    changed = True
    while changed:
        changed = False
        is_ordered = _is_ordered(searches)
        for number, search in enumerate(searches):
            if search.placed or not search.hits or len(search.hits) > MAX_HITS:
                continue
            hits = _between(searches, number) if is_ordered else search.hits
            stated = (search.hunk.old_start or 0) - 1
            if stated in search.hits and stated not in hits:
                continue
            if len(hits) > 1:
                hits = _chosen(index, search.hunk, hits)
            if len(hits) == 1:
                old = range(hits[0], hits[0] + search.size)
                search.placed = place(search.items, old, start=hits[0], size=len(index.lines))
                changed = True


def _is_ordered(searches: Sequence[_Search]) -> bool:
    starts = [search.placed.start for search in searches if search.placed]
    return starts == sorted(starts)


def _between(searches: Sequence[_Search], number: int) -> list[int]:
    """Return the places after the hunk before and before the hunk after, as far as known."""
    search = searches[number]
    low = max((one.placed.end for one in searches[:number] if one.placed), default=0)
    starts = [one.placed.start for one in searches[number + 1 :] if one.placed]
    high = min(starts, default=search.hits[-1] + search.size)
    # Without a place in order this hunk itself is out of order.
    return [hit for hit in search.hits if low <= hit <= high - search.size] or search.hits


def _chosen(index: LineIndex, hunk: Hunk, hits: list[int]) -> list[int]:
    """Choose by anchors and line number; if they contradict each other, choose nothing."""
    anchored = under_anchors(index.lines, hunk.anchors, hits)
    stated = [hit for hit in hits if hunk.old_start is not None and hit == hunk.old_start - 1]
    if not stated:
        return anchored
    return stated if stated[0] in anchored else hits


def _ambiguous(search: _Search) -> str:
    lines = [str(hit + 1) for hit in search.hits[:_MAX_NAMED]]
    more = " and more" if len(search.hits) > _MAX_NAMED else ""
    return (
        f"its old lines stand in several places, at lines {', '.join(lines)}{more}; give more "
        "unchanged lines around the change, so that only one place fits"
    )


def _applied(index: LineIndex, hunk: Hunk) -> str:
    """Say that the new lines stand there already, or return ""."""
    if all(item.kind != "added" for item in hunk.items):
        return ""
    for items in _readings(hunk):
        new = [item for item in items if item.kind != "removed"]
        has_text = any(item.text.strip() for item in new)
        if has_text and (hits := index.find_exact(new) or index.find_trimmed(new)):
            return (
                f"it is already applied: its new lines stand at line {hits[0] + 1}, and its old "
                "lines nowhere; leave it out"
            )
    return ""


def _not_found(index: LineIndex, hunk: Hunk, refused: Refused) -> str:
    old = [item for item in hunk.items if item.kind != "added"]
    near = nearest_lines(index, old)
    if refused.reason:
        return f"it does not match exactly, and {refused.reason}. {near}"
    return f"its old lines stand nowhere in the file. {near}"


def _overlaps(searches: Sequence[_Search]) -> list[Problem]:
    """Find hunks of which one changes what the other keeps or changes."""
    found = [
        (one.placed, number) for number, one in enumerate(searches, 1) if one.placed is not None
    ]
    found.sort(key=lambda pair: (pair[0].start, pair[0].end))
    problems = []
    for at, (first, one) in enumerate(found):
        for second, other in found[at + 1 :]:
            if second.start >= first.end:
                break
            if _do_clash(first, second):
                earlier, later = sorted((one, other))
                text = (
                    f"it changes lines that hunk {earlier} also changes or needs, near line "
                    f"{second.start + 1}; make one hunk of both"
                )
                problems.append(Problem(later, text))
    return problems


def _do_clash(first: Placed, second: Placed) -> bool:
    """Whether one changes a line of the other, or both add lines between the same two."""
    for one, other in ((first, second), (second, first)):
        for edit in one.edits:
            last = edit.at + edit.removed
            if edit.removed and edit.at < other.end and last > other.start:
                return True
    gaps = {edit.at for edit in first.edits if not edit.removed}
    return any(edit.at in gaps for edit in second.edits if not edit.removed)
