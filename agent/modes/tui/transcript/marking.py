"""What is marked in a transcript: a selection, the matches of a search; and what is copied."""

import asyncio
from collections.abc import Callable

from bathy.agent.modes.tui.transcript.blocks import Block
from bathy.agent.modes.tui.transcript.finder import Finder
from bathy.agent.modes.tui.transcript.messages import CopyWanted, Searched
from bathy.agent.modes.tui.transcript.palette import GlyphSet
from bathy.agent.modes.tui.transcript.pane import Pane
from bathy.agent.modes.tui.transcript.rows import Rendered, Row
from bathy.agent.modes.tui.transcript.select import (
    Place,
    Range,
    Span,
    as_selection,
    code_of,
    read_selection,
    selected_text,
    source_of,
    span_in,
    word_at,
)
from rich.style import Style
from textual.selection import Selection

_SCAN_S, _PAUSE_S = 0.006, 0.01
"""Of counting matches at a time, and of pause for everything else in between."""

_REVERSED = Style(reverse=True)


class Marking(Pane):
    """A pane in which text is selected, found and copied."""

    def __init__(self, fps: float, glyphs: GlyphSet, clock: Callable[[], float]) -> None:
        super().__init__(fps, glyphs, clock)
        self._finder = Finder(self.viewport)
        self._selected: Range | None = None
        self._scan_due: asyncio.TimerHandle | None = None

    def overlays(self, at: int, row: Row) -> list[tuple[Span, Style]]:
        """Lay the matches over a row, and the selection over them."""
        palette = self.viewport.renderer.palette
        laid = [
            (span, palette.found_now if is_current else palette.found)
            for span, is_current in self._finder.spans(at, row)
        ]
        selected = span_in(self._selected, at)
        if selected:
            laid.append((selected, self._selection_style()))
        return laid

    def _selection_style(self) -> Style:
        if self.app.no_color:
            return _REVERSED
        return self.screen.get_component_rich_style("screen--selection", partial=True)

    # Selection.

    @property
    def has_selection(self) -> bool:
        """Whether any text is selected."""
        return self._selected is not None

    def selection_updated(self, selection: Selection | None) -> None:
        """Take what the mouse selects; Textual calls this."""
        selected = read_selection(selection, self._rows_of)
        if selected != self._selected:
            self._selected = selected
            self.refresh()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the text that is selected and what is to follow it; Textual calls this."""
        selected = self._selected or read_selection(selection, self._rows_of)
        if selected is None:
            return None
        return selected_text(selected, self.content.blocks, self.viewport.show), "\n"

    def select(self, selected: Range) -> None:
        """Select what is between two places."""
        self.screen.selections = {self: as_selection(selected, self.viewport.rendered)}

    def select_word(self, at: int, offset: int) -> None:
        """Select the word at a place of a block."""
        start, end = word_at(self.viewport.rendered(at).text, offset)
        self.select((Place(at, start), Place(at, end)))

    def select_block(self, at: int) -> None:
        """Select all that is shown of a block."""
        self.select((Place(at, 0), Place(at, len(self.viewport.rendered(at).text))))

    def _rows_of(self, at: int) -> Rendered | None:
        return self.viewport.rendered(at) if 0 <= at < len(self.content.blocks) else None

    def _deselect(self) -> None:
        """Blocks have gone: what was selected is no more."""
        if self._selected is not None:
            others = {w: s for w, s in self.screen.selections.items() if w is not self}
            self.screen.selections = others

    # Copying.

    def copy(self) -> bool:
        """Ask for what is selected to be copied, else for the block at the cursor."""
        if self._selected is not None:
            text = selected_text(self._selected, self.content.blocks, self.viewport.show)
            return self._copy(text, "selection")
        at = self.target(lambda at: True)
        if at is None:
            return False
        parts: list[Block] = list(self.content.code_of(at)) or [self.content.blocks[at]]
        text = "\n".join(map(source_of, parts))
        return self._copy(text, "block")

    def copy_code(self) -> bool:
        """Ask for the code at the cursor to be copied, else for the last that is in sight."""
        at = self.target(lambda at: bool(self._code(at)))
        return at is not None and self._copy(self._code(at), "code")

    def copy_answer(self) -> bool:
        """Ask for the last answer to be copied, as it was written."""
        return self._copy(self.content.answer_text, "answer")

    def target(self, is_wanted: Callable[[int], bool]) -> int | None:
        """Return the block at the cursor if it is wanted, without a cursor the last in sight."""
        self.flush()
        cursor, viewport = self.viewport.cursor, self.viewport
        if cursor is not None and self.content.blocks:
            return cursor.block if is_wanted(cursor.block) else None
        seen = range(viewport.last_block, viewport.top_block - 1, -1)
        return next((at for at in seen if is_wanted(at)), None)

    def _code(self, at: int) -> str:
        block: Block = self.content.blocks[at]
        return code_of(block, self.content.code_of(at))

    def _copy(self, text: str, what: str) -> bool:
        if text:
            self.post_message(CopyWanted(text, what))
        return bool(text)

    # Search.

    def find(self, query: str) -> bool:
        """Look for a text from here on, in what is folded as well; "" ends the search.

        Case matters if the query has a capital letter. `Searched` tells how it stands.
        """
        self.flush()
        is_found = self._finder.start(query)
        self._found()
        return is_found

    def find_next(self, step: int = 1) -> bool:
        """Go to the next match, or to the one before; round the ends."""
        self.flush()
        is_found = self._finder.step(step)
        self._found()
        return is_found

    def content_changed(self, at: int) -> None:
        """Count matches anew from a block on."""
        self._finder.changed(at)
        self._scan_later()

    def _found(self) -> None:
        self.place()
        self.refresh()
        self._report()
        self._scan_later()

    def _report(self) -> None:
        search = self._finder.search
        if search is None:
            self.post_message(Searched("", 0, 0, is_complete=True))
            return
        counted = len(search.matches)
        self.post_message(Searched(search.query, search.number, counted, self._finder.is_complete))

    def _scan_later(self) -> None:
        if self._scan_due is None and not self._finder.is_complete:
            self._scan_due = self.later(_PAUSE_S, self._scan)

    def on_unmount(self) -> None:
        """Nothing is looked for any more."""
        if self._scan_due is not None:
            self._scan_due.cancel()
            self._scan_due = None

    def _scan(self) -> None:
        self._scan_due = None
        end = self._clock() + _SCAN_S
        self._finder.scan(lambda: self._clock() < end)
        self._report()
        self._scan_later()
