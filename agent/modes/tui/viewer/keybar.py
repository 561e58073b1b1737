"""What keys do -> as many lines at the bottom as they take, none of them broken in two."""

from collections.abc import Iterable, Iterator, Sequence

from bathy.agent.modes.terminal import printable
from bathy.agent.modes.tui.input.keymap import Keymap, show_key
from rich.cells import cell_len
from rich.text import Text
from textual.geometry import Size
from textual.widget import Widget

_BETWEEN = "  "


class KeyBar(Widget):
    """Names the keys of a screen."""

    DEFAULT_CSS = """
    KeyBar { height: auto; padding: 0 1; background: $panel; color: $foreground; }
    """

    def __init__(self, keymap: Keymap, *wanted: tuple[str, str]) -> None:
        """Take the keys.

        Args:
            keymap: The keys in use.
            wanted: (ids of actions with spaces between, what they do). Actions that have no key
                are left out.
        """
        super().__init__()
        self._keys = list(key_words(keymap, wanted))
        self._notice = ""

    def notice(self, text: str) -> None:
        """Say something in the first line, in the place of the keys."""
        self._notice = printable(text).replace("\n", " ")
        self.refresh()

    def end_notice(self, text: str) -> None:
        """Name the keys again, unless something else is said by now."""
        if self._notice == printable(text).replace("\n", " "):
            self._notice = ""
            self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many lines the keys take."""
        del container, viewport
        return len(lines_of(self._keys, width))

    def render(self) -> Text:
        """Draw them."""
        lines = lines_of(self._keys, self.size.width)
        if self._notice:
            lines[:1] = [self._notice]
        return Text("\n".join(lines), no_wrap=True, overflow="ellipsis")


def key_words(keymap: Keymap, wanted: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield what keys do, the first key of each action: "] [ hunk"."""
    for actions, word in wanted:
        keys = [show_key(key) for action in actions.split() for key in keymap.keys_of(action)[:1]]
        if keys:
            yield f"{' '.join(keys)} {word}"


def lines_of(keys: Sequence[str], width: int) -> list[str]:
    """Put keys in lines of at most so many cells, or one key a line."""
    lines = list[str]()
    for key in keys:
        longer = f"{lines[-1]}{_BETWEEN}{key}" if lines else ""
        if lines and cell_len(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(key)
    return lines
