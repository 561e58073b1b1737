"""The reader's place stays, whatever comes, grows or turns out higher than it was guessed."""

from itertools import count

import pytest
from bathy.agent.modes.tui.transcript.blocks import (
    Block,
    Notice,
    Prompt,
    Prose,
    Reasoning,
    Tool,
)
from bathy.agent.modes.tui.transcript.content import Content, read_arguments
from bathy.agent.modes.tui.transcript.heights import Heights
from bathy.agent.modes.tui.transcript.palette import PLAIN, UNICODE
from bathy.agent.modes.tui.transcript.render import Renderer
from bathy.agent.modes.tui.transcript.rows import Rendered
from bathy.agent.modes.tui.transcript.search import Match, Search
from bathy.agent.modes.tui.transcript.viewport import Viewport
from hypothesis import given, settings
from hypothesis import strategies as st

ANSWER = "# Head\n\nA paragraph of some words that wraps.\n\n- one\n- two 中文\n\n```py\n{code}\n```\n\nEnd {n}.\n"


def content_of(messages: int, lines: int = 12) -> Content:
    content = Content(clock=count().__next__)
    for number in range(messages):
        content.add_prompt(f"Question {number}?")
        code = "\n".join(f"x = {n}  # {number}" for n in range(lines))
        content.finish_answer((), ANSWER.format(code=code, n=number))
    return content


def viewport_of(content: Content, width: int = 40, height: int = 10) -> Viewport:
    viewport = Viewport(content, Renderer(PLAIN, UNICODE))
    viewport.sync()
    viewport.resize(width, height)
    viewport.settle()
    return viewport


def seen(viewport: Viewport) -> list[str]:
    first = viewport.scroll_row
    found = [viewport.row_at(row) for row in range(first, first + viewport.height)]
    return [row[2].strip.text.rstrip() if row else "~" for row in found]


def everything(viewport: Viewport) -> list[str]:
    blocks = viewport.content.blocks
    return [
        row.strip.text.rstrip() for at in range(len(blocks)) for row in viewport.rendered(at).rows
    ]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), max_size=30), st.data())
def test_heights_add_up(changes: list[tuple[int, int]], data: st.DataObject) -> None:
    heights, expected = Heights(), [1, 0, 3, 2, 0]
    heights.extend(expected)
    for at, height in changes:
        if at < len(expected):
            heights.set(at, height, is_known=True)
            expected[at] = height
        else:
            heights.truncate(height)
            del expected[height:]
            heights.extend([2, 5])
            expected += [2, 5]
    assert heights.total == sum(expected)
    if heights.total:
        row = data.draw(st.integers(0, heights.total - 1))
        at, inside = heights.find(row)
        assert sum(expected[:at]) + inside == row
        assert 0 <= inside < expected[at]


def test_only_what_is_seen_is_rendered() -> None:
    viewport = viewport_of(content_of(1_000))
    assert viewport.renderer.kept_rows < 60
    assert seen(viewport)[-1] == "End 999."


def test_scrolling_up_row_by_row_shows_every_row_once() -> None:
    viewport = viewport_of(content_of(12), height=7)
    rows = seen(viewport)
    while viewport.scroll_row > 0:
        viewport.scroll_to(viewport.scroll_row - 1)
        viewport.settle()
        rows.insert(0, seen(viewport)[0])
    assert rows == everything(viewport)


def test_paging_from_the_top_shows_every_row_once() -> None:
    viewport = viewport_of(content_of(12), height=7)
    viewport.go_to(0)
    viewport.settle()
    rows = list[str]()
    while not viewport.is_following:
        rows += seen(viewport)
        before = viewport.scroll_row
        viewport.scroll_to(before + 7)
        viewport.settle()
        missing = before + 7 - viewport.scroll_row
    assert rows + seen(viewport)[missing:] == everything(viewport)


