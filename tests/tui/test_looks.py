"""How the full screen looks: what is asked for, what the terminal can show, and what is drawn."""

import asyncio
import itertools
import os
from collections.abc import Awaitable, Callable, Mapping

import pytest
from bathy.agent.config import Settings
from bathy.agent.errors import ConfigError
from bathy.agent.modes.tui.input.composer import Composer
from bathy.agent.modes.tui.input.keymap import Keymap
from bathy.agent.modes.tui.looks import Look, colored, read_look
from bathy.agent.modes.tui.panels.status_row import StatusState
from bathy.agent.modes.tui.question import YesNo
from bathy.agent.modes.tui.themes import theme_names
from rich.color import Color
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input
from tui_stage import Stage, pack_screen, review_screen, viewer_screen

SIZES = [(120, 40), (80, 24)]
UTF8 = {"LANG": "en_GB.UTF-8", "TERM": "xterm-256color"}
Play = Callable[[Stage, Pilot[None]], Awaitable[None]]


def look_of(
    file: Mapping[str, object] | None = None, environ: Mapping[str, str] = UTF8, **flags: object
) -> Look:
    settings = Settings(**{"color": True, **flags})  # type: ignore[arg-type]
    return read_look(settings, {"tui": file or {}}, environ)


def run(play: Play, look: Look, size: tuple[int, int] = (120, 40)) -> None:
    async def go() -> None:
        app = Stage(look)
        async with app.run_test(size=size, notifications=True) as pilot:
            await pilot.pause()
            await play(app, pilot)

    asyncio.run(go())


def rows(app: App[None]) -> list[str]:
    return [strip.text for strip in app.screen._compositor.render_strips()]


async def until(app: Stage, pilot: Pilot[None], word: str) -> None:
    async with asyncio.timeout(30):
        while word not in "\n".join(rows(app)):
            await pilot.pause()


# What is asked for.


def test_without_anything_there_is_all_of_it() -> None:
    assert look_of() == Look("bathy-dark", False, True, False, True, True, False)
    assert read_look(Settings(), {}, UTF8).theme == "bathy-dark"


def test_flags_beat_the_environment_which_beats_the_file() -> None:
    file = {"theme": "nord", "ascii": False, "motion": True, "slow": False, "mouse": True}
    asked = look_of(
        file, theme="dracula", ascii=True, motion=False, slow=True, mouse=False, color=False
    )
    assert asked == Look("dracula", True, False, True, False, False, False)
    environ = {**UTF8, "NO_COLOR": "1", "TEXTUAL_ANIMATIONS": "none"}
    assert look_of(file, environ) == Look("nord", False, False, False, False, True, False)


def test_the_file_decides_where_nothing_else_does() -> None:
    file = {"ascii": True, "motion": False, "slow": True, "mouse": False, "copy_on_select": True}
    assert look_of({**file, "theme": "bathy-light"}) == Look(
        "bathy-light", True, False, True, True, False, True
    )


