"""What streams in -> a file beside the session's log, so that a killed process loses none of it.

The log holds whole messages alone, since a reply that broke off is never sent again; people want
to see it all the same. The file holds what has come of one reply: it is emptied when the next
request is made, and means nothing once the log has the message.
"""

import contextlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bathy.agent.loop.record import WITHOUT_A_LOG, Record, Recorded, RecordError
from bathy.agent.model.messages import ReasoningDelta, TextDelta

Delta = TextDelta | ReasoningDelta


@dataclass(frozen=True, slots=True)
class Cut:
    """What had come of a reply that the end of a process cut, and how long it had thought."""

    thinking: str = ""
    text: str = ""
    thought_s: float = 0.0


class Partial:
    """The file of one session, written as deltas come."""

    def __init__(self, path: Path | None, clock: Callable[[], float] = time.monotonic) -> None:
        """Set up; nothing is opened before something comes.

        Args:
            path: Of the session's log; None to keep nothing.
            clock: Seconds that only grow.
        """
        self._path = partial_path(path) if path is not None else None
        self._clock = clock
        self._thinking = _Thinking()
        self._file = -1

    def add(self, delta: Delta | None) -> None:
        """Keep a delta; None says that what has come before is void, or in the log.

        Raises:
            RecordError: The disk refuses.
        """
        if self._path is None:
            return
        if delta is None:
            self._thinking = _Thinking()
        try:
            if delta is None and self._file < 0:
                self._path.unlink(missing_ok=True)
                return
            if self._file < 0:
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
                self._file = os.open(self._path, flags | os.O_TRUNC, 0o600)
            if delta is None:
                os.ftruncate(self._file, 0)
                return
            is_thinking, now_s = isinstance(delta, ReasoningDelta), round(self._clock(), 3)
            self._thinking.hear(now_s, is_over=not is_thinking)
            line = [is_thinking, delta.text, now_s]
            os.write(self._file, json.dumps(line).encode() + b"\n")
        except OSError as error:
            raise RecordError(
                f"cannot write {self._path}: {error.strerror}; {WITHOUT_A_LOG}"
            ) from error

    def take_thought_s(self) -> float:
        """Return how long the reply that is whole now has thought, once; then 0."""
        thinking, self._thinking = self._thinking, _Thinking()
        thinking.hear(self._clock(), is_over=True)
        return thinking.took_s

    def close(self) -> None:
        """Close the file; one that holds nothing goes."""
        if self._path is None or self._file < 0:
            return
        is_empty = not os.fstat(self._file).st_size
        os.close(self._file)
        self._file = -1
        if is_empty:
            with contextlib.suppress(OSError):
                self._path.unlink()


def partial_path(path: Path) -> Path:
    """Return the file that stands beside a session's log."""
    return path.with_suffix(".partial")


def read_partial(recorded: Recorded) -> Cut:
    """Return what has come of the reply that the end of a process cut; an empty one for none."""
    if not _is_open(recorded):
        return Cut()
    try:
        data = partial_path(recorded.path).read_bytes()
    except OSError:
        return Cut()
    parts: tuple[list[str], list[str]] = ([], [])
    thinking = _Thinking()
    for raw in data.split(b"\n"):
        with contextlib.suppress(ValueError, TypeError):
            # Older files do not tell the moment.
            is_thinking, text, *moment = json.loads(raw)
            parts[0 if is_thinking else 1].append(str(text))
            for at_s in moment:
                thinking.hear(float(at_s), is_over=not is_thinking)
    return Cut("".join(parts[0]), "".join(parts[1]), thinking.took_s)


def keep_partial(recorded: Recorded, record: Record) -> None:
    """Put what a cut reply had brought into the log, before the next question takes its place."""
    cut = read_partial(recorded)
    if cut.thinking or cut.text:
        values = {"reasoning": cut.thinking, "text": cut.text, "thought_s": cut.thought_s}
        record.write("partial", values)


class _Thinking:
    """How long a reply has thought: from the first of its thinking to the first of its text."""

    def __init__(self) -> None:
        self.took_s = 0.0
        self._began_s: float | None = None
        self._is_over = False

    def hear(self, now_s: float, *, is_over: bool) -> None:
        """Take note that it goes on, or that something else has come."""
        if self._began_s is None and not is_over:
            self._began_s = now_s
        if self._began_s is not None and not self._is_over:
            self.took_s, self._is_over = now_s - self._began_s, is_over


def _is_open(recorded: Recorded) -> bool:
    """Whether the last request of a log has no reply there."""
    for line in reversed(recorded.lines):
        # A result tells of what had come itself.
        if line["type"] in ("partial", "result"):
            return False
        if line["type"] == "message" and line["role"] == "assistant":
            return False
        if line["type"] == "request":
            return True
    return False
