"""The second renderer of the same events: lines that are only ever appended, for any terminal.

For screen readers, bad links, logs and terminals that cannot do more. Nothing is redrawn, nothing
moves, choices are numbered, and states are words.
"""

import queue
import sys
from collections.abc import Callable, Iterator
from typing import TextIO

from bathy.agent.config import Settings
from bathy.agent.loop.events import (
    CitationsChecked,
    Finished,
    LimitReached,
    PatchProposed,
    Retry,
    Shortened,
    ToolFinished,
    TurnStarted,
    UsageReported,
)
from bathy.agent.model.messages import ReasoningDelta, TextDelta
from bathy.agent.modes.terminal import printable
from bathy.agent.modes.tui.engine import Engine
from bathy.agent.modes.tui.events import (
    EvidenceFound,
    Opened,
    Packed,
    Told,
    TurnBegan,
    TurnEnded,
    UiEvent,
)
from bathy.tools.workspace import quote_path

HELP = "Ask a question, or type /help, /new, /quit. Ctrl-C stops an answer."


def lines_of(event: UiEvent) -> Iterator[str]:
    """Say an event in lines; text of a model that streams is left to the caller."""
    if isinstance(event, Opened | Packed | EvidenceFound):
        yield from _of_repository(event)
    elif isinstance(event, TurnStarted | UsageReported | ToolFinished | PatchProposed):
        yield from _of_turn(event)
    elif isinstance(event, CitationsChecked):
        for cited in event.citations:
            place = _place(cited.path, cited.start_line, cited.end_line)
            yield f"citation {cited.status}: {place}"
    elif isinstance(event, Retry):
        yield f"{event.reason}; trying again in {event.wait_s:.1f} seconds"
    elif isinstance(event, Shortened | LimitReached):
        yield event.reason
    elif isinstance(event, Told):
        yield event.text
    elif isinstance(event, TurnEnded):
        yield f"{event.how}: {event.text}" if event.text else event.how


def _of_repository(event: Opened | Packed | EvidenceFound) -> Iterator[str]:
    if isinstance(event, Opened):
        yield f"{event.name} at {event.commit[:12] or 'no commit'}, {len(event.paths):,} files"
        if event.why_offline:
            yield f"offline: {event.why_offline}; answers are evidence from the index"
        else:
            yield f"model {event.model}, effort {event.effort}"
    elif isinstance(event, Packed):
        price = f", about ${event.cold_usd:.4f} to show for the first time"
        yield f"packed: {event.manifest.tokens:,} tokens{price if event.cold_usd else ''}"
    else:
        for span in event.spans:
            yield f"evidence: {_place(span.path, span.start_line, span.end_line)} {span.symbol}"
        if not event.spans:
            yield "evidence: nothing in the index fits"


def _of_turn(event: TurnStarted | UsageReported | ToolFinished | PatchProposed) -> Iterator[str]:
    if isinstance(event, TurnStarted):
        what = f"{event.prompt_tokens:,} tokens, ${event.expected_cost_usd:.4f} expected"
        yield f"asking: {what}" if event.turn else f"filling the cache: {what}"
    elif isinstance(event, ToolFinished):
        state = "failed" if event.is_error else "done"
        yield f"tool {event.name} {state}: {event.summary}"
    elif isinstance(event, PatchProposed):
        yield f"proposed: edits to {', '.join(map(quote_path, event.paths))}; not written"
    elif event.turn:
        used = event.usage
        read = f"{used.prompt_tokens:,} tokens read, {used.cache_hit_tokens:,} of them cached"
        yield f"used: {read}, {used.completion_tokens:,} written, ${event.cost_usd:.4f}"


def _place(path: str, first: int, last: int) -> str:
    return f"{quote_path(path)}:{first}-{last}" if last != first else f"{quote_path(path)}:{first}"


class Plain:
    """A conversation in lines."""

    def __init__(self, settings: Settings, out: TextIO, read: Callable[[str], str]) -> None:
        """Set up.

        Args:
            settings: Of the command line.
            out: Where lines go.
            read: Shows a prompt and returns a line; raises EOFError at the end.
        """
        self._out, self._read = out, read
        self._events: queue.SimpleQueue[UiEvent] = queue.SimpleQueue()
        self._engine = Engine(settings, self._events.put, self._confirm)
        self._is_open = False

    def run(self) -> int:
        """Talk until the user leaves; return the exit code."""
        self._engine.start()
        self._show_until(Packed, TurnEnded)
        self._write(HELP)
        try:
            while True:
                text = self._read("> ").strip()
                if text in ("/quit", "/exit"):
                    return 0
                self._take(text)
        except EOFError:
            return 0
        finally:
            self._engine.close()

    def _take(self, text: str) -> None:
        if text == "/new":
            self._engine.new_session()
            self._write("the next question begins a new session")
        elif text.startswith("/"):
            self._write(HELP)
        elif text:
            self._engine.ask(text)
            try:
                self._show_until(TurnEnded)
            except KeyboardInterrupt:
                self._engine.stop()
                self._show_until(TurnEnded)

    def _show_until(self, *kinds: type) -> None:
        while True:
            event = self._events.get()
            self._show(event)
            if isinstance(event, kinds):
                return

    def _show(self, event: UiEvent) -> None:
        if isinstance(event, TextDelta):
            self._out.write(printable(event.text))
            self._out.flush()
            self._is_open = not event.text.endswith("\n")
            return
        if isinstance(event, ReasoningDelta | TurnBegan):
            return
        if isinstance(event, Finished):
            self._close_line()
            return
        for line in lines_of(event):
            self._write(line)

    def _close_line(self) -> None:
        if self._is_open:
            self._out.write("\n")
            self._is_open = False

    def _write(self, line: str) -> None:
        self._close_line()
        self._out.write(f"{printable(line)}\n")
        self._out.flush()

    def _confirm(self, question: str) -> bool:
        """Called in the engine's thread, while the other one waits for events."""
        self._write(f"{question}\n1 yes\n2 no")
        return self._read("1 or 2: ").strip() == "1"


def run_plain(settings: Settings) -> int:
    """Run the full mode in plain lines; return the exit code."""
    return Plain(settings, sys.stdout, input).run()
