"""Whether a ranking says anything at all: which words of the question its best files hold."""

from collections.abc import Sequence
from dataclasses import dataclass

from bathy.agent.index.terms import terms_of
from bathy.agent.index.view import View, inverse_frequency
from bathy.agent.pack.question import Question

FLOOR_FILES, FLOOR_SHARE = 3, 0.45
"""A ranking whose best files all hold less than this share of the question is no answer."""

MOST_WORDS = 60
_MATCHES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Told:
    """A word of the question: how telling it is here, and the blob positions that hold it."""

    word: str
    idf: float
    holders: frozenset[int]


def tell_words(question: Question, view: View) -> list[Told]:
    """Look the words of a question up, most telling first."""
    told = []
    for word in question.words[:MOST_WORDS]:
        terms = terms_of(word)
        if terms:
            holders = view.blobs_holding(terms[-1])
            idf = inverse_frequency(view.count(terms[-1]), view.span_count)
            told.append(Told(word, idf, holders))
    return sorted(told, key=lambda t: (-t.idf, t.word))


def has_to_do(told: Sequence[Told], position: int) -> bool:
    """Say whether a file has to do with the question by its words alone.

    It does if it holds two of the question's words, half of them, or half of what they tell. One
    stray word of many is chance.

    Args:
        told: From `tell_words`.
        position: Of the file's blob.
    """
    held = [t.idf for t in told if position in t.holders]
    if len(held) >= 2 or not held:
        return bool(held)
    return len(told) <= 2 or sum(held) >= FLOOR_SHARE * sum(t.idf for t in told)


def matches(told: Sequence[Told], position: int) -> tuple[str, ...]:
    """Name the words that a file holds, for people: one reason or none."""
    words = [t.word for t in told if position in t.holders][:_MATCHES_SHOWN]
    return (f"matches: {', '.join(words)}",) if words else ()
