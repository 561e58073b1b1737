"""One line at the bottom of the screen that the user writes into: what is asked -> the answer."""

from dataclasses import dataclass
from typing import Any, ClassVar

from bathy.agent.modes.tui.input.keymap import bindings
from textual.binding import BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input


class Prompt(Input):
    """Asks for one line; it goes away when it is answered or left."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("asking")]
    DEFAULT_CSS = """
    Prompt { dock: bottom; height: 3; border: tall $border; background: $surface; }
    Prompt.-ascii { border: ascii $border; }
    """

    @dataclass
    class Answered(Message):
        """The user has pressed enter; `purpose` is what was asked for."""

        purpose: str
        text: str

    @dataclass
    class Left(Message):
        """The user has pressed escape; what was written so far is not lost."""

        purpose: str
        text: str

    def __init__(self, purpose: str, label: str, text: str = "", *, is_ascii: bool = False) -> None:
        """Ask.

        Args:
            purpose: Comes back with the answer.
            label: Says what is asked; for people.
            text: Stands there at first.
            is_ascii: Draw no frame but of ASCII.
        """
        super().__init__(text, placeholder=label, select_on_focus=False)
        self.cursor_blink = False  # a timer that never rests
        self.set_class(is_ascii, "-ascii")
        self.border_title = label
        self._purpose = purpose

    def ask(self, screen: Screen[Any]) -> None:
        """Come up on a screen, unless a prompt is there already; what is typed next is for it."""
        for other in screen.query(Prompt):
            screen.set_focus(other)
            return
        screen.mount(self)
        screen.set_focus(self)  # `focus` would let the next keys go where they went before

    async def action_submit(self) -> None:
        """Answer."""
        self.post_message(self.Answered(self._purpose, self.value))
        await self.remove()

    async def action_leave(self) -> None:
        """Leave without an answer."""
        self.post_message(self.Left(self._purpose, self.value))
        await self.remove()
