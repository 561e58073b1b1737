import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import pytest
from bathy.agent.modes.tui.input.complete import Finder
from bathy.agent.modes.tui.input.composer import Composer
from bathy.agent.modes.tui.input.history import History
from bathy.agent.modes.tui.input.keymap import Keymap
from textual import events
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widgets import Static

PATHS = [
    "src/flask/ctx.py",
    "src/flask/app.py",
    "docs/数据/模块说明.md",
    "docs/my file.md",
    "LICENSE",
]
PASTED = "line\n" * 84
MARK = "[Pasted text #1 +84 lines]"


class Screen(App[None]):
    """A screen with nothing but a composer; it keeps what it is told."""

    CSS = "#above { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [("end", "follow"), ("ctrl+f", "search")]

    def __init__(self, history: History | None = None, keymap: Keymap | None = None) -> None:
        super().__init__()
        self.composer = Composer(history or History(None, str), keymap=keymap)
        self.told: list[object] = []
        if keymap:
            self.set_keymap(keymap.for_textual())

    def compose(self) -> ComposeResult:
        yield Static(id="above")
        yield self.composer

    def on_mount(self) -> None:
        self.composer.know_files(Finder(PATHS))
        self.composer.focus()

    def on_composer_sent(self, event: Composer.Sent) -> None:
        self.told.append(("sent", event.text, *event.images))

    def on_composer_queued(self, event: Composer.Queued) -> None:
        self.told.append(("queued", event.text, *event.images))

    def on_composer_commanded(self, event: Composer.Commanded) -> None:
        self.told.append((event.command.name, event.argument))

    def on_composer_stop_requested(self) -> None:
        self.told.append("stop")

    def action_follow(self) -> None:
        self.told.append("follow")

    def action_search(self) -> None:
        self.told.append("search")

    @contextmanager
    def suspend(self) -> Iterator[None]:
        self.told.append("suspended")
        yield

    @property
    def text(self) -> str:
        return self.composer.area.text

    @property
    def notice(self) -> str:
        hint = self.composer.query_one("Hint", Static)
        return str(hint.render()) if hint.display and hint.has_class("-notice") else ""

    def shown(self, selector: str) -> list[str]:
        """Rows of a part of the composer as they are drawn; none if it is not there."""
        widget = self.composer.query_one(selector)
        if not widget.display:
            return []
        strips = widget.render_lines(Region(0, 0, *widget.region.size))
        return [strip.text.rstrip() for strip in strips]


Play = Callable[[Screen, Pilot[None]], Awaitable[None]]


def play(act: Play, app: Screen | None = None, size: tuple[int, int] = (120, 40)) -> Screen:
    """Run an app, act on it, and return it."""
    app = app or Screen()

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await act(app, pilot)
            await pilot.pause()

    asyncio.run(run())
    return app


async def paste(app: Screen, pilot: Pilot[None], text: str) -> None:
    app.composer.area.post_message(events.Paste(text))
    await pilot.pause()


def test_enter_sends_and_both_newlines_do_not() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        await pilot.press(*"a", "shift+enter", *"b", "ctrl+j", *"数")
        assert app.text == "a\nb\n数"
        await pilot.press("enter")
        assert app.text == ""
        await pilot.press("enter", "space", "enter")

    assert play(act).told == [("sent", "a\nb\n数")]


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_the_field_grows_to_eight_rows_and_shrinks_again(size: tuple[int, int]) -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        heights = []
        for _ in range(10):
            await pilot.pause()
            heights.append(app.composer.area.size.height)
            await pilot.press("ctrl+j")
        assert heights == [1, 2, 3, 4, 5, 6, 7, 8, 8, 8]
        assert app.composer.area.scroll_offset.y == 3
        assert app.composer.region.bottom == size[1]
        await pilot.press("x", "enter")
        await pilot.pause()
        assert app.composer.area.size.height == 1

    play(act, size=size)


