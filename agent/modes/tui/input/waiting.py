"""What stands around the field: above it what waits, below it what the keys do, or a notice."""

from collections.abc import Sequence

from bathy.agent.modes.terminal import printable
from bathy.agent.modes.tui.input.keymap import Keymap
from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

MOST_ROWS = 3


def one_line(text: str, width: int, *, is_ascii: bool = False) -> str:
    """Return the first line of a text in so many cells at most, with a sign if there is more."""
    first, _, rest = text.strip().partition("\n")
    first = first.replace("\t", " ")
    if rest or cell_len(first) > width:
        sign = " ..." if is_ascii else " …"
        room = max(0, min(cell_len(first), width - len(sign)))
        return set_cell_size(first, room).rstrip() + sign
    return first


def queue_lines(
    waiting: Sequence[str], width: int, hint: str, *, is_ascii: bool = False
) -> list[str]:
    """Say what waits, the next one first.

    Args:
        waiting: Questions as they were written.
        width: Cells of a line.
        hint: What can be done about the last one.
        is_ascii: With no sign of bathy's own but of ASCII.
    """
    if not waiting:
        return []
    shown = waiting if len(waiting) <= MOST_ROWS else waiting[: MOST_ROWS - 1]
    lines = [
        f"{mark} {one_line(text, width - cell_len(mark) - 1, is_ascii=is_ascii)}"
        for at, text in enumerate(shown, 1)
        for mark in [f"waiting {at}:"]
    ]
    if len(shown) < len(waiting):
        lines.append(f"and {len(waiting) - len(shown)} more")
    if hint and cell_len(lines[-1]) + cell_len(hint) + 2 <= width:
        lines[-1] += " " * (width - cell_len(lines[-1]) - cell_len(hint)) + hint
    return lines


class Waiting(Static):
    """The questions that wait; nothing is drawn while there are none."""

    DEFAULT_CSS = """
    Waiting { display: none; height: auto; padding: 0 1; color: $text-muted; }
    """

    def __init__(self, keymap: Keymap, *, is_ascii: bool = False) -> None:
        super().__init__(markup=False)
        self._key, self._is_ascii = keymap.shown, is_ascii
        self._waiting: tuple[str, ...] = ()
        self._hint = ""

    def show(self, waiting: Sequence[str], *, busy: bool) -> None:
        """Draw what waits; `busy` while a question is worked on."""
        self._waiting = tuple(waiting)
        self._hint = f"{self._key('composer.older')} takes the last back"
        if not busy:
            dot = "-" if self._is_ascii else "·"
            self._hint = f"{self._key('composer.send')} sends the next {dot} {self._hint}"
        self.display = bool(waiting)
        self._draw()

    def on_resize(self) -> None:
        """Cut the lines anew."""
        self._draw()

    def _draw(self) -> None:
        # Before it is shown it has no size of its own.
        width = max(1, self.parent.size.width - 2) if isinstance(self.parent, Widget) else 1
        lines = queue_lines(self._waiting, width, self._hint, is_ascii=self._is_ascii)
        self.update(Content("\n".join(lines)))


class Hint(Static):
    """What the keys do, where there is room for it; or a notice, whatever the room.

    Attributes:
        away: What has the keys in the place of the field; "" while it has them.
    """

    DEFAULT_CSS = """
    Hint { height: 1; padding: 0 1; text-align: right; color: $text-muted; }
    Hint.-notice { height: auto; text-align: left; color: $text-warning; }
    Hint.-away { color: $text-accent; }
    """
    ROOM = 84

    def __init__(self, keymap: Keymap, *, is_ascii: bool = False) -> None:
        super().__init__(markup=False)
        self._key, self._dot = keymap.shown, " - " if is_ascii else " · "
        self._said = ("", False)
        self.away = ""

    def show(self, *, busy: bool) -> None:
        """Say what the keys do; the notice goes."""
        if self.away:
            stop, tab = map(self._key, ("everywhere.stop", "everywhere.next_part"))
            parts = (f"the {self.away} has the keys", f"{stop} back here", f"{tab} next part")
            self._say(self._dot.join(parts), is_notice=False)
            return
        send = f"{self._key('composer.send')} {'queue' if busy else 'send'}"
        newline = f"{self._key('composer.newline')} newline"
        hint = self._dot.join((send, newline, "/ commands", "@ files"))
        self._say(hint, is_notice=False)

    def notice(self, text: str) -> None:
        """Say something until `show` is called."""
        self._say(printable(text), is_notice=True)

    def _say(self, text: str, *, is_notice: bool) -> None:
        # It is told at every key, and drawing anew would lay out the whole screen.
        if (text, is_notice) != self._said:
            self._said = (text, is_notice)
            self.update(text)
            self.set_class(is_notice, "-notice")
            self.set_class(bool(self.away) and not is_notice, "-away")
            self.fit()

    def fit(self) -> None:
        """Be there if there is room, or something to say."""
        has_room = isinstance(self.parent, Widget) and self.parent.size.width >= self.ROOM
        self.display = has_room or self._said[1] or bool(self.away)