@pytest.mark.parametrize("width", [20, 41, 80])
def test_the_text_at_the_top_stays_there_on_resize(width: int) -> None:
    viewport = viewport_of(content_of(60), width=40, height=12)
    viewport.scroll_to(viewport.total // 2)
    viewport.settle()
    at, _, row = viewport.row_at(viewport.scroll_row) or pytest.fail("nothing is seen")
    text = viewport.rendered(at).text
    viewport.resize(width, 20)
    viewport.settle()
    now_at, _, now = viewport.row_at(viewport.scroll_row) or pytest.fail("nothing is seen")
    assert now_at == at
    assert viewport.rendered(at).text == text
    assert now.start <= row.start <= now.end
    assert not viewport.is_following


def test_the_end_stays_in_sight_on_resize() -> None:
    viewport = viewport_of(content_of(60), width=40, height=12)
    viewport.resize(25, 8)
    viewport.settle()
    assert seen(viewport)[-1] == "End 59."


@pytest.mark.parametrize("size", [(25, 8), (90, 8), (25, 30)])
@pytest.mark.parametrize("notices", [0, 3])
def test_a_resize_makes_nothing_new(notices: int, size: tuple[int, int]) -> None:
    content = content_of(60)
    viewport = viewport_of(content, width=40, height=12)
    viewport.scroll_to(viewport.scroll_row - 100)
    viewport.settle()
    last = len(content.blocks)
    for _ in range(notices):
        content.add_notice("Some words that take more than one row, if there is little room.")
    viewport.sync()
    viewport.settle()
    for width, height in (size, (40, 12)):
        viewport.resize(width, height)
        viewport.settle()
        new = range(last, last + notices)
        assert viewport.new_rows == sum(len(viewport.rendered(at).rows) for at in new)


def test_what_was_seen_of_a_block_stays_seen_on_resize() -> None:
    content = content_of(0)
    content.add_prompt("four " * 400)
    viewport = Viewport(content, Renderer(PLAIN, UNICODE))
    viewport.sync()
    viewport.resize(42, 10)
    viewport.go_to(0)
    viewport.settle()
    assert viewport.new_rows == 41
    viewport.resize(22, 10)
    viewport.settle()
    assert viewport.new_rows == 82


def test_what_streams_in_is_followed_only_at_the_end() -> None:
    content = content_of(20)
    viewport = viewport_of(content)
    content.stream_answer("More.\n\nAnd more.\n\n")
    viewport.sync()
    viewport.settle()
    assert seen(viewport)[-1] == "And more."
    assert viewport.new_rows == 0
    viewport.scroll_to(viewport.scroll_row - 5)
    viewport.settle()
    before = seen(viewport)
    content.stream_answer("Third.\n\nFourth.\n\n")
    viewport.sync()
    viewport.settle()
    assert seen(viewport) == before
    assert viewport.new_rows == 4
    viewport.scroll_to(viewport.scroll_row + 7)
    viewport.settle()
    assert viewport.new_rows == 2
    viewport.follow()
    viewport.settle()
    assert viewport.new_rows == 0
    assert seen(viewport)[-1] == "Fourth."


def older_of(content: Content, messages: int, left: int = 0) -> list[Block]:
    """Older questions, below the line that says how many are still not shown."""
    older = content.beginning()
    for number in range(messages):
        older.add_prompt(f"Older {number}?")
        older.finish_answer((), ANSWER.format(code="y = 1", n=f"of {number}"))
    return [*content.line_above(left, 100, 20), *older.blocks]


def offering_rows(viewport: Viewport) -> int:
    """Rows in sight of the line that offers more, at the top."""
    is_there = viewport.content.more is not None and viewport.top_block == 0
    return len(viewport.rendered(0).rows) - viewport.top_row if is_there else 0


def with_more(messages: int, **size: int) -> Viewport:
    viewport = viewport_of(content_of(messages), **size)
    viewport.put_above(viewport.content.line_above(80, 100, 20))
    viewport.settle()
    return viewport


@pytest.mark.parametrize("left", [0, 60])
@pytest.mark.parametrize("row", [0, 1, 7, 100, 10_000])
def test_what_is_put_above_moves_nothing_that_is_seen(row: int, left: int) -> None:
    viewport = with_more(12)
    for place in (0, row):
        viewport.scroll_to(place)
        viewport.settle()
    before, is_following = seen(viewport), viewport.is_following
    # The line that offered them is replaced by what it offered.
    lines = offering_rows(viewport)
    assert lines == max(0, 2 - row)
    viewport.put_above(older_of(viewport.content, 9, left))
    viewport.settle()
    assert seen(viewport)[lines:] == before[lines:]
    assert viewport.is_following == is_following
    viewport.go_to(0)
    viewport.settle()
    assert any("Older 0?" in text for text in seen(viewport))
    assert ("40 of 100 earlier" in seen(viewport)[0]) == bool(left)
    assert sum("earlier questions" in text for text in everything(viewport)) == bool(left)


def test_only_what_is_put_above_is_looked_at_and_none_of_it_rendered() -> None:
    viewport = with_more(500)
    looked_at = list[int]()
    render, renderer = viewport.renderer.render, viewport.renderer

    def counting(block: Block, width: int, *, is_kept: bool = True) -> Rendered:
        looked_at.append(block.id)
        return render(block, width, is_kept=is_kept)

    renderer.render = counting  # type: ignore[method-assign]
    older = older_of(viewport.content, 20, 60)
    viewport.put_above(older)
    viewport.settle()
    assert not {block.id for block in older} & set(looked_at)
    # Those in sight alone, and whether they are as high as was known.
    assert len(set(looked_at)) < 10


def test_what_streams_in_goes_on_below_what_is_put_above() -> None:
    content = content_of(2)
    viewport = viewport_of(content)
    content.stream_reasoning("Hm.")
    viewport.put_above(older_of(content, 2))
    content.stream_reasoning(" So.")
    content.stream_answer("One")
    viewport.put_above(content.line_above(5, 10, 5))
    content.stream_answer(" two.")
    content.add_notice("told")
    viewport.put_above(older_of(content, 1))
    content.finish_answer((), "One two three.")
    viewport.sync()
    viewport.settle()
    *_, notice, thought, answer = content.blocks
    assert isinstance(notice, Notice)
    assert isinstance(thought, Reasoning)
    assert thought.text == "Hm. So."
    assert isinstance(answer, Prose)
    assert answer.text == "One two three."
    assert seen(viewport) == everything(viewport)[-viewport.height :]


def test_a_void_reply_takes_nothing_of_what_was_put_above_with_it() -> None:
    content = content_of(2)
    viewport = viewport_of(content)
    kept = len(content.blocks)
    content.stream_answer("void")
    older = older_of(content, 3)
    viewport.put_above(older)
    content.take_back()
    assert len(content.blocks) == kept + len(older)
    assert content.blocks[: len(older)] == older


def test_the_cursor_keeps_its_block_or_stays_on_the_line_above() -> None:
    viewport = with_more(3)
    blocks = viewport.content.blocks
    viewport.move_cursor(2)
    kept = blocks[2].id
    viewport.put_above(older_of(viewport.content, 2, 40))
    assert viewport.cursor is not None
    assert blocks[viewport.cursor.block].id == viewport.cursor.id == kept
    viewport.move_cursor(0)
    viewport.put_above(older_of(viewport.content, 2, 20))
    assert viewport.cursor is not None
    assert (viewport.cursor.block, viewport.cursor.id) == (0, blocks[0].id)
    viewport.put_above(older_of(viewport.content, 2))
    assert viewport.cursor is None


def test_a_line_can_stand_above_nothing() -> None:
    content = Content(clock=count().__next__)
    viewport = viewport_of(content)
    viewport.put_above([])
    viewport.settle()
    viewport.put_above(content.line_above(80, 100, 20))
    viewport.settle()
    assert seen(viewport)[0] == "· 20 of 100 earlier questions are shown;"
    viewport.put_above([])
    viewport.settle()
    assert seen(viewport) == ["~"] * viewport.height


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 90)), max_size=8))
def test_heights_and_places_hold_whatever_is_put_above(steps: list[tuple[int, int]]) -> None:
    viewport = with_more(4, width=30, height=8)
    for messages, row in steps:
        viewport.scroll_to(min(row, viewport.total))
        viewport.settle()
        before, lines = seen(viewport), offering_rows(viewport)
        viewport.put_above(older_of(viewport.content, messages, row))
        viewport.settle()
        assert seen(viewport)[lines:] == before[lines:]
    viewport.resize(45, 9)
    viewport.settle()
    viewport.follow()
    viewport.settle()
    assert seen(viewport) == everything(viewport)[-9:]


