"""A line above the composer that the transcript is searched from: what is typed -> messages."""

from dataclasses import dataclass
from typing import ClassVar

from bathy.agent.modes.tui.asking.line import Line
from bathy.agent.modes.tui.input.composer import Composer
from bathy.agent.modes.tui.input.keymap import Keymap, bindings
from bathy.agent.modes.tui.transcript.messages import Searched
from bathy.agent.modes.tui.viewer.keybar import key_words
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

_KEYS = (("search.next search.previous", "next, previous"), ("search.close", "close"))
_ROOM = 90
"""Cells from which on there is room for the keys."""


class SearchBar(Horizontal):
    """The line; it is there from `open` on, until it is left.

    What was typed stays for the next time.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("search")]
    DEFAULT_CSS = """
    SearchBar {
        display: none;
        height: 1;
        padding: 0 1;
        background: $panel;
        & > .search--label { width: 6; text-style: bold; }
        & > Input { width: 1fr; }
        & > #found { width: 14; text-align: right; color: $foreground; }
        & > #search-keys { width: auto; padding-left: 3; color: $text-muted; }
    }
    """

    @dataclass
    class Changed(Message):
        """Something else is looked for; nothing for ""."""

        text: str

    @dataclass
    class Stepped(Message):
        """The next place is wanted, 1, or the one before, -1."""

        step: int

    @dataclass
    class Left(Message):
        """The line has gone, and the composer has the focus."""

    def __init__(
        self, *, is_ascii: bool = False, keymap: Keymap | None = None, id: str | None = None
    ) -> None:
        """Set up.

        Args:
            is_ascii: Draw nothing but ASCII.
            keymap: For the words alone; the bindings follow `App.set_keymap`.
            id: Of the widget.
        """
        super().__init__(id=id, classes="-ascii" if is_ascii else None)
        self.input = Line()
        self._keys = "  ".join(key_words(keymap or Keymap(), _KEYS))

    def compose(self) -> ComposeResult:
        """Put the parts beside each other."""
        yield Static("find", classes="search--label", markup=False)
        yield self.input
        yield Static(id="found", markup=False)
        yield Static(self._keys, id="search-keys", markup=False)

    def open(self, text: str = "") -> None:
        """Come up with the focus, and look for a text, or for what was typed last."""
        self.display = True
        with self.prevent(Input.Changed):
            self.input.value = text or self.input.value
        self.screen.set_focus(self.input)  # at once: what is typed next is for it
        self.input.select_all()
        self.post_message(self.Changed(self.input.value))

    def show_found(self, searched: Searched) -> None:
        """Say how the search stands."""
        self.query_one("#found", Static).update(found_words(searched), layout=False)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(event.value))

    def action_step(self, step: int) -> None:
        """Ask for another place."""
        self.post_message(self.Stepped(step))

    def action_close(self) -> None:
        """Go away, and let the composer have what is typed next."""
        self.display = False
        self.screen.set_focus(self.screen.query_one(Composer).area)
        self.post_message(self.Left())

    def on_resize(self, event: events.Resize) -> None:
        """Name the keys where there is room."""
        self.query_one("#search-keys").display = event.size.width >= _ROOM


def found_words(searched: Searched) -> str:
    """Say how a search stands: "3 of 41", "3 of 41+" while it goes on."""
    if not searched.query:
        return ""
    more = "" if searched.is_complete else "+"
    if searched.current:
        return f"{searched.current} of {searched.count}{more}"
    if searched.count:
        return f"{searched.count}{more} found"
    return "not found" if searched.is_complete else "searching"
