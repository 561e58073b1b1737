"""The help as a screen: every key in use and every command."""

from collections.abc import Sequence
from typing import ClassVar

from bathy.agent.modes.tui.commands import Command
from bathy.agent.modes.tui.help.text import help_of
from bathy.agent.modes.tui.input.keymap import Keymap, bindings
from bathy.agent.modes.tui.viewer.keybar import KeyBar
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

_KEYS = (
    ("moving.up moving.down moving.page_up moving.page_down", "scroll"),
    ("help.close", "close"),
)


class HelpScreen(ModalScreen[None]):
    """Shows the keys and the commands, to be scrolled through."""

    DEFAULT_CSS = """
    HelpScreen {
        background: $background;
        & > VerticalScroll { padding: 1 2 0 2; background: $background; scrollbar-gutter: stable; }
        & > VerticalScroll > Static { color: $foreground; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("help", "moving.up", "moving.down", "moving.page_up", "moving.page_down"),
        *bindings("moving.top", "moving.bottom"),
    ]

    def __init__(
        self, keymap: Keymap, commands: Sequence[Command], *, is_ascii: bool = False
    ) -> None:
        """Set up.

        Args:
            keymap: The keys in use.
            commands: That begin with a slash.
            is_ascii: Draw nothing of bathy's own but ASCII.
        """
        super().__init__(classes="-ascii" if is_ascii else None)
        self._keymap, self._commands = keymap, commands
        self._groups = keymap.help(is_ascii=is_ascii)
        self.body = Static()
        self.pane = VerticalScroll(self.body, can_focus=False)

    def compose(self) -> ComposeResult:
        """Put the parts below each other."""
        yield self.pane
        yield KeyBar(self._keymap, *_KEYS)

    def on_resize(self) -> None:
        """Lay out anew."""
        width = self.size.width - 4 - self.pane.styles.scrollbar_size_vertical
        self.body.update(help_of(self._groups, self._commands, width))

    def action_close(self) -> None:
        """Leave."""
        self.dismiss(None)

    def action_move(self, rows: int) -> None:
        """Scroll by rows."""
        self.pane.scroll_relative(y=rows, animate=False)

    def action_move_page(self, pages: int) -> None:
        """Scroll by pages; a row of the last one stays in sight."""
        self.action_move(pages * max(1, self.pane.size.height - 1))

    def action_home(self) -> None:
        """Go to the top."""
        self.pane.scroll_home(animate=False)

    def action_end(self) -> None:
        """Go to the end."""
        self.pane.scroll_end(animate=False)
