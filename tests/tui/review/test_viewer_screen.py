import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from bathy.agent.modes.tui.viewer.messages import CopyText, OpenInEditor
from bathy.agent.modes.tui.viewer.prompt import Prompt
from bathy.agent.modes.tui.viewer.screen import ViewerScreen
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Static

CODE = [f"value_{number} = {number}  # 世界" for number in range(1, 501)]


class ViewerApp(App[None]):
    """Shows the viewer and remembers what it asks for."""

    def __init__(self, screen: ViewerScreen) -> None:
        super().__init__()
        self.viewer = screen
        self.asked: list[CopyText | OpenInEditor] = []

    async def on_mount(self) -> None:
        await self.push_screen(self.viewer)

    def on_copy_text(self, event: CopyText) -> None:
        self.asked.append(event)

    def on_open_in_editor(self, event: OpenInEditor) -> None:
        self.asked.append(event)

    @property
    def heading(self) -> str:
        return str(self.viewer.query_one("#heading", Static).content)

    @property
    def seen(self) -> list[str]:
        """The lines of code on the screen, as they are drawn."""
        view = self.viewer.view
        return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


Play = Callable[[ViewerApp, Pilot[None]], Awaitable[None]]


def run(
    play: Play,
    lines: Sequence[str] = CODE,
    span: tuple[int, int] | None = None,
    *,
    size: tuple[int, int] = (80, 24),
    path: str = "src/a.py",
    is_ascii: bool = False,
) -> None:
    async def go() -> None:
        app = ViewerApp(ViewerScreen(path, lines, span, is_ascii=is_ascii))
        async with app.run_test(size=size) as pilot:
            await settle(app, pilot)
            await play(app, pilot)

    asyncio.run(go())


async def settle(app: ViewerApp, pilot: Pilot[None]) -> None:
    await pilot.pause()
    await app.workers.wait_for_complete()
    await pilot.pause()


