"""Calls of the screen -> the blocks of a transcript, in order; knows nothing of rows."""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from bathy.agent.loop.citations import CheckedCitation, Cited
from bathy.agent.modes.tui.transcript.blocks import (
    Block,
    Code,
    Evidence,
    FileChange,
    Found,
    More,
    Notice,
    Patch,
    Prompt,
    Proposed,
    Prose,
    Reasoning,
    Tool,
    more_block,
    toggle,
    unit_of,
)
from bathy.agent.modes.tui.transcript.citing import mark_citations, number_citations
from bathy.agent.modes.tui.transcript.naming import Names
from bathy.agent.modes.tui.transcript.split import Splitter
from bathy.agent.modes.tui.transcript.streaming import Streaming

EvidencePlace = tuple[tuple[str, int, int], str, Sequence[str]]
"""(path, first line, last line), symbol or "", the lines."""

_ARGUMENT_CHARS = 400


class Content(Streaming):
    """Holds blocks and tells which of them have changed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock)
        self.answer_text = ""
        self.names = Names()
        self._started: dict[str, float] = {}

    def add_prompt(self, text: str) -> None:
        """Add what the user asked."""
        self._close()
        self._append(Prompt(next(self._ids), text))

    def add_tool(self, call_id: str, name: str, arguments: str) -> None:
        """Add a call that is being run; `arguments` is JSON text."""
        self._close()
        self._started[call_id] = self.clock()
        gap = not (self.blocks and isinstance(self.blocks[-1], Tool | Reasoning))
        self._append(Tool(next(self._ids), call_id, name, read_arguments(arguments), gap))

    def finish_tool(self, call_id: str, summary: str, is_error: bool, text: str) -> None:
        """Say what came of a call; one that is not known is left alone."""
        seconds = self.clock() - self._started.pop(call_id, self.clock())
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

    def add_proposed(self, paths: Sequence[str], text: Callable[[Proposed], str]) -> None:
        """Say that an edit is proposed: together with others of the question, by `text`."""
        block = Proposed(next(self._ids), "", gap=True, paths=tuple(paths))
        for at in range(len(self.blocks) - 1, -1, -1):
            other = self.blocks[at]
            if isinstance(other, Prompt):
                break
            if isinstance(other, Proposed):
                every = tuple(dict.fromkeys((*other.paths, *paths)))
                block = replace(other, paths=every, edits=other.edits + 1)
                self._replace(at, replace(block, text=text(block)))
                return
        self._insert(replace(block, text=text(block)))

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

    def add_evidence(self, places: Iterable[EvidencePlace], *, is_answer: bool) -> None:
        """Add what the index finds; while text streams in, above that."""
        places = list(places)
        checked = [
            CheckedCitation(path, first, last, "verified", f"{path}:{first}-{last}")
            for (path, first, last), _, _ in places
        ]
        cited = number_citations(checked, self.names)
        numbered = {(c.path, c.start_line, c.end_line): c for c in cited}
        found = tuple(Found(numbered[place], name, tuple(lines)) for place, name, lines in places)
        if found:
            self._insert(Evidence(next(self._ids), found, is_answer=is_answer))

    def count_reasoning(self, tokens: int) -> None:
        """Say how many tokens the last thinking was, now that it has been counted."""
        for at in range(len(self.blocks) - 1, -1, -1):
            block = self.blocks[at]
            if isinstance(block, Reasoning):
                self._replace(at, replace(block, tokens=tokens, is_counted=True))
                return

    def finish_answer(self, cited: Sequence[Cited], text: str) -> None:
        """Put the checked answer in the place of what has streamed in.

        Args:
            cited: Where it cites, in order.
            text: All of it.
        """
        self._end_thinking()
        self._end_answer()
        start, end = self._answer or (len(self.blocks), len(self.blocks))
        marked, citations = mark_citations(text, cited, self.names)
        splitter = Splitter(self._fence_ids)
        blocks = list[Block]()
        for piece in (*splitter.feed(marked), *splitter.end()):
            before = blocks[-1] if blocks else None
            blocks.append(self._block(piece, next(self._ids), before, citations))
        self.blocks[start:end] = _keeping(self.blocks[start:end], blocks)
        self._change(start)
        self._answer = self._void_from = None
        self.answer_text = text

    def end_turn(self) -> None:
        """Nothing more comes: what has streamed in stands, calls that run were stopped."""
        self._close()
        for at, block in enumerate(self.blocks):
            if isinstance(block, Tool) and block.status == "running":
                self._replace(at, replace(block, status="failed", summary="stopped"))
        self._started.clear()

    def clear(self) -> None:
        """Drop everything."""
        self.take_back()
        self.blocks.clear()
        self._started.clear()
        self._change(0)
        self.answer_text = ""

    def beginning(self) -> "Content":
        """Return an empty one, for blocks that are to stand above all of these."""
        older = Content(self.clock)
        older._ids, older._fence_ids = self._ids, self._fence_ids
        older.names = self.names
        return older

    def line_above(self, left: int, total: int, step: int) -> list[Block]:
        """Return the line for so many questions that are not shown; nothing if all are."""
        return [more_block(next(self._ids), left, total, step)] if left else []

    @property
    def more(self) -> More | None:
        """The line at the top that says what is not shown, if there is one."""
        first = self.blocks[0] if self.blocks else None
        return first if isinstance(first, More) else None

    def put_above(self, blocks: Sequence[Block]) -> int:
        """Put blocks above all others, in the place of the line that offered them.

        What has changed before was taken up already.

        Returns:
            By how many blocks those that stay have moved down.
        """
        dropped = 1 if self.more else 0
        self.blocks[:dropped] = blocks
        by = len(blocks) - dropped
        if self._answer is not None:
            self._answer = (self._answer[0] + by, self._answer[1] + by)
        if self._thinking_at is not None:
            self._thinking_at += by
        if self._void_from is not None:
            self._void_from += by
        return by

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

    def code_of(self, at: int) -> list[Code]:
        """Return all parts of the fenced block that a part belongs to."""
        unit, first, last = unit_of(self.blocks[at]), at, at
        while first > 0 and unit_of(self.blocks[first - 1]) == unit:
            first -= 1
        while last + 1 < len(self.blocks) and unit_of(self.blocks[last + 1]) == unit:
            last += 1
        return [block for block in self.blocks[first : last + 1] if isinstance(block, Code)]


def _keeping(kept: Sequence[Block], blocks: Sequence[Block]) -> list[Block]:
    """Keep blocks that are the same as before: they need not be rendered again."""
    old = [*kept, *[None] * len(blocks)]
    return [
        before if isinstance(before, Prose) and _is_same(before, block) else block
        for before, block in zip(old, blocks, strict=False)
    ]


def _is_same(before: Prose, block: Block) -> bool:
    has_text = isinstance(block, Prose) and (block.text, block.gap) == (before.text, before.gap)
    return has_text and not before.is_live


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
