import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from bathy.agent.modes.tui.review.decision import Decision
from bathy.agent.modes.tui.review.diffview import DiffView
from bathy.agent.modes.tui.review.hunks import Files, review_of
from bathy.agent.modes.tui.review.screen import GRACE_S, ReviewScreen, Rewrite
from bathy.agent.modes.tui.viewer.messages import OpenInViewer
from bathy.agent.modes.tui.viewer.prompt import Prompt
from bathy.tools.diff import FileState
from bathy.tools.edits import write_of
from bathy.tools.journal import Journal
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Static

BEFORE = "".join(f"line {number}\n" for number in range(1, 61))
AFTER = (
    BEFORE.replace("line 5\n", "line fünf 世界\n")
    .replace("line 30\n", "line 30\nmore\n")
    .replace("line 55\n", "")
)
STATES = {
    "src/a.py": (FileState(BEFORE.encode()), FileState(AFTER.encode())),
    "b.py": (FileState(None), FileState(b"new\n")),
}


class ReviewApp(App[None]):
    """Shows the review on a clock of its own, and remembers what comes of it."""

    def __init__(self, files: Files, *, rewrite: Rewrite | None, is_ascii: bool) -> None:
        super().__init__()
        self.now_s = 100.0
        self.decisions: list[Decision | None] = []
        self.opened: list[OpenInViewer] = []
        self.review = ReviewScreen(
            files, title="fix it", rewrite=rewrite, clock=lambda: self.now_s, is_ascii=is_ascii
        )

    async def on_mount(self) -> None:
        await self.push_screen(self.review, self.decisions.append)

    def on_open_in_viewer(self, event: OpenInViewer) -> None:
        self.opened.append(event)

    @property
    def heading(self) -> list[str]:
        return str(self.review.query_one("#heading", Static).content).split("\n")

    @property
    def choices(self) -> str:
        """The first letter of each hunk's state."""
        return "".join(hunk.choice[0] for file in self.review.files for hunk in file.hunks)

    @property
    def seen(self) -> list[str]:
        """The rows of the diff on the screen, as they are drawn."""
        view = self.review.query_one(DiffView)
        strips = [view.render_line(y) for y in range(view.size.height)]
        assert {strip.cell_length for strip in strips} == {view.size.width}
        return [strip.text.rstrip() for strip in strips]


Play = Callable[[ReviewApp, Pilot[None]], Awaitable[None]]


def run(
    play: Play,
    files: Files | None = None,
    *,
    size: tuple[int, int] = (120, 40),
    rewrite: Rewrite | None = None,
    grace_s: float = GRACE_S,
    is_ascii: bool = False,
) -> None:
    async def go() -> None:
        found = review_of(STATES) if files is None else files
        app = ReviewApp(found, rewrite=rewrite, is_ascii=is_ascii)
        async with app.run_test(size=size, notifications=True) as pilot:
            await pilot.pause()
            app.now_s += grace_s
            await play(app, pilot)

    asyncio.run(go())


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


def test_keys_do_nothing_right_after_it_has_opened() -> None:
    async def play(app: ReviewApp, pilot: Pilot[None]) -> None:
        await press(pilot, "a", "R", "enter", "escape", "c", "s", "w", "right_square_bracket")
        assert app.choices == "oooo"
        assert app.screen is app.review
        assert app.review.current == (0, 0)
        assert not app.review.query(Prompt)
        app.now_s += 0.02
        await press(pilot, "a")
        assert app.choices == "aooo"

    run(play, grace_s=GRACE_S - 0.01)


def test_hunks_are_decided_and_the_header_counts_them() -> None:
    async def play(app: ReviewApp, pilot: Pilot[None]) -> None:
        assert app.heading == [
            "Review  fix it   2 files · 4 hunks · +3 \N{MINUS SIGN}2",
            "hunk 1/4   ✔ 0 accepted  ✖ 0 rejected  ● 4 open   src/a.py",
        ]
        await press(pilot, "a", "r")
        assert app.choices == "aroo"
        assert app.heading[1] == "hunk 3/4   ✔ 1 accepted  ✖ 1 rejected  ● 2 open   src/a.py"
        assert any("✔ accepted · hunk 1/4" in row for row in app.seen)
        assert any("● open · hunk 3/4" in row for row in app.seen)
        await press(pilot, "left_square_bracket", "a")
        assert app.choices == "aaoo"

    run(play)


