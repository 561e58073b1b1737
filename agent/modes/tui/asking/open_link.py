"""Links of an answer, one at a time -> open, copy or leave it: the user sees all of it first."""

from collections.abc import Callable, Sequence
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


class OpenLink(ModalScreen[tuple[Answer, str] | None]):
    """Asks; dismissed with what is to be done with which address, or None to leave them."""

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
        urls: Sequence[str],
        clock: Callable[[], float],
        at: int = 0,
        *,
        keymap: Keymap | None = None,
        is_ascii: bool = False,
    ) -> None:
        """Set up.

        Args:
            urls: At least one; any texts, since a model may have written them.
            clock: Seconds that only grow.
            at: Which of them is shown first.
            keymap: For the words alone; the bindings follow `App.set_keymap`.
            is_ascii: Draw no frame but of ASCII.
        """
        super().__init__(classes="-ascii" if is_ascii else None)
        self._urls, self._at = urls, at
        self._keymap, self._clock = keymap or Keymap(), clock
        self._shown_s = clock()

    @property
    def address(self) -> Address:
        """The one that is shown."""
        return read_address(self._urls[self._at])

    def compose(self) -> ComposeResult:
        """Show the address and the keys."""
        address, count = self.address, len(self._urls)
        wanted = [("link.open", "open"), ("link.copy", "copy"), ("link.leave", "leave")]
        wanted += [("link.next", "next link")] if count > 1 else []
        number = f"   {self._at + 1} of {count} in the answer" if count > 1 else ""
        with Vertical():
            yield Static(f"{_question(address)}{number}", markup=False)
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

    async def action_step(self, step: int) -> None:
        """Show another of the links."""
        if len(self._urls) > 1:
            self._at = (self._at + step) % len(self._urls)
            self._shown_s = self._clock()
            await self.recompose()

    def action_move(self, rows: int) -> None:
        """Scroll a long address."""
        self._scroll.scroll_relative(y=rows, animate=False)

    def action_answer(self, answer: Answer) -> None:
        """Open it if that may be, or copy it; of one that is not seen whole, show more."""
        scroll = self._scroll
        is_drawn, rest = scroll.size.height > 0, scroll.max_scroll_y - scroll.scroll_offset.y
        if answer == "open" and (rest > 0 or not is_drawn):
            scroll.scroll_page_down(animate=False)
            self._shown_s = self._clock()
        elif answer == "copy" or not self.address.problem:
            self._answer((answer, self._urls[self._at]))

    def action_leave(self) -> None:
        """Do nothing with it."""
        self._answer(None)

    @property
    def _scroll(self) -> VerticalScroll:
        return self.query_one(VerticalScroll)

    def _answer(self, answer: tuple[Answer, str] | None) -> None:
        if self._clock() - self._shown_s >= GRACE_S:
            self.dismiss(answer)


def _question(address: Address) -> str:
    return "This address cannot be opened:" if address.problem else "Open this address?"
