"""A yes or no that the user is asked, with a moment's grace in which no key counts."""

from collections.abc import Callable
from typing import ClassVar

from bathy.agent.modes.terminal import printable
from bathy.agent.modes.tui.input.keymap import Keymap, bindings
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

GRACE_S = 0.5
"""Keys that come so soon after the question were meant for something else."""


class YesNo(ModalScreen[bool]):
    """Asks; dismissed with the answer."""

    DEFAULT_CSS = """
    YesNo {
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
        & VerticalScroll { height: auto; max-height: 60vh; }
        & #keys { margin-top: 1; text-style: bold; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("approval.yes", "approval.no")]

    def __init__(
        self,
        question: str,
        clock: Callable[[], float],
        *,
        keymap: Keymap | None = None,
        is_ascii: bool = False,
    ) -> None:
        """Set up.

        Args:
            question: May hold anything, and more lines than there is room for.
            clock: Seconds that only grow.
            keymap: For the words alone; the bindings follow `App.set_keymap`.
            is_ascii: Draw no frame but of ASCII.
        """
        super().__init__(classes="-ascii" if is_ascii else None)
        self._question, self._clock = printable(question), clock
        self._key = (keymap or Keymap()).shown
        self._shown_s = clock()

    def compose(self) -> ComposeResult:
        """Show the question and the keys."""
        with Vertical():
            with VerticalScroll():
                yield Static(self._question, markup=False)
            keys = f"{self._key('approval.yes')} yes   {self._key('approval.no')} no"
            yield Static(keys, id="keys", markup=False)

    def on_mount(self) -> None:
        """From now on the time counts in which keys do nothing."""
        self._shown_s = self._clock()

    def action_yes(self) -> None:
        """Agree."""
        self._answer(True)

    def action_no(self) -> None:
        """Disagree."""
        self._answer(False)

    def _answer(self, value: bool) -> None:
        """Take an answer, once the grace is over."""
        if self._clock() - self._shown_s >= GRACE_S:
            self.dismiss(value)