def test_the_rest_of_a_file_is_decided_at_once() -> None:
    async def play(app: ReviewApp, pilot: Pilot[None]) -> None:
        await press(pilot, "r", "A")
        assert app.choices == "raao"
        assert app.review.current == (1, 0)
        await press(pilot, "R")
        assert app.choices == "raar"

    run(play)


def test_moving_stops_at_the_ends_and_brings_the_hunk_into_sight() -> None:
    async def play(app: ReviewApp, pilot: Pilot[None]) -> None:
        assert not any("hunk 4/4" in row for row in app.seen)
        await press(pilot, *["right_square_bracket"] * 5)
        assert app.review.current == (1, 0)
        assert any("hunk 4/4" in row for row in app.seen)
        await press(pilot, *["left_square_bracket"] * 5)
        assert app.review.current == (0, 0)
        assert any("hunk 1/4" in row for row in app.seen)

    run(play, size=(80, 24))


def test_what_is_accepted_is_written_as_one_transaction(tmp_path: Path) -> None:
    root = tmp_path / "repo"
    (root / "src").mkdir(parents=True)
    (root / "src" / "a.py").write_text(BEFORE)

    async def play(app: ReviewApp, pilot: Pilot[None]) -> None:
        await press(pilot, "a", "r", "a", "a", "enter")
        (decision,) = app.decisions
        assert decision is not None
        expected = AFTER.replace("line 30\nmore\n", "line 30\n")
        assert decision.accepted == {"src/a.py": expected.encode(), "b.py": b"new\n"}
        assert decision.rejected.endswith(
            "3 of 4 hunks taken. Rejected, so the file stays as it was there: src/a.py"
            " after line 30."
        )
        writes = [write_of(root, change) for change in decision.changes]
        Journal(tmp_path / "journal").apply(root, writes)
        assert (root / "src" / "a.py").read_text() == expected
        assert (root / "b.py").read_text() == "new\n"

    run(play)


def test_nothing_is_applied_before_anything_is_decided() -> None:
    async def play(app: ReviewApp, pilot: Pilot[None]) -> None:
        await press(pilot, "enter")
        assert app.screen is app.review
        await press(pilot, "r", "enter")
        (decision,) = app.decisions
        assert decision is not None
        assert decision.changes == ()
        assert "Not decided and not written: src/a.py after line 30" in decision.rejected

    run(play)


def test_escape_goes_back_and_what_was_decided_can_be_taken_up_again() -> None:
    left: list[Files] = []

    async def play(app: ReviewApp, pilot: Pilot[None]) -> None:
        await press(pilot, "a", "escape")
        assert app.decisions == [None]
        left.append(app.review.files)

    async def again(app: ReviewApp, pilot: Pilot[None]) -> None:
        assert app.choices == "aooo"
        assert app.review.current == (0, 1)

    run(play)
    run(again, left[0])


def test_a_hunk_is_split_until_it_cannot_be() -> None:
    states = {"f": (FileState(b"1\n2\n3\n"), FileState(b"1!\n2\n3!\n"))}

    async def play(app: ReviewApp, pilot: Pilot[None]) -> None:
        await press(pilot, "s")
        assert app.choices == "oo"
        await press(pilot, "a", "s", "enter")
        (decision,) = app.decisions
        assert decision is not None
        assert decision.accepted == {"f": b"1!\n2\n3\n"}

    run(play, review_of(states))


def test_a_comment_goes_to_the_model_and_a_draft_is_not_lost() -> None:
    async def play(app: ReviewApp, pilot: Pilot[None]) -> None:
        await press(pilot, "c", *"arA", "escape")
        assert app.choices == "oooo"
        assert not app.review.query(Prompt)
        await press(pilot, "c")
        assert app.review.query_one(Prompt).value == "arA"
        await press(pilot, *" 好", "enter")
        assert any("your comment: arA 好" in row for row in app.seen)
        await press(pilot, "r", "enter")
        assert app.decisions[0] is not None
        assert 'src/a.py line 5 (the user says: "arA 好")' in app.decisions[0].rejected

    run(play)


def test_the_lines_of_a_hunk_are_edited_outside() -> None:
    asked: list[tuple[str, str]] = []
    answers: Iterator[str | None] = iter([None, "\0", "line 5!\n"])

    def rewrite(path: str, text: str) -> str | None:
        asked.append((path, text))
        return next(answers)

    async def play(app: ReviewApp, pilot: Pilot[None]) -> None:
        await press(pilot, "e", "e")
        assert app.choices == "oooo"
        await press(pilot, "e")
        assert asked == [("src/a.py", "line fünf 世界\n")] * 3
        assert app.choices == "aooo"
        assert any("✔ accepted · hunk 1/4 · your own lines" in row for row in app.seen)
        await press(pilot, "enter")
        assert app.decisions[0] is not None
        assert app.decisions[0].accepted["src/a.py"] == BEFORE.replace("5\n", "5!\n", 1).encode()

    run(play, rewrite=rewrite)


