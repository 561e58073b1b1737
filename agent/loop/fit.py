"""A claim and a file -> how well each place of the file fits it.

A place is worth the names that stand in it, each weighed by how rare it is in the file, so that a
name on every line says little and one on a single line nearly everything. A block counts for the
name of the function or class that it stands in, by half.
"""

import bisect
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bathy.agent.loop.claims import Claim

USE, INSIDE = 0.5, 0.3
"""What a name counts where it is used, and for lines within what it names, beside 1 where it is
defined."""

QUOTE = 3.0
"""What a quote counts that stands in a place, beside 1 for a name on one line alone."""

CLEAR = 1.25
"""How much better than every other place one must be for lines to be moved there."""

_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_DEFINES = (
    r"\b(?:class|def|function|func|fn|struct|interface|type|impl|module|enum|trait|const|let|var|"
    r"namespace|record|object)\s+(?:\([^)]*\)\s*)?{0}\b"
)
_MOST_PLACES, _MOST_USES, _MOST_BLOCKS = 400, 400, 8
_WHOLE_LINES, _DECORATORS = 6, 4
_MOST_NAMES = 12


class Place(NamedTuple):
    """Lines of a file, 1-based, inclusive."""

    first: int
    last: int


class FileWords:
    """The lines of a file, and where each name stands."""

    def __init__(self, lines: Sequence[str]) -> None:
        """Index the lines once."""
        self.lines = lines
        self.count = len(lines)
        self._collapsed: list[str] | None = None
        self.names: dict[str, list[int]] = {}
        self.words: dict[str, list[int]] = {}
        for number, line in enumerate(lines, 1):
            found = dict.fromkeys(_NAME.findall(line[:2_000]))
            for name in found:
                self.names.setdefault(name, []).append(number)
            parts = {p.lower() for name in found for p in _PART.findall(name) if len(p) > 3}
            for part in parts:
                self.words.setdefault(part, []).append(number)

    def holding(self, quote: str) -> list[int]:
        """Return the lines that hold a quote, blanks collapsed on both sides."""
        if self._collapsed is None:
            self._collapsed = [" ".join(line.split()) for line in self.lines]
        return [n for n, line in enumerate(self._collapsed, 1) if quote in line]

    def weight(self, numbers: Sequence[int]) -> float:
        """Return how much a term says that stands on these lines, from 0 to 1."""
        return (
            math.log((1 + self.count) / len(numbers)) / math.log(1 + self.count) if numbers else 0
        )

    def block(self, number: int) -> Place:
        """Return the lines that belong to what a line begins, by indentation."""
        own = _indent(self.lines[number - 1])
        last = number
        for at in range(number + 1, self.count + 1):
            line = self.lines[at - 1]
            if line.strip():
                if _indent(line) <= own and not line.lstrip().startswith((")", "}", "]")):
                    break
                last = at
        return Place(number, last)


class _Term(NamedTuple):
    """Something to look for: what it counts, the lines that hold it, and the blocks it names."""

    worth: float
    numbers: Sequence[int]
    blocks: Sequence[Place]


@dataclass(frozen=True, slots=True)
class Fit:
    """How a claim fits a file.

    Attributes:
        is_known: Something that is named stands anywhere in the file.
        share: Score of the cited place by what is named, in parts of the best place as long.
        nearest: What is named next to the citation stands at the place, or is the name of the block
            that the place is part of.
        words: The same as `share`, by the plain words of the sentence and the names after the
            citation; 0 if the file holds none.
        place: Where what is named fits best; the nearest of equals.
        is_clear: No place elsewhere comes near it.
        whole: The definition that the citation means, if it misses one of its own length.
    """

    is_known: bool
    share: float
    nearest: bool
    words: float
    place: Place
    is_clear: bool
    whole: Place | None


