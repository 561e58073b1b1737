"""What a diff draws: every line once, each strip as wide as the page, nothing a terminal obeys."""

import pytest
from bathy.agent.modes.tui.review.choices import comment, decide, split
from bathy.agent.modes.tui.review.hunks import Files, places_of, review_of
from bathy.agent.modes.tui.review.paint import LOOKS, Page, draw, heading_of, row_height
from bathy.agent.modes.tui.review.rows import Row, rows_of
from bathy.agent.modes.tui.review.words import changed_words
from bathy.agent.modes.tui.viewer.glyphs import ASCII, UNICODE, Glyphs
from bathy.tools.diff import FileState
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

LINES = "".join(f"line {number}\n" for number in range(1, 31))


def files_of(before: str | bytes | None, after: str | bytes | None, path: str = "f") -> Files:
    sides = [side.encode() if isinstance(side, str) else side for side in (before, after)]
    return review_of({path: (FileState(sides[0]), FileState(sides[1]))})


def page(
    width: int,
    *,
    is_split: bool = False,
    is_wrapped: bool = False,
    offset: int = 0,
    glyphs: Glyphs = UNICODE,
) -> Page:
    looks = dict.fromkeys(LOOKS, Style()) | {"word": Style(underline=True)}
    return Page(width, is_split, 2, is_wrapped, offset, glyphs, looks)


def screen(files: Files, page: Page) -> list[str]:
    """The lines that are drawn, blanks at their ends left out."""
    strips = [strip for row in rows_of(files, is_split=page.is_split) for strip in draw(row, page)]
    assert {strip.cell_length for strip in strips} <= {page.width}
    return [strip.text.rstrip() for strip in strips]


def test_side_by_side_lines_stand_beside_those_that_replace_them() -> None:
    files = files_of("a\nadd(rule)\nz\n", "a\nwith lock:\n    add(rule)\nz\n")
    assert screen(files, page(60, is_split=True)) == [
        "  f",
        "   · @@ -2,1 +2,2 @@",
        "  1   a                       │ 1   a",
        "                              │ 2 + with lock:",
        "  2 - add(rule)               │ 3 +     add(rule)",
        "  3   z                       │ 4   z",
    ]


@pytest.mark.parametrize("is_split", [False, True])
def test_a_file_that_runs_by_itself_is_looked_at_twice(is_split: bool) -> None:
    files = files_of("a\n", "b\n", ".github/workflows/ci.yml")
    drawn = screen(files, page(60, is_split=is_split))
    assert [row.strip() for row in drawn[:2]] == [
        ".github/workflows/ci.yml", "look twice: settings and workflows of GitHub",
    ]  # fmt: skip
    assert not any("look twice" in row for row in screen(files_of("a\n", "b\n"), page(60)))


def test_in_one_column_what_goes_stands_above_what_comes() -> None:
    files = files_of("a\nadd(rule)\nz\n", "a\nwith lock:\n    add(rule)\nz\n")
    assert screen(files, page(40)) == [
        "  f",
        "   · @@ -2,1 +2,2 @@",
        "  1  1   a",
        "  2    - add(rule)",
        "     2 + with lock:",
        "     3 +     add(rule)",
        "  3  4   z",
    ]


def test_unchanged_lines_are_left_out_and_counted() -> None:
    after = LINES.replace("line 10\n", "").replace("line 20\n", "line 20!\n")
    assert screen(files_of(LINES, after), page(40)) == [
        "  f",
        "   ⋯ 6 unchanged lines",
        "   · @@ -10,1 +9,0 @@",
        "  7  7   line 7",
        "  8  8   line 8",
        "  9  9   line 9",
        " 10    - line 10",
        " 11 10   line 11",
        " 12 11   line 12",
        " 13 12   line 13",
        "   ⋯ 3 unchanged lines",
        "   · @@ -20,1 +19,1 @@",
        " 17 16   line 17",
        " 18 17   line 18",
        " 19 18   line 19",
        " 20    - line 20",
        "    19 + line 20!",
        " 21 20   line 21",
        " 22 21   line 22",
        " 23 22   line 23",
        "   ⋯ 7 unchanged lines",
    ]


