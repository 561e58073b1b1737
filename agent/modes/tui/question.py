"""A yes or no that the user is asked, with a moment's grace in which no key counts."""

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

GRACE_S = 0.5
"""Keys that come so soon after the question were meant for something else."""


class YesNo(ModalScreen[bool]):
    """Asks; dismissed with the answer."""

    CSS = """
    YesNo { align: center middle; }
    YesNo > Vertical { width: 80%; max-width: 90; height: auto; padding: 1 2; }
    YesNo > Vertical { border: round $warning; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape", "answer(False)", "No"),
    ]

    def __init__(self, question: str, clock: Callable[[], float]) -> None:
        super().__init__()
        self._question, self._clock = question, clock
        self._shown_s = clock()

    def compose(self) -> ComposeResult:
        """Show the question and the keys."""
        with Vertical():
            yield Static(self._question, markup=False)
            yield Static("\n[y] yes   [n] no", markup=False)

    def action_answer(self, value: bool) -> None:
        """Take an answer, once the grace is over."""
        if self._clock() - self._shown_s >= GRACE_S:
            self.dismiss(value)
