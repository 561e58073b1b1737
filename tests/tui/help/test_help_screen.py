import asyncio

import pytest
from bathy.agent.modes.tui.commands import COMMANDS, Command
from bathy.agent.modes.tui.help.screen import HelpScreen
from bathy.agent.modes.tui.help.text import help_of
from bathy.agent.modes.tui.input.keymap import HelpGroup, HelpRow, Keymap
from rich.cells import cell_len
from textual.app import App


def lines(keymap: Keymap, width: int) -> list[str]:
    return help_of(keymap.help(), COMMANDS, width).plain.split("\n")


@pytest.mark.parametrize("width", [30, 60, 95, 96, 160])
def test_all_of_it_is_there_at_any_width(width: int) -> None:
    shown = lines(Keymap(), width)
    assert all(cell_len(line) <= width for line in shown)
    text = "\n".join(shown)
    for group in Keymap().help():
        assert group.title in text or width < 60
    for command in COMMANDS:
        assert f"/{command.name}" in text


def test_columns_stand_beside_each_other_where_there_is_room() -> None:
    one, two = lines(Keymap(), 95), lines(Keymap(), 96)
    assert len(two) < 0.7 * len(one)
    assert two[0].startswith("Everywhere  ")
    assert two[0].split()[1:] != []


def test_keys_in_use_are_shown_and_no_markup_is_read() -> None:
    text = "\n".join(lines(Keymap({"composer.send": ("f12",), "everywhere.mouse": ()}), 80))
    assert "F12" in text
    assert "leave the mouse to the terminal, or take it back" not in text.split("Commands")[0]
    hostile = help_of(
        [HelpGroup("[red]T", (HelpRow("[/]", "数据 [b]x"),))], [Command("c", "[i]y")], 40
    ).plain
    assert hostile.split("\n")[:2] == ["[red]T", "  [/]  数据 [b]x"]
    assert "[i]y" in hostile


def test_the_screen_scrolls_and_closes() -> None:
    async def go() -> None:
        app = App[None]()
        async with app.run_test(size=(80, 24)) as pilot:
            for key in ("escape", "q", "f1", "question_mark"):
                screen = HelpScreen(Keymap(), COMMANDS)
                await app.push_screen(screen)
                await pilot.pause()
                await pilot.press("pagedown", "down")
                assert screen.pane.scroll_y == screen.pane.size.height
                await pilot.press("end", "up")
                await pilot.pause()
                assert screen.pane.scroll_y == screen.pane.max_scroll_y - 1 > 100
                await pilot.press("home")
                assert screen.pane.scroll_y == 0
                await pilot.press(key)
                await pilot.pause()
                assert app.screen is not screen

    asyncio.run(go())


def test_a_wider_screen_is_laid_out_anew() -> None:
    async def go() -> None:
        app = App[None]()
        async with app.run_test(size=(80, 24)) as pilot:
            screen = HelpScreen(Keymap(), COMMANDS, is_ascii=True)
            await app.push_screen(screen)
            await pilot.pause()
            before = screen.body.size.height
            await pilot.resize_terminal(140, 40)
            while screen.size.width != 140:
                await pilot.pause()
            await pilot.pause()
            assert screen.body.size.height < 0.7 * before
            assert str(screen.body.content).isascii()

    asyncio.run(go())
