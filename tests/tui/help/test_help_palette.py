import asyncio
from typing import ClassVar

from bathy.agent.modes.tui.commands import COMMANDS
from bathy.agent.modes.tui.help.palette import Doer, Palette, offers
from bathy.agent.modes.tui.input.keymap import Keymap, bindings
from bathy.agent.modes.tui.keys import TABLE
from textual.app import App
from textual.binding import BindingType
from textual.command import Command, CommandList, CommandPalette
from textual.pilot import Pilot
from textual.theme import Theme


class Told(App[None]):
    """Remembers what it is told to do."""

    COMMANDS = {Palette}  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("everywhere")]

    def __init__(self) -> None:
        super().__init__()
        self.keymap = Keymap({"everywhere.mouse": ("f11",)})
        self.done: list[tuple[str, ...]] = []

    def run_command(self, name: str, argument: str) -> None:
        self.done.append((name, argument))

    def begin_command(self, name: str) -> None:
        self.done.append((name,))

    def action_reasoning(self) -> None:
        self.done.append(("reasoning", "by key"))


def doer(app: Told) -> Doer:
    return app


def highlighted(found: CommandList) -> str:
    option = found.highlighted_option
    return (option.hit.text or "").lstrip("/") if isinstance(option, Command) else ""


async def choose(pilot: Pilot[None], text: str) -> None:
    await pilot.press("ctrl+p")
    palette = pilot.app.screen
    assert isinstance(palette, CommandPalette)
    await pilot.press(*text)
    found = palette.query_one(CommandList)
    async with asyncio.timeout(30):
        while not highlighted(found).startswith(text):
            await pilot.pause()
        await pilot.press("enter")
        while palette in pilot.app.screen_stack:
            await pilot.pause()
    await pilot.pause()


def test_all_that_can_be_done_is_offered_once() -> None:
    found = list(offers(doer(Told())))
    labels = [offer.label for offer in found]
    assert len(set(labels)) == len(labels)
    assert {f"/{each.name} {each.argument}".rstrip() for each in COMMANDS} <= set(labels)
    keys = {key.help for key in TABLE if key.context == "everywhere"}
    notes = {offer.label.split()[0]: offer.note for offer in found}
    missing = keys - set(labels) - {"all commands", "open citation n"}
    assert missing == {
        key.help
        for key in TABLE
        if key.id.partition(".")[2]
        in ("search", "help", "mouse", "new_session", "pack", "review", "sessions")
        and key.context == "everywhere"
    }
    assert notes["/mouse"].endswith("[F11]")
    assert notes["/pack"].endswith("[F2]")


def test_what_is_chosen_is_done() -> None:
    async def go() -> None:
        app = Told()
        async with app.run_test(size=(100, 40)) as pilot:
            await choose(pilot, "cost")
            await choose(pilot, "exclude")
            await choose(pilot, "open or close the reasoning")
            await choose(pilot, "export [FILE]")
            await choose(pilot, "theme: nord")
            assert app.done == [
                ("cost", ""),
                ("exclude",),
                ("reasoning", "by key"),
                ("export", ""),
                ("theme", "nord"),
            ]

    asyncio.run(go())


def test_nothing_is_read_as_markup() -> None:
    async def go() -> None:
        app = Told()
        app.register_theme(Theme("[/red]\x1b[2J", primary="#ffffff"))
        async with app.run_test(size=(100, 40)) as pilot:
            await choose(pilot, "theme: [/red]")
            assert app.done == [("theme", "[/red]\x1b[2J")]

    asyncio.run(go())
