"""An issue and the older ones -> those that resemble it most, with what they share and what not.

BM25 over all of them leaves the closest few, which are then compared in both directions: words as
cosines of title and body, and what names a cause, such as an error's message or the innermost calls
of a traceback. What a template or a robot puts into every issue counts for nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from math import log, sqrt

from bathy.agent.index.terms import NOT_INDEXED, terms_of, words_of
from bathy.agent.modes.triage.dossier import Issue
from bathy.agent.modes.triage.finding.own_words import (
    OwnWords,
    common_lines,
    holds,
    one_line,
    series,
)
from bathy.agent.pack.question import is_code_like
from bathy.agent.pack.question_words import FILLER, TEMPLATE

TITLE_SHARE = 0.3
"""What the titles count, in parts of the whole; a title that recurs counts for nothing."""

STRONG_GAIN, CONFLICT_LOSS = 0.3, 0.2
"""Evidence of one cause closes so much of the gap to 1; errors that differ take so much away."""

_LOOKED_INTO = 40
_K1, _B = 1.2, 0.5
_PRIOR = 50
"""Issues that are made up so that a word of a tracker with two issues is not taken for a common
one; they hold none of the words."""

_MOST_WORDS, _WORD_CHARS = 6, 80
_FILLER = frozenset(term for word in FILLER | TEMPLATE for term in terms_of(word))


@dataclass(frozen=True, slots=True)
class Resembling:
    """An older issue that resembles the one in question.

    Attributes:
        number: Of the older issue.
        score: From 0 to 1, which is the same text.
        shared: What both say, most telling first; words of strangers, one line each.
        only_here: What only the issue in question says.
        only_there: What only the older one says.
        body: Likeness of the bodies alone, from 0 to 1; 0 where one of them says nothing.
        strong: Evidence of one cause: error messages and calls that hardly another issue has.
        is_conflict: Both name errors or quote messages, and none is the same.
    """

    number: int
    score: float
    shared: tuple[str, ...] = ()
    only_here: tuple[str, ...] = ()
    only_there: tuple[str, ...] = ()
    body: float = 0.0
    strong: tuple[str, ...] = ()
    is_conflict: bool = False


def resembling(issue: Issue, others: Iterable[Issue], most: int = 10) -> tuple[Resembling, ...]:
    """Rank the older issues by how much they resemble an issue.

    Args:
        issue: The one in question; if its number is 0, all others are older.
        others: Of the same tracker; pull requests, newer ones and itself are passed over.
        most: Records that are returned, at most.

    Returns:
        Best first, equal ones by number; the same for the same issues in any order. Time is linear
        in the text, memory in the number of distinct words and lines.
    """
    older = {o.number: o for o in others if _is_older(o, issue)}
    if not older or most < 1:
        return ()
    tracker = _Tracker(issue, [older[number] for number in sorted(older)])
    found = [tracker.compare(other) for other in tracker.closest()]
    return tuple(sorted(found, key=lambda each: (-each.score, each.number))[:most])


def _is_older(other: Issue, issue: Issue) -> bool:
    return not other.is_pull_request and (0 < other.number < issue.number or not issue.number)


class _Tracker:
    """The issues, counted once, as what one of them is compared with the others in."""

    def __init__(self, issue: Issue, older: Sequence[Issue]) -> None:
        self._older = older
        self._common = common_lines([issue, *older])
        self._here = OwnWords(issue, self._common)
        self._holders = Counter(self._here.terms.keys())
        self._counted: list[tuple[dict[str, int], int]] = []
        for other in older:
            terms = OwnWords(other, self._common).terms
            self._holders.update(terms.keys())
            asked = {term: terms[term] for term in self._here.terms.keys() & terms.keys()}
            self._counted.append((asked, sum(terms.values())))
        title = series(issue)
        recurs = sum(series(other) == title for other in older) > 1
        self._title_share = 0.0 if recurs else TITLE_SHARE
        self._is_rare = _rarity(older)

    def closest(self) -> list[Issue]:
        """The older issues that BM25 puts first, and those that hold a rare string of this one."""
        usual = max(1.0, sum(n for _, n in self._counted) / len(self._counted))
        scores = (self._bm25(terms, n / usual) for terms, n in self._counted)
        ranked = nlargest(_LOOKED_INTO, zip(scores, range(len(self._older)), strict=True))
        places = {place for score, place in ranked if score > 0}
        for string in filter(self._is_rare, self._here.strings):
            places.update(p for p, other in enumerate(self._older) if holds(other, string))
        return [self._older[place] for place in sorted(places)]

    def compare(self, other: Issue) -> Resembling:
        """Compare one older issue with the issue in question, in both directions."""
        here, there = self._here, OwnWords(other, self._common)
        # What is posted ten times over looks like boilerplate, and is the same text all the same.
        is_same = here.is_same_as(there)
        both_say = is_same or (here.says_something and there.says_something)
        body = 1.0 if is_same else self._cosine(here.body, there.body) if both_say else 0.0
        strong = tuple(self._strong(here, there))
        is_conflict = not strong and _differ(here, there)
        score = 1.0 if is_same else self._score(here, there, body if both_say else None)
        score += STRONG_GAIN * (1 - score) if strong else -CONFLICT_LOSS * score * is_conflict
        words = tuple(self._words(here, lambda terms: terms <= there.terms.keys()))
        return Resembling(
            number=other.number,
            score=round(min(1.0, max(0.0, score)), 4),
            shared=_told((*strong, *words)),
            only_here=_told((*_lacking(here, there), *self._missing_words(here, there))),
            only_there=_told((*_lacking(there, here), *self._missing_words(there, here))),
            body=round(body, 4),
            strong=_told(strong),
            is_conflict=is_conflict,
        )

    def _score(self, here: OwnWords, there: OwnWords, body: float | None) -> float:
        if body is None:
            whole = self._cosine(here.terms, there.terms)
            return whole if self._title_share else 0.0
        title = self._cosine(here.title, there.title)
        return self._title_share * title + (1 - self._title_share) * body

    def _bm25(self, terms: Mapping[str, int], length: float) -> float:
        norm = _K1 * (1 - _B + _B * length)
        return sum(
            self._worth(term) * n * (_K1 + 1) / (n + norm) for term, n in sorted(terms.items())
        )

    def _worth(self, term: str) -> float:
        count, holders = len(self._older) + 1 + _PRIOR, self._holders[term]
        worth = log(1 + (count - holders + 0.5) / (holders + 0.5))
        return worth * 0.3 if term in _FILLER else worth

    def _cosine(self, one: Mapping[str, int], other: Mapping[str, int]) -> float:
        first, second = self._weigh(one), self._weigh(other)
        dot = sum(first[term] * second[term] for term in sorted(first.keys() & second.keys()))
        norms = sqrt(sum(w * w for w in first.values()) * sum(w * w for w in second.values()))
        return dot / norms if norms else 0.0

    def _weigh(self, terms: Mapping[str, int]) -> dict[str, float]:
        return {term: self._worth(term) * n / (n + _K1) for term, n in sorted(terms.items())}

    def _strong(self, here: OwnWords, there: OwnWords) -> Iterator[str]:
        """Strings of the one that stand in the other and hardly anywhere else; then calls."""
        for string in dict.fromkeys((*here.strings, *there.strings)):
            if string in here.raw and string in there.raw and self._is_rare(string):
                yield string
        calls = [call for call in here.calls if call in there.calls]
        if len(calls) > 1 and here.errors & there.errors and self._is_rare(calls[-1][1]):
            yield f"{calls[-1][1]} in {calls[-1][0]}"

    def _words(self, here: OwnWords, wanted: Callable[[set[str]], bool]) -> Iterator[str]:
        """Words of an issue that are wanted by their terms, most telling first."""
        words = dict.fromkeys(words_of(f"{here.heading}\n{here.text}"))
        terms = {word: set(terms_of(word)) for word in words}
        worth = {
            word: max(map(self._worth, terms[word])) + is_code_like(word)
            for word in words
            if terms[word] and word.lower() not in FILLER | NOT_INDEXED and len(word) > 2
        }
        chosen = (word for word in worth if wanted(terms[word]))
        yield from sorted(chosen, key=lambda word: -worth[word])[:_MOST_WORDS]

    def _missing_words(self, here: OwnWords, there: OwnWords) -> Iterator[str]:
        return self._words(here, lambda terms: terms.isdisjoint(there.terms))


def _rarity(older: Sequence[Issue]) -> Callable[[str], bool]:
    """Whether hardly an issue holds a string; each is looked for once."""
    known: dict[str, bool] = {}
    most = max(3, min(10, len(older) // 100))

    def is_rare(string: str) -> bool:
        if string not in known:
            known[string] = sum(holds(other, string) for other in older) <= most
        return known[string]

    return is_rare


def _differ(here: OwnWords, there: OwnWords) -> bool:
    """Whether both name errors, or both give messages, of which none is the same."""
    if here.errors and there.errors:
        return here.errors.isdisjoint(there.errors)
    both = here.strings and there.strings
    return bool(both) and not any(s in there.raw for s in here.strings)


def _lacking(here: OwnWords, there: OwnWords) -> list[str]:
    return [string for string in here.strings if string not in there.raw][:2]


def _told(strings: Iterable[str]) -> tuple[str, ...]:
    cut = (one_line(string)[:_WORD_CHARS] for string in strings)
    return tuple(dict.fromkeys(each for each in cut if each))[:_MOST_WORDS]
