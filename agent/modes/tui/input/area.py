"""The field that is typed into: Textual's, with marks that are moved over and deleted as one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from bathy.agent.modes.tui.input.keymap import bindings
from bathy.agent.modes.tui.input.paste import (
    Attachments,
    around_atoms,
    atoms,
    clean,
    out_of_atoms,
)
from bathy.agent.modes.tui.input.popup import Popup
from rich.text import Text
from textual import events
from textual.actions import SkipAction
from textual.binding import BindingType
from textual.geometry import Offset
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult, Location, Selection

_PLACEHOLDER = "Ask about this repository"
_OF_THE_POPUP = ("accept", "complete", "choose", "dismiss")


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the field tells at once, so that no key overtakes it.

    Attributes:
        pasted: Gets what was pasted and returns what is put into the text.
        pictured: Pastes the picture in the clipboard later on, or that text; False if it cannot.
        moved: The text or the cursor has changed.
        pressed: Any key was pressed.
        accepted: The chosen name is taken; True for enter, which may also run it or send.
        dismissed: The names are not wanted.
    """

    pasted: Callable[[str], str]
    pictured: Callable[[], bool]
    moved: Callable[[], None]
    pressed: Callable[[], None]
    accepted: Callable[[bool], None]
    dismissed: Callable[[], None]


