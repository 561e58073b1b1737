"""The viewer as a screen: a file, the lines that are meant, and keys to look around."""

from collections.abc import Sequence
from typing import ClassVar

from bathy.agent.modes.tui.input.keymap import Keymap, bindings
from bathy.agent.modes.tui.viewer.codeview import CodeView
from bathy.agent.modes.tui.viewer.glyphs import ASCII, UNICODE
from bathy.agent.modes.tui.viewer.keybar import KeyBar
from bathy.agent.modes.tui.viewer.messages import CopyText, OpenInEditor
from bathy.agent.modes.tui.viewer.prompt import Prompt
from bathy.tools.base import count_of
from bathy.tools.workspace import quote_path
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Static

_KEYS = (
    ("reading.search", "search"),
    ("reading.find_next reading.find_previous", "next, previous"),
    ("viewer.go_to", "line"),
    ("moving.left moving.right", "side"),
    ("reading.copy", "copy"),
    ("reading.edit", "edit"),
    ("viewer.back", "back"),
)


class ViewerScreen(Screen[None]):
    """Shows a file; posts `CopyText` and `OpenInEditor`, and goes away with escape."""

    DEFAULT_CSS = """
    ViewerScreen > #heading { height: auto; padding: 0 1; background: $panel; color: $foreground; }
    ViewerScreen > CodeView { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("viewer.go_to", "viewer.back", "everywhere.search", "reading.search"),
        *bindings("reading.find_next", "reading.find_previous", "reading.copy", "reading.edit"),
    ]

    def __init__(
        self,
        path: str,
        lines: Sequence[str],
        span: tuple[int, int] | None = None,
        *,
        is_ascii: bool = False,
        keymap: Keymap | None = None,
    ) -> None:
        """Show a file.

        Args:
            path: Repository-relative.
            lines: Of the whole file, decoded, without line ends; nothing of them is read before it
                is seen.
            span: First and last line that are meant, 1-based, inclusive; None for none.
            is_ascii: Draw signs of ASCII alone.
            keymap: For the words alone; the bindings follow `App.set_keymap`.
        """
        super().__init__()
        self.path = path
        self.view = CodeView(path, lines, span, glyphs=ASCII if is_ascii else UNICODE)
        self._missing = next((n for n in span or () if n > len(lines)), 0)
        self._is_ascii, self._keymap = is_ascii, keymap or Keymap()
        self._drafts = dict[str, str]()

    def compose(self) -> ComposeResult:
        """Put the parts together."""
        yield Static(self._heading(), id="heading", markup=False)
        yield self.view
        yield KeyBar(self._keymap, *_KEYS)

    def on_mount(self) -> None:
        """Follow the cursor."""
        self.set_focus(self.view)
        self.watch(self.view, "cursor", self._tell, init=False)

    def action_search(self) -> None:
        """Ask what to search for."""
        self._ask("search", "Search (no capitals: either case)")

    def action_go_to(self) -> None:
        """Ask for a line."""
        self._ask("line", f"Line, 1 to {len(self.view.lines)}")

    def action_find_next(self, step: int) -> None:
        """Move to the next place of what was searched for."""
        if not self.view.find_next(step):
            key = self._keymap.shown("reading.search")
            self._say(
                f"Nothing to go on with; {key} searches." if key else "Nothing to go on with."
            )
        self._tell()

    def action_copy(self) -> None:
        """Copy the lines that are meant, or the cursor's."""
        self.post_message(CopyText(self.view.text_to_copy()))

    def action_edit(self) -> None:
        """Open the file in the editor."""
        self.post_message(OpenInEditor(self.path, self.view.cursor))

    def action_back(self) -> None:
        """Leave."""
        self.dismiss(None)

    def on_prompt_answered(self, event: Prompt.Answered) -> None:
        """Do what was asked for."""
        event.stop()
        self._drafts.pop(event.purpose, None)
        self.set_focus(self.view)
        if event.purpose == "search":
            if not self.view.find(event.text) and event.text:
                self._say("Not found.")
        elif event.text.strip().isdecimal():
            # A number of thousands of digits would be too long to convert.
            self.view.go_to(int(event.text.strip()[:9]))
        self._tell()

    def on_prompt_left(self, event: Prompt.Left) -> None:
        """Keep what was written."""
        event.stop()
        self._drafts[event.purpose] = event.text
        self.set_focus(self.view)

    def _ask(self, purpose: str, label: str) -> None:
        Prompt(purpose, label, self._drafts.get(purpose, ""), is_ascii=self._is_ascii).ask(self)

    def _say(self, text: str) -> None:
        self.notify(text, severity="warning", timeout=3, markup=False)

    def _tell(self) -> None:
        self.query_one("#heading", Static).update(self._heading())

    def _heading(self) -> str:
        view, dot = self.view, "-" if self._is_ascii else "·"
        words = [f"{quote_path(self.path)}:{view.cursor}", count_of(len(view.lines), "line")]
        if self._missing:
            words.append(f"there is no line {self._missing:,}")
        if view.span is not None:
            words.append("marked {}-{}".format(*view.span))
        if view.search.query:
            found = view.search.found
            place = f"{found.index(view.cursor) + 1} of " if view.cursor in found else ""
            words.append(f"found on {place}{count_of(len(found), 'line')}")
        return f" {dot} ".join(words)