def test_a_block_that_grows_above_does_not_move_what_is_read() -> None:
    content = Content(clock=count().__next__)
    content.add_tool("1", "tests", "{}")
    content.finish_answer((), "\n\n".join(f"Paragraph {n}." for n in range(30)))
    viewport = viewport_of(content)
    viewport.scroll_to(20)
    viewport.settle()
    before = seen(viewport)
    content.finish_tool("1", "exit 1", True, "a\nb\nc")
    content.toggle(0)
    viewport.sync()
    viewport.settle()
    assert seen(viewport) == before


def test_the_checked_answer_takes_the_place_of_the_streamed_one() -> None:
    content = content_of(3)
    content.stream_reasoning("Hm.")
    content.stream_answer("One [a.py:1].\n\nTw")
    content.settle()
    assert isinstance(content.blocks[-1], Prose)
    assert content.blocks[-1].is_live
    content.finish_answer((), "One [a.py:1].\n\nTwo.")
    texts = [block.text for block in content.blocks[-3:] if isinstance(block, Prose | Reasoning)]
    assert texts == ["Hm.", "One [a.py:1].\n\n", "Two."]
    assert content.answer_text == "One [a.py:1].\n\nTwo."


def test_an_error_ends_what_streams_and_stands_below_it() -> None:
    content = content_of(1)
    kept = len(content.blocks)
    content.stream_answer("Half [a.py")
    content.add_error("broken off")
    assert [type(block).__name__ for block in content.blocks[kept:]] == ["Prose", "Notice"]
    content.finish_answer((), "Half.")
    assert [getattr(block, "text", "") for block in content.blocks[kept:]] == [
        "Half.",
        "broken off",
    ]


