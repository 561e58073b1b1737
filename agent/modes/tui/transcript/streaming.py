"""Text that streams in -> blocks that are finished and one that is live.

It is taken at once and made into blocks by `settle`, so that a hundred chunks a second cost no more
than ten.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count

from bathy.agent.modes.tui.transcript.blocks import Block, Citation, Code, Prose, Reasoning, Tool
from bathy.agent.modes.tui.transcript.split import Piece, Splitter

CHARS_PER_TOKEN = 3.6
"""Of thinking, until the service has counted; English prose in DeepSeek's tokenizer."""


class Streaming:
    """Holds the blocks, and knows which of them have changed and which may still be void."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.blocks: list[Block] = []
        self.clock = clock
        self._ids = count(1)
        self._fence_ids = count(1)
        self._changed_from: int | None = None
        self._touched: set[int] = set()
        self._splitter: Splitter | None = None
        self._waiting: list[str] = []
        self._answer: tuple[int, int] | None = None
        self._thinking: list[str] = []
        self._thinking_since = 0.0
        self._thinking_at: int | None = None
        self._void_from: int | None = None

    def take_changes(self) -> tuple[int | None, set[int]]:
        """Return, and forget, what has changed since the last time.

        Returns:
            The first block from which on others may stand in their places, or None; and single
            blocks that were replaced.
        """
        self.settle()
        changed = self._changed_from, self._touched
        self._changed_from, self._touched = None, set()
        return changed

    def stream_reasoning(self, text: str) -> None:
        """Take more of the model's thinking."""
        if self._splitter:
            self._end_answer()
        if self._thinking_at is None:
            self._begin_void()
            self._thinking_at, self._thinking_since = len(self.blocks), self.clock()
            gap = not (self.blocks and isinstance(self.blocks[-1], Tool))
            self._append(Reasoning(next(self._ids), "", gap))
        self._thinking.append(text)

    def stream_answer(self, text: str) -> None:
        """Take more of the answer."""
        self._end_thinking()
        if not self._splitter:
            self._begin_void()
            self._splitter = Splitter(self._fence_ids)
            self._answer = (len(self.blocks), len(self.blocks))
        self._waiting.append(text)

    def take_back(self) -> None:
        """Drop what has streamed in since the last thing that is finished: it is void."""
        start = self._void_from
        self._splitter, self._waiting = None, []
        self._thinking, self._thinking_at = [], None
        self._void_from, self._answer = None, None
        if start is not None:
            del self.blocks[start:]
            self._change(start)

    def settle(self) -> None:
        """Make blocks of the text that has come."""
        if self._thinking:
            self._think(is_live=True)
        if self._waiting and self._splitter:
            text, self._waiting = "".join(self._waiting), []
            pieces = self._splitter.feed(text)
            self._grow(pieces, self._splitter.tail)

    def _grow(self, pieces: Sequence[Piece], tail: Piece | None) -> None:
        """Put finished pieces, and what is still live, in the place of the live block."""
        start, end = self._answer or (len(self.blocks), len(self.blocks))
        last = self.blocks[end - 1] if end > start else None
        live = last if isinstance(last, Prose | Code) and last.is_live else None
        at = end - 1 if live else end
        made, ids = list[Block](), [live.id] if live else []
        for number, piece in enumerate((*pieces, *((tail,) if tail else ()))):
            before = made[-1] if made else (self.blocks[at - 1] if at > start else None)
            new_id = ids.pop() if ids else next(self._ids)
            made.append(self._block(piece, new_id, before, is_live=number >= len(pieces)))
        self.blocks[at:end] = made
        self._answer = (start, at + len(made))
        self._change(at)

    def _block(
        self,
        piece: Piece,
        block_id: int,
        before: Block | None,
        citations: tuple[Citation, ...] = (),
        *,
        is_live: bool = False,
    ) -> Block:
        if piece.fence is None:
            return Prose(block_id, piece.text, piece.gap, citations, is_live)
        above = before if piece.part and isinstance(before, Code) else None
        return Code(block_id, piece.text, piece.gap, piece.fence, above, is_live)

    def _think(self, *, is_live: bool) -> None:
        at = self._thinking_at
        block = self.blocks[at] if at is not None else None
        if at is None or not isinstance(block, Reasoning):
            return
        text = block.text + "".join(self._thinking)
        self._thinking = []
        seconds = self.clock() - self._thinking_since
        tokens = round(len(text) / CHARS_PER_TOKEN)
        made = replace(block, text=text, seconds=seconds, tokens=tokens, is_live=is_live)
        self._replace(at, made)

    def _end_thinking(self) -> None:
        if self._thinking_at is not None:
            self._think(is_live=False)
            self._thinking_at = None

    def _end_answer(self) -> None:
        if self._splitter:
            text, self._waiting = "".join(self._waiting), []
            self._grow([*self._splitter.feed(text), *self._splitter.end()], None)
            self._splitter = None

    def _close(self) -> None:
        """What has streamed in stands: something else begins."""
        self._end_thinking()
        self._end_answer()
        self._answer = self._void_from = None

    def _begin_void(self) -> None:
        if self._void_from is None:
            self._void_from = len(self.blocks)

    def _append(self, block: Block) -> None:
        self._change(len(self.blocks))
        self.blocks.append(block)

    def _insert(self, block: Block) -> None:
        """Add a block, above what streams in."""
        at = len(self.blocks) if self._void_from is None else self._void_from
        self.blocks.insert(at, block)
        self._change(at)
        if self._void_from is not None:
            self._void_from += 1
            if self._thinking_at is not None:
                self._thinking_at += 1
            if self._answer and self._answer[0] >= at:
                self._answer = (self._answer[0] + 1, self._answer[1] + 1)

    def _replace(self, at: int, block: Block) -> None:
        self.blocks[at] = block
        self._touched.add(at)

    def _change(self, at: int) -> None:
        self._changed_from = at if self._changed_from is None else min(at, self._changed_from)