def test_wide_characters_wrap_by_cells() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        area = app.composer.area
        width = area.size.width - 1  # the cursor needs a cell
        await paste(app, pilot, "数" * (width // 2))
        await pilot.pause()
        assert area.size.height == 1
        await pilot.press("据")
        await pilot.pause()
        assert area.size.height == 2
        assert not area.is_on_first_row
        assert area.is_on_last_row
        assert all(strip.cell_length <= area.size.width for strip in map(area.render_line, (0, 1)))

    play(act, size=(80, 24))


def test_an_emoji_of_several_parts_is_one_character() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        for character in "👩‍👩‍👧　x":
            app.composer.area.post_message(events.Key("some", character))
        await pilot.pause()
        assert app.text == "👩‍👩‍👧　x"
        await pilot.press("left", "left", "left")
        assert app.composer.area.cursor_location == (0, 0)
        await pilot.press("right", "backspace")
        assert app.text == "　x"

    play(act)


def test_escape_never_takes_text_and_asks_for_a_stop() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        await pilot.press(*"why @ctx")
        assert app.shown("Popup") == [" src/flask/ctx.py"]
        await pilot.press("escape")
        await pilot.pause()
        assert app.shown("Popup") == []
        assert app.told == []
        await pilot.press("escape", "escape")
        assert app.text == "why @ctx"

    assert play(act).told == ["stop", "stop"]


def test_names_that_were_dismissed_stay_away_until_the_next_one() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        await pilot.press(*"@c", "escape", *"tx")
        assert app.shown("Popup") == []
        await pilot.press(*" @c")
        assert app.shown("Popup")

    play(act)


def test_a_file_is_completed_and_sent_so_that_the_index_reads_it() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        await pilot.press(*"why @说", "enter")
        assert app.text == "why @docs/数据/模块说明.md "
        assert app.told == []
        await pilot.press(*"or @myf", "tab")
        assert app.text.endswith('or @"docs/my file.md" ')
        await pilot.press("?", "enter")

    assert play(act).told == [("sent", "why `docs/数据/模块说明.md` or `docs/my file.md` ?")]


def test_enter_sends_what_ends_in_the_whole_name_of_a_file() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        await pilot.press(*"what is @LICENSE", "enter")

    assert play(act).told == [("sent", "what is `LICENSE`")]


def test_the_names_can_be_walked_through_and_clicked() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        await pilot.press(*"@flask")
        assert app.shown("Popup") == [" src/flask/app.py", " src/flask/ctx.py"]
        await pilot.press("down", "enter")
        assert app.text == "@src/flask/ctx.py "
        await pilot.press(*"@flask", "up", "up", "enter")
        assert app.text == "@src/flask/ctx.py @src/flask/app.py "
        await pilot.press(*"@flask")
        await pilot.pause()
        await pilot.click("Popup", offset=(3, 1))
        await pilot.pause()
        assert app.text.endswith("@src/flask/ctx.py ")
        assert app.composer.area.has_focus

    play(act)


def test_commands_are_offered_with_their_help() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        await pilot.press("/")
        await pilot.pause()
        rows = app.shown("Popup")
        assert len(rows) == 9
        assert rows[-1].split() == ["1-8", "of", "21"]
        assert rows[0].split() == ["/attach", "FILE", "send", "a", "picture", "along"]
        assert app.composer.query_one("Popup").region.bottom == app.composer.area.region.y
        await pilot.press("up")
        await pilot.pause()
        assert app.shown("Popup")[-2].startswith(" /undo")
        assert app.shown("Popup")[-1].endswith("14-21 of 21")
        await pilot.press(*"co", "down", "enter")

    assert play(act).told == [("cost", "")]


def test_a_command_that_needs_more_waits_for_it() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        await pilot.press(*"/exc", "enter")
        assert app.text == "/exclude "
        await pilot.press("enter")
        assert app.notice == "/exclude needs GLOB: leave files out of the pack"
        assert app.text == "/exclude "
        await pilot.press(*"docs/**", "enter")
        await pilot.press(*"/nothing", "enter")
        assert "there is no /nothing" in app.notice
        assert app.text == "/nothing"
        await pilot.press("!")
        assert app.notice == ""

    assert play(act).told == [("exclude", "docs/**")]


def test_commands_are_done_at_once_while_a_question_is_worked_on() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        app.composer.busy = True
        await pilot.press(*"/cost", "enter")

    assert play(act).told == [("cost", "")]


def test_a_path_begins_a_question() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        await pilot.press(*"/etc/hosts?", "enter")

    assert play(act).told == [("sent", "/etc/hosts?")]


def test_one_word_behind_a_slash_that_is_no_command_is_asked_about_first() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        await pilot.press(*"/secret/secret", "enter")
        assert (app.told, app.text) == ([], "/secret/secret")
        assert "no command /secret/secret; enter again asks" in app.notice
        await pilot.press("enter")
        await pilot.press(*" /usr/bin/x", "enter", *"what is /usr/bin/x", "enter")

    asked = ["/secret/secret", "/usr/bin/x", "what is /usr/bin/x"]
    assert play(act).told == [("sent", text) for text in asked]


def test_a_large_paste_is_one_thing_and_is_sent_in_full() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        await pilot.press("a")
        await paste(app, pilot, PASTED.replace("\n", "\r\n"))
        await pilot.press("b")
        assert app.text == f"a{MARK}b"
        area = app.composer.area
        await pilot.press("left", "left")
        assert area.cursor_location == (0, 1)
        await pilot.press("right")
        assert area.cursor_location == (0, 1 + len(MARK))
        await pilot.press("backspace")
        assert app.text == "ab"
        await pilot.press("ctrl+z")
        assert app.text == f"a{MARK}b"
        await pilot.press("home", "right", "delete")
        assert app.text == "ab"
        await pilot.press("ctrl+z", "enter")

    assert play(act).told == [("sent", f"a{PASTED}b")]


def test_nothing_is_ever_typed_into_a_mark() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        await paste(app, pilot, PASTED)
        area = app.composer.area
        area.move_cursor((0, 5))
        await pilot.press("x")
        assert app.text == f"x{MARK}"
        area.insert("y", (0, 9))
        assert app.text == f"x{MARK}y"
        area.delete((0, 0), (0, 4))
        assert app.text == "y"

    play(act)


def test_several_pastes_have_numbers_of_their_own() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        await paste(app, pilot, PASTED)
        await paste(app, pilot, "x" * 1001)
        await paste(app, pilot, "small\x1b[2J\npaste")
        assert app.text == f"{MARK}[Pasted text #2 +1,001 characters]small\npaste"
        await pilot.press("enter")

    assert play(act).told == [("sent", f"{PASTED}{'x' * 1001}small\npaste")]


def test_what_is_copied_or_cut_here_is_the_text_itself() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        await paste(app, pilot, PASTED)
        await pilot.press("shift+home", "ctrl+x")
        assert (app.text, app.clipboard) == ("", PASTED)
        await pilot.press("ctrl+v")
        assert app.text == "[Pasted text #2 +84 lines]"

    play(act)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "shot.png"
    path.write_bytes(b"\x89PNG")
    return path


def test_a_picture_goes_along_as_long_as_its_mark_stands(picture: Path) -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        app.composer.know_model("deepseek-flash", sees_images=True)
        await paste(app, pilot, f"'{picture}'\n")
        assert app.text == "[Image #1 shot.png] "
        await pilot.press("?", "enter")
        await paste(app, pilot, str(picture))
        await pilot.press("backspace", "backspace", "!", "enter")
        app.composer.area.put(f"/attach {picture}")
        await pilot.press("enter")
        assert app.text == "[Image #3 shot.png] "

    assert play(act).told == [("sent", "[Image #1 shot.png] ?", picture), ("sent", "!")]


def test_a_picture_is_pasted_from_the_clipboard_by_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "bin" / "xclip"
    tool.parent.mkdir()
    says = "import sys; sys.stdout.buffer.write(b'\\x89PNG\\r\\n\\x1a\\n')"
    tool.write_text(f"#!{sys.executable} -I\n{says}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tool.parent))
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)

    async def act(app: Screen, pilot: Pilot[None]) -> None:
        app.composer.know_model("deepseek-flash", sees_images=True)
        await pilot.press("ctrl+v")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.text.startswith("[Image #1 pasted-")
        app.composer.area.put("")
        app.composer.know_model("deepseek-v4-pro", sees_images=False)
        app.copy_to_clipboard("a text")
        await pilot.press("ctrl+v")
        assert app.text == "a text"

    play(act)


def test_a_model_that_does_not_see_is_told_of_and_nothing_is_lost(picture: Path) -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        app.composer.know_model("deepseek-v4-pro", sees_images=True)
        await paste(app, pilot, str(picture))
        app.composer.know_model("deepseek-v4-pro", sees_images=False)
        await pilot.press("x", "enter")
        assert app.notice.startswith("deepseek-v4-pro does not see pictures; delete the mark")
        assert app.text == "[Image #1 shot.png] x"
        app.composer.area.put("")
        await paste(app, pilot, str(picture))
        assert app.text == str(picture)
        assert app.notice == "deepseek-v4-pro does not see pictures, so the path was pasted as text"
        assert not app.composer.attach(picture)
        app.composer.area.put("/attach none.png")
        await pilot.press("enter")
        assert app.text == "/attach none.png"
        app.composer.know_model("deepseek-flash", sees_images=True)
        await pilot.press("enter")
        assert (app.notice, app.text) == ("there is no file none.png", "/attach none.png")

    assert play(act).told == []


def test_questions_wait_can_be_changed_and_are_sent_in_order() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        composer = app.composer
        composer.busy = True
        for text in ("one", "two", "three"):
            await pilot.press(*text, "enter")
        await pilot.pause()
        assert [row.split()[:3] for row in app.shown("Waiting")] == [
            ["waiting", f"{at}:", text] for at, text in enumerate(("one", "two", "three"), 1)
        ]
        await pilot.press("up")
        assert (app.text, *composer.waiting) == ("three", "one", "two")
        await pilot.press("!", "enter")
        assert [*composer.waiting] == ["one", "two", "three!"]
        await pilot.press("up", "ctrl+u", "enter")
        assert [*composer.waiting] == ["one", "two"]
        composer.busy = False
        assert composer.send_next()
        assert composer.send_next()
        assert not composer.send_next()
        await pilot.pause()
        assert app.shown("Waiting") == []

    queued = [("queued", text) for text in ("one", "two", "three", "three!")]
    assert play(act).told == [*queued, ("sent", "one"), ("sent", "two")]


def test_the_queue_waits_after_a_stop_and_the_question_comes_back() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        composer = app.composer
        await pilot.press(*"first @LICENSE", "space")
        await paste(app, pilot, PASTED)
        await pilot.press("enter")
        composer.busy = True
        await pilot.press(*"second", "enter", "escape")
        composer.busy = False
        assert composer.give_back()
        assert app.text == f"first @LICENSE {MARK}"
        assert [*composer.waiting] == ["second"]
        assert not composer.give_back()
        await pilot.pause()
        assert app.shown("Waiting")[0].endswith("enter sends the next · up takes the last back")
        app.composer.area.put("")
        await pilot.press("enter")
        assert [*composer.waiting] == []

    assert play(act).told == [
        ("sent", f"first `LICENSE` {PASTED.rstrip()}" + "\n"),
        ("queued", "second"),
        "stop",
        ("sent", "second"),
    ]


def test_a_draft_is_never_replaced_by_a_stopped_question() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        assert not app.composer.give_back()
        await pilot.press(*"one", "enter", *"draft")
        assert not app.composer.give_back()
        assert app.text == "draft"

    play(act)


def test_up_and_down_go_through_the_history_from_the_first_and_last_row(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    earlier = History(path, str)
    earlier.add("from before")
    earlier.add("two\nlines")

    async def act(app: Screen, pilot: Pilot[None]) -> None:
        await paste(app, pilot, PASTED)
        await pilot.press("enter", *"draft", "up")
        assert app.text == MARK
        await pilot.press("up")
        assert app.text == "two\nlines"
        assert app.composer.area.cursor_location == (0, 0)
        await pilot.press("up")
        assert app.text == "from before"
        await pilot.press("up", "down")
        assert app.text == "two\nlines"
        await pilot.press("up", "up", "end", "x", "down")
        assert app.text == "two\nlines"
        await pilot.press("down", "down")
        assert app.text == "draft"
        await pilot.press("up", "up", "up")
        assert app.text == "from beforex"

    play(act, Screen(History(path, str)))
    assert History(path, str).entries[-1] == PASTED.rstrip("\n") + "\n"


def test_old_questions_with_names_open_nothing() -> None:
    history = History(None, str)
    history.add("see @ctx")
    history.add("/cost")

    async def act(app: Screen, pilot: Pilot[None]) -> None:
        await pilot.press("up")
        assert (app.text, app.shown("Popup")) == ("/cost", [])
        await pilot.press("up")
        assert (app.text, app.shown("Popup")) == ("see @ctx", [])
        await pilot.press("left", "right")
        assert app.shown("Popup") == []
        await pilot.press(".")
        assert app.shown("Popup")

    play(act, Screen(history))


def editor(folder: Path, code: str) -> str:
    path = folder / "editor"
    path.write_text(f"#!{sys.executable}\nimport sys\npath = sys.argv[-1]\n{code}\n")
    path.chmod(0o755)
    return str(path)


def test_the_editor_gets_the_whole_text_and_marks_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "text = open(path).read()\n"
        f"assert text == 'a' + {PASTED!r}\n"
        "open(path, 'w').write('changed ' + text)"
    )
    monkeypatch.setenv("VISUAL", editor(tmp_path, code))

    async def act(app: Screen, pilot: Pilot[None]) -> None:
        await pilot.press("a")
        await paste(app, pilot, PASTED)
        await pilot.press("ctrl+g")
        assert app.text == f"changed a{MARK}"
        assert app.notice == ""
        await pilot.press("ctrl+z")
        assert app.text == f"a{MARK}"

    assert play(act).told == ["suspended"]


def test_an_editor_that_fails_leaves_the_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", editor(tmp_path, "sys.exit(3)"))

    async def act(app: Screen, pilot: Pilot[None]) -> None:
        await pilot.press("a", "ctrl+g")
        await pilot.pause()
        assert app.text == "a"
        assert app.notice.endswith("failed (3); nothing has changed")

    play(act)


def test_a_terminal_that_cannot_be_left_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", sys.executable)
    app = Screen()
    app.suspend = super(Screen, app).suspend  # type: ignore[method-assign]

    async def act(app: Screen, pilot: Pilot[None]) -> None:
        await pilot.press("a", "ctrl+g")
        await pilot.pause()
        assert app.notice == "this terminal cannot be given to an editor"
        assert app.text == "a"

    play(act, app)


def test_keys_that_the_field_does_not_need_reach_the_screen() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        await pilot.press(*"ab", "home", "end")
        assert app.told == []
        await pilot.press("end", "ctrl+f")

    assert play(act).told == ["follow", "search"]


def test_changed_keys_send_and_are_shown() -> None:
    keymap = Keymap({"composer.send": ("ctrl+enter",), "composer.newline": ("enter",)})

    async def act(app: Screen, pilot: Pilot[None]) -> None:
        assert app.shown("Hint")[0].strip().startswith("ctrl+enter send · enter newline")
        await pilot.press("a", "enter", "b", "ctrl+enter")
        await pilot.press(*"@LIC", "enter", "ctrl+enter")

    assert play(act, Screen(keymap=keymap)).told == [("sent", "a\nb"), ("sent", "`LICENSE`")]


def test_the_hint_is_there_where_there_is_room_and_says_what_enter_does() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        assert "enter send" in app.shown("Hint")[0]
        app.composer.busy = True
        await pilot.pause()
        assert "enter queue" in app.shown("Hint")[0]
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert app.shown("Hint") == []
        assert app.composer.size.height == 1
        app.composer.notice("told")
        await pilot.pause()
        assert app.notice == "told"
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert app.notice == "told"
        await pilot.press("x")
        assert "enter queue" in app.shown("Hint")[0]

    play(act)


def test_a_history_that_cannot_be_kept_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    async def act(app: Screen, pilot: Pilot[None]) -> None:
        await pilot.press("a", "enter")
        assert "history cannot be kept" in app.notice
        await pilot.press("b", "enter")
        assert app.notice == ""

    told = play(act, Screen(History(tmp_path / "file" / "h.jsonl", str))).told
    assert told == [("sent", "a"), ("sent", "b")]