def test_a_retry_takes_back_what_streamed_and_nothing_else() -> None:
    content = content_of(1)
    kept = list(content.blocks)
    content.stream_reasoning("Hm.")
    content.stream_answer("Half an ans")
    content.add_notice("by the way")
    content.settle()
    assert [type(block).__name__ for block in content.blocks[len(kept) :]] == [
        "Notice",
        "Reasoning",
        "Prose",
    ]
    content.take_back()
    assert [type(block).__name__ for block in content.blocks[len(kept) :]] == ["Notice"]
    content.stream_answer("Whole.")
    content.settle()
    assert len(content.blocks) == len(kept) + 2
    content.add_tool("1", "grep", "{}")
    content.take_back()
    assert len(content.blocks) == len(kept) + 3


@settings(deadline=None)
@given(st.text(alphabet="ab -#\n`1.>|", max_size=120), st.integers(1, 7))
def test_streaming_makes_the_blocks_that_the_whole_text_makes(text: str, size: int) -> None:
    streamed, whole = Content(clock=count().__next__), Content(clock=count().__next__)
    for at in range(0, len(text), size):
        streamed.stream_answer(text[at : at + size])
        streamed.settle()
    streamed.add_prompt("end")
    whole.finish_answer((), text)
    got = [(type(b), b.text) for b in streamed.blocks]  # type: ignore[union-attr]
    assert got[:-1] == [(type(b), b.text) for b in whole.blocks]  # type: ignore[union-attr]
    assert [block.id for block in streamed.blocks] == list(
        dict.fromkeys(b.id for b in streamed.blocks)
    )