def fit_claim(words: FileWords, claim: Claim, cited: Place) -> Fit:
    """Find out how well the cited place fits a claim, and which place of the file fits it best."""
    named = list(_named(words, claim.names, claim.quotes))
    plain = [
        _Term(words.weight(numbers), numbers, ())
        for word in sorted(claim.words)
        if (numbers := words.words.get(word, ()))
    ]
    hints = [*plain, *_named(words, claim.later, ())]
    share, place, is_clear = _best(named, cited, words.count)
    nearest = list(_named(words, claim.names[:1], ()))
    return Fit(
        bool(named),
        share,
        _score(nearest, cited) > 0,
        _best(hints, cited, words.count)[0],
        place,
        is_clear,
        _whole(words, claim, cited),
    )


def _best(terms: Sequence[_Term], cited: Place, count: int) -> tuple[float, Place, bool]:
    """(score of the cited place in parts of the best, the best place, no other comes near it)."""
    length = cited.last - cited.first + 1
    scored = [
        (_score(terms, Place(at, at + length - 1)), at)
        for at in _starts(terms, length, cited.first)
    ]
    if not scored:
        return 0.0, cited, False
    score, at = max(scored, key=lambda item: (round(item[0], 9), -abs(item[1] - cited.first)))
    rival = max((s for s, start in scored if abs(start - at) >= max(length, 2)), default=0.0)
    place = Place(at, min(count, at + length - 1))
    return _score(terms, cited) / score if score else 0.0, place, 0 < score >= CLEAR * rival


def _starts(terms: Sequence[_Term], length: int, first: int) -> list[int]:
    """Where a place may begin so that it begins or ends with a line that holds a term."""
    found = set[int]()
    for term in terms:
        for number in term.numbers[:_MOST_PLACES]:
            found.update((number, max(1, number - length + 1)))
    if len(found) > _MOST_PLACES:
        return sorted(found, key=lambda at: abs(at - first))[:_MOST_PLACES]
    return sorted(found)


def _named(
    words: FileWords, names: Sequence[tuple[str, float]], quotes: Sequence[str]
) -> Iterator[_Term]:
    for name, worth in names[:_MOST_NAMES]:
        if numbers := words.names.get(name, ()):
            yield _Term(words.weight(numbers) * worth, numbers, _blocks(words, name, numbers))
    for quote in quotes:
        if numbers := words.holding(quote):
            yield _Term(QUOTE * words.weight(numbers), numbers, ())


def _blocks(words: FileWords, name: str, numbers: Sequence[int]) -> list[Place]:
    """The blocks that a name defines."""
    defines = re.compile(_DEFINES.format(re.escape(name)))
    found = [n for n in numbers[:_MOST_USES] if defines.search(words.lines[n - 1])]
    return [words.block(n) for n in found[:_MOST_BLOCKS]]


def _score(terms: Sequence[_Term], place: Place) -> float:
    return sum(term.worth * _part(term, place) for term in terms)


def _part(term: _Term, place: Place) -> float:
    """What a place has of a term: all where it is defined, or stands if nothing here defines it."""
    if any(place.first <= block.first <= place.last for block in term.blocks):
        return 1.0
    at = bisect.bisect_left(term.numbers, place.first)
    if at < len(term.numbers) and term.numbers[at] <= place.last:
        return USE if term.blocks else 1.0
    inside = any(b.first <= place.first and place.last <= b.last for b in term.blocks)
    return INSIDE if inside else 0.0


def _whole(words: FileWords, claim: Claim, cited: Place) -> Place | None:
    """The definition that is cited as a whole, but elsewhere: the one next to the citation.

    It is as long as the place that is cited, to within a fifth, and begins somewhere else.
    """
    length = cited.last - cited.first + 1
    found = [_blocks(words, name, words.names.get(name, ())) for name, _ in claim.names[:4]]
    begins = [block.first for blocks in found for block in blocks]
    if length < _WHOLE_LINES or any(abs(at - cited.first) <= _DECORATORS for at in begins):
        return None
    for blocks in found[:2]:
        size = blocks[0].last - blocks[0].first + 1 if len(blocks) == 1 else 0
        if abs(size - length) <= max(2, length // 5):
            return blocks[0]
    return None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
