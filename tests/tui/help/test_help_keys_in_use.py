"""That the table of keys and the classes say the same, and that a file of changes is obeyed."""

import asyncio
import importlib
import pkgutil
from collections.abc import Iterator

import bathy.agent.modes.tui as package
from bathy.agent.modes.tui.input.composer import Composer
from bathy.agent.modes.tui.input.elsewhere import is_done_elsewhere
from bathy.agent.modes.tui.input.history import History
from bathy.agent.modes.tui.input.keymap import Keymap, bindings
from bathy.agent.modes.tui.keys import TABLE
from bathy.agent.modes.tui.looks import Look
from bathy.agent.modes.tui.review.screen import ReviewScreen
from bathy.agent.modes.tui.transcript.messages import (
    CopyWanted,
    RetryWanted,
)
from bathy.agent.modes.tui.transcript.view import Transcript
from bathy.agent.modes.tui.viewer.keybar import KeyBar
from bathy.agent.modes.tui.viewer.messages import CopyText
from bathy.agent.modes.tui.viewer.screen import ViewerScreen
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.dom import DOMNode
from textual.pilot import Pilot
from tui_stage import review_screen

IDS = {key.id for key in TABLE}


def classes() -> Iterator[type[DOMNode]]:
    """Every widget, screen and application of the full screen."""
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(info.name)
        for found in vars(module).values():
            is_node = isinstance(found, type) and issubclass(found, DOMNode)
            if is_node and found.__module__ == info.name:
                yield found


def own_bindings(of: type[DOMNode]) -> list[Binding]:
    return [each for each in vars(of).get("BINDINGS", ()) if isinstance(each, Binding)]


def test_every_binding_is_in_the_table_and_every_key_is_bound() -> None:
    bound = {each.id for found in classes() for each in own_bindings(found)}
    strays = [
        (found.__name__, each)
        for found in classes()
        for each in own_bindings(found)
        if each.id not in IDS or each not in bindings(each.id or "")
    ]
    assert strays == []
    assert IDS - bound == set()


def test_every_call_of_a_binding_is_there() -> None:
    for found in classes():
        for each in own_bindings(found):
            name = f"action_{each.action.partition('(')[0]}"
            # What is bound twice may be done by what is around.
            assert hasattr(found, name) or (each.id or "").startswith("everywhere."), (found, each)


class Main(App[None]):
    """A transcript above a composer."""

    BINDINGS = [*bindings("everywhere")]  # noqa: RUF012

    def __init__(self, changed: Keymap) -> None:
        super().__init__()
        self.changed = changed
        self.got: list[object] = []

    def compose(self) -> ComposeResult:
        yield Transcript()
        yield Composer(History(None, str))

    def on_mount(self) -> None:
        self.set_keymap(self.changed.for_textual())
        self.query_one(Transcript).add_prompt("first")
        self.query_one(Transcript).add_notice("a\n" * 100)
        self.query_one(Composer).focus()

    def action_follow(self) -> None:
        self.got.append("follow")

    def on_copy_wanted(self, event: CopyWanted) -> None:
        self.got.append("copy")

    def on_retry_wanted(self, event: RetryWanted) -> None:
        self.got.append("retry")

    async def on_event(self, event: events.Event) -> None:
        if not await is_done_elsewhere(self, event, lambda: self.query_one(Composer)):
            await super().on_event(event)

    def on_copy_text(self, event: CopyText) -> None:
        self.got.append(event.text)


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


def test_what_is_typed_at_the_transcript_is_passed_on_unless_it_is_a_key() -> None:
    async def go() -> None:
        app = Main(Keymap())
        async with app.run_test() as pilot:
            area = app.query_one(Composer).area
            app.query_one(Transcript).focus()
            await press(pilot, "y", "r", "n", "enter", "up", "你", "r", "y", "n", "full_stop")
            assert (app.got, area.text) == (["copy", "retry"], "你ryn.")
            app.query_one(Transcript).focus()
            await pilot.pause()
            app.post_message(events.Paste("two\nlines"))
            await press(pilot, "r")
            assert (app.got, area.text) == (["copy", "retry"], "你ryn.two\nlinesr")


