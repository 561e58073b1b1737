"""What streams in -> a file beside the session's log, so that a killed process loses none of it.

The log holds whole messages alone, since a reply that broke off is never sent again; people want
to see it all the same. The file holds what has come of one reply: it is emptied when the next
request is made, and means nothing once the log has the message.
"""

import contextlib
import json
import os
from pathlib import Path

from bathy.agent.loop.record import WITHOUT_A_LOG, Record, Recorded, RecordError
from bathy.agent.model.messages import ReasoningDelta, TextDelta

Delta = TextDelta | ReasoningDelta


class Partial:
    """The file of one session, written as deltas come."""

    def __init__(self, path: Path | None) -> None:
        """Set up; nothing is opened before something comes.

        Args:
            path: Of the session's log; None to keep nothing.
        """
        self._path = partial_path(path) if path is not None else None
        self._file = -1

    def add(self, delta: Delta | None) -> None:
        """Keep a delta; None says that what has come before is void, or in the log.

        Raises:
            RecordError: The disk refuses.
        """
        if self._path is None:
            return
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
            line = [isinstance(delta, ReasoningDelta), delta.text]
            os.write(self._file, json.dumps(line).encode() + b"\n")
        except OSError as error:
            raise RecordError(
                f"cannot write {self._path}: {error.strerror}; {WITHOUT_A_LOG}"
            ) from error

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


def read_partial(recorded: Recorded) -> tuple[str, str]:
    """Return (thinking, text) of the reply that the end of a process cut; ("", "") for none."""
    if not _is_open(recorded):
        return "", ""
    try:
        data = partial_path(recorded.path).read_bytes()
    except OSError:
        return "", ""
    parts: tuple[list[str], list[str]] = ([], [])
    for raw in data.split(b"\n"):
        with contextlib.suppress(ValueError, TypeError):
            is_thinking, text = json.loads(raw)
            parts[0 if is_thinking else 1].append(str(text))
    return "".join(parts[0]), "".join(parts[1])


def keep_partial(recorded: Recorded, record: Record) -> None:
    """Put what a cut reply had brought into the log, before the next question takes its place."""
    thinking, text = read_partial(recorded)
    if thinking or text:
        record.write("partial", {"reasoning": thinking, "text": text})


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
