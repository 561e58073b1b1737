"""A session's log: an append-only file of JSON lines from which every request can be rebuilt.

A line is written whole, by one call, before what it tells of is acted on; a line cut short by the
end of the machine is left out when the log is read. Long texts that many sessions share, the pack
above all, lie beside the logs, compressed, under the hash of what they are.
"""

import fcntl
import hashlib
import json
import os
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bathy.agent.errors import BathyError, ConfigError
from bathy.agent.model.messages import Image, Message, ToolCall, ToolSpec

if TYPE_CHECKING:
    from bathy.agent.model.client import Request

SCHEMA = 1
"""Raised when lines change meaning; older ones stay readable."""

_SHARED_CHARS = 2_000
_TAIL_BYTES = 1 << 16

WITHOUT_A_LOG = (
    "set XDG_STATE_HOME to a folder that can be written, since a log of what is sent must be; or,"
    " if it is this file alone, start with --no-session"
)
"""What can be done where a log cannot be written."""


class RecordError(BathyError):
    """A log that cannot be read or written."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A log that was read.

    Attributes:
        path: Of the file.
        header: Its first line: what does not change during a session.
        messages: The conversation.
        started: Ids of the calls that had begun.
        lines: Everything, in order, for people who want to see it.
    """

    path: Path
    header: Mapping[str, Any]
    messages: tuple[Message, ...]
    started: frozenset[str]
    lines: tuple[Mapping[str, Any], ...]


