"""Events of the engine -> lines, and what is known after them; Ctrl-C and questions in between.

Everything here runs in the main thread, which alone reads, writes and is interrupted. The engine's
thread puts its events, and what it wants to know, into one queue.
"""

import queue
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from bathy.agent.config import Settings
from bathy.agent.loop.events import CitationsChecked, Finished, TurnStarted
from bathy.agent.loop.evidence import Span
from bathy.agent.modes.tui.engine import Engine
from bathy.agent.modes.tui.events import (
    EvidenceFound,
    Opened,
    Packed,
    TurnBegan,
    UiEvent,
)
from bathy.agent.modes.tui.plain.keyboard import Attentive, Keyboard, choose
from bathy.agent.modes.tui.plain.printer import Printer
from bathy.agent.modes.tui.plain.words import lines_of
from bathy.agent.modes.tui.state import Cited, State, reduce

_NOBODY = (
    'nobody can be asked here: run it once on a terminal, or set `upload = "always"` in config.toml'
)


class LeftError(Exception):
    """The user has left while something was going on."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """The engine waits for a yes or no."""

    question: str


@dataclass(frozen=True, slots=True)
class _Interrupted:
    """Ctrl-C was pressed while nothing was being read."""


class Listening:
    """Shows what the engine tells, and keeps what commands need.

    Attributes:
        engine: Does the work.
        keyboard: Where the user's words come from.
        printer: Where lines go.
        state: What has happened, summed up.
        opened: The repository; None until it was looked at.
        packed: Its pack, likewise.
        spans: Evidence for the last question.
        cited: Citations of the last answer.
        answer: The last answer.
        was_sent: The last question has reached the model.
    """

    def __init__(
        self,
        settings: Settings,
        out: TextIO,
        keyboard: Keyboard,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Set up.

        Args:
            settings: Of the command line.
            out: Where lines go.
            keyboard: Where the user's words come from.
            clock: Seconds that only grow.
        """
        self._clock = clock
        self._events: queue.SimpleQueue[UiEvent | _Asked | _Interrupted] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._is_waiting, self._is_stopping = False, False
        self.engine = Engine(settings, self._events.put, self._confirm)
        self.keyboard, self.printer = Attentive(keyboard), Printer(out, clock)
        self.state = State()
        self.opened: Opened | None = None
        self.packed: Packed | None = None
        self.spans: tuple[Span, ...] = ()
        self.cited: tuple[Cited, ...] = ()
        self.answer = ""
        self.was_sent = False

    def say(self, text: str) -> None:
        """Write a line."""
        self.printer.say(text)

    def interrupt(self) -> None:
        """Take a Ctrl-C; called in the midst of anything.

        Raises:
            KeyboardInterrupt: A line is being read.
        """
        if self._is_waiting:
            self._events.put(_Interrupted())
        else:
            self.keyboard.interrupt()

    def until(self, *kinds: type, after: type | None = None) -> UiEvent:
        """Show events until one of these kinds has come; return it.

        Args:
            *kinds: Of events.
            after: Kind that must have come before; None for any.

        Raises:
            LeftError: Ctrl-C was pressed twice.
        """
        self._is_waiting, self._is_stopping = True, False
        has_begun = after is None
        try:
            while True:
                event = self._events.get()
                if isinstance(event, _Asked):
                    self._answer(event.question)
                elif isinstance(event, _Interrupted):
                    self._stop()
                else:
                    self._take(event)
                    has_begun = has_begun or isinstance(event, after or ())
                    if has_begun and isinstance(event, kinds):
                        return event
                if self._is_stopping:
                    # A question can be stopped once it is under way, which it may not be yet.
                    self.engine.stop()
        finally:
            self._is_waiting = False
            self._drop_interrupts()

    def _drop_interrupts(self) -> None:
        """Forget a Ctrl-C that came too late: it is not meant for the next question."""
        left = [self._events.get() for _ in range(self._events.qsize())]
        for event in left:
            if not isinstance(event, _Interrupted):
                self._events.put(event)

    def release(self) -> None:
        """Let the engine end: whatever it still asks is answered with no."""
        self._answers.put(False)

    def _stop(self) -> None:
        if self._is_stopping:
            raise LeftError
        self._is_stopping = True
        self.keyboard.forget()
        what = "stopping" if self.state.turns else "this cannot be stopped"
        self.say(f"{what}; Ctrl-C again leaves")

    def _take(self, event: UiEvent) -> None:
        self.state = reduce(self.state, event, self._clock())
        self.printer.show(event)
        match event:
            case Opened():
                self.opened = event
            case Packed():
                self.packed = event
            case TurnBegan():
                self.spans, self.cited, self.answer, self.was_sent = (), (), "", False
            case TurnStarted():
                self.was_sent = True
            case EvidenceFound():
                self.spans = event.spans
                if self.state.why_offline:
                    self.answer = "\n".join(lines_of(event))
            case CitationsChecked():
                self.cited = self.state.cited
            case Finished() if event.text:
                self.answer = event.text

    def _confirm(self, question: str) -> bool:
        """Put a question to the user; called in the engine's thread, which waits."""
        self._events.put(_Asked(question))
        return self._answers.get()

    def _answer(self, question: str) -> None:
        """Ask the user; only a number that is typed after the question counts as a yes."""
        is_yes = False
        self._is_waiting = False
        try:
            self.say(question)
            if self.keyboard.is_terminal:
                choices = ("yes", "no")
                is_yes = (
                    not self._is_stopping and choose(self.keyboard, self.say, choices, usual=2) == 1
                )
            else:
                self.say(_NOBODY)
        except (EOFError, KeyboardInterrupt):
            self.printer.next_line()
        finally:
            self._answers.put(is_yes)
            self._is_waiting = True
