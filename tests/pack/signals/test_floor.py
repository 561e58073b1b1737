from collections.abc import Iterator
from pathlib import Path

import pytest
from bathy.agent.index.postings import Postings
from bathy.agent.index.view import inverse_frequency
from bathy.agent.pack.question import parse_question
from bathy.agent.pack.signals.floor import (
    FLOOR_SHARE,
    MOST_WORDS,
    Told,
    has_to_do,
    matches,
    tell_words,
)
from corpora import corpus_of

FILES = {"a.py": "kiln = glaze\n", "b.py": "kiln = 1\n", "c.py": "kiln = 2\n"}


@pytest.fixture
def postings(tmp_path: Path) -> Iterator[Postings]:
    with Postings(tmp_path / "postings.sqlite") as opened:
        yield opened


def told_of(postings: Postings, text: str) -> list[Told]:
    return tell_words(parse_question(text), corpus_of(postings, FILES).open().view)


def test_words_are_told_rarest_first_with_their_files(postings: Postings) -> None:
    sourdough, glaze, kiln = told_of(postings, "Which kilns glaze sourdough?")
    assert (glaze.word, glaze.holders) == ("glaze", frozenset({0}))
    assert (kiln.word, kiln.holders) == ("kilns", frozenset({0, 1, 2}))
    assert (sourdough.word, sourdough.holders) == ("sourdough", frozenset())
    assert glaze.idf == inverse_frequency(1, 3)
    assert sourdough.idf > glaze.idf > kiln.idf > 0


def test_words_that_are_not_indexed_and_those_of_an_essay_are_not_told(postings: Postings) -> None:
    assert told_of(postings, "the of and") == []
    essay = " ".join(f"word{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(200))
    assert len(told_of(postings, essay)) == MOST_WORDS


def told(*words: tuple[float, int]) -> list[Told]:
    """Words by (idf, the one file that holds it)."""
    return [Told(f"w{n}", idf, frozenset([holder])) for n, (idf, holder) in enumerate(words)]


def test_two_words_are_enough_and_none_is_not() -> None:
    assert has_to_do(told((1, 0), (1, 0), (9, 1), (9, 1)), 0)
    assert not has_to_do(told((1, 1), (1, 1)), 0)
    assert not has_to_do([], 0)


def test_one_word_is_enough_if_there_are_but_two_or_it_tells_nearly_half() -> None:
    assert has_to_do(told((1, 0), (9, 1)), 0)
    rest = (1 - FLOOR_SHARE) / 2
    assert has_to_do(told((FLOOR_SHARE + 0.01, 0), (rest, 1), (rest, 1)), 0)
    assert not has_to_do(told((FLOOR_SHARE - 0.01, 0), (rest, 1), (rest, 1)), 0)


def test_the_most_telling_words_that_a_file_holds_are_named() -> None:
    words = told(*[(9 - n, 0) for n in range(8)], (0.5, 1))
    assert matches(words, 0) == ("matches: w0, w1, w2, w3, w4",)
    assert matches(words, 1) == ("matches: w8",)
    assert matches(words, 2) == ()
