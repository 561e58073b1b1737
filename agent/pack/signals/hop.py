"""The second hop: from the best spans along what they use and who uses them, to other files.

A question describes one place, and its answer needs the others on the call chain. Names that the
question speaks of lead further than others; names that many files define lead nowhere. What is
found this way never passes the file that led there, so the first places stay as they are.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log

from bathy.agent.index.terms import terms_of
from bathy.agent.pack.corpus import OpenCorpus
from bathy.agent.pack.question import Question
from bathy.agent.pack.signals.words import Words, shares_of_best

BEST_FILES, BEST_SPANS = 6, 4
"""Files, and spans of each, that are followed."""

MOST_DEFINERS, MOST_DEFINERS_OF_OWN, MOST_USERS = 4, 2, 40
"""A name that more files define is no link; nor is one of a span's own that more files use."""

MOST_SAID = 2.0
"""How far a question's interest in a name counts."""

LEADERS = 1
"""Files from the best on that nothing found here passes."""

BELOW_LEADERS, KEEPS_ORDER = 0.98, 1e-4
"""Where what would pass them is put, and the room in which it keeps its order, in parts of the last
one's score."""


@dataclass(frozen=True, slots=True)
class Hop:
    """What was found.

    Attributes:
        leads_here: By place of a file, 0 to 1: spans that fit use what it defines.
        comes_from_here: Likewise: it uses what spans that fit define.
        why: By place, the file that led there and the name.
        spans: By blob position, strength by span, at most 1: where the names that led there are
            defined or used.
    """

    leads_here: Mapping[int, float]
    comes_from_here: Mapping[int, float]
    why: Mapping[int, tuple[int, str]]
    spans: Mapping[int, Mapping[int, float]]


@dataclass(slots=True)
class _Found:
    strength: dict[int, float]
    strongest: dict[int, tuple[float, int, str]]
    spans: dict[int, float]

    def add(self, place: int, gain: float, leader: int, name: str) -> None:
        self.strength[place] = self.strength.get(place, 0.0) + gain
        best = self.strongest.get(place)
        if best is None or gain > best[0]:
            self.strongest[place] = (gain, leader, name)


def follow(
    question: Question, scores: Mapping[int, float], words: Words, corpus: OpenCorpus
) -> Hop:
    """Follow the best spans of the best files, one step.

    Args:
        question: What is asked.
        scores: Of files, by place; what the first look found.
        words: The spans behind them.
        corpus: The files.
    """
    forth, back = _Found({}, {}, {}), _Found({}, {}, {})
    best = heapq.nsmallest(BEST_FILES, scores.items(), key=lambda pair: (-pair[1], pair[0]))
    most = max((score for _, score in best), default=0.0)
    for place, score in best:
        if score > 0:
            spans = list(_best_spans(place, words, corpus))
            _follow_uses(question, corpus, place, [(score / most * s, n) for s, n in spans], forth)
            _follow_users(question, corpus, place, [(score / most * s, n) for s, n in spans], back)
    why = {p: (leader, name) for p, (_, leader, name) in sorted(back.strongest.items())}
    why |= {p: (leader, name) for p, (_, leader, name) in sorted(forth.strongest.items())}
    named = dict(back.spans)
    for span, strength in forth.spans.items():
        named[span] = named.get(span, 0.0) + strength
    places: dict[int, dict[int, float]] = defaultdict(dict)
    for span, strength in shares_of_best(named).items():
        places[corpus.view.blob_of(span)][span] = strength
    return Hop(shares_of_best(forth.strength), shares_of_best(back.strength), why, places)


def lift(scores: Sequence[float], gains: Sequence[float]) -> list[float]:
    """Add what was found to the scores, without passing the leaders.

    Args:
        scores: Of the first look, one a file.
        gains: >= 0, one a file.

    Returns:
        New scores; never lower ones.
    """
    leading = heapq.nlargest(LEADERS, scores)
    if len(leading) < LEADERS or leading[-1] <= 0:
        return [score + gain for score, gain in zip(scores, gains, strict=True)]
    last = leading[-1]
    return [
        score if score >= last else min(score + gain, max(_below(last, score + gain), score))
        for score, gain in zip(scores, gains, strict=True)
    ]


def _below(last: float, total: float) -> float:
    """Where a file of such a total is put below the last leader; more for more."""
    return last * (BELOW_LEADERS + KEEPS_ORDER * total / (total + last))


def _best_spans(place: int, words: Words, corpus: OpenCorpus) -> Iterator[tuple[float, int]]:
    """(strength, span) of a file's best spans; the best one's is 1."""
    found = words.spans.get(corpus.position[place], ())[:BEST_SPANS]
    said = words.by_path.get(place, 0.0)
    most = found[0][0] + said if found else 0.0
    for score, span in found:
        yield ((score + said) / most if most > 0 else 0.0), span


def _follow_uses(
    question: Question,
    corpus: OpenCorpus,
    place: int,
    spans: Sequence[tuple[float, int]],
    found: _Found,
) -> None:
    view = corpus.view
    uses = _strongest((strength, view.names_at(span).uses) for strength, span in spans)
    for name, strength in uses.items():
        definers = view.definers(name)
        files = _files(definers, corpus)
        if place in files or not 0 < len(files) <= MOST_DEFINERS:
            continue
        rare = log(3 + len(view.users(name)))
        gain = strength * (1 + _said(name, question)) / (len(files) * rare)
        for file in files:
            found.add(file, gain, place, name)
        for span in definers:
            found.spans[span] = found.spans.get(span, 0.0) + gain


def _follow_users(
    question: Question,
    corpus: OpenCorpus,
    place: int,
    spans: Sequence[tuple[float, int]],
    found: _Found,
) -> None:
    view = corpus.view
    defined = _strongest((strength, view.names_at(span).defines) for strength, span in spans)
    for name, strength in defined.items():
        if not 0 < len(_files(view.definers(name), corpus)) <= MOST_DEFINERS_OF_OWN:
            continue
        users = view.users(name)
        files = _files(users, corpus) - {place}
        if not 0 < len(files) <= MOST_USERS:
            continue
        gain = strength * (1 + _said(name, question)) / len(files) ** 0.7
        for file in files:
            found.add(file, gain, place, name)
        for span in users:
            found.spans[span] = found.spans.get(span, 0.0) + gain / len(users)


def _strongest(found: Iterable[tuple[float, Sequence[str]]]) -> dict[str, float]:
    """Return the strength of the best span of each name, in order of first occurrence."""
    names: dict[str, float] = {}
    for strength, those in found:
        for name in those:
            names[name] = max(names.get(name, 0.0), strength)
    return names


def _files(spans: Sequence[int], corpus: OpenCorpus) -> set[int]:
    view = corpus.view
    return {place for span in spans for place in corpus.owners[view.blob_of(span)]}


def _said(name: str, question: Question) -> float:
    """How much a question speaks of a name."""
    return min(MOST_SAID, sum(question.terms.get(term, 0.0) for term in terms_of(name)))