def test_without_an_editor_and_without_lines_it_says_so() -> None:
    states = {"f": (FileState(b"\0"), FileState(b"\0\0"))}

    async def play(app: ReviewApp, pilot: Pilot[None]) -> None:
        await press(pilot, "e", "s", "o")
        assert (app.choices, app.opened) == ("o", [])
        messages = [note.message for note in app._notifications]
        assert messages == [
            "No lines to edit here.",
            "This hunk cannot be split further.",
            "There are no lines to show.",
        ]

    run(play, review_of(states))


def test_the_viewer_is_asked_for_the_file_as_it_is_proposed() -> None:
    async def play(app: ReviewApp, pilot: Pilot[None]) -> None:
        await press(pilot, "right_square_bracket", "o")
        (opened,) = app.opened
        assert (opened.path, opened.start_line, opened.end_line) == ("src/a.py", 31, 31)
        assert opened.lines[30] == "more"
        assert "\n".join((*opened.lines, "")) == AFTER

    run(play)


@pytest.mark.parametrize(("width", "is_split"), [(100, True), (99, False), (80, False)])
def test_lines_stand_side_by_side_from_a_hundred_columns(width: int, is_split: bool) -> None:
    async def play(app: ReviewApp, pilot: Pilot[None]) -> None:
        both = [row for row in app.seen if "line 5" in row and "line fünf 世界" in row]
        assert bool(both) == is_split
        assert any("│" in row for row in app.seen) == is_split
        await pilot.resize_terminal(179 - width, 30)
        await pilot.pause()
        assert any("│" in row for row in app.seen) == (179 - width >= 100)

    run(play, size=(width, 30))


def test_long_lines_are_cut_moved_or_wrapped() -> None:
    states = {"f": (FileState(None), FileState(("世" * 60 + "end\n").encode()))}

    async def play(app: ReviewApp, pilot: Pilot[None]) -> None:
        assert "end" not in "".join(app.seen)
        assert any(row.endswith("…") for row in app.seen)
        await press(pilot, *["right"] * 8)
        assert "end" in "".join(app.seen)
        await press(pilot, *["left"] * 9, "w")
        assert any(row.endswith("世end") for row in app.seen)
        assert "".join(app.seen).count("世") == 60
        await press(pilot, "w")
        assert "end" not in "".join(app.seen)

    run(play, review_of(states), size=(80, 24))


def test_ascii_is_enough() -> None:
    states = {"f": (FileState(BEFORE.encode()), FileState(BEFORE.replace("30", "x").encode()))}

    async def play(app: ReviewApp, pilot: Pilot[None]) -> None:
        assert "".join((*app.heading, *app.seen)).isascii()
        await press(pilot, "a")
        assert any("v accepted" in row for row in app.seen)

    run(play, review_of(states), is_ascii=True)


def test_with_nothing_to_review_no_key_fails() -> None:
    async def play(app: ReviewApp, pilot: Pilot[None]) -> None:
        await press(pilot, *"arARscoew", "right_square_bracket", "enter")
        assert app.screen is app.review
        await press(pilot, "escape")
        assert app.decisions == [None]

    run(play, ())


def test_a_click_makes_a_hunk_current() -> None:
    async def play(app: ReviewApp, pilot: Pilot[None]) -> None:
        row = next(at for at, row in enumerate(app.seen) if "hunk 2/4" in row)
        await pilot.click(DiffView, offset=(10, row))
        await pilot.pause()
        assert app.review.current == (0, 1)

    run(play)


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark"])
def test_changes_show_in_every_theme_by_more_than_colour(theme: str) -> None:
    async def play(app: ReviewApp, pilot: Pilot[None]) -> None:
        app.theme = theme
        await pilot.pause()
        view = app.review.query_one(DiffView)
        strips = [view.render_line(y) for y in range(view.size.height)]
        underlined = [s.text for strip in strips for s in strip if s.style and s.style.underline]
        assert underlined[:2] == ["5", "fünf 世界"]
        current = [s.text for strip in strips for s in strip if s.style and s.style.reverse]
        assert len([text for text in current if "hunk" in text]) == 1

    run(play)
