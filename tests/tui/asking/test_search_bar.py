import asyncio
from collections.abc import Awaitable, Callable

import pytest
from bathy.agent.modes.tui.asking.search_bar import SearchBar, found_words
from bathy.agent.modes.tui.input.composer import Composer
from bathy.agent.modes.tui.input.elsewhere import is_done_elsewhere
from bathy.agent.modes.tui.input.history import History
from bathy.agent.modes.tui.input.keymap import bindings
from bathy.agent.modes.tui.transcript.messages import Searched
from bathy.agent.modes.tui.transcript.view import Transcript
from textual import events
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Static


class Searching(App[None]):
    """A transcript, the bar and a composer, put together as the application does."""

    BINDINGS = [*bindings("reading.search")]  # noqa: RUF012 - Textual's own
    retried = False

    def compose(self) -> ComposeResult:
        yield Transcript()
        yield SearchBar()
        yield Composer(History(None, str))

    def on_mount(self) -> None:
        for number in range(40):
            self.query_one(Transcript).add_notice(f"needle {number} [red]\n\nhay")
        self.query_one(Composer).focus()

    async def on_event(self, event: events.Event) -> None:
        if not await is_done_elsewhere(self, event, lambda: self.query_one(Composer)):
            await super().on_event(event)

    def action_search(self) -> None:
        self.bar.open()

    def on_retry_wanted(self) -> None:
        self.retried = True

    def on_search_bar_changed(self, event: SearchBar.Changed) -> None:
        self.query_one(Transcript).find(event.text)

    def on_search_bar_stepped(self, event: SearchBar.Stepped) -> None:
        self.query_one(Transcript).find_next(event.step)

    def on_search_bar_left(self) -> None:
        self.query_one(Transcript).find("")

    def on_searched(self, event: Searched) -> None:
        self.bar.show_found(event)

    @property
    def bar(self) -> SearchBar:
        return self.query_one(SearchBar)

    @property
    def found(self) -> str:
        return str(self.query_one("#found", Static).content)


Play = Callable[[Searching, Pilot[None]], Awaitable[None]]


def run(play: Play) -> None:
    async def go() -> None:
        app = Searching()
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            await play(app, pilot)

    asyncio.run(go())


async def until(app: Searching, pilot: Pilot[None], found: str) -> None:
    async with asyncio.timeout(30):
        while app.found != found:
            await pilot.pause()


def test_it_searches_while_one_types_and_goes_from_place_to_place() -> None:
    async def play(app: Searching, pilot: Pilot[None]) -> None:
        app.bar.open()
        app.query_one(Transcript).action_home()
        await pilot.press(*"needle")
        await until(app, pilot, "1 of 40")
        await pilot.press("enter", "down", "enter")
        await until(app, pilot, "4 of 40")
        await pilot.press("shift+enter", "up")
        await until(app, pilot, "2 of 40")
        await pilot.press(*" 39 [red]")
        await until(app, pilot, "1 of 1")
        await pilot.press("n")
        await until(app, pilot, "not found")

    run(play)


def test_escape_leads_to_the_composer_and_what_was_typed_stays() -> None:
    async def play(app: Searching, pilot: Pilot[None]) -> None:
        area = app.query_one(Composer).area
        assert not app.bar.display
        app.bar.open()
        await pilot.pause()
        assert (app.bar.display, app.focused) == (True, app.bar.input)
        assert app.bar.region.bottom == app.query_one(Composer).region.y
        await pilot.press(*"hay", "escape")
        await pilot.pause()
        assert (app.bar.display, app.focused) == (False, area)
        await until(app, pilot, "")
        app.query_one(Transcript).focus()
        await pilot.pause()
        app.query_one(Transcript).action_home()
        app.bar.open()
        await until(app, pilot, "1 of 40")
        await pilot.press("escape")
        assert app.focused is area
        app.bar.open("needle 7")
        await until(app, pilot, "1 of 1")
        assert app.bar.input.value == "needle 7"
        await pilot.press("x")
        assert app.bar.input.value == "x"

    run(play)


def test_what_is_typed_right_behind_the_key_is_looked_for_and_no_key() -> None:
    async def play(app: Searching, pilot: Pilot[None]) -> None:
        app.query_one(Transcript).focus()
        await pilot.pause()
        app.post_message(events.Key("slash", "/"))
        for character in "renew y":
            app.post_message(events.Key(character, character))
        await pilot.pause()
        assert (app.bar.input.value, app.query_one(Composer).area.text) == ("renew y", "")
        assert not app.retried

    run(play)


@pytest.mark.parametrize(
    ("searched", "words"),
    [
        (Searched("", 0, 0, is_complete=True), ""),
        (Searched("a", 3, 41, is_complete=True), "3 of 41"),
        (Searched("a", 3, 41, is_complete=False), "3 of 41+"),
        (Searched("a", 0, 41, is_complete=False), "41+ found"),
        (Searched("a", 0, 0, is_complete=False), "searching"),
        (Searched("a", 0, 0, is_complete=True), "not found"),
    ],
)
def test_how_it_stands_is_told(searched: Searched, words: str) -> None:
    assert found_words(searched) == words
