"""Looking around: what is typed or searched anywhere, and the keys that work everywhere."""

from collections.abc import Mapping

from bathy.agent.modes.tui import looks
from bathy.agent.modes.tui.asking.search_bar import SearchBar
from bathy.agent.modes.tui.conversing import Conversing
from bathy.agent.modes.tui.input.elsewhere import is_done_elsewhere
from bathy.agent.modes.tui.panels.side import SidePanel
from bathy.agent.modes.tui.transcript.messages import NewLines, Searched
from bathy.agent.modes.tui.transcript.view import Transcript
from textual import events, on
from textual.command import CommandPalette
from textual.screen import Screen
from textual.widget import Widget

_TWICE_S = 1.0
_PARTS: Mapping[type[Widget], str] = {Transcript: "transcript", SidePanel: "side panel"}


class Main(Screen[None], inherit_bindings=False):
    """The main screen, without Textual's key for copying, which would go on and never stop."""


class Watching(Conversing):
    """Goes through the transcript, and leaves."""

    _stop_s = -_TWICE_S

    def write_part(self, part: str, text: str) -> None:
        """Put a text into a part of the screen."""
        raise NotImplementedError

    def get_default_screen(self) -> Screen[None]:
        """What is seen first."""
        return Main(id="_default")

    # The transcript.

    @on(NewLines)
    def _new_lines(self, event: NewLines) -> None:
        sign = "v" if self.look.is_ascii else "▼"
        key, dot = self.keymap.shown("everywhere.follow").split(" / ")[0], "·"
        dot = "-" if self.look.is_ascii else dot
        lines = f"{event.count} new lines" if event.count != 1 else "1 new line"
        self.write_part("new-lines", f"{sign} {lines} {dot} {key} follows" if event.count else "")

    async def on_event(self, event: events.Event) -> None:
        """Let what is typed reach the composer, wherever the focus is on the main screen."""
        if not await is_done_elsewhere(self, event, lambda: self.composer):
            await super().on_event(event)

    @on(Searched)
    def _searched(self, event: Searched) -> None:
        self.screen_stack[0].query_one(SearchBar).show_found(event)

    @on(SearchBar.Changed)
    def _search(self, event: SearchBar.Changed) -> None:
        self.transcript.find(event.text)

    @on(SearchBar.Stepped)
    def _step(self, event: SearchBar.Stepped) -> None:
        self.transcript.find_next(event.step)

    @on(SearchBar.Left)
    def _search_left(self) -> None:
        self.transcript.find("")

    def find(self, text: str) -> None:
        """Search the transcript."""
        self.screen_stack[0].query_one(SearchBar).open(text)

    def on_text_selected(self) -> None:
        """Copy what the mouse has selected, if the user wants that."""
        if self.look.copies_on_select and self.transcript.has_selection:
            self.transcript.copy()

    # Keys that work everywhere.

    def action_search(self) -> None:
        """Search the transcript, if it is what is seen."""
        if len(self.screen_stack) == 1:
            self.find("")

    def action_stop(self) -> None:
        """Go back to the composer from any other part, and stop what is worked on."""
        self.screen_stack[0].set_focus(self.composer.area)
        self.engine.stop()

    def action_interrupt(self) -> None:
        """Copy what is selected; else stop; twice within a second when nothing is done: leave."""
        now_s = self.clock()
        if selected := self.screen.get_selected_text():
            self.copy_to_clipboard(selected)
            self.screen.clear_selection()
        elif self.state.can_stop:
            self.engine.stop()
        elif now_s - self._stop_s < _TWICE_S:
            self.exit()
        else:
            key = self.keymap.shown("everywhere.interrupt").split(" / ")[0]
            self.notify(f"{key} again leaves", timeout=_TWICE_S, markup=False)
        self._stop_s = now_s

    def action_command_palette(self) -> None:
        """Show all commands."""
        self.push_screen(CommandPalette(placeholder="Search for commands", id="--command-palette"))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Let no cursor blink, for that would be a timer; say what has the keys."""
        looks.hold_cursor(event)
        if len(self.screen_stack) == 1:
            self.composer.keys_go_to(_PARTS.get(type(event.widget), ""))

    def action_reasoning(self) -> None:
        """Unfold or fold thinking."""
        self.transcript.action_reasoning()

    def action_tool_output(self) -> None:
        """Unfold or fold what a tool gave."""
        self.transcript.action_tool_output()

    def action_prompt(self, step: int) -> None:
        """Go to another question."""
        self.transcript.go_to_prompt(step)

    def action_page_up(self) -> None:
        """Go up by a page."""
        self.transcript.scroll_page(-1)

    def action_page_down(self) -> None:
        """Go down by a page."""
        self.transcript.scroll_page(1)

    def action_follow(self) -> None:
        """Go to the end and stay there."""
        self.transcript.follow()
