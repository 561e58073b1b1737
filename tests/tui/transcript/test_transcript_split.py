"""A growing text is cut into the same parts however it comes."""

import re
from itertools import pairwise

import pytest
from bathy.agent.modes.tui.transcript.split import FENCE_LINES, Piece, Splitter, code_lines
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

LINES = st.sampled_from(
    [
        "", " ", "text", "more *text*", "# head", "## a `b`", "---", "***", "===", "- item", "* other", "+ plus",
        "1. one", "2. two", "7) seven", "10. ten", "  - nested", "   indented", "    four", "\ttab", "> quote",
        ">", "> - in quote", "```", "```py", "````", "~~~", "   ```", "    ```", "  ```js", "- ```", "1. ~~~ x",
        "``` no ` fence", "| a | b |", "|---|---|", "<div>", "</div>", "[x]: http://a.b", "- ", "-", "1.", "* * *",
        "text\r", "```\r", "中文", "#nohead", "a ``` b",
    ]
)  # fmt: skip
TEXTS = st.lists(LINES, max_size=30).map("\n".join)


def split(text: str, *cuts: int) -> list[Piece]:
    splitter = Splitter()
    places = [0, *sorted(cuts), len(text)]
    done = [piece for start, end in pairwise(places) for piece in splitter.feed(text[start:end])]
    return done + splitter.end()


@settings(deadline=None)
@given(TEXTS, st.data())
def test_finished_parts_and_the_tail_are_the_text_at_any_moment(
    text: str, data: st.DataObject
) -> None:
    splitter, done = Splitter(), ""
    size = data.draw(st.integers(1, 9))
    for at in range(0, len(text), size):
        done += "".join(piece.text for piece in splitter.feed(text[at : at + size]))
        tail = splitter.tail
        assert done + (tail.text if tail else "") == text[: at + size]


@settings(deadline=None)
@given(TEXTS, st.lists(st.integers(0, 400), max_size=12))
def test_chunks_make_no_difference(text: str, cuts: list[int]) -> None:
    assert split(text) == split(text, *(min(cut, len(text)) for cut in cuts))


@settings(deadline=None)
@given(
    st.text(alphabet="ab`~-*#>1.\n |:[]()\t\r中", max_size=80),
    st.lists(st.integers(0, 80), max_size=6),
)
def test_nor_in_text_of_any_kind(text: str, cuts: list[int]) -> None:
    pieces = split(text)
    assert "".join(piece.text for piece in pieces) == text
    assert pieces == split(text, *(min(cut, len(text)) for cut in cuts))


def flat(html: str) -> str:
    """HTML without what differs when a list is rendered item by item."""
    for tag in ("<ul>", "</ul>", "<ol>", "</ol>", "<p>", "</p>", "\n"):
        html = html.replace(tag, "")
    return html


@settings(deadline=None)
@given(TEXTS.filter(lambda text: "[x]:" not in text))
def test_parts_mean_the_same_alone_as_together(text: str) -> None:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    joined = ""
    for piece in split(text):
        if piece.part == 0:
            joined += parser.render(whole_fence(text, piece) if piece.fence else piece.text)
    assert sans_start(flat(joined)) == sans_start(flat(parser.render(text)))


def sans_start(html: str) -> str:
    return re.sub(r'<ol start="\d+">', "", html)


def whole_fence(text: str, first: Piece) -> str:
    return "".join(p.text for p in split(text) if p.fence == first.fence)


def test_a_block_ends_at_an_empty_line_a_heading_a_fence_or_a_list() -> None:
    text = "One\ntwo.\n\n# Head\nText:\n- a\n  more\n- b\n\nEnd\n```py\nx\n```\nlast"
    assert [(piece.kind, piece.text) for piece in split(text)] == [
        ("text", "One\ntwo.\n\n"),
        ("text", "# Head\n"),
        ("text", "Text:\n"),
        ("item", "- a\n  more\n"),
        ("item", "- b\n\n"),
        ("text", "End\n"),
        ("code", "```py\nx\n```\n"),
        ("text", "last"),
    ]


def test_code_is_cut_after_some_lines_and_put_together_again() -> None:
    code = [f"line {n}" for n in range(25)]
    pieces = split("\n".join(["  ```py", *("  " + line for line in code), "  ```", "after"]))
    parts = [piece for piece in pieces if piece.kind == "code"]
    assert [piece.part for piece in parts] == [0, 1, 2]
    assert all(piece.fence == parts[0].fence for piece in parts)
    lines = [
        line
        for piece in parts
        if piece.fence
        for line in code_lines(piece.text, piece.fence, is_first=piece.part == 0)
    ]
    assert lines == code
    assert len(code_lines(parts[1].text, parts[0].fence, is_first=False)) <= FENCE_LINES + 1  # type: ignore[arg-type]


def test_a_fence_in_an_item_stays_in_it() -> None:
    text = "1. Do this:\n   ```sh\n   - not an item\n\n   # not a head\n   ```\n2. Then that\n"
    assert [piece.text for piece in split(text)] == [text[: text.index("2.")], "2. Then that\n"]


def test_a_closing_fence_that_is_half_there_is_not_shown() -> None:
    (piece,) = split("```\ncode\n``")
    assert piece.fence
    assert code_lines(piece.text, piece.fence, is_first=True, is_live=True) == ["code"]


@pytest.mark.parametrize("size", [1_000, 2_000])
def test_what_is_finished_is_not_looked_at_again(size: int) -> None:
    splitter, longest = Splitter(), 0
    for number in range(size):
        splitter.feed(f"- item {number}\n")
        longest = max(longest, len(splitter.tail.text if splitter.tail else ""))
    assert longest < 30
