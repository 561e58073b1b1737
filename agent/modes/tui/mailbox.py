"""Events of the engine's thread -> the screen's, in batches; the engine never waits for it."""

import threading
from dataclasses import replace

from bathy.agent.model.messages import ReasoningDelta, TextDelta
from bathy.agent.modes.tui.events import UiEvent


class Mailbox:
    """Holds events until the screen takes them; text that streams in is joined meanwhile."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: list[UiEvent] = []

    def put(self, event: UiEvent) -> bool:
        """Add an event; return whether it is the first that waits, so that somebody must come."""
        with self._lock:
            last = self._events[-1] if self._events else None
            if (isinstance(event, TextDelta) and isinstance(last, TextDelta)) or (
                isinstance(event, ReasoningDelta) and isinstance(last, ReasoningDelta)
            ):
                self._events[-1] = replace(last, text=last.text + event.text)
            else:
                self._events.append(event)
            return last is None

    def take(self) -> list[UiEvent]:
        """Take all that is there, in order."""
        with self._lock:
            events, self._events = self._events, []
            return events