async def press(app: ViewerApp, pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await settle(app, pilot)


def test_it_opens_with_what_is_meant_in_the_middle() -> None:
    async def play(app: ViewerApp, pilot: Pilot[None]) -> None:
        marked = [at for at, line in enumerate(app.seen) if "▌" in line]
        assert [app.seen[at].split()[1] for at in marked] == ["value_200", "value_201", "value_202"]
        above, below = marked[0], len(app.seen) - marked[-1] - 1
        assert abs(above - below) <= 1
        assert app.heading == "src/a.py:200 · 500 lines · marked 200-202"
        assert app.seen[marked[0]].startswith("▸▌200 value_200")

    run(play, span=(200, 202))


def test_what_is_longer_than_the_screen_is_seen_from_its_start() -> None:
    async def play(app: ViewerApp, pilot: Pilot[None]) -> None:
        assert app.seen[0].startswith("▸▌100 ")

    run(play, span=(100, 400))


def test_of_lines_behind_the_last_none_is_marked_and_that_is_said() -> None:
    async def play(app: ViewerApp, pilot: Pilot[None]) -> None:
        assert app.viewer.view.span is None
        assert app.seen[-1].startswith("▸ 500 ")
        assert app.heading == "src/a.py:500 · 500 lines · there is no line 700"

    run(play, span=(700, 900))


def test_of_a_range_what_there_is_is_marked_and_the_rest_is_told() -> None:
    async def play(app: ViewerApp, pilot: Pilot[None]) -> None:
        assert app.viewer.view.span == (499, 500)
        assert app.heading.endswith("500 lines · there is no line 900 · marked 499-500")

    run(play, span=(499, 900))


def test_a_hundred_thousand_lines_are_not_read_to_show_a_few() -> None:
    class Lines(list[str]):
        read = 0

        def __getitem__(self, index: Any) -> Any:
            self.read += 1
            return super().__getitem__(index)

    lines = Lines(f"x = {number}" for number in range(100_000))

    async def play(app: ViewerApp, pilot: Pilot[None]) -> None:
        assert "x = 49999" in "".join(app.seen)
        assert lines.read < 1_000

    run(play, lines, (50_000, 50_000), path="a.unknown")


def test_search_moves_to_the_next_place_and_goes_on_both_ways() -> None:
    async def play(app: ViewerApp, pilot: Pilot[None]) -> None:
        assert "value_123" not in "".join(app.seen)
        await press(app, pilot, "slash", *"VALUE_", "backspace", "enter")
        assert app.heading.endswith("found on 0 lines")
        await press(app, pilot, "slash", *"_123 ", "enter")
        assert "value_123" in "".join(app.seen)
        assert app.heading == "src/a.py:123 · 500 lines · found on 1 of 1 line"
        await press(app, pilot, "slash", *"= 30", "enter")
        assert app.viewer.view.cursor == 300
        await press(app, pilot, "n")
        assert app.viewer.view.cursor == 301
        await press(app, pilot, "N", "N")
        assert app.viewer.view.cursor == 30

    run(play)


def test_what_is_found_far_to_the_right_is_brought_into_sight() -> None:
    async def play(app: ViewerApp, pilot: Pilot[None]) -> None:
        assert "needle" not in app.seen[1]
        await press(app, pilot, "slash", *"needle", "enter")
        assert "needle" in app.seen[1]
        await press(app, pilot, "slash", *"start", "enter")
        assert "start" in app.seen[0]

    run(play, ["start", "世" * 100 + "needle" + "x" * 100])


def test_a_line_is_gone_to_by_its_number() -> None:
    async def play(app: ViewerApp, pilot: Pilot[None]) -> None:
        for keys, line in (("321", 321), ("9" * 30, 500), ("x", 500), ("0", 1)):
            await press(app, pilot, "colon", *keys, "enter")
            assert app.viewer.view.cursor == line
            assert f"value_{line} " in "".join(app.seen)

    run(play)


def test_keys_move_the_cursor_and_it_stays_in_sight() -> None:
    async def play(app: ViewerApp, pilot: Pilot[None]) -> None:
        for key, line in (("down", 2), ("j", 3), ("up", 2), ("end", 500), ("home", 1)):
            await press(app, pilot, key)
            assert app.viewer.view.cursor == line
            assert [shown.split()[-5] for shown in app.seen if "▸" in shown] == [f"value_{line}"]
        await press(app, pilot, "pagedown")
        cursor = app.viewer.view.cursor
        assert cursor == len(app.seen)
        await pilot.resize_terminal(40, 8)
        await settle(app, pilot)
        assert f"value_{cursor} " in "".join(app.seen)

    run(play)


def test_copy_takes_what_is_meant_or_the_line_unescaped() -> None:
    async def play(app: ViewerApp, pilot: Pilot[None]) -> None:
        await press(app, pilot, "y", "down", "down", "y", "e")
        assert app.asked == [
            CopyText("b\x1b[31m\nc"),
            CopyText("d"),
            OpenInEditor("src/a.py", 4),
        ]

    run(play, ["a", "b\x1b[31m", "c", "d"], (2, 3))


def test_control_characters_are_drawn_as_escapes_and_every_line_fits() -> None:
    async def play(app: ViewerApp, pilot: Pilot[None]) -> None:
        view = app.viewer.view
        for y in range(view.size.height):
            strip = view.render_line(y)
            assert strip.cell_length == view.size.width
            assert not any(ord(char) < 32 for char in strip.text)
        assert "x\\x1b]0;pwned\\x07" in app.seen[0]
        assert app.seen[1].split(maxsplit=1)[1].startswith("世世世")
        assert app.seen[1].endswith("…")
        assert '"a\\033.py"' in app.heading

    run(
        play,
        ["x\x1b]0;pwned\x07", "世" * 80, "\tif 1:\r", "👩\u200d👧" * 50],
        path="a\x1b.py",
        size=(41, 10),
    )


def test_ascii_is_enough() -> None:
    async def play(app: ViewerApp, pilot: Pilot[None]) -> None:
        assert "".join((*app.seen, app.heading)).isascii()
        assert app.seen[0].startswith(">#1 x")
        assert app.seen[0].endswith("~")

    run(play, ["x" * 200, "y"], (1, 1), is_ascii=True)


def test_a_file_without_lines_opens_too() -> None:
    async def play(app: ViewerApp, pilot: Pilot[None]) -> None:
        await press(app, pilot, "down", "end", "n", "y", "slash", "x", "enter")
        assert app.heading == "src/a.py:1 · 0 lines · found on 0 lines"
        assert app.asked == [CopyText("")]

    run(play, [])


def test_lines_are_coloured_also_inside_of_a_long_string() -> None:
    lines = ['"""', *["text"] * 400, '"""', "def f(): pass"]

    async def play(app: ViewerApp, pilot: Pilot[None]) -> None:
        view = app.viewer.view
        string = view.get_component_rich_style("code--string").color
        row = next(y for y in range(view.size.height) if "text" in view.render_line(y).text)
        colours = {s.text: s.style.color for s in view.render_line(row) if s.style is not None}
        assert colours["text"] == string

    run(play, lines, (350, 350))


def test_escape_closes_the_prompt_and_keeps_its_text_then_the_screen() -> None:
    async def play(app: ViewerApp, pilot: Pilot[None]) -> None:
        await press(app, pilot, "slash", *"abc", "escape")
        assert app.screen is app.viewer
        assert not app.viewer.query(Prompt)
        await press(app, pilot, "slash")
        assert app.viewer.query_one(Prompt).value == "abc"
        await press(app, pilot, "escape", "escape")
        assert app.screen is not app.viewer

    run(play)


def test_a_click_moves_the_cursor() -> None:
    async def play(app: ViewerApp, pilot: Pilot[None]) -> None:
        await pilot.click(app.viewer.view, offset=(10, 4))
        await settle(app, pilot)
        assert app.viewer.view.cursor == 5

    run(play)
