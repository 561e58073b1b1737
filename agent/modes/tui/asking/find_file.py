"""A few letters of a file's name -> the file: a line to type into, and a list of what is meant."""

from typing import ClassVar

from bathy.agent.modes.tui.asking.line import Line
from bathy.agent.modes.tui.asking.paths import PathList
from bathy.agent.modes.tui.input.complete import Finder
from bathy.agent.modes.tui.input.keymap import Keymap, bindings
from bathy.agent.modes.tui.viewer.keybar import KeyBar
from bathy.tools.base import count_of
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

_MOST_SHOWN = 200
_KEYS = (
    ("files.up files.down", "choose"),
    ("files.open", "show"),
    ("files.close", "close"),
)


class FindFile(ModalScreen[str | None]):
    """Asks for a file; dismissed with its path, or None."""

    DEFAULT_CSS = """
    FindFile {
        align: center top;
        & > Vertical {
            width: 90%;
            max-width: 110;
            height: 80%;
            margin-top: 2;
            background: $surface;
            border: round $border;
        }
        &.-ascii > Vertical { border: ascii $border; }
        & Input { margin-bottom: 1; }
        & Input.-textual-compact { padding: 0 1; }
        & PathList { height: 1fr; padding: 0 1; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("files")]

    def __init__(
        self, finder: Finder, *, is_ascii: bool = False, keymap: Keymap | None = None
    ) -> None:
        """Set up.

        Args:
            finder: Knows the files.
            is_ascii: Draw with ASCII alone.
            keymap: For the words alone; the bindings follow `App.set_keymap`.
        """
        super().__init__(classes="-ascii" if is_ascii else None)
        self._finder, self._keymap = finder, keymap or Keymap()
        files = count_of(len(finder.paths), "file")
        self.input = Line(f"some letters of a name, of {files}")
        self.list = PathList(is_ascii=is_ascii)

    def compose(self) -> ComposeResult:
        """Put the parts below each other."""
        with Vertical():
            yield self.input
            yield self.list
            yield KeyBar(self._keymap, *_KEYS)

    def on_mount(self) -> None:
        """Begin with the shortest paths."""
        self.set_focus(self.input)
        self._find("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._find(event.value)

    def _find(self, query: str) -> None:
        self.list.show(self._finder.find(query, _MOST_SHOWN))

    def action_move(self, rows: int) -> None:
        """Choose another file."""
        self.list.move(rows)

    def action_move_page(self, pages: int) -> None:
        """Choose a file a page away."""
        self.list.move_page(pages)

    def action_take(self) -> None:
        """Show the file that is chosen, if there is one."""
        if self.list.chosen is not None:
            self.dismiss(self.list.chosen)

    @on(PathList.Picked)
    def _picked(self, event: PathList.Picked) -> None:
        event.stop()
        self.dismiss(event.path)

    def action_close(self) -> None:
        """Leave without a file."""
        self.dismiss(None)
