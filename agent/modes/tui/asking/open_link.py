"""A link that was clicked -> open it, copy it or leave it: the user sees all of it and is asked."""

from collections.abc import Callable
from typing import ClassVar, Literal

from bathy.agent.modes.tui.asking.address import Address, read_address
from bathy.agent.modes.tui.input.keymap import Keymap, bindings
from bathy.agent.modes.tui.question import GRACE_S
from bathy.agent.modes.tui.viewer.keybar import key_words
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

Answer = Literal["open", "copy"]


class OpenLink(ModalScreen[Answer | None]):
    """Asks; dismissed with "open", "copy", or None to leave it."""

    DEFAULT_CSS = """
    OpenLink {
        align: center middle;
        & > Vertical {
            width: 80%;
            max-width: 90;
            height: auto;
            padding: 1 2;
            background: $surface;
            border: round $text-warning;
        }
        &.-ascii > Vertical { border: ascii $text-warning; }
        & VerticalScroll { height: auto; max-height: 50vh; margin: 1 0; }
        & #keys { margin-top: 1; text-style: bold; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("link")]

    def __init__(
        self,
        url: str,
        clock: Callable[[], float],
        *,
        keymap: Keymap | None = None,
        is_ascii: bool = False,
    ) -> None:
        """Set up.

        Args:
            url: Any text; a model may have written it.
            clock: Seconds that only grow.
            keymap: For the words alone; the bindings follow `App.set_keymap`.
            is_ascii: Draw no frame but of ASCII.
        """
        super().__init__(classes="-ascii" if is_ascii else None)
        self.address = read_address(url)
        self._keymap, self._clock = keymap or Keymap(), clock
        self._shown_s = clock()

    def compose(self) -> ComposeResult:
        """Show the address and the keys."""
        address = self.address
        wanted = [("link.open", "open"), ("link.copy", "copy"), ("link.leave", "leave")]
        with Vertical():
            yield Static(_question(address), markup=False)
            with VerticalScroll(can_focus=False):
                yield Static(Content(address.shown), id="address")
            if address.host:
                yield Static(Content(f"host: {address.host}"), id="host")
            if address.problem:
                yield Static(Content(f"not opened: {address.problem}"), id="problem")
            keys = key_words(self._keymap, wanted[bool(address.problem) :])
            yield Static("   ".join(keys), id="keys", markup=False)

    def on_mount(self) -> None:
        """From now on the time counts in which keys do nothing."""
        self._shown_s = self._clock()

    def action_answer(self, answer: Answer) -> None:
        """Open it if that may be, or copy it."""
        if answer == "copy" or not self.address.problem:
            self._answer(answer)

    def action_leave(self) -> None:
        """Do nothing with it."""
        self._answer(None)

    def _answer(self, answer: Answer | None) -> None:
        if self._clock() - self._shown_s >= GRACE_S:
            self.dismiss(answer)


def _question(address: Address) -> str:
    return "This address cannot be opened:" if address.problem else "Open this address?"