def test_pieces_of_a_hunk_show_what_is_between_them_once() -> None:
    files = files_of(LINES, LINES.replace("line 2\n", "2\n").replace("line 5\n", "5\n"))
    files = split(files, (0, 0))
    assert screen(files, page(30))[:10] == [
        "  f",
        "   · @@ -2,1 +2,1 @@",
        "  1  1   line 1",
        "  2    - line 2",
        "     2 + 2",
        "  3  3   line 3",
        "  4  4   line 4",
        "   · @@ -5,1 +5,1 @@",
        "  5    - line 5",
        "     5 + 5",
    ]


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (None, "a\nb", ["   · created @@ -0,0 +1,2 @@", "     1 + a", "     2 + b  (no line end)"]),
        ("a\n", None, ["   · deleted @@ -1,1 +0,0 @@", "  1    - a"]),
        (None, "", ["   · created", "    an empty file"]),
        (b"\0", b"\0\0", ["   · replaced", "    no text: 1 bytes before, 2 after"]),
        ("a\r\n", "a\n", ["   · @@ -1,1 +1,1 @@", "  1    - a  (CRLF)", "     1 + a  (LF)"]),
        ("a", "a\n", ["   · @@ -1,1 +1,1 @@", "  1    - a  (no line end)", "     1 + a  (LF)"]),
        (
            "é\n",
            "é\n".encode("utf-16-le").join((b"\xff\xfe", b"")),
            ["   · replaced", "    the encoding changes: utf-8 to utf-16-le with a mark"],
        ),
    ],
)  # fmt: skip
def test_what_is_no_edit_of_lines_is_told(
    before: str | bytes | None, after: str | bytes | None, shown: list[str]
) -> None:
    assert screen(files_of(before, after), page(60))[1:] == shown


def test_a_moved_file_and_a_permission_are_told() -> None:
    states = {
        "old": (FileState(b"a\n"), FileState(None)),
        "new": (FileState(None), FileState(b"a\n")),
        "x": (FileState(b"a\n", True), FileState(b"a\n")),
    }
    assert screen(review_of(states), page(50)) == [
        "  new (was old)",
        "   · renamed",
        "  x",
        "",
        "    may be run as a program: no more",
    ]


def test_a_comment_stands_below_the_heading() -> None:
    files = comment(files_of("a\n", "b\n"), (0, 0), "why?\x1b[0m")
    assert screen(files, page(50))[2] == "    your comment: why?\\x1b[0m"


def test_names_and_lines_never_reach_the_terminal_raw() -> None:
    files = files_of("a\x1b[2J\tb\n", "a\x9b\u202eb\n", "x\x1by")
    drawn = screen(files, page(60))
    assert drawn[0] == '  "x\\033y"'
    assert "  1    - a\\x1b[2J    b" in drawn
    assert "     1 + a\\x9b\\u202eb" in drawn


def test_long_lines_are_cut_by_cells_or_go_on_below() -> None:
    files = files_of(None, "世界" * 10 + "\n")
    assert screen(files, page(20))[2] == "     1 + 世界世界世…"
    assert screen(files, page(20, offset=3))[2] == "     1 +  世界世界 …"
    wrapped = screen(files, page(20, is_wrapped=True))
    assert wrapped[2:6] == [
        "     1 + 世界世界世",
        "         界世界世界",
        "         世界世界世",
        "         界世界世界",
    ]


def test_ascii_is_enough() -> None:
    after = LINES.replace("line 15\n", "x" * 50 + "\n")
    for is_split in (False, True):
        drawn = screen(files_of(LINES, after), page(30, is_split=is_split, glyphs=ASCII))
        assert "\n".join(drawn).isascii()
    assert heading_of(files_of("a", "b")[0].hunks[0], 1, 2, ASCII).isascii()


