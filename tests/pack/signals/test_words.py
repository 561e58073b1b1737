from collections.abc import Iterator
from math import sqrt
from pathlib import Path

import pytest
from bathy.agent.index.postings import Postings
from bathy.agent.pack.question import parse_question
from bathy.agent.pack.signals.weights import FILE_PART, SPAN_PART, TITLE_PART
from bathy.agent.pack.signals.words import Words, match_words, shares_of_best
from corpora import corpus_of
from hypothesis import given
from hypothesis import strategies as st

FILLING = "def other(value):\n    return value\n" * 3
FILES = {
    "kiln/bake.py": "def fire_clay(pot):\n    # glaze the pot\n    return pot\n",
    "kiln/pots.py": FILLING + "# a pot\n" + FILLING * 4,
    "kiln/wheel.py": FILLING * 2,
    "glaze/empty.py": FILLING * 3,
}
PATHS = sorted(FILES)


@pytest.fixture
def postings(tmp_path: Path) -> Iterator[Postings]:
    with Postings(tmp_path / "postings.sqlite") as opened:
        yield opened


def matched(postings: Postings, question: str, files: dict[str, str] = FILES) -> Words:
    return match_words(parse_question(question), corpus_of(postings, files).open())


def test_the_best_file_gets_one_and_files_without_a_word_are_left_out(postings: Postings) -> None:
    fit = matched(postings, "fire clay pot").fit
    assert fit[PATHS.index("kiln/bake.py")] == 1.0
    assert 0 < fit[PATHS.index("kiln/pots.py")] < 1
    assert fit.keys() == {PATHS.index("kiln/bake.py"), PATHS.index("kiln/pots.py")}


def test_the_spans_of_a_file_come_best_first(postings: Postings) -> None:
    long = "def one():\n    return pot\n\n\n\n\ndef two():\n    # pot pot glaze\n    return 1\n"
    words = matched(postings, "glaze pot", {"a.py": long})
    (found,) = words.spans.values()
    assert [score for score, _ in found] == sorted((score for score, _ in found), reverse=True)
    assert len(found) == 2
    view = corpus_of(postings, {"a.py": long}).open().view
    assert [view.span_at(span).symbol for _, span in found] == ["two", "one"]


def test_a_word_of_the_path_counts_in_each_span_of_a_file_that_fits(postings: Postings) -> None:
    same = "def fire(pot):\n    return pot\n"
    files = {"glaze/a.py": same + "# 1\n", "other/a.py": same + "# 2\n", "c.py": "glaze = 1\n"}
    words = matched(postings, "pot glaze", files)
    assert words.by_path.keys() == {1}
    assert sorted(files)[1] == "glaze/a.py"
    assert words.fit[1] > words.fit[2]


def test_a_word_of_the_path_alone_is_no_fit(postings: Postings) -> None:
    words = matched(postings, "glaze")
    assert PATHS.index("glaze/empty.py") in words.by_path
    assert PATHS.index("glaze/empty.py") not in words.fit


def test_a_title_counts_beside_the_best_spans_and_the_whole(postings: Postings) -> None:
    files = {"a.py": "kiln = 1\n", "b.py": "wheel = 1\n"}
    # A word of the title weighs two of the text, of which the root is taken.
    by_text = (SPAN_PART + FILE_PART) / sqrt(2)
    by_all = SPAN_PART + FILE_PART + TITLE_PART
    assert matched(postings, "kiln\nwheel", files).fit == pytest.approx(
        {0: 1.0, 1: by_text / by_all}
    )


def test_copies_fit_alike(postings: Postings) -> None:
    files = {"x/a.py": FILES["kiln/bake.py"], "y/a.py": FILES["kiln/bake.py"]}
    assert matched(postings, "clay", files).fit == {0: 1.0, 1: 1.0}


@pytest.mark.parametrize("question", ["", "???", "the", "sourdough"])
def test_nothing_fits_nothing(postings: Postings, question: str) -> None:
    words = matched(postings, question)
    assert (words.fit, words.spans, words.by_path) == ({}, {}, {})
    assert matched(postings, "pot", {}).fit == {}


@given(st.dictionaries(st.integers(), st.floats(0, 1e12)))
def test_shares_are_from_zero_to_one_with_one_for_the_best(values: dict[int, float]) -> None:
    shares = shares_of_best(values)
    if any(values.values()):
        assert shares.keys() == values.keys()
        assert max(shares.values()) == 1.0
        assert min(shares.values()) >= 0
    else:
        assert shares == {}