def test_many_keys_at_once_arrive_whole_and_in_order() -> None:
    async def go() -> None:
        app = Main(Keymap())
        async with app.run_test() as pilot:
            app.query_one(Transcript).focus()
            await pilot.pause()
            for character in "what are carts? 数 retry":
                app.post_message(events.Key(character, character))
            app.post_message(events.Paste("pasted"))
            app.post_message(events.Key("n", "n"))
            await pilot.pause()
            assert app.query_one(Composer).area.text == "what are carts? 数 retrypastedn"
            assert app.got == []

    asyncio.run(go())


def test_a_click_or_a_selection_makes_no_letter_a_key() -> None:
    async def go() -> None:
        app = Main(Keymap())
        async with app.run_test() as pilot:
            transcript = app.query_one(Transcript)
            await pilot.click(transcript, offset=(3, 1))
            await press(pilot, *"carts")
            await pilot.click(transcript, offset=(3, 1), times=2)
            assert transcript.has_selection
            await press(pilot, *"/retry")
            assert (app.query_one(Composer).area.text, app.got) == ("carts/retry", [])

    asyncio.run(go())

    asyncio.run(go())


def test_end_moves_in_a_text_and_follows_where_there_is_nothing_to_move_over() -> None:
    async def go() -> None:
        app = Main(Keymap())
        async with app.run_test() as pilot:
            await press(pilot, "end")
            assert app.got == ["follow"]
            area = app.query_one(Composer).area
            area.insert("a text")
            await press(pilot, "home", "end")
            assert (area.cursor_location, app.got) == ((0, 6), ["follow"])

    asyncio.run(go())


def test_the_keys_of_the_transcript_can_be_changed() -> None:
    changed = Keymap({"reading.copy": ("f7",), "everywhere.follow": ("f8",), "moving.up": ("k",)})

    async def go() -> None:
        app = Main(changed)
        async with app.run_test() as pilot:
            transcript = app.query_one(Transcript)
            transcript.focus()
            await press(pilot, "y")
            assert app.query_one(Composer).area.text == "y"
            transcript.focus()
            await press(pilot, "f7")
            assert app.got == ["copy"]
            transcript.follow()
            await press(pilot, "k")
            assert not transcript.is_following
            await press(pilot, "f8")
            assert transcript.is_following

    asyncio.run(go())


def test_the_keys_of_the_viewer_can_be_changed_and_the_bar_says_so() -> None:
    changed = Keymap({"reading.copy": ("x",), "moving.down": ("f9",), "viewer.back": ()})

    async def go() -> None:
        app = Main(changed)
        async with app.run_test(size=(120, 30)) as pilot:
            screen = ViewerScreen("a.py", ["one", "two"], keymap=changed)
            await app.push_screen(screen)
            await press(pilot, "y", "f9", "x", "escape")
            assert (app.got, app.screen) == (["two"], screen)
            assert str(screen.query_one(KeyBar).render()).endswith(
                "left right side  x copy  e edit"
            )

    asyncio.run(go())


def test_the_keys_of_the_review_can_be_changed_and_swapped() -> None:
    changed = Keymap(
        {
            "review.accept": ("r",),
            "review.reject": ("a",),
            "review.apply": ("f10",),
            "review.next_hunk": ("n",),
        }
    )

    async def go() -> None:
        app = Main(changed)
        async with app.run_test(size=(120, 30)) as pilot:
            screen = ReviewScreen(
                review_screen(Look(), [0]).files, clock=iter(range(100)).__next__, keymap=changed
            )
            await app.push_screen(screen)
            await press(pilot, "r", "n", "a", "enter")
            assert app.screen is screen
            choices = [hunk.choice for file in screen.files for hunk in file.hunks]
            assert choices == ["accepted", "open", "rejected", "open", "open"]
            assert str(screen.query_one(KeyBar).render()).startswith("r accept  a reject")
            await press(pilot, "f10")
            assert app.screen is not screen

    asyncio.run(go())
