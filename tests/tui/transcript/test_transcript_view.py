"""The widget in an app without a terminal: drawing, scrolling, selection, search, resize, keys."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from bathy.agent.loop.citations import CheckedCitation, Cited
from bathy.agent.modes.tui.transcript.cells import NO_BREAK
from bathy.agent.modes.tui.transcript.messages import (
    CitationChosen,
    CopyWanted,
    LinkChosen,
    NewLines,
    Searched,
)
from bathy.agent.modes.tui.transcript.view import MoreWanted, Transcript
from textual import events
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot

Told = list[Message]


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Screen(App[None]):
    """A transcript and all that it tells."""

    def __init__(self, transcript: Transcript) -> None:
        super().__init__()
        self.transcript = transcript
        self.told: Told = []

    def compose(self) -> ComposeResult:
        yield self.transcript

    def on_mount(self) -> None:
        self.transcript.focus()

    def on_citation_chosen(self, message: CitationChosen) -> None:
        self.told.append(message)

    def on_link_chosen(self, message: LinkChosen) -> None:
        self.told.append(message)

    def on_new_lines(self, message: NewLines) -> None:
        self.told.append(message)

    def on_searched(self, message: Searched) -> None:
        self.told.append(message)

    def on_copy_wanted(self, message: CopyWanted) -> None:
        self.told.append(message)

    def on_more_wanted(self, message: MoreWanted) -> None:
        self.told.append(message)

    def last(self, kind: type[Message]) -> Any:
        return [message for message in self.told if isinstance(message, kind)][-1]


Body = Callable[[Transcript, Screen, Pilot[None]], Awaitable[None]]


def run(
    body: Body,
    size: tuple[int, int] = (60, 20),
    clock: Callable[[], float] | None = None,
    **options: Any,
) -> None:
    async def all_of_it() -> None:
        if clock is not None:
            options["clock"] = clock
        screen = Screen(Transcript(**options))
        async with screen.run_test(size=size) as pilot:
            await pilot.pause()
            await body(screen.transcript, screen, pilot)

    asyncio.run(all_of_it())


def rows(transcript: Transcript) -> list[str]:
    """What is drawn, without the column of the cursor and blanks at the end."""
    texts = [transcript.render_line(y).text for y in range(transcript.size.height)]
    return [text[1:].rstrip().replace(NO_BREAK, " ") for text in texts]


def long_answer(count: int) -> str:
    return "\n\n".join(
        f"Paragraph {n} has words, and 中文 as well, enough of them to be wrapped."
        for n in range(count)
    )


def conversation(transcript: Transcript, turns: int) -> None:
    for turn in range(turns):
        transcript.add_prompt(f"Question {turn}?")
        transcript.finish_answer((), long_answer(5))


def test_everything_is_drawn_below_each_other() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        transcript.add_prompt("Where?")
        transcript.stream_reasoning("Let me see.")
        transcript.add_tool("1", "grep", '{"pattern": "x"}')
        transcript.finish_tool("1", "14 hits", False, "hidden")
        transcript.stream_answer("In **a")
        transcript.stream_answer(".py**.\n\nThere")
        transcript.flush()
        text = '❯ Where?||▸ Thought · ≈3 tok|✔ grep "x"  14 hits||In a.py.||There'
        assert "|".join(rows(transcript)).strip("|") == text

    run(body, clock=Clock())


def tell_older(transcript: Transcript, turns: int, left: int) -> None:
    with transcript.above(left=left):
        for turn in range(turns):
            transcript.add_prompt(f"Older {turn}?")
            transcript.add_tool("c", "grep", '{"pattern": "x"}')
            transcript.finish_tool("c", "1 hit", False, "hidden")
            transcript.finish_answer((), long_answer(2))
            transcript.end_turn()


@pytest.mark.parametrize("how", ["enter", "click"])
def test_older_questions_come_above_when_they_are_asked_for(how: str) -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        transcript.add_more(4, 12)
        conversation(transcript, 4)
        transcript.flush()
        await pilot.press("home")
        for left in (4, 0):
            if how == "enter":
                transcript.viewport.move_cursor(0)
                await pilot.press("enter")
            else:
                await pilot.click(transcript, offset=(9, 0))
            await pilot.pause()
            assert len([m for m in screen.told if isinstance(m, MoreWanted)]) == 2 - left // 4
            before = rows(transcript)
            assert before[0].startswith(f"· {8 - left} of 12 earlier questions are shown; enter")
            tell_older(transcript, 4, left)
            assert rows(transcript)[2:] == before[2:]
            await pilot.press("home")
        assert "❯ Older 0?" in rows(transcript)
        assert not any("earlier questions" in row for row in rows(transcript))

    run(body)


def test_what_is_told_above_neither_moves_nor_becomes_the_last_answer() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        transcript.add_more(4, 12)
        conversation(transcript, 4)
        transcript.finish_answer((), "The last.")
        transcript.flush()
        before = rows(transcript)
        tell_older(transcript, 4, 4)
        assert rows(transcript) == before
        assert transcript.is_following
        assert transcript.answer_text == "The last."
        transcript.add_prompt("Next?")
        transcript.flush()
        assert rows(transcript)[-1] == "❯ Next?"

    run(body)


def test_nothing_is_put_above_if_telling_it_fails() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        conversation(transcript, 1)
        blocks = list(transcript.content.blocks)

        def fail() -> None:
            with transcript.above(left=0):
                transcript.add_prompt("Older?")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert transcript.content.blocks == blocks

    run(body)


def test_a_search_goes_on_where_it_was_when_more_comes_above() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        conversation(transcript, 4)
        assert transcript.find("Question 2")
        await pilot.pause()
        before = rows(transcript)
        tell_older(transcript, 4, 0)
        assert rows(transcript) == before
        while not (screen.last(Searched).is_complete and screen.last(Searched).current):
            await pilot.pause()
        assert (screen.last(Searched).current, screen.last(Searched).count) == (1, 1)
        assert not transcript.find("Older 9")
        assert transcript.find("older 1")
        transcript.find_next()
        assert "❯ Older 1?" in rows(transcript)

    run(body)


def test_text_that_comes_fast_is_drawn_ten_times_a_second() -> None:
    clock = Clock()

    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        transcript.flush()
        drawn = set()
        for number in range(100):
            transcript.stream_answer(f"{number} ")
            drawn.add(transcript._due)
        assert len(drawn) == 1
        assert transcript.next_draw_s == pytest.approx(0.1)
        clock.now += 0.04
        assert transcript.next_draw_s == pytest.approx(0.06)
        clock.now += 0.1
        assert transcript.next_draw_s == 0

    run(body, clock=clock)


def test_what_comes_is_drawn_without_being_asked_for() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        for text in ("One.", " Two.", " Three."):
            transcript.stream_answer(text)
            while rows(transcript)[1][-4:] != text[-4:]:
                await pilot.pause()
        assert rows(transcript)[1] == "One. Two. Three."

    run(body)


def test_no_timer_runs_while_nothing_comes() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        conversation(transcript, 3)
        transcript.flush()
        await pilot.pause()
        assert transcript._due is None
        assert transcript._scan_due is None
        assert not transcript.auto_refresh

    run(body)


def test_the_end_is_followed_until_the_user_scrolls_up_and_again_from_the_end_on() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        conversation(transcript, 4)
        transcript.flush()
        await pilot.press("pageup")
        before = rows(transcript)
        assert not transcript.is_following
        transcript.stream_answer("One.\n\nTwo.\n\n")
        transcript.flush()
        await pilot.pause()
        assert rows(transcript) == before
        assert screen.last(NewLines).count == 4
        await pilot.press("end")
        await pilot.pause()
        assert rows(transcript)[-1] == "Two."
        assert screen.last(NewLines).count == 0
        transcript.stream_answer("Three.\n\n")
        transcript.flush()
        assert rows(transcript)[-1] == "Three."

    run(body)


def test_the_wheel_scrolls_by_rows() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        conversation(transcript, 4)
        transcript.flush()
        end = transcript.scroll_y
        before = rows(transcript)
        await pilot._post_mouse_events([events.MouseScrollUp], transcript, (5, 5))
        await pilot.pause()
        moved = int(end - transcript.scroll_y)
        assert moved > 0
        assert rows(transcript)[moved:] == before[:-moved]

    run(body)


def test_text_is_selected_by_mouse_and_wrapped_lines_are_whole_again() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        transcript.add_prompt("x")
        transcript.finish_answer(
            (), "One two three four five six seven eight nine.\n\n```\n  code 中文\n```\n"
        )
        transcript.flush()
        await pilot.pause()
        assert rows(transcript)[3:8] == [
            "One two three four five",
            "six seven eight nine.",
            "",
            "    code 中文",
            "",
        ]
        await pilot.mouse_down(transcript, offset=(5, 3))
        await pilot.hover(transcript, offset=(0, 6))
        await pilot.mouse_up(transcript, offset=(0, 6))
        await pilot.pause()
        assert screen.screen.get_selected_text() == "two three four five six seven eight nine."
        await pilot.resize_terminal(50, 20)
        await pilot.pause()
        assert rows(transcript)[3] == "One two three four five six seven eight nine."
        assert screen.screen.get_selected_text() == "two three four five six seven eight nine."
        await pilot.press("y")
        await pilot.pause()
        copied = screen.last(CopyWanted)
        assert (copied.text.strip(), copied.what) == (
            "two three four five six seven eight nine.",
            "selection",
        )

    run(body, size=(28, 20))


def test_a_selection_in_code_begins_at_the_code_when_the_mouse_is_left_of_it() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        transcript.finish_answer((), "```\naa\nbb\ncc\n```\n")
        transcript.flush()
        await pilot.pause()
        assert rows(transcript)[1:4] == ["  aa", "  bb", "  cc"]
        await pilot.mouse_down(transcript, offset=(0, 2))
        await pilot.hover(transcript, offset=(20, 3))
        await pilot.mouse_up(transcript, offset=(20, 3))
        assert screen.screen.get_selected_text() == "bb\ncc"

    run(body)


def test_a_selection_stays_with_its_text_while_more_streams_in() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        transcript.stream_answer("First paragraph.\n\nSecond par")
        transcript.flush()
        await pilot.pause()
        await pilot.mouse_down(transcript, offset=(1, 3))
        await pilot.hover(transcript, offset=(6, 3))
        await pilot.mouse_up(transcript, offset=(6, 3))
        assert screen.screen.get_selected_text() == "Second"
        transcript.stream_answer("agraph.\n\n" + long_answer(9))
        transcript.flush()
        await pilot.pause()
        assert transcript.scroll_y > 3
        assert screen.screen.get_selected_text() == "Second"

    run(body)


def test_a_double_click_selects_a_word_and_a_third_one_the_block() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        transcript.finish_answer((), "See 中文 src/a_b.py now.\n\nOther.")
        transcript.flush()
        await pilot.pause()
        await pilot.click(transcript, offset=(12, 1), times=2)
        assert screen.screen.get_selected_text() == "src/a_b.py"
        await pilot.click(transcript, offset=(12, 1), times=3)
        assert (screen.screen.get_selected_text() or "").strip() == "See 中文 src/a_b.py now."

    run(body)


def test_the_selection_is_drawn_in_the_rows_that_it_is_in() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        transcript.finish_answer((), "One two.\n\nThree four.")
        transcript.flush()
        await pilot.pause()
        plain = [list(transcript.render_line(y)) for y in range(4)]
        await pilot.mouse_down(transcript, offset=(5, 1))
        await pilot.hover(transcript, offset=(5, 3))
        await pilot.mouse_up(transcript, offset=(5, 3))
        marked = [
            "".join(p.text for p in transcript.render_line(y) if p.style and p.style.reverse)
            for y in range(4)
        ]
        assert marked == ["", "two.", "", "Three"]
        screen.screen.clear_selection()
        await pilot.pause()
        assert [list(transcript.render_line(y)) for y in range(4)] == plain

    run(body)


def test_a_search_goes_from_match_to_match_in_what_was_never_drawn() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        transcript.add_prompt("A needle at the top")
        conversation(transcript, 60)
        transcript.add_prompt("one more NEEDLE")
        transcript.finish_answer((), "and a `need`le")
        transcript.flush()
        assert transcript.find("needle")
        top, end = "❯ A needle at the top", ["❯ one more NEEDLE", "", "and a needle"]
        assert rows(transcript)[-3:] == end
        await pilot.press("n")
        assert rows(transcript)[-3:] == end
        await pilot.press("n")
        assert top in rows(transcript)
        await pilot.press("N")
        assert rows(transcript)[-3:] == end
        while not transcript._finder.is_complete:
            await pilot.pause()
        await pilot.pause()
        told = screen.last(Searched)
        assert (told.query, told.current, told.count, told.is_complete) == ("needle", 3, 3, True)
        transcript.action_home()
        assert transcript.find("question 30?")
        assert "❯ Question 30?" in rows(transcript)
        marked = [
            "".join(p.text for p in transcript.render_line(y) if p.style and p.style.reverse)
            for y in range(20)
        ]
        assert [text for text in marked if text] == ["Question 30?"]
        assert not transcript.find("Needle at the bottom")
        await pilot.pause()
        assert screen.last(Searched).count == 0
        transcript.find("")
        await pilot.pause()
        assert screen.last(Searched).query == ""
        assert not any(
            p.style.reverse for y in range(20) for p in transcript.render_line(y) if p.style
        )

    run(body)


def test_a_search_unfolds_what_it_finds() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        transcript.stream_reasoning("A hidden thought.")
        transcript.add_tool("1", "read", "{}")
        transcript.finish_tool("1", "ok", False, "secret\nlines")
        conversation(transcript, 9)
        transcript.flush()
        assert transcript.find("hidden")
        assert "│ A hidden thought." in rows(transcript)
        assert transcript.find("secret")
        assert "│ secret" in rows(transcript)

    run(body)


def test_a_resize_keeps_the_place_of_the_reader_and_comes_back() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        conversation(transcript, 40)
        transcript.flush()
        transcript.find("question 20?")
        transcript.viewport.go_to(transcript.viewport.top_block)
        transcript.place()
        before = rows(transcript)
        width = transcript.viewport.width
        await pilot.resize_terminal(33, 12)
        await pilot.pause()
        assert transcript.viewport.width < width
        assert rows(transcript)[0] == before[0]
        assert rows(transcript)[1][:10] == before[1][:10]
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        assert rows(transcript) == before

    run(body)


def test_a_resize_while_following_stays_at_the_end() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        conversation(transcript, 40)
        transcript.finish_answer((), "The end.")
        transcript.flush()
        for size in ((30, 10), (100, 40), (60, 20), (100, 12), (40, 30), (60, 20)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert rows(transcript)[-1] == "The end."
            assert transcript.scroll_y == transcript.max_scroll_y

    run(body)


def test_rows_never_reach_under_the_scrollbar() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        conversation(transcript, 10)
        transcript.flush()
        width = transcript.scrollable_content_region.width
        assert width < 60
        assert {transcript.render_line(y).cell_length for y in range(20)} == {width}

    run(body)


def test_the_user_goes_from_question_to_question() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        conversation(transcript, 5)
        transcript.flush()
        await pilot.press("alt+up")
        assert "❯ Question 4?" in rows(transcript) or "❯ Question 3?" in rows(transcript)
        for _ in range(6):
            await pilot.press("alt+up")
        assert rows(transcript)[1] == "❯ Question 0?"
        await pilot.press("alt+down")
        assert rows(transcript)[1] == "❯ Question 1?"
        for _ in range(6):
            await pilot.press("alt+down")
        assert transcript.is_following

    run(body)


def test_blocks_fold_by_key_and_click() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        transcript.stream_reasoning("Deep thought.")
        transcript.add_tool("1", "read", "{}")
        transcript.finish_tool("1", "ok", False, "output")
        transcript.flush()
        await pilot.pause()
        await pilot.click(transcript, offset=(3, 1))
        assert rows(transcript)[1:4] == [
            "▾ Thought · ≈4 tok",
            "│ Deep thought.",
            "✔ read  ok",
        ]
        await pilot.press("enter")
        assert rows(transcript)[1:3] == ["▸ Thought · ≈4 tok", "✔ read  ok"]
        await pilot.press("ctrl+down", "enter")
        assert rows(transcript)[2:4] == ["✔ read  ok", "│ output"]
        transcript.action_tool_output()
        transcript.action_reasoning()
        assert "│ output" not in rows(transcript)

    run(body, clock=Clock())


def test_what_is_unfolded_at_the_end_does_not_push_itself_away() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        conversation(transcript, 3)
        transcript.add_tool("1", "read", "{}")
        transcript.finish_tool("1", "ok", False, "line\n" * 100)
        transcript.flush()
        before = rows(transcript)
        transcript.action_tool_output()
        assert rows(transcript) == before
        assert not transcript.is_following

    run(body)


def cited_answer() -> tuple[list[Cited], str]:
    text = "See [src/a.py:3-5] and [b.py:9], and [docs](http://x.y)."
    places = (("src/a.py", 3, 5, "src/a.py:3-5"), ("b.py", 9, 9, "b.py:9"))
    cited = [
        Cited(
            text.index(w), text.index(w) + len(w), CheckedCitation(path, first, last, "verified", w)
        )
        for path, first, last, w in places
    ]
    return cited, text


def test_citations_and_links_are_chosen_by_key_and_click() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        transcript.finish_answer(*cited_answer())
        transcript.flush()
        await pilot.pause()
        assert rows(transcript)[1] == "See [1 a.py:3-5] and [2 b.py:9], and docs (http://x.y)."
        await pilot.press("alt+2")
        await pilot.pause()
        chosen = screen.last(CitationChosen)
        assert (chosen.path, chosen.start, chosen.end, chosen.number) == ("b.py", 9, 9, 2)
        await pilot.click(transcript, offset=(8, 1))
        await pilot.pause()
        assert screen.last(CitationChosen).path == "src/a.py"
        screen.told.clear()
        await pilot.press("enter")
        await pilot.pause()
        assert screen.last(CitationChosen).number == 1
        await pilot.click(transcript, offset=(39, 1))
        await pilot.pause()
        assert screen.last(LinkChosen).urls == ("http://x.y",)
        assert not transcript.choose_citation(9)

    run(body)


LINKED = (
    "See [docs](https://a.org/1) and <https://b.org/2>.\n\n```md\n[no](https://code.org)\n```\n\n"
    "Then [again](https://a.org/1), [file](src/a.py), [x](javascript:1)."
    "\n\nAnd [last](HTTPS://c.org/\u202e3)."
)
URLS = ("https://a.org/1", "https://b.org/2", "HTTPS://c.org/%E2%80%AE3")


def test_links_of_an_answer_are_reached_by_keys_from_the_block_at_the_cursor_on() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        transcript.add_prompt("Where?")
        transcript.finish_answer((), "Of [another answer](https://old.org).")
        transcript.end_turn()
        transcript.add_prompt("And where?")
        transcript.finish_answer((), LINKED)
        transcript.flush()
        assert transcript.links() == (URLS, 0)
        last = len(transcript.content.blocks) - 1
        transcript.viewport.move_cursor(last)
        assert transcript.links() == (URLS, 2)
        assert transcript.links(last - 1) == (URLS, 0)
        await pilot.press("enter")
        await pilot.pause()
        chosen = screen.last(LinkChosen)
        assert (chosen.urls, chosen.at) == (URLS, 2)
        transcript.go_to_prompt(-1)
        transcript.go_to_prompt(-1)
        await pilot.press("ctrl+down")
        assert transcript.links() == (("https://old.org",), 0)
        assert transcript.choose_link()

    run(body)


def test_an_answer_without_web_links_has_none_to_choose() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        assert not transcript.choose_link()
        transcript.add_prompt("Why [x](https://a.org)?")
        transcript.finish_answer((), "[file](src/a.py) and `[x](https://a.org)`.")
        transcript.flush()
        assert transcript.links() == ((), 0)
        assert not transcript.choose_link()

    run(body)


def test_a_block_its_code_and_the_answer_are_copied_as_they_were_written() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        code = "\n".join(f"\tline {n}" for n in range(25))
        cited, text = cited_answer()
        answer = f"{text}\n\n```py\n{code}\n```\n\n*End*."
        transcript.finish_answer(cited, answer)
        transcript.flush()
        await pilot.press("y")
        await pilot.pause()
        assert (screen.last(CopyWanted).text, screen.last(CopyWanted).what) == ("*End*.", "block")
        await pilot.press("c")
        await pilot.pause()
        assert (screen.last(CopyWanted).text, screen.last(CopyWanted).what) == (code, "code")
        transcript.copy_answer()
        await pilot.pause()
        assert screen.last(CopyWanted).text == answer
        transcript.action_home()
        await pilot.press("ctrl+up", "ctrl+up", "ctrl+up", "ctrl+up", "y")
        await pilot.pause()
        assert screen.last(CopyWanted).text == text

    run(body)


def test_the_cursor_is_seen_without_colour() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        conversation(transcript, 1)
        transcript.flush()
        await pilot.press("ctrl+down")
        assert [transcript.render_line(y).text[0] for y in range(3)] == [" ", "|", " "]

    run(body, glyphs="ascii")


def test_a_theme_is_taken_when_it_changes() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        conversation(transcript, 2)
        transcript.flush()
        await pilot.pause()
        shown, colours = rows(transcript), set[str]()
        for theme in ("textual-light", "ansi-dark", "textual-dark"):
            screen.theme = theme
            await pilot.pause()
            colours.add(str(next(iter(transcript.render_line(1))).style))
            assert rows(transcript) == shown
        assert len(colours) == 3

    run(body)


def test_a_theme_gives_colours_where_there_is_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR")
    test_a_theme_is_taken_when_it_changes()


def test_clearing_leaves_nothing() -> None:
    async def body(transcript: Transcript, screen: Screen, pilot: Pilot[None]) -> None:
        conversation(transcript, 9)
        transcript.find("words")
        transcript.flush()
        transcript.clear()
        transcript.flush()
        await pilot.pause()
        assert not any(rows(transcript))
        for key in (
            "enter",
            "y",
            "c",
            "n",
            "alt+up",
            "alt+down",
            "ctrl+up",
            "home",
            "end",
            "pageup",
            "alt+1",
        ):
            await pilot.press(key)
        transcript.add_prompt("again")
        transcript.flush()
        assert rows(transcript)[1] == "❯ again"

    run(body)


def test_what_is_added_before_there_is_a_screen_is_shown() -> None:
    transcript = Transcript()
    transcript.add_prompt("dropped")
    transcript.clear()
    transcript.follow()
    conversation(transcript, 1)

    async def body() -> None:
        async with Screen(transcript).run_test(size=(60, 20)) as pilot:
            await pilot.pause()
            assert "❯ Question 0?" in rows(transcript)

    asyncio.run(body())
