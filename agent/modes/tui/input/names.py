"""What is typed behind "@" or a leading "/" -> names to choose from, and the one that is taken."""

import re
from collections.abc import Sequence

from bathy.agent.modes.tui.commands import Command, find_commands
from bathy.agent.modes.tui.input.complete import Finder, close
from bathy.agent.modes.tui.input.mention import mention_begun
from bathy.agent.modes.tui.input.popup import Choice, Popup, command_choices, file_choices
from textual.widgets import TextArea

_MOST_FILES = 40
_COMMAND = re.compile(r"/([a-z-]*)")

Place = tuple[int, int]
"""Line and column, 0-based."""


class Names:
    """What is offered while something is typed.

    Names are offered for what is typed, not for what the cursor comes by, so that moving through
    old questions opens nothing.

    Attributes:
        popup: Shows them.
        finder: Knows the files.
    """

    def __init__(self, popup: Popup, commands: Sequence[Command]) -> None:
        self.popup, self.finder = popup, Finder(())
        self._commands = commands
        self._text = ""
        self._begun: tuple[Place, str] | None = None
        self._dismissed: Place | None = None

    def offer(self, area: TextArea) -> None:
        """Offer what fits what stands before the cursor of a field."""
        is_typed, self._text = area.text != self._text, area.text
        if not is_typed and not self.popup.is_open:
            return
        begun = self._find_begun(area)
        if begun is None or begun[0] != self._dismissed:
            self._dismissed = None
        if begun is None or self._dismissed:
            self._begun = begun
            self.popup.offer(())
        elif begun != self._begun or not self.popup.is_open:
            self._begun = begun
            self.popup.offer(self._choices(*begun))

    @staticmethod
    def _find_begun(area: TextArea) -> tuple[Place, str] | None:
        row, column = area.cursor_location
        before = area.document.get_line(row)[:column]
        if row == 0 and _COMMAND.fullmatch(before):
            return (0, 0), before
        if begun := mention_begun(before):
            return (row, begun[0]), f"@{begun[1]}"
        return None

    def _choices(self, place: Place, typed: str) -> tuple[Choice, ...]:
        if typed.startswith("/"):
            return command_choices(find_commands(typed[1:], self._commands))
        return file_choices(close(self.finder.find(typed[1:], _MOST_FILES)))

    def close(self) -> None:
        """Offer nothing until something is typed."""
        self._begun = self._dismissed = None
        self.popup.offer(())

    def dismiss(self) -> None:
        """Offer nothing for the name that is being typed."""
        self._dismissed = self._begun[0] if self._begun else None
        self.popup.offer(())

    def accept(self, area: TextArea, *, is_enter: bool) -> bool:
        """Take the chosen name; return whether what is written then is to be sent.

        Enter sends a command that needs nothing more, and a question that ends in a file's whole
        name, to which there is nothing to add.
        """
        choice, begun = self.popup.chosen, self._begun
        if choice is None:
            return False
        is_whole = begun is not None and begun[1] == choice.text.rstrip() and begun[1][0] == "@"
        if not (is_enter and is_whole):
            self.take(area, choice)
        self.close()
        return is_enter and (choice.runs or is_whole)

    def take(self, area: TextArea, choice: Choice) -> None:
        """Put a name in the place of what was typed of it."""
        if self._begun:
            start, end = self._begun[0], area.cursor_location
            text = choice.text
            if area.document.get_line(end[0])[end[1] :].startswith(" "):
                text = text.rstrip()
            area.replace(text, start, end, maintain_selection_offset=False)
        self.close()
