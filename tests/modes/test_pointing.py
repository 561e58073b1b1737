from collections.abc import Collection, Mapping
from pathlib import Path

import pytest
from bathy.agent.index.examine import Reader
from bathy.agent.loop.prompt import Pointer, pointer_text
from bathy.agent.modes.pointing import (
    LEAST_QUOTED_TOKENS,
    POINTED_PLACES,
    QUOTED_TOKENS,
    choose_pointers,
    quotes,
)
from bathy.agent.pack.ranking import RankedFile, RankedSpan, Ranking
from hypothesis import given
from hypothesis import strategies as st

PLENTY = 10_000


def a_file(path: str, score: float, *, spans: int = 1, symbol: str = "") -> RankedFile:
    """A file of places of ten lines, of which each is less worth than the one before."""
    found = tuple(RankedSpan(n * 10 + 1, n * 10 + 10, 1 / (n + 1), symbol) for n in range(spans))
    return RankedFile(path, score, found, (), {}, 1.0)


def chosen(
    *files: RankedFile,
    texts: Mapping[str, str],
    shown: Collection[str] = (),
    changed: Collection[str] = (),
    room: int = PLENTY,
) -> list[Pointer]:
    """Choose with one token a character; every place of a file has the file's text."""
    return choose_pointers(
        Ranking(files),
        shown=shown,
        changed=changed,
        room_tokens=room,
        quote=lambda path, _: texts[path],
        count=len,
    )


def test_what_is_shown_is_named_and_what_is_not_is_quoted_best_first() -> None:
    files = a_file("in.py", 2.0, symbol="Cart"), a_file("out.py", 1.0, symbol="Mail.send")
    assert chosen(*files, texts={"out.py": "the text"}, shown={"in.py"}) == [
        Pointer("in.py:1-10", "Cart"),
        Pointer("out.py:1-10", "Mail.send", "the text"),
    ]


def test_what_changed_since_it_was_shown_is_quoted_within_the_room() -> None:
    files = a_file("a.py", 2.0), a_file("b.py", 1.0)
    texts = {"a.py": "x" * 60, "b.py": "y" * 60}
    paths, name = {"a.py", "b.py"}, len(pointer_text(Pointer("a.py:1-10", "")))
    quoted = Pointer("a.py:1-10", "", texts["a.py"])
    both = [quoted, Pointer("b.py:1-10", "", texts["b.py"])]
    assert chosen(*files, texts=texts, shown=paths, changed=paths) == both
    room = 2 * (60 + name)
    assert chosen(*files, texts=texts, shown=paths, changed=paths, room=room) == both
    one_named = [quoted, Pointer("b.py:1-10", "")]
    assert chosen(*files, texts=texts, shown=paths, changed=paths, room=room - 1) == one_named
    assert chosen(*files, texts=texts, shown=paths, changed=paths, room=name + 60) == [quoted]


def test_what_is_not_shown_is_quoted_from_a_room_of_its_own() -> None:
    half = QUOTED_TOKENS // 2
    files = a_file("a.py", 3.0), a_file("b.py", 2.0), a_file("c.py", 1.0)
    texts = {"a.py": "x" * half, "b.py": "y" * (half + 1), "c.py": "z" * half}
    found = chosen(*files, texts=texts)
    assert [(one.place, len(one.text)) for one in found] == [
        ("a.py:1-10", half), ("b.py:1-10", 0), ("c.py:1-10", half),
    ]  # fmt: skip
    without_names = chosen(*files, texts=texts, room=0)
    assert [one.place for one in without_names] == ["a.py:1-10", "c.py:1-10"]


def test_more_places_than_are_pointed_at_come_only_if_they_are_quoted() -> None:
    many = POINTED_PLACES + 5
    quoted = chosen(a_file("out.py", 1.0, spans=many), texts={"out.py": "text"})
    assert len(quoted) == many
    assert all(one.text for one in quoted)
    named = chosen(a_file("in.py", 1.0, spans=many), texts={}, shown={"in.py"})
    assert len(named) == POINTED_PLACES
    changed = chosen(
        a_file("in.py", 1.0, spans=many), texts={"in.py": "t"}, shown={"in.py"}, changed={"in.py"}
    )
    assert len(changed) == POINTED_PLACES
    after = chosen(
        a_file("in.py", 9.0, spans=many), a_file("out.py", 1.0), texts={"out.py": "t"},
        shown={"in.py"},
    )  # fmt: skip
    assert [one.text for one in after if one.text] == ["t"]


