"""The transcript of the full-screen mode: what the screen adds to it.

Nothing is drawn at once, but a moment later, and not more often than `fps` allows; while nothing
comes, no timer runs.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from bathy.agent.loop.citations import Cited
from bathy.agent.modes.tui.transcript.blocks import Block, FileChange, More, Proposed
from bathy.agent.modes.tui.transcript.content import EvidencePlace
from bathy.agent.modes.tui.transcript.naming import Names
from bathy.agent.modes.tui.transcript.palette import GlyphSet
from bathy.agent.modes.tui.transcript.reader import Reader
from textual.message import Message


class MoreWanted(Message):
    """The user wants to see some of the older questions that are not shown."""


class Transcript(Reader):
    """Shows questions, thinking, tool calls, answers and messages, one below the other."""

    DEFAULT_CSS = """
    Transcript { height: 1fr; width: 1fr; }
    """

    def __init__(
        self,
        *,
        fps: float = 10.0,
        glyphs: GlyphSet = "unicode",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make an empty transcript.

        Args:
            fps: How often it is drawn at most, per second; more than 0.
            glyphs: The signs that it uses.
            clock: Seconds that only grow.
        """
        super().__init__(fps, glyphs, clock)

    @property
    def answer_text(self) -> str:
        """The last answer that was finished, as it was written; "" if there is none."""
        return self.content.answer_text

    def know_files(self, paths: Sequence[str]) -> None:
        """Tell a file that is cited from all of these, by as few folders as that takes."""
        self.content.names = Names(paths)

    def add_prompt(self, text: str) -> None:
        """Add what the user asked, and follow the end again."""
        self.content.add_prompt(text)
        if self.content is self.viewport.content:
            self.viewport.follow()
        self.wake()

    def add_tool(self, call_id: str, name: str, arguments: str) -> None:
        """Add a call that is being run; `arguments` is JSON text."""
        self.content.add_tool(call_id, name, arguments)
        self.wake()

    def finish_tool(self, call_id: str, summary: str, is_error: bool, text: str) -> None:
        """Say what came of a call: a few words, and all of it, which shows if it has failed."""
        self.content.finish_tool(call_id, summary, is_error, text)
        self.wake()

    def stream_reasoning(self, text: str) -> None:
        """Take more of the model's thinking."""
        self.content.stream_reasoning(text)
        self.wake()

    def count_reasoning(self, tokens: int) -> None:
        """Say how many tokens the last thinking was, in the place of the estimate."""
        self.content.count_reasoning(tokens)
        self.wake()

    def stream_answer(self, text: str) -> None:
        """Take more of the answer."""
        self.content.stream_answer(text)
        self.wake()

    def finish_answer(self, cited: Sequence[Cited], text: str) -> None:
        """Put the checked answer in the place of what has streamed in.

        Args:
            cited: Where it cites, in order.
            text: All of it.
        """
        self.content.finish_answer(cited, text)
        self._deselect()
        self.wake()

    def end_turn(self) -> None:
        """Nothing more comes, for whatever reason: what has streamed in stands as it is."""
        self.content.end_turn()
        self.wake()

    def take_back(self) -> None:
        """Drop what has streamed in since the last finished thing: a retry makes it void."""
        self.content.take_back()
        self._deselect()
        self.wake()

    def add_notice(self, text: str) -> None:
        """Add a message; while text streams in, above that."""
        self.content.add_notice(text)
        self.wake()

    def add_proposed(self, paths: Sequence[str], text: Callable[[Proposed], str]) -> None:
        """Say that an edit is proposed to some files; one message counts those of a question."""
        self.content.add_proposed(paths, text)
        self.wake()

    def add_error(self, text: str) -> None:
        """Add a message that something went wrong; what was streaming in ends there."""
        self.content.add_error(text)
        self.wake()

    def add_patch(self, files: Iterable[FileChange], entry: str = "") -> None:
        """Add what edits come to; `entry` names them for an undo once they are written."""
        self.content.add_patch(tuple(files), entry)
        self.wake()

    def add_evidence(self, places: Iterable[EvidencePlace], *, is_answer: bool) -> None:
        """Add places that the index finds.

        Args:
            places: ((path, first line, last line), symbol, lines), best first.
            is_answer: Nothing else will come, so the lines of each are shown.
        """
        self.content.add_evidence(places, is_answer=is_answer)
        self.wake()

    # What is older.

    @contextmanager
    def at_moment(self, now_s: float) -> Iterator[None]:
        """Take what is added meanwhile for added at a moment, so that times come out as they did.

        Args:
            now_s: In seconds, by any clock.
        """
        content = self.content
        content.clock, clock = (lambda: now_s), content.clock
        try:
            yield
        finally:
            content.clock = clock

    def add_more(self, shown: int, total: int) -> None:
        """Say at the top that older questions are not shown; so many are shown each time."""
        self._put_above(self.content.line_above(total - shown, total, shown))

    @contextmanager
    def above(self, *, left: int) -> Iterator[None]:
        """Let what is added meanwhile stand above everything; what the reader sees stays there.

        Args:
            left: Older questions that are still not shown then.
        """
        present, older = self.content, self.content.beginning()
        self.content = older
        try:
            yield
        finally:
            self.content = present
        more = present.more
        line = present.line_above(left, more.total, more.step) if more else []
        self._put_above([*line, *older.blocks])

    def _put_above(self, blocks: Sequence[Block]) -> None:
        by, search = self.viewport.put_above(blocks), self._finder.search
        if search is not None and search.current is not None:
            search.current = replace(search.current, block=search.current.block + by)
        self._deselect()
        self.content_changed(0)
        self.place()
        self.refresh()

    def open_block(self) -> bool:
        """Ask for older questions if that is at the cursor; else unfold, fold or choose."""
        at = self.target(lambda at: isinstance(self.content.blocks[at], More))
        return self._ask_for_more(at) or super().open_block()

    def _click(self, at: int, number: int, meta: Mapping[str, Any]) -> None:
        super()._click(at, number, meta)
        self._ask_for_more(at if isinstance(self.content.blocks[at], More) else None)

    def _ask_for_more(self, at: int | None) -> bool:
        if at is not None:
            self.post_message(MoreWanted())
        return at is not None

    def clear(self) -> None:
        """Drop everything."""
        self.content.clear()
        self.find("")
        self._deselect()
        self.viewport.follow()
        self.wake()
