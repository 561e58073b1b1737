"""Reading a transcript by keys and mouse: cursor, folding, questions, citations, links."""

from collections.abc import Mapping
from typing import Any, ClassVar

from bathy.agent.modes.tui.input.keymap import bindings
from bathy.agent.modes.tui.transcript.blocks import (
    Block,
    Citation,
    Code,
    Evidence,
    Prompt,
    Prose,
    Reasoning,
    Tool,
    toggle,
    unit_of,
)
from bathy.agent.modes.tui.transcript.citing import MARKS, citation_of
from bathy.agent.modes.tui.transcript.markdown import links_in
from bathy.agent.modes.tui.transcript.marking import Marking
from bathy.agent.modes.tui.transcript.messages import (
    CitationChosen,
    LinkChosen,
    RetryWanted,
)
from bathy.agent.modes.tui.transcript.pane import GUTTER_CELLS
from textual import events
from textual.binding import BindingType

_ANSWER = (Prose, Code)
"""Blocks that an answer is made of."""


class Reader(Marking):
    """What can be done in a transcript without adding to it."""

    FOCUS_ON_CLICK: ClassVar[bool] = False  # letters are keys here, so tab alone comes here

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("transcript", "moving.up", "moving.down", "moving.top", "reading.copy"),
        *bindings("reading.find_next", "reading.find_previous"),
        *bindings("everywhere.page_up", "everywhere.page_down", "everywhere.follow"),
        *bindings("everywhere.earlier_prompt", "everywhere.later_prompt"),
        *bindings(*(f"everywhere.citation_{n}" for n in range(1, 10))),
    ]

    # Folding and the cursor.

    def toggle_block(self, at: int) -> bool:
        """Unfold or fold a block, and put the cursor on it; False if it does not fold."""
        self.flush()
        if not self.content.toggle(at):
            return False
        self.viewport.move_cursor(at)
        self.viewport.hold()
        self.flush()
        self.refresh()
        return True

    def toggle_last(self, kind: type[Reasoning | Tool | Evidence]) -> bool:
        """Unfold or fold the block of a kind at the cursor, else the last one down to here."""
        self.flush()
        blocks, cursor = self.content.blocks, self.viewport.cursor
        if cursor is not None and blocks and isinstance(blocks[cursor.block], kind):
            return self.toggle_block(cursor.block)
        for at in range(self.viewport.last_block, -1, -1):
            if isinstance(blocks[at], kind):
                return self.toggle_block(at)
        return False

    def go_to_prompt(self, step: int) -> bool:
        """Go to the next question, or to the one before; behind the last one is the end."""
        self.flush()
        viewport, blocks = self.viewport, self.content.blocks
        cursor = viewport.cursor
        first = viewport.scroll_row
        is_there = cursor is not None and cursor.block < len(blocks)
        row = viewport.row_of(cursor.block) if cursor is not None and is_there else -1
        is_seen = first <= row < first + viewport.height
        here = cursor.block if cursor is not None and is_seen else viewport.top_block
        is_below = not is_seen and viewport.top_row > 0
        prompts = [at for at, block in enumerate(blocks) if isinstance(block, Prompt)]
        if step < 0:
            found = next((at for at in reversed(prompts) if at < here + is_below), None)
        else:
            found = next((at for at in prompts if at > here), None)
        if found is not None:
            viewport.move_cursor(found)
            viewport.go_to(found)
        elif step > 0:
            viewport.follow()
        self.place()
        self.refresh()
        return found is not None

    def go_to_block(self, step: int) -> bool:
        """Put the cursor on the next block, or on the one before, and bring it into sight."""
        self.flush()
        viewport, blocks = self.viewport, self.content.blocks
        if not blocks:
            return False
        cursor = viewport.cursor
        if cursor is None or not viewport.is_seen(cursor.block):
            at = viewport.top_block if step > 0 else viewport.last_block
        else:
            at, unit = cursor.block + step, unit_of(blocks[cursor.block])
            while 0 <= at < len(blocks) and unit_of(blocks[at]) == unit:
                at += step
            at = min(max(0, at), len(blocks) - 1)
        viewport.move_cursor(at)
        row, first = viewport.row_of(at), viewport.scroll_row
        if not first <= row < first + viewport.height:
            viewport.go_to(at, above=viewport.height // 3)
        self.place()
        self.refresh()
        return True

    # Citations and links.

    def citations(self) -> tuple[Citation, ...]:
        """Return the citations of the last answer, or evidence, down to what is in sight."""
        blocks = self.content.blocks
        for at in range(self.viewport.last_block, -1, -1):
            block = blocks[at]
            if isinstance(block, Prose) and block.citations:
                return block.citations
            if isinstance(block, Evidence):
                return tuple(found.citation for found in block.found)
        return ()

    def choose_citation(self, number: int) -> bool:
        """Tell the screen that the user wants to see a citation, by its number."""
        chosen = next((each for each in self.citations() if each.number == number), None)
        return self._choose(chosen)

    def links(self, here: int | None = None) -> tuple[tuple[str, ...], int]:
        """Return the web links of the answer at the cursor, else of the last one down to here.

        Args:
            here: Number of the block to begin at; None for that at the cursor.

        Returns:
            Each once, in order; and which is the first from the block on.
        """
        blocks, last = self.content.blocks, self.viewport.last_block
        chosen = here
        if here is None:
            here = self.target(lambda at: isinstance(blocks[at], _ANSWER))
            chosen = self.viewport.cursor.block if self.viewport.cursor else None
        parts = (at for at in range(last, -1, -1) if isinstance(blocks[at], _ANSWER))
        end = next(parts, None) if here is None else here
        if end is None:
            return (), 0
        first = end
        while first > 0 and isinstance(blocks[first - 1], _ANSWER):
            first -= 1
        found, start = dict[str, int](), ""
        for at in range(first, len(blocks)):
            block = blocks[at]
            if not isinstance(block, _ANSWER):
                break
            for url in links_in(block.text) if isinstance(block, Prose) else ():
                found.setdefault(url, len(found))
                if chosen is not None and at >= chosen:
                    start = start or url
        return tuple(found), found.get(start, 0)

    def choose_link(self, here: int | None = None) -> bool:
        """Tell the screen that the user wants to follow a link; False if there are none."""
        urls, at = self.links(here)
        if urls:
            self.post_message(LinkChosen(urls, at))
        return bool(urls)

    def open_block(self) -> bool:
        """Unfold or fold the block at the cursor, or choose the first place or link in it."""
        at = self.target(lambda at: _can_open(self.content.blocks[at]))
        if at is None:
            return False
        block = self.content.blocks[at]
        return self.toggle_block(at) or self._choose(_first_citation(block)) or self.choose_link(at)

    def _choose(self, citation: Citation | None) -> bool:
        if citation is None:
            return False
        lines = (citation.start_line, citation.end_line)
        self.post_message(CitationChosen(citation.path, *lines, citation.number))
        return True

    # The mouse.

    def on_click(self, event: events.Click) -> None:
        """Choose what is clicked, fold, or select a word or block by clicking more than once."""
        # Textual's own way selects everything at a double click.
        event.prevent_default()
        offset = event.get_content_offset(self)
        found = self.viewport.row_at(offset.y + self.scroll_offset.y) if offset else None
        if offset is None or found is None:
            return
        at, number, row = found
        place, meta = row.at_cell(offset.x - GUTTER_CELLS)
        if event.chain == 2:
            self.select_word(at, place)
        elif event.chain > 2:
            self.select_block(at)
        elif not self.has_selection:
            self._click(at, number, meta)

    def _click(self, at: int, number: int, meta: Mapping[str, Any]) -> None:
        self.viewport.move_cursor(at)
        self.refresh()
        block = self.content.blocks[at]
        if "citation" in meta:
            self.post_message(CitationChosen(*meta["citation"]))
        elif "url" in meta:
            self.post_message(LinkChosen((meta["url"],)))
        elif number == int(block.gap):
            self.toggle_block(at)

    # Keys.

    def action_move(self, rows: int) -> None:
        """Scroll by rows."""
        self.scroll_rows(rows)

    def action_page_up(self) -> None:
        """Scroll a page up."""
        self.scroll_page(-1)

    def action_page_down(self) -> None:
        """Scroll a page down."""
        self.scroll_page(1)

    def action_home(self) -> None:
        """Go to the top."""
        if self.content.blocks:
            self.viewport.go_to(0)
            self.place()

    def action_follow(self) -> None:
        """Go to the end and stay there."""
        self.follow()

    def action_block(self, step: int) -> None:
        """Move the cursor by a block."""
        self.go_to_block(step)

    def action_prompt(self, step: int) -> None:
        """Go to another question."""
        self.go_to_prompt(step)

    def action_open(self) -> None:
        """Open what is at the cursor."""
        self.open_block()

    def action_reasoning(self) -> None:
        """Unfold or fold thinking."""
        self.toggle_last(Reasoning)

    def action_tool_output(self) -> None:
        """Unfold or fold what a tool gave."""
        self.toggle_last(Tool)

    def action_copy(self) -> None:
        """Copy what is selected, or the block."""
        self.copy()

    def action_copy_code(self) -> None:
        """Copy the code."""
        self.copy_code()

    def action_find_next(self, step: int) -> None:
        """Go to another match."""
        self.find_next(step)

    def action_retry(self) -> None:
        """Ask for a failed question to be tried again."""
        self.post_message(RetryWanted())

    def action_citation(self, number: int) -> None:
        """Choose a citation by its number."""
        self.choose_citation(number)


def _can_open(block: Block) -> bool:
    if toggle(block) is not block or _first_citation(block) is not None:
        return True
    return isinstance(block, Prose) and bool(links_in(block.text))


def _first_citation(block: Block) -> Citation | None:
    found = MARKS.search(block.text) if isinstance(block, Prose) else None
    return citation_of(found[0], block.citations) if found and isinstance(block, Prose) else None
