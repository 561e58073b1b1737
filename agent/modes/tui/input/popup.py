"""Names that may be meant -> a list above the composer, one of them chosen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bathy.agent.modes.tui.commands import Command
from bathy.agent.modes.tui.input.complete import Match
from bathy.agent.modes.tui.input.mention import spelled
from bathy.agent.modes.tui.transcript.cells import shorten
from bathy.tools.workspace import quote_path
from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

MOST_ROWS = 8
"""Rows that are seen at a time; where there are more, one below says so."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A name that is offered.

    Attributes:
        text: What takes the place of what was typed.
        label: How it is shown.
        marked: 0-based indices of characters of the label that were typed.
        note: What is said behind it.
        runs: It is a command that needs nothing more.
    """

    text: str
    label: str
    marked: tuple[int, ...] = ()
    note: str = ""
    runs: bool = False


def file_choices(matches: Iterable[Match]) -> tuple[Choice, ...]:
    """Offer files."""
    found = []
    for match in matches:
        shown = quote_path(match.path)
        marked = match.positions if shown == match.path else ()
        found.append(Choice(f"@{spelled(match.path)} ", shown, marked))
    return tuple(found)


def command_choices(commands: Iterable[Command]) -> tuple[Choice, ...]:
    """Offer commands."""
    return tuple(
        Choice(
            f"/{each.name} " if each.argument else f"/{each.name}",
            f"/{each.name} {each.argument}".rstrip(),
            note=each.help,
            runs=not each.needs_argument,
        )
        for each in commands
    )


def row(
    choice: Choice, width: int, label_width: int, *, is_chosen: bool, is_ascii: bool = False
) -> Content:
    """Draw a choice.

    Args:
        choice: What is offered.
        width: Cells of the row; a path that is wider loses its beginning.
        label_width: Cells that the label is filled up to, where a note follows.
        is_chosen: The cursor stands on it.
        is_ascii: With no sign of bathy's own but of ASCII.
    """
    label, marked, cut = choice.label, choice.marked, 0
    sign = "..." if is_ascii else "…"
    while cut < len(label) and cell_len(label[cut:]) > width - (len(sign) if cut else 0):
        cut += 1
    if cut:
        label = sign + label[cut:]
        marked = tuple(at - cut + len(sign) for at in marked if at >= cut)
    if choice.note:
        label += " " * max(1, label_width + 2 - cell_len(label))
    content = Content(label)
    for at in marked:
        content = content.stylize("bold underline", at, at + 1)
    if choice.note:
        note = shorten(choice.note, width - cell_len(label), sign)
        content = content + Content.styled(note, "" if is_chosen else "$text-muted")
    content = content.truncate(width, pad=True)
    return content.stylize("reverse") if is_chosen else content


class Popup(Static):
    """The list; it is drawn over what stands above, so that nothing moves when it opens."""

    DEFAULT_CSS = """
    Popup {
        overlay: screen;
        display: none;
        width: 100%;
        height: auto;
        padding: 0 1;
        background: $surface;
        color: $foreground;
    }
    """

    @dataclass
    class Picked(Message):
        """A row was clicked."""

        choice: Choice

    def __init__(self, *, is_ascii: bool = False) -> None:
        super().__init__(markup=False)
        self._is_ascii = is_ascii
        self._choices: tuple[Choice, ...] = ()
        self._at = self._top = 0

    @property
    def is_open(self) -> bool:
        """Whether anything is offered."""
        return bool(self._choices)

    @property
    def chosen(self) -> Choice | None:
        """The row that the cursor stands on; None while nothing is offered."""
        return self._choices[self._at] if self._choices else None

    def offer(self, choices: Sequence[Choice]) -> None:
        """Show choices, the first of them chosen; none closes the list."""
        if tuple(choices) == self._choices:
            return
        self._choices, self._at, self._top = tuple(choices), 0, 0
        self.display = self.is_open
        self.styles.offset = (0, -min(MOST_ROWS + 1, len(self._choices)))
        self._draw()

    def move(self, rows: int) -> None:
        """Choose another row; behind the last comes the first."""
        if self._choices:
            self._at = (self._at + rows) % len(self._choices)
            self._top = min(max(self._top, self._at - MOST_ROWS + 1), self._at)
            self._draw()

    def _draw(self) -> None:
        # Before it is shown it has no size of its own.
        width = max(1, self.parent.size.width - 2) if isinstance(self.parent, Widget) else 1
        label_width = max((cell_len(each.label) for each in self._choices), default=0)
        lines = [
            row(each, width, label_width, is_chosen=at == self._at, is_ascii=self._is_ascii)
            for at, each in enumerate(self._choices)
        ]
        shown = lines[self._top : self._top + MOST_ROWS]
        if len(shown) < len(lines):
            told = f"{self._top + 1}-{self._top + len(shown)} of {len(lines)}"
            shown.append(Content.styled(f"{told:>{width}}", "$text-muted"))
        self.update(Content("\n").join(shown))

    def on_resize(self) -> None:
        """Cut the rows anew."""
        self._draw()

    def on_click(self, event: events.Click) -> None:
        """Take the row that was clicked."""
        event.stop()
        if event.y < MOST_ROWS and 0 <= self._top + event.y < len(self._choices):
            self.post_message(self.Picked(self._choices[self._top + event.y]))
