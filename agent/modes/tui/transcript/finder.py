"""A search in a viewport: goes from match to match, and says what to highlight."""

from collections.abc import Callable

from bathy.agent.modes.tui.transcript.blocks import opened
from bathy.agent.modes.tui.transcript.rows import Rendered, Row
from bathy.agent.modes.tui.transcript.search import Match, Search, Span
from bathy.agent.modes.tui.transcript.viewport import Viewport

_KEPT_BLOCKS = 300
"""Blocks whose matches are kept for drawing."""


class Finder:
    """Holds the search that goes on, if one does."""

    def __init__(self, viewport: Viewport) -> None:
        self.search: Search | None = None
        self._viewport = viewport
        self._is_scanned = True
        self._spans: dict[int, tuple[Rendered, list[Span]]] = {}

    @property
    def is_complete(self) -> bool:
        """All matches were counted, or as many as are."""
        return self._is_scanned

    def start(self, query: str) -> bool:
        """Look for another query from the top of what is seen on; "" ends the search.

        Returns:
            Whether it was found.
        """
        self._spans.clear()
        self.search = Search(query, self._viewport.show) if query.strip() else None
        self._is_scanned = self.search is None
        if self.search is None:
            return False
        blocks, top = self._viewport.content.blocks, self._viewport.top_block
        return self._go_to(self.search.following(blocks, top, self._viewport.top_offset))

    def step(self, step: int) -> bool:
        """Go to the next match, or to the one before if `step` is negative."""
        search = self.search
        if search is None:
            return False
        blocks, at = self._viewport.content.blocks, search.current
        if at is None or at.block >= len(blocks):
            at = Match(self._viewport.top_block, self._viewport.top_offset, 0)
            return self._go_to(search.following(blocks, at.block, at.start))
        if step > 0:
            return self._go_to(search.following(blocks, at.block, at.start + 1))
        return self._go_to(search.preceding(blocks, at.block, at.start))

    def spans(self, at: int, row: Row) -> list[tuple[Span, bool]]:
        """Return the matches in a block that is drawn, and which of them is the current one."""
        if self.search is None:
            return []
        rendered = self._viewport.rendered(at)
        kept = self._spans.get(id(rendered))
        if kept is None:
            if len(self._spans) > _KEPT_BLOCKS:
                self._spans.clear()
            kept = self._spans[id(rendered)] = (rendered, self.search.spans(rendered))
        current, block = self.search.current, self._viewport.content.blocks[at]
        is_here = current is not None and current.block == at and opened(block) is block
        return [
            (span, is_here and current is not None and span[0] == current.start)
            for span in kept[1]
            if span[0] <= row.end and span[1] >= row.start
        ]

    def changed(self, at: int) -> None:
        """Count anew from a block on."""
        if self.search is not None and at < self.search.scanned:
            self.search.restart(at)
            self._is_scanned = False

    def scan(self, may_go_on: Callable[[], bool]) -> None:
        """Count matches for as long as may be."""
        if self.search is not None:
            for _ in self.search.scan(self._viewport.content.blocks):
                if not may_go_on():
                    return
        self._is_scanned = True

    def _go_to(self, match: Match | None) -> bool:
        if self.search is None:
            return False
        self.search.current = match
        if match is None:
            return False
        viewport, blocks = self._viewport, self._viewport.content.blocks
        block = opened(blocks[match.block])
        if block is not blocks[match.block]:
            viewport.content.show(match.block, block)
            viewport.sync()
        row = viewport.row_of(match.block, match.start)
        first = viewport.scroll_row
        if not first <= row < first + viewport.height:
            inside = viewport.rendered(match.block).row_of(match.start)
            viewport.go_to(match.block, inside, above=viewport.height // 3)
        viewport.move_cursor(match.block)
        return True