@pytest.mark.parametrize(
    ("environ", "is_ascii"),
    [
        ({}, False),
        ({"LANG": "de_DE.UTF-8"}, False),
        ({"LANG": "C.utf8"}, False),
        ({"LANG": "de_DE.ISO-8859-1"}, True),
        ({"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, True),
        ({"LC_ALL": "", "LC_CTYPE": "en_US.UTF-8", "LANG": "C"}, False),
        ({"LANG": "de_DE.UTF-8", "TERM": "linux"}, True),
        ({"LANG": "de_DE.UTF-8", "SSH_CONNECTION": "10.0.0.1"}, False),
    ],
)
def test_ascii_is_drawn_where_the_terminal_shows_no_more(
    environ: dict[str, str], is_ascii: bool
) -> None:
    assert look_of(None, environ).is_ascii == is_ascii
    assert look_of({"ascii": False}, environ).is_ascii is False


@pytest.mark.parametrize(
    ("environ", "has_color"),
    [({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False), ({}, True)],
)
def test_colour_goes_where_the_environment_asks_for_none(
    environ: dict[str, str], has_color: bool
) -> None:
    assert look_of(None, environ).has_color == has_color


@pytest.mark.parametrize(
    ("flags", "file", "says"),
    [
        ({"theme": "pink"}, {}, "--theme: there is no theme 'pink'; there are bathy-dark, "),
        ({}, {"theme": "pink"}, "config.toml: tui.theme: there is no theme 'pink'; there are"),
    ],
)
def test_a_theme_that_is_none_is_named(
    flags: dict[str, object], file: dict[str, object], says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        look_of(file, UTF8, **flags)


def test_a_slow_line_gets_little() -> None:
    slow, fast, still = Look(is_slow=True), Look(), Look(has_motion=False)
    assert (slow.fps, fast.fps) == (4, 10)
    assert slow.tick_s > fast.tick_s == 1
    assert (slow.shows_side, fast.shows_side) == (False, True)
    assert [look.animation_level for look in (slow, fast, still)] == ["none", "full", "none"]


# Colour.


@pytest.mark.parametrize("before", [None, "", "1"])
@pytest.mark.parametrize("has_color", [True, False])
def test_an_app_is_coloured_as_its_look_and_others_see_what_they_saw(
    monkeypatch: pytest.MonkeyPatch, before: str | None, has_color: bool
) -> None:
    monkeypatch.delenv("NO_COLOR")
    if before is not None:
        monkeypatch.setenv("NO_COLOR", before)
    app = Stage(Look(has_color=has_color))
    assert app.no_color is not has_color
    assert os.environ.get("NO_COLOR") == before


def test_what_was_is_there_again_after_a_failure() -> None:
    environ = {"NO_COLOR": "yes"}
    seen = list[bool]()

    def fail() -> None:
        with colored(Look(), environ):
            seen.append("NO_COLOR" in environ)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert seen == [False]
    assert environ == {"NO_COLOR": "yes"}


def test_without_colour_none_is_sent_and_states_are_still_told_apart() -> None:
    async def play(app: Stage, pilot: Pilot[None]) -> None:
        app.tell()
        app.offer()
        app.screen.selections = {}
        await until(app, pilot, "Thinking")
        segments = [s for strip in app.screen._compositor.render_strips() for s in strip]
        default = Color.default()
        colours = {c for _, style, _ in segments if style for c in (style.color, style.bgcolor)}
        assert colours <= {None, default}
        chosen = [text for text, style, _ in segments if style and style.reverse and "/att" in text]
        assert chosen
        await app.push_screen(viewer_screen(app.look))
        await pilot.press("slash", "x")
        await until(app, pilot, "Search (no")
        segments = [s for strip in app.screen._compositor.render_strips() for s in strip]
        assert any(style and style.reverse and text == " " for text, style, _ in segments)

    run(play, Look(has_color=False))


def test_every_theme_can_be_worn() -> None:
    async def play(app: Stage, pilot: Pilot[None]) -> None:
        app.transcript.add_prompt("Why?")
        for name in theme_names():
            app.theme = name
            await until(app, pilot, "Why?")
            assert app.current_theme.name == name

    run(play, Look(theme="ansi-light"))


def test_a_notice_drives_no_terminal_and_is_no_markup() -> None:
    async def play(app: Stage, pilot: Pilot[None]) -> None:
        app.hint.notice("no [file\x1b[2J here")
        await until(app, pilot, "no [file\ufffd[2J here")

    run(play, Look())


# ASCII.


async def see_main(app: Stage, pilot: Pilot[None]) -> list[str]:
    app.tell()
    await until(app, pilot, "Thinking")
    seen = list[str]()
    for at in range(len(app.transcript.content.blocks)):
        app.transcript.viewport.go_to(at)
        app.transcript.place()
        await pilot.pause()
        seen += rows(app)
    app.transcript.focus()
    app.transcript.action_block(-1)
    app.offer()
    app.hint.notice("no picture goes with this model")
    for severity in ("information", "warning", "error"):
        app.notify("told", title="A title", severity=severity)
    await until(app, pilot, "A title")
    seen += rows(app)
    app.offer_files()
    await until(app, pilot, "two threads.py")
    return seen + rows(app)


async def see_others(app: Stage, pilot: Pilot[None]) -> list[str]:
    look, clock, seen = app.look, itertools.count(0.0, 10.0), list[str]()
    await app.push_screen(pack_screen(look))
    for keys in ((), ("tab", "down", "right"), ("x",)):
        await pilot.press(*keys)
        await pilot.pause()
        seen += rows(app)
    app.pop_screen()
    await app.push_screen(viewer_screen(look))
    await pilot.press("slash", *"item", "enter", "slash")
    await until(app, pilot, "Search (no")
    seen += rows(app)
    app.pop_screen()
    await app.push_screen(review_screen(look, clock))
    await pilot.press("a", "r", "c")
    await until(app, pilot, "Comment for")
    seen += rows(app)
    app.pop_screen()
    await app.push_screen(YesNo("Send it?", clock.__next__, is_ascii=True))
    await until(app, pilot, "Send it?")
    seen += rows(app)
    app.pop_screen()
    app.action_command_palette()
    await until(app, pilot, "Show help")
    return seen + rows(app)


DRAWN = (
    "ok grep", "x read_file", ".. history", "> Where", "[2~ app", "+- 1 file", "... 8 earlier lines",
    "###", "+--", "CITED (4)", "4 x gone.py", "x failed", "waiting 1", "/copy", "...", "v 1 accepted",
    "x 1 rejected", ">#",
)  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
def test_with_ascii_nothing_else_is_drawn(size: tuple[int, int]) -> None:
    async def play(app: Stage, pilot: Pilot[None]) -> None:
        seen = await see_main(app, pilot) + await see_others(app, pilot)
        assert sorted({char for row in seen for char in row if not char.isascii()}) == []
        missing = [word for word in DRAWN if not any(word in row for row in seen)]
        assert missing == ([] if size[0] >= 100 else ["CITED (4)", "4 x gone.py", "x failed"])

    run(play, Look(is_ascii=True), size)


def test_without_ascii_more_is_drawn() -> None:
    """So that the test above looks at what it should."""

    async def play(app: Stage, pilot: Pilot[None]) -> None:
        app.tell()
        await until(app, pilot, "Thinking")
        shown = "".join(rows(app))
        assert {"█", "▸", "│", "✖", "·"} <= set(shown)

    run(play, Look())


def test_with_ascii_content_stays_as_it_is() -> None:
    async def play(app: Stage, pilot: Pilot[None]) -> None:
        app.transcript.add_prompt("两个线程 — “quoted” │")
        await until(app, pilot, "两个线程 — “quoted” │")

    run(play, Look(is_ascii=True))


# Motion.


def test_without_motion_a_word_with_seconds_stands_for_the_spinner() -> None:
    async def play(app: Stage, pilot: Pilot[None]) -> None:
        assert app.animation_level == "none"
        assert "   answering 12 s" in rows(app)[-1]
        assert "⠹" not in "".join(rows(app))

    run(play, Look(has_motion=False))


def test_nothing_ticks_while_nothing_is_going_on() -> None:
    async def play(app: Stage, pilot: Pilot[None]) -> None:
        assert app.line.is_ticking
        app.line.show(StatusState())
        assert not app.line.is_ticking

    run(play, Look())


def test_no_cursor_blinks() -> None:
    async def play(app: Stage, pilot: Pilot[None]) -> None:
        assert not app.query_one(Composer).area.cursor_blink
        await app.push_screen(viewer_screen(app.look))
        await pilot.press("slash")
        await until(app, pilot, "Search (no")
        assert not app.screen.query_one(Input).cursor_blink
        app.pop_screen()
        app.action_command_palette()
        await until(app, pilot, "Show help")
        assert not app.screen.query_one(Input).cursor_blink

    run(play, Look())


# Questions.


class Asking(App[None]):
    def __init__(self, question: YesNo) -> None:
        super().__init__()
        self.question, self.answers = question, list[bool | None]()

    def on_mount(self) -> None:
        self.push_screen(self.question, self.answers.append)


@pytest.mark.parametrize(("key", "answer"), [("y", True), ("n", False), ("escape", False)])
def test_a_question_is_answered_once_the_grace_is_over(key: str, answer: bool) -> None:
    async def go() -> None:
        now = [5.0]
        app = Asking(YesNo("Send?", lambda: now[0]))
        async with app.run_test(size=(60, 20)) as pilot:
            await pilot.pause()
            now[0] += 0.4
            await pilot.press(key)
            assert app.answers == []
            now[0] += 0.2
            await pilot.press(key)
            await pilot.pause()
            assert app.answers == [answer]

    asyncio.run(go())


def test_a_question_drives_no_terminal_is_no_markup_and_leaves_its_keys_in_sight() -> None:
    async def go() -> None:
        evil = "[bold]Send\x1b[2J\x07 [/] [red" + "\nmany more lines" * 60
        keymap = Keymap({"approval.yes": ("j",)})
        app = Asking(YesNo(evil, lambda: 9.0, keymap=keymap))
        async with app.run_test(size=(60, 20)) as pilot:
            await pilot.pause()
            shown = rows(app)
            assert any("[bold]Send\ufffd[2J\ufffd [/] [red" in row for row in shown)
            assert any("j yes   n / esc / ctrl+c no" in row for row in shown)
            assert all(row.isprintable() for row in shown)
            assert "many more lines" in shown[14]

    asyncio.run(go())
