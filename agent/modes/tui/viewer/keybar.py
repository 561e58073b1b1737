"""What keys do -> as many lines at the bottom as they take, none of them broken in two."""

from collections.abc import Sequence

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

    def __init__(self, *keys: str) -> None:
        """Take the keys, each with what it does, such as "a accept"."""
        super().__init__()
        self._keys = keys

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many lines the keys take."""
        del container, viewport
        return len(lines_of(self._keys, width))

    def render(self) -> Text:
        """Draw them."""
        return Text("\n".join(lines_of(self._keys, self.size.width)), no_wrap=True)


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