def test_a_heading_says_what_is_decided_with_a_sign_and_a_word() -> None:
    files = files_of("a\n", "b\n")
    assert heading_of(files[0].hunks[0], 1, 2, UNICODE) == "● open · hunk 1/2"
    for choice, said in (("accepted", "✔ accepted"), ("rejected", "✖ rejected")):
        hunk = decide(files, [(0, 0)], choice)[0].hunks[0]  # type: ignore[arg-type]
        assert heading_of(hunk, 1, 2, UNICODE) == f"{said} · hunk 1/2"


def test_changed_words_are_underlined() -> None:
    files = files_of("x = compute(rule, 1)  # 两个线程\n", "x = compute(rule, 2)  # 三个线程\n")
    rows = rows_of(files, is_split=True)
    marked = [
        segment.text
        for row in rows
        for strip in draw(row, page(80, is_split=True))
        for segment in strip
        if segment.style is not None and segment.style.underline
    ]
    assert marked == ["1", "两", "2", "三"]


TEXT = st.text(st.sampled_from("ab _1(世é\u0301\u200d👩👍🏽\ufe0f❤\t\x1b\r\u202e"), max_size=30)
FILE = st.lists(TEXT, max_size=8).map(lambda lines: "\n".join(lines).encode())


@given(old=TEXT, new=TEXT)
def test_what_is_not_marked_is_the_same_on_both_sides(old: str, new: str) -> None:
    def unmarked(text: str, marks: tuple[tuple[int, int], ...]) -> str:
        return "".join(
            char for at, char in enumerate(text) if not any(a <= at < b for a, b in marks)
        )

    gone, come = changed_words(old, new)
    kept, kept_new = unmarked(old, gone), unmarked(new, come)
    # A mark may take in a single unchanged character beside it.
    assert old != new or (gone, come) == ((), ())
    assert set(kept) | set(kept_new) <= set(old) & set(new)


@given(
    before=FILE,
    after=FILE,
    width=st.integers(24, 60),
    is_split=st.booleans(),
    is_wrapped=st.booleans(),
    offset=st.integers(0, 9),
)
@settings(deadline=None, max_examples=60)
def test_every_strip_is_as_wide_as_the_page_and_rows_as_high_as_told(
    before: bytes, after: bytes, width: int, is_split: bool, is_wrapped: bool, offset: int
) -> None:
    files = files_of(before, after)
    look = page(width, is_split=is_split, is_wrapped=is_wrapped, offset=offset)
    for row in rows_of(files, is_split=is_split):
        strips = draw(row, look, heading="● open", is_current=True)
        assert len(strips) == row_height(row, look)
        for strip in strips:
            assert sum(cell_len(segment.text) for segment in strip) == width
            assert not any(ord(char) < 32 or char in "\x7f\u202e" for char in strip.text)


@given(before=FILE, after=FILE, is_split=st.booleans())
@settings(deadline=None, max_examples=60)
def test_all_lines_that_go_and_come_are_rows_of_their_hunk(
    before: bytes, after: bytes, is_split: bool
) -> None:
    files = files_of(before, after)
    rows = rows_of(files, is_split=is_split)
    for place in places_of(files):
        own = [row for row in rows if row.place == place and row.kind == "line"]
        runs = files[place[0]].hunks[place[1]].runs
        assert numbers(own, "-") == [n + 1 for run in runs for n in range(run.start, run.end)]
        assert len(numbers(own, "+")) == sum(len(run.new) for run in runs)
    kept = [row.old.number for row in rows if row.old is not None and row.place is None]
    assert len(kept) == len(set(kept))


def numbers(rows: list[Row], sign: str) -> list[int]:
    sides = (side for row in rows for side in (row.old, row.new) if side is not None)
    return [side.number for side in sides if side.sign == sign]