class PromptArea(TextArea, inherit_bindings=False):
    """The field. Enter, up and down are left to the composer around it."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("popup", "edit")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"prompt-area--mark"}
    DEFAULT_CSS = """
    PromptArea {
        height: auto;
        max-height: 8;
        scrollbar-size-vertical: 0;
        border: none;
        padding: 0;
        background: transparent;
        &:focus { border: none; }
        & .prompt-area--mark { text-style: bold; color: $accent; }
    }
    """

    def __init__(self, attachments: Attachments, popup: Popup, hooks: Hooks) -> None:
        self._attachments, self._popup, self._hooks = attachments, popup, hooks
        super().__init__(compact=True, highlight_cursor_line=False, placeholder=_PLACEHOLDER)
        self.cursor_blink = False  # a timer that never rests

    @property
    def is_on_first_row(self) -> bool:
        """Whether there is no row above the cursor, wrapped ones included."""
        return self.wrapped_document.location_to_offset(self.cursor_location).y == 0

    @property
    def is_on_last_row(self) -> bool:
        """Whether there is no row below the cursor."""
        row = self.wrapped_document.location_to_offset(self.cursor_location).y
        return row >= self.wrapped_document.height - 1

    def put(self, text: str, *, at_top: bool = False) -> None:
        """Put another text in the place of all of it; undo brings the old one back.

        Args:
            text: Any.
            at_top: Set the cursor into the first row, else to the end.
        """
        self.replace(text, (0, 0), self.document.end, maintain_selection_offset=False)
        self.history.checkpoint()
        if at_top and not self.is_on_first_row:
            self.move_cursor((0, 0))

    def insert_text(self, text: str) -> None:
        """Put a text in the place of what is selected."""
        self.replace(text, *self.selection, maintain_selection_offset=False)

    def edit(self, edit: Edit) -> EditResult:
        """Make any change to the text: cleaned, and with marks taken whole or left alone."""
        edit.text = clean(edit.text)
        # Where a line is deleted, Textual names the one below, and the last has none.
        top, bottom = self._inside(edit.top), self._inside(edit.bottom)
        is_insertion = top == bottom
        (row, column), (last_row, last_column) = top, bottom
        column = around_atoms(self._atoms(row), column, is_end=is_insertion)
        last_column = around_atoms(self._atoms(last_row), last_column, is_end=True)
        edit.from_location, edit.to_location = (row, column), (last_row, last_column)
        result = super().edit(edit)
        # Textual scrolled before it knew how many rows there are now.
        self.scroll_cursor_visible()
        return result

    def scroll_cursor_visible(self, center: bool = False, animate: bool = False) -> Offset:
        """Bring the cursor into sight, if it is where the text now is."""
        # While it undoes, Textual scrolls before it has put the cursor back.
        if self.cursor_location > self.document.end:
            return Offset()
        return super().scroll_cursor_visible(center, animate)

    def _inside(self, location: Location) -> Location:
        return self.clamp_visitable(min(location, self.document.end))

    def _atoms(self, row: int) -> list[tuple[int, int]]:
        return atoms(self.document.get_line(row), self._attachments)

    def validate_selection(self, selection: Selection) -> Selection:
        """Keep the cursor within the text, and out of marks."""
        (row, column), (end_row, end_column) = map(self._inside, selection)
        was_row, was_column = self.selection.end
        came_from = was_column if was_row == end_row else None
        end = (end_row, out_of_atoms(self._atoms(end_row), end_column, came_from))
        if selection.is_empty:
            return Selection.cursor(end)
        return Selection((row, out_of_atoms(self._atoms(row), column)), end)

    def watch_selection(self) -> None:
        """Tell that the text or the cursor has changed."""
        if self.is_mounted:
            self._hooks.moved()

    def get_line(self, line_index: int) -> Text:
        """Draw a line with its marks."""
        line = super().get_line(line_index)
        for start, end in self._attachments.marks(line.plain):
            line.stylize(self.get_component_rich_style("prompt-area--mark"), start, end)
        return line

    async def _on_key(self, event: events.Key) -> None:
        """Type characters; every other key is left to the bindings, enter too."""
        self._hooks.pressed()
        if event.is_printable:
            return
        event.prevent_default()
        # Python calls the wide space of Chinese and the joiner within emoji not printable.
        if event.character and event.character >= "\xa0":
            event.stop()
            self.insert_text(event.character)
        # Through the queues of its parents a key would come late, behind what is typed after it.
        elif await self.app._check_bindings(event.key):
            event.stop()

    async def _on_paste(self, event: events.Paste) -> None:
        """Paste through the hook."""
        event.stop()
        event.prevent_default()
        self.insert_text(self._hooks.pasted(event.text))
        self.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the keys of the names alone while none are offered."""
        if action in _OF_THE_POPUP and not self._popup.is_open:
            return False
        return super().check_action(action, parameters)

    def action_accept(self) -> None:
        """Take the chosen name, and run it if it is a whole command."""
        self._hooks.accepted(True)

    def action_complete(self) -> None:
        """Take the chosen name."""
        self._hooks.accepted(False)

    def action_choose(self, rows: int) -> None:
        """Choose another name."""
        self._popup.move(rows)

    def action_dismiss(self) -> None:
        """Close the names."""
        self._hooks.dismissed()

    def action_copy(self) -> None:
        """Copy what is selected, with the pasted texts that its marks stand for."""
        if not self.selected_text:
            raise SkipAction
        self.app.copy_to_clipboard(self._attachments.expand(self.selected_text))

    def action_cut(self) -> None:
        """Cut what is selected, or else the line."""
        start, end = self.selection if self.selected_text else self._line_around_cursor()
        if text := self.document.get_text_range(*sorted((start, end))):
            self.app.copy_to_clipboard(self._attachments.expand(text))
            self.replace("", start, end, maintain_selection_offset=False)

    def _line_around_cursor(self) -> Selection:
        """The line of the cursor with its end; the last one, which has none, with that before."""
        row, _ = self.cursor_location
        if row + 1 < self.document.line_count:
            return Selection((row, 0), (row + 1, 0))
        before = (row - 1, len(self.document.get_line(row - 1))) if row else (0, 0)
        return Selection(before, self.document.end)

    def action_paste(self) -> None:
        """Paste the picture in the clipboard, or what was copied or cut in this program."""
        if not self._hooks.pictured():
            self.paste_own()

    def paste_own(self) -> None:
        """Paste what was copied or cut in this program."""
        self.insert_text(self._hooks.pasted(self.app.clipboard))

    def action_cursor_line_end(self, select: bool = False) -> None:
        """Go to the end of the line; from there, the key means what it means around."""
        if not select and self.cursor_location == self.get_cursor_line_end_location():
            raise SkipAction
        super().action_cursor_line_end(select)
