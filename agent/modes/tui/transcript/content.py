"""Calls of the screen -> the blocks of a transcript, in order; knows nothing of rows.

Text that streams in is taken at once and made into blocks by `settle`, so that a hundred chunks a
second cost no more than ten.
"""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import count

from bathy.agent.loop.citations import CheckedCitation, Cited
from bathy.agent.modes.tui.transcript.blocks import (
    Block,
    Citation,
    Code,
    Evidence,
    FileChange,
    Found,
    Notice,
    Patch,
    Prompt,
    Prose,
    Reasoning,
    Tool,
    toggle,
    unit_of,
)
from bathy.agent.modes.tui.transcript.citing import mark_citations, number_citations
from bathy.agent.modes.tui.transcript.split import Piece, Splitter

EvidencePlace = tuple[tuple[str, int, int], str, Sequence[str]]
"""(path, first line, last line), symbol or "", the lines."""

CHARS_PER_TOKEN = 3.6
"""Of thinking, until the service has counted; English prose in DeepSeek's tokenizer."""

_ARGUMENT_CHARS = 400


class Content:
    """Holds blocks and tells which of them have changed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.blocks: list[Block] = []
        self._clock = clock
        self._ids = count(1)
        self._fence_ids = count(1)
        self._changed_from: int | None = None
        self._touched: set[int] = set()
        self._started: dict[str, float] = {}
        self._splitter: Splitter | None = None
        self._waiting: list[str] = []
        self._answer: tuple[int, int] | None = None
        self._thinking: list[str] = []
        self._thinking_since = 0.0
        self._thinking_at: int | None = None
        self._void_from: int | None = None
        self.answer_text = ""

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

    def add_prompt(self, text: str) -> None:
        """Add what the user asked."""
        self._close()
        self._append(Prompt(next(self._ids), text))

    def add_tool(self, call_id: str, name: str, arguments: str) -> None:
        """Add a call that is being run; `arguments` is JSON text."""
        self._close()
        self._started[call_id] = self._clock()
        gap = not (self.blocks and isinstance(self.blocks[-1], Tool | Reasoning))
        self._append(Tool(next(self._ids), call_id, name, read_arguments(arguments), gap))

    def finish_tool(self, call_id: str, summary: str, is_error: bool, text: str) -> None:
        """Say what came of a call; one that is not known is left alone."""
        seconds = self._clock() - self._started.pop(call_id, self._clock())
        for at in range(len(self.blocks) - 1, -1, -1):
            block = self.blocks[at]
            if isinstance(block, Tool) and block.call_id == call_id and block.status == "running":
                done = replace(block, summary=summary, text=text, seconds=seconds, status="done")
                failed = replace(done, status="failed", shown="some")
                self._replace(at, failed if is_error else done)
                return

    def add_notice(self, text: str) -> None:
        """Add a message; while text streams in, above that, for it is not interrupted."""
        self._insert(Notice(next(self._ids), text, gap=True))

    def add_error(self, text: str) -> None:
        """Add a message that something went wrong, and with it what was streaming in, if it was."""
        answer = self._answer
        self._end_thinking()
        self._end_answer()
        self._append(Notice(next(self._ids), text, gap=True, is_error=True))
        self._answer, self._void_from = self._answer if answer else None, None

    def add_patch(self, files: Sequence[FileChange], entry: str = "") -> None:
        """Add what edits come to."""
        self._close()
        self._append(Patch(next(self._ids), tuple(files), gap=True, entry=entry))

    def add_evidence(self, places: Iterable[EvidencePlace]) -> None:
        """Add what the index finds; while text streams in, above that."""
        places = list(places)
        checked = [
            CheckedCitation(path, first, last, "verified", f"{path}:{first}-{last}")
            for (path, first, last), _, _ in places
        ]
        numbered = {(c.path, c.start_line, c.end_line): c for c in number_citations(checked)}
        found = tuple(Found(numbered[place], name, tuple(lines)) for place, name, lines in places)
        if found:
            self._insert(Evidence(next(self._ids), found))

    def stream_reasoning(self, text: str) -> None:
        """Take more of the model's thinking."""
        if self._splitter:
            self._end_answer()
        if self._thinking_at is None:
            self._begin_void()
            self._thinking_at, self._thinking_since = len(self.blocks), self._clock()
            gap = not (self.blocks and isinstance(self.blocks[-1], Tool))
            self._append(Reasoning(next(self._ids), "", gap))
        self._thinking.append(text)

    def count_reasoning(self, tokens: int) -> None:
        """Say how many tokens the last thinking was, now that it has been counted."""
        for at in range(len(self.blocks) - 1, -1, -1):
            block = self.blocks[at]
            if isinstance(block, Reasoning):
                self._replace(at, replace(block, tokens=tokens, is_counted=True))
                return

    def stream_answer(self, text: str) -> None:
        """Take more of the answer."""
        self._end_thinking()
        if not self._splitter:
            self._begin_void()
            self._splitter = Splitter(self._fence_ids)
            self._answer = (len(self.blocks), len(self.blocks))
        self._waiting.append(text)

    def finish_answer(self, cited: Sequence[Cited], text: str) -> None:
        """Put the checked answer in the place of what has streamed in.

        Args:
            cited: Where it cites, in order.
            text: All of it.
        """
        self._end_thinking()
        self._end_answer()
        start, end = self._answer or (len(self.blocks), len(self.blocks))
        marked, citations = mark_citations(text, cited)
        splitter = Splitter(self._fence_ids)
        blocks = list[Block]()
        for piece in (*splitter.feed(marked), *splitter.end()):
            before = blocks[-1] if blocks else None
            blocks.append(self._block(piece, next(self._ids), before, citations))
        kept = self.blocks[start:end]
        self.blocks[start:end] = _with_ids_of(kept, blocks)
        self._change(start)
        self._answer = self._void_from = None
        self.answer_text = text

    def take_back(self) -> None:
        """Drop what has streamed in since the last thing that is finished: it is void."""
        start = self._void_from
        self._splitter, self._waiting = None, []
        self._thinking, self._thinking_at = [], None
        self._void_from, self._answer = None, None
        if start is not None:
            del self.blocks[start:]
            self._change(start)

    def clear(self) -> None:
        """Drop everything."""
        self.take_back()
        self.blocks.clear()
        self._started.clear()
        self._change(0)
        self.answer_text = ""

    def toggle(self, at: int) -> bool:
        """Unfold or fold a block; False if it does not fold."""
        self.settle()
        block = toggle(self.blocks[at])
        if block is self.blocks[at]:
            return False
        self._replace(at, block)
        return True

    def show(self, at: int, block: Block) -> None:
        """Put a block in the place of one that differs in what is shown of it."""
        self._replace(at, block)

    def settle(self) -> None:
        """Make blocks of the text that has come."""
        if self._thinking:
            self._think(is_live=True)
        if self._waiting and self._splitter:
            text, self._waiting = "".join(self._waiting), []
            pieces = self._splitter.feed(text)
            self._grow(pieces, self._splitter.tail)

    def code_of(self, at: int) -> list[Code]:
        """Return all parts of the fenced block that a part belongs to."""
        unit, first, last = unit_of(self.blocks[at]), at, at
        while first > 0 and unit_of(self.blocks[first - 1]) == unit:
            first -= 1
        while last + 1 < len(self.blocks) and unit_of(self.blocks[last + 1]) == unit:
            last += 1
        return [block for block in self.blocks[first : last + 1] if isinstance(block, Code)]

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
        seconds = self._clock() - self._thinking_since
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


def _with_ids_of(kept: Sequence[Block], blocks: Sequence[Block]) -> list[Block]:
    """Give blocks the ids of those in whose places they stand; keep what is the same."""
    made = list[Block]()
    for number, block in enumerate(blocks):
        if number < len(kept):
            old = kept[number]
            is_same = type(old) is type(block) and isinstance(old, Prose) and not old.is_live
            if is_same and (old.text, old.gap) == (block.text, block.gap):  # type: ignore[union-attr]
                made.append(old)
                continue
        made.append(block)
    return made


def read_arguments(text: str) -> str:
    """Write the arguments of a call, given as JSON, for people: the first bare, others named."""
    try:
        arguments = json.loads(text)
    except (ValueError, RecursionError):
        return text[:_ARGUMENT_CHARS]
    if not isinstance(arguments, dict):
        return text[:_ARGUMENT_CHARS]
    shown = list[str]()
    for number, (name, value) in enumerate(arguments.items()):
        written = json.dumps(value, ensure_ascii=False)
        shown.append(written if not number else f"{name}={written}")
    return " ".join(shown)[:_ARGUMENT_CHARS]