def test_a_rest_that_holds_next_to_nothing_is_not_looked_at() -> None:
    first = a_file("a.py", 9.0)
    shown = a_file("in.py", 5.0, spans=POINTED_PLACES - 1)
    late, texts = a_file("z.py", 0.1), {"z.py": "t"}
    for rest, is_quoted in ((LEAST_QUOTED_TOKENS, True), (LEAST_QUOTED_TOKENS - 1, False)):
        texts["a.py"] = "x" * (QUOTED_TOKENS - rest)
        found = chosen(first, shown, late, texts=texts, shown={"in.py"})
        assert [one.place for one in found if one.text] == ["a.py:1-10", "z.py:1-10"][
            : 1 + is_quoted
        ]


def test_a_file_that_has_gone_is_named_and_nothing_comes_of_nothing() -> None:
    assert chosen(a_file("gone.py", 1.0), texts={"gone.py": ""}) == [Pointer("gone.py:1-10", "")]
    assert chosen(texts={}) == []


PLACES = st.lists(
    st.tuples(st.floats(0.1, 9), st.integers(1, 8), st.sampled_from(("in", "out", "edited"))),
    max_size=8,
)


@given(PLACES, st.integers(0, 400), st.integers(0, 9_000))
def test_nothing_goes_over_its_room(
    places: list[tuple[float, int, str]], room: int, length: int
) -> None:
    files = [
        a_file(f"{kind}{n}.py", score, spans=spans) for n, (score, spans, kind) in enumerate(places)
    ]
    texts = {
        file.path: "x" * (length if file.path.startswith("out") else length % 90) for file in files
    }
    shown = {path for path in texts if not path.startswith("out")}
    changed = {path for path in texts if path.startswith("edited")}
    found = chosen(*files, texts=texts, shown=shown, changed=changed, room=room)
    free = [one for one in found if one.text and one.place.startswith("out")]
    paid = [one for one in found if one not in free]
    assert sum(len(one.text) for one in free) <= QUOTED_TOKENS
    # The LF between a name and its text costs nothing.
    assert sum(len(pointer_text(one)) - bool(one.text) for one in paid) <= room
    assert all(not one.text or one.place.startswith("edited") for one in paid if one.text)
    assert len(paid) <= POINTED_PLACES


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("a\nb.py", r'"a\nb.py":1-10'),
        ("\x1b[31m.py", r'"\033[31m.py":1-10'),
        ('a"b.py', r'"a\"b.py":1-10'),
        ("caf\udce9.py", r'"caf\351.py":1-10'),
        ("a:3-4.py", "a:3-4.py:1-10"),
    ],
)
def test_a_hostile_path_is_quoted(path: str, named: str) -> None:
    for shown in ({path}, set[str]()):
        (found,) = chosen(a_file(path, 1.0), texts={path: "text"}, shown=shown)
        assert found.place == named


def test_a_quote_is_the_numbered_lines_as_people_are_shown_them(tmp_path: Path) -> None:
    secret = "ghp_" + "wJ4kQ8zR2mT7xB1nV6cL3pD9sF5hG0yK8aE4"
    (tmp_path / "a.py").write_text(f"one = 1\n\ntoken = '{secret}'\nfour = 4\n")
    reader = Reader(tmp_path, None)
    quote = quotes(reader, {"a.py": "", "gone.py": ""})
    lines = quote("a.py", RankedSpan(2, 9, 1.0, "")).split("\n")
    assert (lines[0], lines[-1]) == ('<outline path="a.py">', "</outline>")
    assert lines[2:-1] == ["4\tfour = 4"]
    assert lines[1].startswith("3\ttoken = ")
    assert secret not in lines[1]
    assert quote("gone.py", RankedSpan(1, 2, 1.0, "")) == ""
    # A file is read once, however many of its places are quoted.
    (tmp_path / "a.py").unlink()
    assert (
        quote("a.py", RankedSpan(1, 1, 1.0, "")) == '<outline path="a.py">\n1\tone = 1\n</outline>'
    )
    reader.close()
