"""Blocks, a width, a height -> which rows are seen; what is not seen is not rendered.

The place of the reader is a block and a row in it, not a row of the whole: that would move with
each guess of a height that turns out wrong.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from bathy.agent.modes.tui.transcript.blocks import Block
from bathy.agent.modes.tui.transcript.content import Content
from bathy.agent.modes.tui.transcript.heights import Heights
from bathy.agent.modes.tui.transcript.render import Renderer, estimate_rows
from bathy.agent.modes.tui.transcript.rows import Rendered, Row

_FEW_BLOCKS = 60
"""New ones that are measured even if they are not seen, so that the count of new rows is right."""


@dataclass(slots=True)
class Anchor:
    """A block that is kept hold of while others come and go: its number, its id, a row in it."""

    block: int = 0
    id: int = -1
    row: int = 0


class Viewport:
    """Knows what is seen, and keeps it in its place."""

    def __init__(self, content: Content, renderer: Renderer) -> None:
        self.content = content
        self.renderer = renderer
        self.width, self.height = 0, 0
        self.is_following = True
        self.cursor: Anchor | None = None
        self.changed_block = 0
        self._top = Anchor()
        self._seen = Anchor()
        self._heights = Heights()
        self._last: tuple[int, Rendered] | None = None

    @property
    def total(self) -> int:
        """Rows of everything, some of them guessed."""
        return self._heights.total

    @property
    def scroll_row(self) -> int:
        """The first row that is seen, from 0."""
        return self._heights.top(self._top.block) + self._top.row if len(self._heights) else 0

    @property
    def top_block(self) -> int:
        """The block that the first row that is seen belongs to."""
        return self._top.block

    @property
    def top_row(self) -> int:
        """The first row that is seen, in its block."""
        return self._top.row

    @property
    def top_offset(self) -> int:
        """Where the first row that is seen begins in the text of its block."""
        return self._top_offset() or 0

    @property
    def last_block(self) -> int:
        """The block that the last row that is seen belongs to; -1 if there are none."""
        if not len(self._heights):
            return -1
        return self._heights.find(min(self.total, self.scroll_row + self.height) - 1)[0]

    @property
    def new_rows(self) -> int:
        """Rows below all that was seen since the reader left the end; 0 while following."""
        if self.is_following or not len(self._heights):
            return 0
        return max(0, self.total - self._heights.top(self._seen.block) - self._seen.row)

    def show(self, block: Block) -> Rendered:
        """Render a block without keeping it."""
        return self.renderer.render(block, self.width, is_kept=False)

    def rendered(self, at: int) -> Rendered:
        """Render a block that is seen."""
        return self.renderer.render(self.content.blocks[at], self.width)

    def row_at(self, row: int) -> tuple[int, int, Row] | None:
        """Return the block of a row, its number there, and the row; None below the end."""
        if not 0 <= row < self.total:
            return None
        at, number = self._heights.find(row)
        rows = self.rendered(at).rows
        return (at, number, rows[number]) if number < len(rows) else None

    def row_of(self, at: int, offset: int = 0) -> int:
        """Return the row of the whole that a place is in; the block is measured."""
        self._measure(at)
        return self._heights.top(at) + self.rendered(at).row_of(offset)

    def sync(self) -> int | None:
        """Take up what has changed in the content, from `changed_block` on.

        Returns:
            The first row that may look different; None if none does.
        """
        changed_from, touched = self.content.take_changes()
        changed = touched if changed_from is None else {*touched, changed_from}
        self.changed_block = min(changed, default=len(self.content.blocks))
        blocks, dirty = self.content.blocks, list[int]()
        if changed_from is not None:
            dirty.append(self._restructure(changed_from))
        for at in touched:
            if at < len(blocks) and (changed_from is None or at < changed_from):
                dirty.append(self._heights.top(at))
                self._guess(at)
                self._measure(at)
        return min(dirty, default=None)

    def put_above(self, blocks: Sequence[Block]) -> int:
        """Put blocks above all others; what the reader sees stays where it is.

        Returns:
            By how many blocks those that stay have moved down.
        """
        self.sync()
        width, kept = max(1, self.width), self._heights
        is_at_more = self.content.more is not None and not self._top.block
        above = kept.height(0) - self._top.row if is_at_more else 0
        is_on_more = bool(self.content.more and self.cursor and not self.cursor.block)
        by = self.content.put_above(blocks)
        self._heights = _below(kept, [estimate_rows(block, width) for block in blocks], by)
        for anchor in filter(None, (self._top, self._seen, self.cursor)):
            at = max(0, min(max(anchor.block + by, len(blocks)), len(self._heights) - 1))
            anchor.block = at
            anchor.id = self.content.blocks[at].id if self.content.blocks else -1
        if is_on_more:
            self.cursor = self._anchor(0, 0) if self.content.more else None
        if is_at_more and not self.is_following:
            self.go_to(self._top.block, above=above)
        return by

    def settle(self) -> None:
        """Measure what is seen from the reader's place on, and mend that place at the end."""
        count = len(self._heights)
        if not count or not self.height:
            return
        if self.is_following:
            at, row, below = count, 0, 0
        else:
            at, row = self._measured_top()
            below = self._fill_down(at, row)
        while below < self.height and (row or at):
            if not row:
                at -= 1
                self._measure(at)
                row = self._heights.height(at)
            taken = min(row, self.height - below)
            row, below = row - taken, below + taken
        self._top = self._anchor(min(at, count - 1), row)
        bottom = self.scroll_row + self.height
        if bottom >= self.total:
            self.is_following = True
        self._see(bottom)

    def scroll_to(self, row: int) -> None:
        """Let the reader go to a row; at the end that means to follow."""
        if not len(self._heights):
            return
        self.is_following = row >= self.total - self.height
        if not self.is_following:
            at, inside = self._heights.find(max(0, row))
            if not self._heights.is_known(at) and row > 0:
                # What was seen below keeps its place, so the distance to the end of it counts.
                left = self._heights.height(at) - inside
                self._measure(at)
                inside = max(0, self._heights.height(at) - left)
            self._top = self._anchor(at, inside)

    def go_to(self, at: int, row: int = 0, *, above: int = 0) -> None:
        """Let the reader go to a row of a block, with some rows above it in sight."""
        self.is_following = False
        self._measure(at)
        while at > 0 and row < above:
            at -= 1
            self._measure(at)
            row += self._heights.height(at)
        self._top = self._anchor(at, max(0, row - above))

    def follow(self) -> None:
        """Stay at the end from now on."""
        self.is_following = True

    def hold(self) -> None:
        """Stay where the top is now, even if the end moves; for what the reader unfolds."""
        self.is_following = False

    def is_seen(self, at: int) -> bool:
        """Tell whether a part of a block is in sight."""
        return self._top.block <= at <= self.last_block

    def resize(self, width: int, height: int) -> None:
        """Take another size; the text at the top stays there, the rest is measured when seen."""
        if width != self.width:
            count = min(len(self._heights), len(self.content.blocks))
            is_known = max(self._top.block, self._seen.block) < count
            is_away = bool(self.width) and is_known and not self.is_following
            place = self._top_offset() if is_away else None
            seen = self._seen_offset() if is_away else None
            self.width = width
            self._heights.truncate(0)
            self._heights.extend(estimate_rows(block, width) for block in self.content.blocks)
            if place is not None:
                self._measure(self._top.block)
                self._top.row = self.rendered(self._top.block).row_of(place)
            self._seen.row = 0
            if seen is not None:
                self._see_again(seen)
        self.height = height

    def restyle(self, renderer: Renderer) -> None:
        """Draw in other colours from now on; nothing moves."""
        self.renderer = renderer

    def move_cursor(self, at: int) -> None:
        """Put the cursor on a block."""
        self.cursor = self._anchor(at, 0)

    def _restructure(self, changed_from: int) -> int:
        """Take up blocks from one on; return the first row that may look different."""
        blocks, heights = self.content.blocks, self._heights
        row = heights.top(min(changed_from, len(heights)))
        heights.truncate(changed_from)
        heights.extend(estimate_rows(block, max(1, self.width)) for block in blocks[changed_from:])
        if self.width and len(blocks) - changed_from <= _FEW_BLOCKS:
            for at in range(changed_from, len(blocks)):
                self._measure(at)
        for anchor in filter(None, (self._top, self._seen, self.cursor)):
            self._relocate(anchor, changed_from, blocks)
        return row + self._same_rows(changed_from)

    def _same_rows(self, at: int) -> int:
        """Rows of a block that look as they did when it was the last one, while text grew."""
        blocks, last = self.content.blocks, self._last
        is_last = bool(last and at < len(blocks) and blocks[at].id == last[0])
        same = self.rendered(at).same_rows(last[1]) if last and is_last and self.width else 0
        is_drawn = blocks and self.width
        self._last = (blocks[-1].id, self.rendered(len(blocks) - 1)) if is_drawn else None
        return same

    def _relocate(self, anchor: Anchor, changed_from: int, blocks: list[Block]) -> None:
        if anchor.block < changed_from:
            return
        ids = (at for at in range(changed_from, len(blocks)) if blocks[at].id == anchor.id)
        at = next(ids, None)
        if at is None:
            anchor.block = max(0, min(anchor.block, len(blocks) - 1))
            anchor.id = blocks[anchor.block].id if blocks else -1
        else:
            anchor.block = at

    def _measured_top(self) -> tuple[int, int]:
        at = min(self._top.block, len(self._heights) - 1)
        self._measure(at)
        return at, max(0, min(self._top.row, self._heights.height(at) - 1))

    def _fill_down(self, at: int, row: int) -> int:
        """Measure blocks until the height is full; return the rows there are from a place on."""
        below = self._heights.height(at) - row
        while below < self.height and at + 1 < len(self._heights):
            at += 1
            self._measure(at)
            below += self._heights.height(at)
        return below

    def _see(self, bottom: int) -> None:
        """Note how far down the reader has been."""
        seen = self._heights.top(min(self._seen.block, len(self._heights) - 1)) + self._seen.row
        if self.is_following or bottom > seen:
            at, row = self._heights.find(max(0, min(bottom, self.total) - 1))
            self._seen = self._anchor(at, row + 1)

    def _seen_offset(self) -> int:
        """Where what was not seen begins in the text of the last block that was."""
        rows = self.rendered(self._seen.block).rows
        if self._seen.row < len(rows):
            return rows[self._seen.row].start
        return rows[-1].end + 1 if rows else 0

    def _see_again(self, offset: int) -> None:
        """Find the rows of another width that were seen, and measure what is new if it is little.

        Guesses in the place of these heights would be counted as new rows.
        """
        first, count = self._seen.block, len(self._heights)
        for at in range(first, count if count - first <= _FEW_BLOCKS else first + 1):
            self._measure(at)
        self._seen.row = bisect_left(self.rendered(first).rows, offset, key=lambda row: row.start)

    def _top_offset(self) -> int | None:
        if not len(self._heights):
            return None
        rows = self.rendered(self._top.block).rows
        return rows[min(self._top.row, len(rows) - 1)].start if rows else 0

    def _anchor(self, at: int, row: int) -> Anchor:
        return Anchor(at, self.content.blocks[at].id, row)

    def _guess(self, at: int) -> None:
        self._heights.set(at, estimate_rows(self.content.blocks[at], self.width), is_known=False)

    def _measure(self, at: int) -> None:
        if not self._heights.is_known(at):
            self._heights.set(at, len(self.rendered(at).rows), is_known=True)


def _below(kept: Heights, guesses: Sequence[int], by: int) -> Heights:
    """Heights that are moved down by some blocks, under others that are guessed."""
    heights, first = Heights(), len(guesses) - by
    heights.extend(guesses)
    heights.extend(kept.height(at) for at in range(first, len(kept)))
    for at in range(first, len(kept)):
        if kept.is_known(at):
            heights.set(at + by, kept.height(at), is_known=True)
    return heights