def test_thinking_is_timed_and_counted() -> None:
    times = iter([0.0, 2.0, 5.0, 5.0])
    content = Content(clock=times.__next__)
    content.stream_reasoning("word " * 72)
    content.stream_reasoning("more")
    content.settle()
    content.stream_answer("x")
    content.count_reasoning(77)
    (block, *_) = content.blocks
    assert isinstance(block, Reasoning)
    assert (block.seconds, block.tokens, block.is_counted, block.is_live) == (5.0, 77, True, False)


@pytest.mark.parametrize(
    ("json", "expected"),
    [
        ('{"pattern": "a b", "path": "x"}', '"a b" path="x"'),
        ("{}", ""),
        ("[1]", "[1]"),
        ("{broken", "{broken"),
        ("[" * 100_000, "[" * 400),
        ('{"n": {"a": "中"}}', '{"a": "中"}'),
    ],
)
def test_arguments_are_written_for_people(json: str, expected: str) -> None:
    assert read_arguments(json) == expected


def test_a_search_finds_what_is_shown_in_blocks_never_rendered() -> None:
    content = content_of(50)
    content.finish_answer((), "Some **bo**ld words\nthat wrap &amp; end.")
    content.finish_answer((), "As *snake\\_case*d.")
    viewport = viewport_of(content, width=12)

    def find(query: str) -> list[Match]:
        search = Search(query, viewport.show)
        for _ in search.scan(content.blocks):
            pass
        return search.matches

    assert len(find("question")) == 50
    (match,) = find("question 7?")
    assert content.blocks[match.block] == Prompt(content.blocks[match.block].id, "Question 7?")
    assert find("QUESTION") == []
    assert len(find("bold words that")) == 1
    assert len(find("wrap & end")) == 1
    assert len(find("a paragraph OF".lower())) == 50
    assert len(find("snake_cased")) == 1
    assert find("   ") == []
    assert find("no such thing") == []


def test_a_search_goes_round_both_ways() -> None:
    content = Content(clock=count().__next__)
    for text in ("a x a", "b", "a"):
        content.add_prompt(text)
    viewport = viewport_of(content)
    search = Search("a", viewport.show)
    first, second, third = Match(0, 1, 2), Match(0, 5, 6), Match(2, 1, 2)
    assert search.following(content.blocks, 0, 2) == second
    assert search.following(content.blocks, 0, 6) == third
    assert search.following(content.blocks, 2, 2) == first
    assert search.preceding(content.blocks, 2, 1) == second
    assert search.preceding(content.blocks, 0, 1) == third
    assert Search("z", viewport.show).following(content.blocks, 0, 0) is None
    assert Search("a", viewport.show).following([], 0, 0) is None


def test_the_cursor_and_the_place_follow_their_blocks_when_one_is_put_above() -> None:
    content = content_of(10)
    content.stream_answer("\n\n".join(f"Paragraph {n}." for n in range(30)))
    viewport = viewport_of(content)
    viewport.move_cursor(len(content.blocks) - 1)
    viewport.scroll_to(viewport.total - 15)
    viewport.settle()
    before = seen(viewport)
    content.add_notice("above")
    viewport.sync()
    viewport.settle()
    assert seen(viewport) == before
    assert viewport.cursor
    assert content.blocks[viewport.cursor.block].id == viewport.cursor.id


def test_a_turn_that_is_stopped_leaves_nothing_live() -> None:
    content = content_of(1)
    content.add_tool("1", "tests", "{}")
    content.stream_reasoning("Hm")
    content.end_turn()
    *_, tool, thought = content.blocks
    assert isinstance(tool, Tool)
    assert (tool.status, tool.summary) == ("failed", "stopped")
    assert isinstance(thought, Reasoning)
    assert (thought.text, thought.is_live) == ("Hm", False)
    content.take_back()
    assert content.blocks[-1] is thought