class Record:
    """A log being written; nobody else may write to it meanwhile."""

    def __init__(self, path: Path | None, clock: Callable[[], float] = time.time) -> None:
        """Open a log for appending, or none at all.

        Args:
            path: Of the file; None for none.
            clock: The moment that each line bears, in seconds since 1970.

        Raises:
            ConfigError: Another process is writing to it.
            RecordError: The disk refuses.
        """
        self._path, self._clock = path, clock
        self._file = -1
        if path is None:
            return
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self._file = os.open(path, flags, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _cut_torn_line(self._file)
        except BlockingIOError as error:
            self.close()
            raise ConfigError(
                f"the session {path.stem} is in use by another process; add --fork-session"
            ) from error
        except OSError as error:
            raise RecordError(f"cannot write {path}: {error.strerror}; {WITHOUT_A_LOG}") from error

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def write(self, kind: str, values: Mapping[str, Any]) -> None:
        """Append a line."""
        if self._file < 0:
            return
        line = {"type": kind, "at_s": round(self._clock(), 3), **values}
        data = json.dumps(line, ensure_ascii=True).encode() + b"\n"
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError as error:
            raise RecordError(
                f"cannot write {self._path}: {error.strerror}; {WITHOUT_A_LOG}"
            ) from error

    def write_message(self, message: Message, thought_s: float = 0.0) -> None:
        """Append a message; a long text is stored beside the log, once.

        Args:
            message: Of the conversation.
            thought_s: How long its thinking took; for people alone.
        """
        if self._path is None:
            return
        values = asdict(message)
        if thought_s:
            values["thought_s"] = round(thought_s, 3)
        if len(message.content) > _SHARED_CHARS and message.role == "user":
            values["content_ref"] = keep_text(self._path.parent, message.content)
            values["content"] = ""
        self.write("message", values)

    def write_request(self, request: "Request", thinking: str) -> None:
        """Append what `rebuild_requests` needs to make a request again."""
        self.write(
            "request",
            {
                "messages": len(request.messages),
                "max_tokens": request.max_tokens,
                "model": request.model,
                "effort": request.effort,
                "thinking": thinking,
                "reasoning_field": request.reasoning_field,
            },
        )


def _cut_torn_line(file: int) -> None:
    """Take off what follows the last LF: a write that the end of a process cut."""
    size = end = os.fstat(file).st_size
    while end:
        start = max(0, end - _TAIL_BYTES)
        at = os.pread(file, end - start, start).rfind(b"\n")
        end = start + at + 1 if at >= 0 else start
        if at >= 0:
            break
    if end < size:
        os.ftruncate(file, end)


def read_record(path: Path) -> Recorded:
    """Read a log.

    Raises:
        RecordError: There is none, or it begins with no header, or a shared text has gone.
    """
    lines = tuple(_lines(path))
    if not lines or lines[0].get("type") != "session":
        raise RecordError(f"{path} is no session of bathy")
    messages, started = list[Message](), set[str]()
    for line in lines:
        if line["type"] == "restart":
            messages.clear()
        elif line["type"] == "message":
            messages.append(_message(path.parent, line))
        elif line["type"] == "tool_started":
            started.add(line["call_id"])
    return Recorded(path, lines[0], tuple(messages), frozenset(started), lines)


def read_header(path: Path) -> Mapping[str, Any] | None:
    """Return the first line of a log, or None if it is none."""
    try:
        with path.open("rb") as file:
            header = json.loads(file.readline())
    except (OSError, ValueError):
        return None
    return header if isinstance(header, dict) and header.get("type") == "session" else None


def keep_text(folder: Path, text: str) -> str:
    """Store a text under the hash of it; return the hash.

    Raises:
        RecordError: The disk refuses.
    """
    data = text.encode("utf-8", "surrogatepass")
    name = hashlib.sha256(data).hexdigest()
    target = folder / "texts" / name
    if not target.exists():
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished = target.with_suffix(f".{os.getpid()}")
            unfinished.touch(mode=0o600)
            unfinished.write_bytes(zlib.compress(data, 1))
            unfinished.replace(target)
        except OSError as error:
            raise RecordError(
                f"cannot write {target}: {error.strerror}; {WITHOUT_A_LOG}"
            ) from error
    return name


def kept_text(folder: Path, name: str) -> str:
    """Return a stored text.

    Raises:
        RecordError: It has gone, or is another one.
    """
    try:
        data = zlib.decompress((folder / "texts" / Path(name).name).read_bytes())
    except (OSError, zlib.error) as error:
        raise RecordError("a text of this session has gone; begin a new session") from error
    if hashlib.sha256(data).hexdigest() != name:
        raise RecordError("a text of this session is damaged; begin a new session")
    return data.decode("utf-8", "surrogatepass")


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RecordError(f"cannot read {path}: {error.strerror}") from error
    for number, raw in enumerate(data.split(b"\n")):
        if not raw:
            continue
        try:
            line = json.loads(raw)
        except ValueError as error:
            # A write that the end of the machine cut; what it told of was never acted on.
            if data.endswith(raw):
                return
            raise RecordError(f"{path} is damaged on line {number + 1}") from error
        if isinstance(line, dict) and "type" in line:
            yield line


def _message(folder: Path, line: Mapping[str, Any]) -> Message:
    content = line["content"]
    if reference := line.get("content_ref"):
        content = kept_text(folder, reference)
    return Message(
        line["role"],
        content,
        line["reasoning"],
        tuple(ToolCall(**call) for call in line["tool_calls"]),
        line["tool_call_id"],
        tuple(Image(**image) for image in line["images"]),
    )


def rebuild_requests(recorded: Recorded) -> Iterator[dict[str, Any]]:
    """Yield the body of every request that a session made, as it was sent, in order.

    A request that was made again after a failure is yielded once.
    """
    from bathy.agent.model.client import Request
    from bathy.agent.model.deepseek import wire_body

    tools = tuple(ToolSpec(**tool) for tool in recorded.header["tools"])
    messages = list[Message]()
    for line in recorded.lines:
        if line["type"] == "restart":
            messages.clear()
        elif line["type"] == "message":
            messages.append(_message(recorded.path.parent, line))
        elif line["type"] == "request":
            request = Request(
                line["model"],
                tuple(messages[: line["messages"]]),
                tools,
                line["effort"],
                line["max_tokens"],
                line["reasoning_field"],
            )
            yield wire_body(request, line["thinking"])
