from collections.abc import Iterator, Mapping
from math import sqrt
from pathlib import Path

import pytest
from bathy.agent.index.postings import Postings
from bathy.agent.pack.question import parse_question
from bathy.agent.pack.signals.named import INNERMOST, MOST, Named, find_named
from corpora import corpus_of

KILN = "class Kiln:\n    def fire(self):\n        return heat_up(self)\n"
FILES = {
    "src/shop/kiln.py": KILN,
    "src/shop/glaze.py": "def mix_glaze(pot):\n    return pot\n",
    "src/other/glaze.py": "def spray_glaze(pot):\n    return pot\n",
    "glaze_pot.py": "nothing = 1\n",
    "src/shop/index.py": "empty = 1\n",
}


@pytest.fixture
def postings(tmp_path: Path) -> Iterator[Postings]:
    with Postings(tmp_path / "postings.sqlite") as opened:
        yield opened


def named(postings: Postings, text: str, files: Mapping[str, str] = FILES) -> dict[str, Named]:
    paths = sorted(files)
    found = find_named(parse_question(text), corpus_of(postings, files).open())
    return {paths[place]: one for place, one in found.items()}


def test_a_path_names_its_file_and_a_bare_name_all_files_of_that_name(postings: Postings) -> None:
    found = named(postings, "It is in shop/glaze.py")
    assert found["src/shop/glaze.py"].signals["path"] == 1.0
    assert found["src/shop/glaze.py"].signals["name"] == 1 / sqrt(2)
    assert found["src/other/glaze.py"].signals["name"] == 1 / sqrt(2)
    assert "path" not in found["src/other/glaze.py"].signals
    bare = named(postings, "It is in glaze.py")
    assert not any("path" in one.signals for one in bare.values())
    assert named(postings, "see glaze_pot.py")["glaze_pot.py"].signals["path"] == 1.0
    assert named(postings, "see GLAZE_POT.py")["glaze_pot.py"].signals["path"] == 1.0


def test_calls_count_by_their_depth_and_foreign_ones_not_at_all(postings: Postings) -> None:
    text = (
        "It fails\nTraceback (most recent call last):\n"
        '  File "/lib/shop/glaze.py", line 1, in mix\n    x\n'
        '  File "/lib/shop/kiln.py", line 1, in fire\n    x\n'
        '  File "/lib/shop/kiln.py", line 2, in fire\n    x\n'
        '  File "/python/index.py", line 2, in at\n    x\nValueError: x\n'
    )
    found = named(postings, text)
    assert found["src/shop/kiln.py"].signals["frame"] == 1.0
    assert INNERMOST in found["src/shop/kiln.py"].why
    assert found["src/shop/glaze.py"].signals["frame"] == pytest.approx(1 / 3)
    assert "in the traceback" in found["src/shop/glaze.py"].why
    assert not any("frame" in one.signals for p, one in found.items() if "index" in p)


def test_definitions_are_found_by_where_the_question_names_them(postings: Postings) -> None:
    kiln = "src/shop/kiln.py"
    assert named(postings, "Kiln\nis cold")[kiln].signals["title symbol"] == 1.0
    assert named(postings, "It\nis `Kiln` there")[kiln].signals["code symbol"] == 1.0
    member = named(postings, "Does Kiln.fire heat?")[kiln]
    assert {"member", "title symbol"} <= member.signals.keys()
    assert "defines `Kiln.fire`" in member.why
    assert len(member.spans) == 1


def test_a_name_of_many_files_counts_less_and_copies_count_as_one(postings: Postings) -> None:
    many = {f"p{n}/x.py": f"def shape():\n    return {n}\n" for n in range(4)}
    found = named(postings, "shape", many)
    assert [one.signals["title symbol"] for one in found.values()] == [0.5] * 4
    copies = {f"p{n}/x.py": KILN for n in range(4)}
    assert [one.signals["title symbol"] for one in named(postings, "Kiln", copies).values()] == [
        1.0
    ] * 4


def test_a_file_that_defines_ever_more_of_what_is_named_stops_gaining(postings: Postings) -> None:
    text = "".join(f"def shape_{n}():\n    return {n}\n\n\n" for n in range(9))
    asked = " ".join(f"shape_{n}" for n in range(9))
    assert named(postings, asked, {"a.py": text})["a.py"].signals["title symbol"] == MOST


def test_a_file_named_like_words_of_the_question_is_no_more_than_a_hint(
    postings: Postings,
) -> None:
    found = named(postings, "Which pot gets its glaze?")["glaze_pot.py"]
    assert found.signals["stem"] == 1.0
    assert found.signals.keys() == {"stem", "path words"}
    assert not found.is_named
    assert "stem" not in named(postings, "Which pot gets it?")["glaze_pot.py"].signals
    assert named(postings, "see glaze_pot.py")["glaze_pot.py"].is_named


def test_names_that_every_folder_has_mean_nothing(postings: Postings) -> None:
    found = named(postings, "What is the index of the shop?")
    assert "stem" not in found["src/shop/index.py"].signals


@pytest.mark.parametrize("text", ["", "???", "sourdough", "`", "/", "\udce9 \x00"])
def test_a_question_that_names_nothing_finds_nothing(postings: Postings, text: str) -> None:
    assert named(postings, text) == {}
    assert named(postings, "Kiln glaze.py", {}) == {}
