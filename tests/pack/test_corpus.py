from collections.abc import Iterator
from pathlib import Path

import pytest
from bathy.agent.index.postings import Postings
from bathy.agent.pack.corpus import PlacedPast
from corpora import corpus_of, past_of

FILES = {
    "a/Kiln.py": "def fire():\n    return heat\n",
    "b/kiln.py": "def fire():\n    return heat\n",
    "glaze_pot.py": "pot = 1\n",
}


@pytest.fixture
def postings(tmp_path: Path) -> Iterator[Postings]:
    with Postings(tmp_path / "postings.sqlite") as opened:
        yield opened


def test_a_corpus_is_read_once_and_anew_when_it_is_told_to_forget(postings: Postings) -> None:
    asked: list[str] = []
    corpus = corpus_of(postings, FILES, asked)
    opened = corpus.open()
    assert corpus.open() is opened
    # Of files with the same content, one is read.
    assert asked == ["a/Kiln.py", "glaze_pot.py"]
    corpus.forget()
    assert corpus.open() is not opened
    assert asked == ["a/Kiln.py", "glaze_pot.py"]


def test_what_another_corpus_indexed_is_not_read_again(postings: Postings) -> None:
    corpus_of(postings, FILES).open()
    asked: list[str] = []
    corpus_of(postings, {**FILES, "new.py": "new = 1\n"}, asked).open()
    assert asked == ["new.py"]


def test_copies_share_a_blob_and_each_has_its_place(postings: Postings) -> None:
    opened = corpus_of(postings, FILES).open()
    assert opened.position[0] == opened.position[1] != opened.position[2]
    assert {position: tuple(places) for position, places in opened.owners.items()} == {
        opened.position[0]: (0, 1),
        opened.position[2]: (2,),
    }


def test_files_are_known_by_name_in_any_case_and_by_the_words_of_their_paths(
    postings: Postings,
) -> None:
    opened = corpus_of(postings, FILES).open()
    assert list(opened.named["kiln.py"]) == [0, 1]
    assert opened.naming(["kiln"]) == [0, 1]
    assert opened.naming(["pot", "kiln", "pot"]) == [0, 1, 2]
    assert opened.naming(["glazpot"]) == [2]
    assert opened.naming(["absent"]) == opened.naming([]) == []


def test_an_empty_corpus_can_be_opened(postings: Postings) -> None:
    opened = corpus_of(postings, {}, past=past_of(("x", ["a.py"]))).open()
    assert (list(opened.files), list(opened.position), opened.naming(["x"])) == ([], [], [])
    assert opened.past.times == {}


def test_the_past_is_placed_without_the_files_that_have_gone() -> None:
    past = past_of(("x", ["gone.py", "b.py", "a.py"]), ("y", ["gone.py"]), ("z", ["a.py"]))
    placed = PlacedPast.of(past, {"a.py": 0, "b.py": 1, "never changed.py": 2})
    assert [list(places) for places in placed.touched] == [[1, 0], [], [0]]
    assert placed.times == {0: 2, 1: 1}
    assert placed.past is past
