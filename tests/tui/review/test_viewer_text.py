"""Text as it is shown, its colours and what is found in it: pure, no screen."""

import pytest
from bathy.agent.modes.tui.viewer.cells import MOST_CHARS, fit, height, paint, show, shown, wrap
from bathy.agent.modes.tui.viewer.highlight import Highlighter
from bathy.agent.modes.tui.viewer.keybar import lines_of
from bathy.agent.modes.tui.viewer.search import Search, search
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

ANY = st.text(max_size=60) | st.text(
    st.sampled_from("a \t世é\u0301\u200d👩👍🏽\ufe0f❤🇩🇪\x00\x1b\x7f\x9b\r\ud800\u202e\u2028\u3000"),
    max_size=40,
)
QUICK = settings(deadline=None, max_examples=60)
BOLD, PLAIN = Style(bold=True), Style()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain 世界 é", "plain 世界 é"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\tb\t世\tc", "a   b   世  c"),
        ("x\r", "x\\r"),
        ("\u202etrojan\u2066", "\\u202etrojan\\u2066"),
        ("zero\u200bwidth\u200djoined", "zero\\u200bwidth\\u200djoined"),
        ("👩\u200d👧 ❤\ufe0f\u200d🔥", "👩\u200d👧 ❤\ufe0f\u200d🔥"),
        ("\u3000\u00a0|", "\u3000\u00a0|"),
        ("\ud800", "\\ud800"),
        ("\x9b", "\\x9b"),
    ],
)
def test_what_a_terminal_would_obey_or_hide_shows_as_an_escape(text: str, expected: str) -> None:
    assert shown(text) == expected
    assert show(text)[0] == expected


@QUICK
@given(ANY)
def test_a_line_is_shown_the_same_both_ways_and_holds_no_control_character(text: str) -> None:
    line, places = show(text)
    assert line == shown(text)
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in line)
    assert "\u202e" not in line
    assert len(places) == len(text) + 1
    assert list(places) == sorted(places)
    assert places[-1] == len(line)


def test_a_line_that_is_too_long_is_cut_and_says_so() -> None:
    line, places = show("x" * (MOST_CHARS + 7))
    assert line == "x" * MOST_CHARS + " [7 more characters]"
    assert (places[MOST_CHARS], places[-1]) == (MOST_CHARS, MOST_CHARS)


@QUICK
@given(text=ANY, offset=st.integers(0, 20), width=st.integers(1, 30))
def test_a_line_is_cut_to_its_width(text: str, offset: int, width: int) -> None:
    segments = paint(shown(text), PLAIN, [(1, 4, BOLD)])
    strip = fit(segments, offset, width, PLAIN, "…")
    assert sum(cell_len(segment.text) for segment in strip) == strip.cell_length == width


@QUICK
@given(text=ANY, width=st.integers(2, 30))
def test_a_line_goes_on_below_without_losing_anything(text: str, width: int) -> None:
    line = shown(text)
    rows = wrap(paint(line, PLAIN, [(1, 4, BOLD)]), width, PLAIN)
    assert len(rows) == height(line, width)
    assert {sum(cell_len(segment.text) for segment in row) for row in rows} == {width}
    assert "".join(row.text for row in rows).replace(" ", "") == line.replace(" ", "")


def test_colours_lie_over_one_another() -> None:
    segments = paint("abcdef", PLAIN, [(0, 4, BOLD)], [(2, 3, Style(underline=True)), (5, 9, BOLD)])
    assert [(s.text, bool(s.style and s.style.bold)) for s in segments] == [
        ("ab", True),
        ("c", True),
        ("d", True),
        ("e", False),
        ("f", True),
    ]
    assert segments[1].style == BOLD + Style(underline=True)


def test_a_joined_emoji_is_never_taken_apart() -> None:
    family = "👩\u200d👧"
    texts = [segment.text for segment in paint(f"a{family}b", PLAIN, [(2, 3, BOLD)])]
    assert texts in ([f"a{family}b"], ["a", f"{family}b"], [f"a{family}", "b"])
    assert wrap([Segment(family * 3)], 4, PLAIN)[0].text == family * 2


def kinds(path: str, *lines: str) -> list[list[tuple[str, str]]]:
    highlighter = Highlighter(path, lines)
    highlighter.advance(len(lines))
    return [
        [(line[a:b], kind) for a, b, kind in highlighter.parts(at) if kind]
        for at, line in enumerate(lines)
    ]


def test_every_line_has_its_colours_also_inside_of_what_goes_over_several() -> None:
    found = kinds("a.py", "def f():", '    """One', "    two", '    three"""', "    return 1  # x")
    assert found[0] == [("def", "keyword"), ("f", "name")]
    assert {kind for line in found[1:4] for _, kind in line} == {"string"}
    assert found[2]
    assert found[4] == [("return", "keyword"), ("1", "number"), ("# x", "comment")]


@pytest.mark.parametrize(
    "path", ["a.py", "a.c", "a.go", "a.html", "a.md", "Makefile", "a.unknown", "a.vue"]
)
@QUICK
@given(
    lines=st.lists(st.text(st.sampled_from("a\"'`#/*<>{}()\t 1=世\r\x1b"), max_size=12), max_size=8)
)
def test_lexing_ends_and_never_runs_over_a_line(path: str, lines: list[str]) -> None:
    highlighter = Highlighter(path, lines)
    while highlighter.done < len(lines):
        highlighter.advance(1)
    for at, line in enumerate(lines):
        last = 0
        for start, end, _ in highlighter.parts(at):
            assert last <= start < end <= len(line)
            last = end


def test_only_as_much_is_lexed_as_is_asked_for() -> None:
    highlighter = Highlighter("a.py", ["x = 1"] * 100_000)
    highlighter.advance(10)
    assert 10 <= highlighter.done < 100
    assert highlighter.parts(50_000) == ()


LINES = ["One", "two", "ONE one", "three"]


def test_without_capitals_either_case_is_found() -> None:
    assert search(LINES, "one") == Search("one", (1, 3))
    assert search(LINES, "ONE") == Search("ONE", (3,))
    assert search(LINES, "").found == search(LINES, "zero").found == ()


def test_places_go_round_the_ends() -> None:
    found = search(LINES, "one")
    assert [found.step(line, 1) for line in (1, 2, 3, 4)] == [3, 3, 1, 1]
    assert [found.step(line, -1) for line in (1, 2, 3, 4)] == [3, 1, 1, 3]
    assert Search().step(1, 1) == 0


def test_hits_are_marked_where_they_stand() -> None:
    assert search(LINES, "one").hits("ONE one") == [(0, 3), (4, 7)]
    assert search(LINES, "aa").hits("aaaa") == [(0, 2), (2, 4)]
    assert search(LINES, "i").hits("İi") == []


def test_keys_are_never_broken_in_two() -> None:
    assert lines_of(["a accept", "b", "c c"], 11) == ["a accept  b", "c c"]
    assert lines_of(["a accept", "b"], 3) == ["a accept", "b"]
    assert lines_of([], 3) == []
