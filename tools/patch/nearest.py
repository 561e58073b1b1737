"""Lines that a file has not got -> the nearest ones it has, shown with their numbers."""

from collections import Counter
from collections.abc import Sequence

from bathy.tools.patch.hunks import Item
from bathy.tools.patch.index import LineIndex, options

_MAX_SHOWN = 10
_MAX_CHARS = 160
_MAX_COMPARED = 200_000
_COMMON = 64
_ADVICE = (
    "Read the file again and copy the lines exactly as they stand there, indentation included."
)


def nearest_lines(index: LineIndex, wanted: Sequence[Item]) -> str:
    """Show the place of a file that is most like some lines.

    Args:
        index: The file.
        wanted: Lines that do not stand there one after the other.

    Returns:
        At most 15 lines of text for the model, which say which line differs first, what the file
        has there, and what to try.
    """
    if not index.lines:
        return "The file is empty."
    start = _voted(index, wanted)
    if start is None:
        start = _similar(index, wanted)
    if start is None:
        return f"Nothing in the file is like them. {_ADVICE}"
    start = max(0, min(start, len(index.lines) - 1))
    wrong = _first_wrong(index, wanted, start)
    first = start
    if wrong is not None and wrong >= _MAX_SHOWN - 2:
        first = start + wrong - _MAX_SHOWN // 2
    last = min(first + min(len(wanted) + 1, _MAX_SHOWN), len(index.lines))
    shown = [f"{at + 1}: {_cut(index.lines[at])}" for at in range(first, last)]
    says = ""
    if wrong is not None:
        hint = _blank_hint(index, wanted[wrong], start + wrong)
        says = f"It has no such line: {_cut(wanted[wrong].text)!r}{hint}. "
    return "\n".join([f"{says}The nearest lines of the file:", *shown, _ADVICE])


def _voted(index: LineIndex, wanted: Sequence[Item]) -> int | None:
    """Return where most of the rare lines that the file does have would put the first one."""
    votes: Counter[int] = Counter()
    for number, item in enumerate(wanted):
        if item.text.strip() and index.count_of(item) <= _COMMON:
            votes.update(at - number for at in index.places_of(item))
    if not votes:
        return None
    most = max(votes.values())
    return min(start for start, count in votes.items() if count == most)


def _similar(index: LineIndex, wanted: Sequence[Item]) -> int | None:
    """Return where the longest line would put the first one, by likeness."""
    from rapidfuzz import fuzz, process

    number = max(range(len(wanted)), key=lambda one: len(wanted[one].text.strip()))
    text = wanted[number].text.strip()[:_MAX_CHARS]
    lines = [line.strip()[:_MAX_CHARS] for line in index.lines[:_MAX_COMPARED]]
    found = process.extractOne(text, lines, scorer=fuzz.ratio, score_cutoff=50)
    return None if found is None else int(found[2]) - number


def _first_wrong(index: LineIndex, wanted: Sequence[Item], start: int) -> int | None:
    for number, item in enumerate(wanted):
        at = start + number
        if at < 0 or at >= len(index.lines) or index.trimmed_lines[at] not in options(item):
            return number
    return None


def _blank_hint(index: LineIndex, item: Item, at: int) -> str:
    if 0 <= at < len(index.lines) and index.lines[at].split() == item.text.split():
        return f" (line {at + 1} differs in blanks or tabs only)"
    return ""


def _cut(line: str) -> str:
    return line if len(line) <= _MAX_CHARS else line[:_MAX_CHARS] + "…"
