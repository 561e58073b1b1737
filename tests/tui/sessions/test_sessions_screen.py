"""The list of sessions at both sizes, driven as a user would; with hostile names and questions."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from bathy.agent.loop.sessions import SessionInfo, name_of, name_session
from bathy.agent.modes.tui.input.keymap import Keymap
from bathy.agent.modes.tui.looks import CSS
from bathy.agent.modes.tui.sessions import tally as tallying
from bathy.agent.modes.tui.sessions.rows import find, head_text, row_text, when_word
from bathy.agent.modes.tui.sessions.screen import SessionsScreen
from bathy.agent.modes.tui.sessions.tally import Tally, tally
from bathy.agent.modes.tui.viewer.prompt import Prompt
from rich.cells import cell_len
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input

SIZES = [(80, 24), (120, 40)]
NOW_S = 1_800_000_000.0
EVIL = "why\x1b[2J?\n[red]x[/] \u202etxt"
WIDE = "两个线程" * 20
HOUR_S = 3_600


def session(
    folder: Path,
    number: int,
    question: str = "why?",
    *,
    ago_s: float = 0.0,
    questions: int = 1,
    about: str = "/r/shop",
    model: str = "deepseek-flash",
) -> Path:
    """A log, last used so long ago, with questions that cost a quarter each."""
    path = folder / f"{number:04}abcd-1.jsonl"
    header = {"type": "session", "folder": about, "created": "", "model": model}
    lines: list[dict[str, object]] = [{**header, "question": question}]
    for _ in range(questions):
        lines += [{"type": "question", "text": question}, {"type": "usage", "cost_usd": 0.25}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    os.utime(path, (NOW_S - ago_s, NOW_S - ago_s))
    return path


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "sessions"
    folder.mkdir()
    return folder


class Listing(App[None]):
    CSS = CSS

    def __init__(self, logs: Path, *, keymap: Keymap | None = None, is_ascii: bool = False) -> None:
        super().__init__()
        self.set_class(is_ascii, "-ascii")
        self.keymap, self.left = keymap or Keymap(), list[SessionInfo | None]()
        self.listing = SessionsScreen(
            logs,
            "/r/shop",
            exports=logs.parent / "exports",
            clock=lambda: NOW_S,
            keymap=self.keymap,
            is_ascii=is_ascii,
        )

    def on_mount(self) -> None:
        self.set_keymap(self.keymap.for_textual())
        self.push_screen(self.listing, self.left.append)

    @property
    def rows(self) -> list[str]:
        """All that is drawn."""
        return [strip.text.rstrip() for strip in self.screen._compositor.render_strips()]

    @property
    def listed(self) -> list[str]:
        """The rows of the list, without what is blank."""
        shown = self.listing.list
        strips = [shown.render_line(y) for y in range(shown.size.height)]
        return [strip.text.rstrip() for strip in strips if strip.text.strip()]


Play = Callable[[Listing, Pilot[None]], Awaitable[None]]


def run(play: Play, logs: Path, size: tuple[int, int] = (80, 24), **options: object) -> None:
    first = " used " if any(logs.iterdir()) else "sessions about this"

    async def go() -> None:
        app = Listing(logs, **options)  # type: ignore[arg-type]
        async with app.run_test(size=size, notifications=True) as pilot:
            await until(app, pilot, first)
            await play(app, pilot)

    asyncio.run(go())


async def until(app: Listing, pilot: Pilot[None], word: str) -> None:
    async with asyncio.timeout(60):
        while word not in "\n".join(app.rows):
            await pilot.pause()


async def told(app: Listing, pilot: Pilot[None], word: str) -> None:
    async with asyncio.timeout(60):
        while not any(word in toast.message for toast in app._notifications):
            await pilot.pause()


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


# What is listed.


@pytest.mark.parametrize("size", SIZES)
def test_the_sessions_of_the_repository_are_listed_the_last_used_first(
    logs: Path, size: tuple[int, int]
) -> None:
    session(logs, 1, "Where is it?", ago_s=2 * HOUR_S, questions=12, model="deepseek-v4-pro")
    name_session(session(logs, 2, "older", ago_s=50 * HOUR_S), "URL map")
    session(logs, 3, "newest", ago_s=5)
    session(logs, 4, "elsewhere", about="/r/other")

    async def play(app: Listing, pilot: Pilot[None]) -> None:
        await until(app, pilot, "$3.00")
        assert app.rows[0] == " Sessions about shop · 3 sessions, the last used first"
        found = [row.split("  ") for row in app.listed]
        assert [[cell.strip() for cell in row if cell.strip()] for row in found] == [
            ["▸ newest", "just now", "deepseek-flash", "1", "$0.250"],
            ["Where is it?", "2 h ago", "deepseek-v4-pro", "12", "$3.00"],
            ["URL map", "2 d ago", "deepseek-flash", "1", "$0.250"],
        ]
        assert "elsewhere" not in "".join(app.rows)
        assert "esc back" in app.rows[-1]

    run(play, logs, size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("is_ascii", [False, True])
def test_wide_and_hostile_names_take_their_cells_and_drive_no_terminal(
    logs: Path, size: tuple[int, int], is_ascii: bool
) -> None:
    name_session(session(logs, 1, "q", ago_s=1), WIDE)
    session(logs, 2, EVIL, ago_s=2, model="[b]m\x1b[1m" * 9)
    (logs / "0003abcd-1.jsonl").write_bytes(session(logs, 2, EVIL).read_bytes())
    (logs / "0003abcd-1.name").write_text("by \x07hand\u2066 [blue]")

    async def play(app: Listing, pilot: Pilot[None]) -> None:
        async with asyncio.timeout(60):
            while len(app.listing._tallies) < 3:
                await pilot.pause()
        await pilot.pause()
        assert len(app.listed) == 3
        assert {cell_len(row) <= size[0] for row in app.rows} == {True}
        assert all(row.isprintable() for row in app.rows)
        shown = "\n".join(app.listed)
        assert "by \ufffdhand\ufffd [blue]" in shown or "by hand [blue]" in shown
        assert "[red]x[/]" in shown
        assert "两个线程两个线程" in shown
        # Columns stand below each other whatever is left of them.
        ends = {cell_len(row) for row in app.listed}
        assert ends == {cell_len(app.rows[4].rstrip()) - 1}

    run(play, logs, size, is_ascii=is_ascii)


def test_with_ascii_no_other_sign_is_drawn(logs: Path) -> None:
    name_session(session(logs, 1), "long " * 19)

    async def play(app: Listing, pilot: Pilot[None]) -> None:
        await until(app, pilot, "$0.250")
        await press(pilot, "f5")
        await until(app, pilot, "Name of the session")
        assert all(row.isascii() for row in app.rows)
        assert "> long" in app.listed[0]
        assert "~" in app.listed[0]

    run(play, logs, is_ascii=True)


@pytest.mark.parametrize("size", SIZES)
def test_an_empty_list_says_what_to_do(logs: Path, size: tuple[int, int]) -> None:
    async def play(app: Listing, pilot: Pilot[None]) -> None:
        told = "no sessions about this repository yet: ask a question, and it is kept here"
        assert told in "".join(app.rows)
        await press(pilot, "enter", "f5", "f7", "down", "pagedown", "x")
        assert app.left == []
        assert not app.listing.query(Prompt)
        await press(pilot, "escape")
        assert app.left == [None]

    run(play, logs, size)


def test_only_logs_in_sight_are_looked_into(logs: Path) -> None:
    for number in range(300):
        session(logs, number, f"question {number:03}", ago_s=number)

    async def play(app: Listing, pilot: Pilot[None]) -> None:
        known, seen = app.listing._tallies, app.listing.list.size.height
        async with asyncio.timeout(60):
            while len(known) < seen:
                await pilot.pause()
        await pilot.pause()
        # The list may have grown by a row since it was first drawn.
        assert len(known) <= app.size.height
        app.listing.action_move(299)
        async with asyncio.timeout(60):
            while len(known) < 2 * seen:
                await pilot.pause()
        await pilot.pause()
        assert "▸ question 299" in app.listed[-1]
        assert len(known) <= 2 * app.size.height

    run(play, logs)


# Keys.


def test_what_is_typed_finds_and_enter_goes_on_with_it(logs: Path) -> None:
    session(logs, 1, "Where is the URL map built?", ago_s=1)
    name_session(session(logs, 2, "Why?", ago_s=2), "Map of the Straße")
    session(logs, 3, "How?", ago_s=3, model="deepseek-v4-pro")

    async def play(app: Listing, pilot: Pilot[None]) -> None:
        await press(pilot, *"MAP")
        assert len(app.listed) == 2
        assert "2 of 3 sessions" in app.rows[0]
        await press(pilot, *" STRASSE")
        assert [row[:6] for row in app.listed] == ["▸ Map "]
        await press(pilot, "q")
        assert "no session holds these words" in "".join(app.rows)
        await press(pilot, "enter", "f5")
        assert app.left == []
        await press(pilot, "backspace", "enter")
        (info,) = app.left
        assert info is not None
        assert (info.id, info.name, info.path.parent) == ("0002abcd-1", "Map of the Straße", logs)

    run(play, logs)


def test_arrows_choose_and_a_choice_outlives_the_filter(logs: Path) -> None:
    for number in range(60):
        session(logs, number, f"question {number:02}", ago_s=number)

    async def play(app: Listing, pilot: Pilot[None]) -> None:
        await press(pilot, "up", "down", "down")
        assert "▸ question 02" in app.listed[2]
        await press(pilot, *"2")
        assert "▸ question 02" in app.listed[0]
        await press(pilot, "backspace", "pagedown")
        assert "▸" in app.listed[-1]
        await press(pilot, "enter")
        assert app.left
        assert app.left[0] is not None

    run(play, logs)


def test_a_click_chooses_and_another_one_goes_on(logs: Path) -> None:
    for number in range(3):
        session(logs, number, f"question {number}", ago_s=number)

    async def play(app: Listing, pilot: Pilot[None]) -> None:
        await pilot.click(app.listing.list, offset=(5, 1))
        await pilot.pause()
        assert "▸ question 1" in app.listed[1]
        assert app.left == []
        assert app.focused is app.listing.filter
        await pilot.click(app.listing.list, offset=(5, 10))
        await pilot.click(app.listing.list, offset=(5, 1))
        await pilot.pause()
        assert [info.id for info in app.left if info] == ["0001abcd-1"]

    run(play, logs)


@pytest.mark.parametrize("key", ["escape", "ctrl+r"])
def test_going_back_changes_nothing(logs: Path, key: str) -> None:
    path = session(logs, 1)

    async def play(app: Listing, pilot: Pilot[None]) -> None:
        before = {each: each.stat().st_mtime_ns for each in logs.parent.rglob("*")}
        await press(pilot, "f5", "x", "escape")
        assert not app.listing.query(Prompt)
        await press(pilot, "w", key)
        assert app.left == [None]
        assert {each: each.stat().st_mtime_ns for each in logs.parent.rglob("*")} == before

    run(play, logs)
    assert name_of(path) == ""


@pytest.mark.parametrize("size", SIZES)
def test_a_session_is_given_a_name_and_loses_it(logs: Path, size: tuple[int, int]) -> None:
    path, other = session(logs, 1, "first", ago_s=1), session(logs, 2, "second", ago_s=2)

    async def play(app: Listing, pilot: Pilot[None]) -> None:
        await press(pilot, "f5")
        await until(app, pilot, "Name of the session")
        # What is written belongs to the session that was chosen first.
        await press(pilot, *"new", "down", "f5", *" name", "enter")
        assert name_of(path) == "new name"
        assert name_of(other) == ""
        assert "new name" in app.listed[0]
        assert app.focused is app.listing.filter
        await press(pilot, "up", "f5")
        assert app.listing.query_one(Prompt).value == "new name"
        await press(pilot, "ctrl+u", "enter")
        assert name_of(path) == ""
        assert "▸ first" in app.listed[0]

    run(play, logs, size)


def test_a_name_that_cannot_be_kept_is_told_of(logs: Path) -> None:
    session(logs, 1)
    (logs / "0001abcd-1.name").mkdir()

    async def play(app: Listing, pilot: Pilot[None]) -> None:
        await press(pilot, "f5", "x", "enter")
        await told(app, pilot, "cannot write")
        assert app.screen is app.listing

    run(play, logs)


def test_a_session_is_exported_and_the_screen_stays(logs: Path) -> None:
    path = session(logs, 1, "Where?")

    async def play(app: Listing, pilot: Pilot[None]) -> None:
        await press(pilot, "f7")
        await told(app, pilot, "the session is in")
        assert app.screen is app.listing
        path.write_text("")
        await press(pilot, "f7")
        await told(app, pilot, "is no session of bathy")

    run(play, logs)
    assert "## Question\n\nWhere?" in (logs.parent / "exports" / "bathy-0001abcd.md").read_text()


def test_keys_can_be_changed_and_the_words_follow(logs: Path) -> None:
    session(logs, 1)
    keymap = Keymap({"sessions.resume": ("ctrl+y",), "sessions.export": ()})

    async def play(app: Listing, pilot: Pilot[None]) -> None:
        assert "ctrl+y go on with it" in app.rows[-1]
        assert "export" not in app.rows[-1]
        await press(pilot, "enter", "f7")
        assert app.left == []
        await press(pilot, "ctrl+y")
        assert [info.id for info in app.left if info] == ["0001abcd-1"]

    run(play, logs, keymap=keymap)


def test_nothing_ticks(logs: Path) -> None:
    session(logs, 1)

    async def play(app: Listing, pilot: Pilot[None]) -> None:
        await until(app, pilot, "$0.250")
        assert not app.listing.query_one(Input).cursor_blink
        assert app.listing.list.auto_refresh is None

    run(play, logs)


def test_a_resize_cuts_anew(logs: Path) -> None:
    name_session(session(logs, 1), WIDE)

    async def play(app: Listing, pilot: Pilot[None]) -> None:
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        wide = app.listed[0]
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert cell_len(app.listed[0]) == cell_len(wide) - 40

    run(play, logs)


# Rows, without a screen.


@pytest.mark.parametrize(
    ("ago_s", "word"),
    [
        (-9.0, "just now"),
        (59.9, "just now"),
        (60, "1 min ago"),
        (3_599, "59 min ago"),
        (2 * HOUR_S + 1, "2 h ago"),
        (24 * HOUR_S, "1 d ago"),
        (29 * 24 * HOUR_S, "29 d ago"),
        (30 * 24 * HOUR_S, "2026-12-16"),
    ],
)
def test_when_it_was(ago_s: float, word: str) -> None:
    assert when_word(NOW_S - ago_s, NOW_S) == word


@pytest.mark.parametrize("width", [1, 20, 48, 76, 116])
@pytest.mark.parametrize("name", [WIDE, EVIL, "", "x"])
def test_a_row_takes_exactly_its_cells(width: int, name: str) -> None:
    info = SessionInfo("abc", "/r", "", "why?", "m" * 40, Path("a"), NOW_S, name)
    for is_ascii in (False, True):
        rows = [
            row_text(info, known, width, now_s=NOW_S, is_chosen=True, is_ascii=is_ascii)
            for known in (None, Tally(1_234, 56.7))
        ]
        assert {cell_len(row) for row in (*rows, head_text(width, is_ascii=is_ascii))} == {width}
        assert all(row.isprintable() for row in rows)


def test_what_is_not_known_is_left_blank() -> None:
    info = SessionInfo("abc", "/r", "", "why?", "m", Path("a"), NOW_S)
    shown = row_text(info, None, 80, now_s=NOW_S, is_chosen=False, is_ascii=False)
    assert shown.split() == ["why?", "just", "now", "m"]
    free = row_text(info, Tally(2, 0.0), 80, now_s=NOW_S, is_chosen=False, is_ascii=False)
    assert free.split() == ["why?", "just", "now", "m", "2"]


def test_all_words_are_looked_for_in_any_order() -> None:
    infos = [SessionInfo(str(n), "/r", "", q, "m", Path("a")) for n, q in enumerate(("a b", "b c"))]
    assert [info.id for info in find(infos, "  B  a ")] == ["0"]
    assert [info.id for info in find(infos, "")] == ["0", "1"]
    assert find(infos, "a c") == ()


def test_a_tally_counts_what_stands_in_a_log_that_was_cut(logs: Path) -> None:
    path = session(logs, 1, questions=3)
    assert tally(path) == Tally(3, 0.75)
    data = path.read_bytes()
    path.write_bytes(data[:-9])
    assert tally(path) == Tally(3, 0.5)
    path.write_bytes(data + b'{"type": "usage"}\n')
    assert tally(path) is None
    assert tally(logs / "none.jsonl") is None


def test_a_log_of_hundreds_of_megabytes_is_not_read_for_a_list(
    logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = session(logs, 1)
    os.truncate(path, tallying.MOST_BYTES + 1)
    assert tally(path) is None
