"""Events and sentences -> lines on a stream, appended, printable, and never half of one fact."""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import TextIO

from bathy.agent.loop.events import ToolFinished, ToolStarted
from bathy.agent.model.messages import TextDelta
from bathy.agent.modes.tui.events import EvidenceFound, Opened, SessionNamed, UiEvent
from bathy.agent.modes.tui.panels.figures import count_word, one_line
from bathy.agent.modes.tui.plain.steps import Steps
from bathy.agent.modes.tui.plain.streaming import Pieces
from bathy.agent.modes.tui.plain.words import lines_of, tool_words

_QUOTED_LINES = 6
_MOST_CHARS = 400


class Printer:
    """Writes what happens. Use from one thread."""

    def __init__(self, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        """Set up.

        Args:
            out: Where lines go; flushed after each.
            clock: Seconds that only grow.
        """
        self._out = out
        self._steps, self._pieces = Steps(clock), Pieces()
        self._is_answering, self._is_open = False, False
        self._arguments: dict[str, str] = {}
        self._known: dict[type, tuple[str, ...]] = {}

    def say(self, text: str) -> None:
        """Write one fact on a line of its own, whatever it holds."""
        self._end_answer()
        self._put(one_line(text).rstrip() + "\n")

    def next_line(self) -> None:
        """End the line of a prompt that was not answered."""
        self._put("\n")

    def control(self, sequence: str) -> None:
        """Send the terminal a sequence of bathy's own, such as one for its clipboard."""
        self._out.write(sequence)
        self._out.flush()

    def show(self, event: UiEvent) -> None:
        """Write what an event has to say."""
        for line in self._steps.lines_of(event):
            self.say(line)
        if isinstance(event, TextDelta):
            self._stream(event.text)
        elif isinstance(event, ToolStarted):
            self._end_answer()
            self._arguments[event.call_id] = event.arguments
        elif isinstance(event, ToolFinished):
            self.say(tool_words(event, self._arguments.pop(event.call_id, "")))
        elif isinstance(event, EvidenceFound):
            self._evidence(event)
        else:
            for line in self._news(event):
                self.say(line)

    def _news(self, event: UiEvent) -> Iterator[str]:
        """What was not said before: each question opens the repository and the session anew."""
        lines = tuple(lines_of(event))
        known: tuple[str, ...] = ()
        if isinstance(event, Opened | SessionNamed):
            known = self._known.get(type(event), ())
            self._known[type(event)] = lines
        yield from (line for line in lines if line not in known)

    def _evidence(self, event: EvidenceFound) -> None:
        """Without a model the places are the answer, so their first lines are read out."""
        for line, span in zip_longest(lines_of(event), event.spans):
            self.say(line)
            if span is None or not event.is_answer:
                continue
            quoted = span.lines[:_QUOTED_LINES]
            self.numbered(quoted, span.start_line)
            if (left := span.end_line - span.start_line + 1 - len(quoted)) > 0:
                self.say(f"and {count_word(left, 'more line')}")

    def numbered(self, lines: Sequence[str], first: int) -> None:
        """Write lines of a file with their numbers; what nobody would listen to is counted."""
        for number, line in enumerate(lines, first):
            left = len(line) - _MOST_CHARS
            more = f"... and {count_word(left, 'more character')}" if left > 0 else ""
            self.say(f"{number}: {line[:_MOST_CHARS].expandtabs(4)}{more}")

    def _stream(self, text: str) -> None:
        if not self._is_answering:
            self.say("model:")
            self._is_answering = True
        self._put(self._pieces.add(text))

    def _end_answer(self) -> None:
        if self._is_answering:
            self._is_answering = False
            self._put(self._pieces.end())
        if self._is_open:
            self._put("\n")

    def _put(self, text: str) -> None:
        if text:
            self._out.write(text)
            self._out.flush()
            self._is_open = not text.endswith("\n")
