"""Lines of a file -> where some of them stand, without looking at every line for every question."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

from bathy.tools.patch.hunks import Item, PatchError

MAX_HITS = 2_000
"""Places that are kept of one search; with more the file is too repetitive to choose."""

_MAX_COMPARISONS = 1_000_000
"""Most lines that are compared to find a hunk whose context may have lost its marks."""

_MAX_DISTINCT = 0x10F000
"""Distinct lines of a file that can be searched; each one stands for a code point."""


def trimmed(line: str) -> str:
    """Return a line without blanks at its end, which models and mail lose."""
    return line.rstrip(" \t\r")


def options(item: Item) -> tuple[str, ...]:
    """Return what a context line may stand for if its mark may be lost; trimmed, likeliest first.

    A line that begins with a blank has either a mark or, without one, an indented text.
    """
    text = trimmed(item.text)
    if item.kind != "context" or item.is_bare or not text:
        return (text,)
    return text, " " + text


class _Coded:
    """Lines as one string, one character for each distinct line, so that str.find does the work."""

    def __init__(self, lines: Sequence[str]) -> None:
        codes: dict[str, str] = {}
        for line in lines:
            if line not in codes:
                if len(codes) >= _MAX_DISTINCT:
                    raise PatchError("it has more than a million different lines")
                codes[line] = chr(len(codes))
        self._codes = codes
        self._text = "".join([codes[line] for line in lines])

    def find(self, wanted: Sequence[str]) -> list[int]:
        codes = [self._codes.get(line) for line in wanted]
        if None in codes:
            return []
        needle = "".join(code for code in codes if code is not None)
        hits: list[int] = []
        at = self._text.find(needle)
        while at >= 0 and len(hits) <= MAX_HITS:
            hits.append(at)
            at = self._text.find(needle, at + 1)
        return hits


class LineIndex:
    """One state of a file's lines, and what has been looked up of it.

    Indexes count from 0. A search returns at most `MAX_HITS` + 1 places, in order.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines

    @cached_property
    def _exact(self) -> _Coded:
        return _Coded(self.lines)

    @cached_property
    def _trimmed(self) -> _Coded:
        has_blanks = self.trimmed_lines != list(self.lines)
        return _Coded(self.trimmed_lines) if has_blanks else self._exact

    @cached_property
    def trimmed_lines(self) -> list[str]:
        """All lines without blanks at their ends."""
        return [trimmed(line) for line in self.lines]

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """Where each trimmed line stands."""
        places: dict[str, list[int]] = defaultdict(list)
        for at, line in enumerate(self.trimmed_lines):
            places[line].append(at)
        return dict(places)

    def find_exact(self, wanted: Sequence[Item]) -> list[int]:
        """Find lines one after the other, just as they are."""
        return self._exact.find([item.text for item in wanted])

    def find_trimmed(self, wanted: Sequence[Item]) -> list[int]:
        """Find lines one after the other, blanks at their ends aside."""
        return self._trimmed.find([trimmed(item.text) for item in wanted])

    def find_unmarked(self, wanted: Sequence[Item]) -> list[int]:
        """Find lines one after the other, blanks at their ends and lost marks aside."""
        choices = [options(item) for item in wanted]
        counts = [self.count_of(item) for item in wanted]
        rarest = min(range(len(wanted)), key=lambda number: counts[number])
        if counts[rarest] * len(wanted) > _MAX_COMPARISONS:
            return []
        hits = []
        for place in self.places_of(wanted[rarest]):
            start = place - rarest
            window = self.trimmed_lines[start : start + len(wanted)] if start >= 0 else []
            if len(window) == len(wanted) and all(
                line in choice for line, choice in zip(window, choices, strict=True)
            ):
                hits.append(start)
        return hits[: MAX_HITS + 1]

    def count_of(self, item: Item) -> int:
        """Return in how many places a line may stand, by any of its `options`."""
        return sum(len(self.places.get(text, ())) for text in options(item))

    def places_of(self, item: Item) -> list[int]:
        """Return where a line may stand, by any of its `options`."""
        found = [place for text in options(item) for place in self.places.get(text, ())]
        return sorted(found)
