"""What was sent -> one line in a log that only the user can read: ids of contents, never contents.

The log is a promise, so a request whose line cannot be written is not made.
"""

import contextlib
import fcntl
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

from bathy.agent.errors import BathyError

SCHEMA = 1

What = Literal["base", "overlay", "tool", "question", "consent"]
"""What a line tells of; "consent" is a yes alone, with which nothing was sent."""

_BLOCK_BYTES = 1 << 20
_ID = re.compile(r"[0-9a-f]*")


@dataclass(frozen=True, slots=True)
class Destination:
    """Who is sent something of what.

    Attributes:
        endpoint: Address of the server.
        repo: Folder of the repository.
        model: Id.
        session: Id; "" without one.
    """

    endpoint: str
    repo: str
    model: str = ""
    session: str = ""


def uploads_path() -> Path:
    """Return the log, in the user's state folder."""
    from platformdirs import user_state_path

    return user_state_path("bathy", appauthor=False) / "uploads.log"


def note_upload(
    path: Path, to: Destination, what: What, blobs: Iterable[str], *, base_id: str = ""
) -> None:
    """Append a line.

    Args:
        path: The log.
        to: Who is sent it.
        what: Is sent.
        blobs: git blob ids of what the text was taken from.
        base_id: Of the base that was sent, or that it was sent on; "" for none.

    Raises:
        BathyError: The disk refuses.
    """
    ids = list(dict.fromkeys(blobs))
    if not all(map(_ID.fullmatch, ids)):
        raise ValueError("only ids go into the log of uploads")
    line = {
        "schema_version": SCHEMA,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        **_pair(to),
        "model": to.model,
        "session": to.session,
        "what": what,
        **({"base_id": base_id} if base_id or what == "base" else {}),
        "blobs": ids,
    }
    try:
        _append(path, json.dumps(line, separators=(",", ":")).encode() + b"\n")
    except OSError as error:
        raise BathyError(
            f"nothing is sent without a line in {path}, which cannot be written: {error.strerror};"
            " set XDG_STATE_HOME to a folder that can be"
        ) from error


def _append(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The folder may be there already, made for something that is less private.
    if stat.S_IMODE(path.parent.stat().st_mode) & 0o077:
        path.parent.chmod(0o700)
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    file = os.open(path, flags, 0o600)
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(None, "it is no regular file")
        if found.st_mode & 0o077:
            os.fchmod(file, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        size = os.fstat(file).st_size
        # A line that the end of the machine cut must not swallow this one.
        if size and os.pread(file, 1, size - 1) != b"\n":
            data = b"\n" + data
        while data:
            data = data[os.write(file, data) :]
    finally:
        os.close(file)


def was_sent(path: Path, to: Destination) -> bool:
    """Whether anything of a repository went to a server before, or was allowed to."""
    return any(True for _ in _lines_of(path, to))


def was_allowed(path: Path, to: Destination) -> bool:
    """Whether a person has said that a repository may go to a server."""
    return any(line.get("what") == "consent" for line in _lines_of(path, to, b'"consent"'))


def knows_base(path: Path, to: Destination, base_id: str) -> bool:
    """Whether the blobs of a base that went to a server are in the log already."""
    found = _lines_of(path, to, json.dumps(base_id).encode())
    return any(line.get("what") == "base" and line.get("base_id") == base_id for line in found)


def _lines_of(path: Path, to: Destination, *holding: bytes) -> Iterator[Mapping[str, Any]]:
    """Yield the whole lines of a pair, oldest first; those that are damaged say nothing.

    A log grows for years, so JSON is read only of lines that hold the bytes to look for.
    """
    pair = _pair(to)
    needles = (json.dumps(pair["repo"]).encode(), json.dumps(pair["endpoint"]).encode(), *holding)
    try:
        with path.open("rb") as file:
            # Some lines at once, since most of them speak of another pair.
            while block := file.read(_BLOCK_BYTES) + file.readline():
                if all(needle in block for needle in needles):
                    # What follows the last LF is no whole line.
                    for data in block.split(b"\n")[:-1]:
                        if all(needle in data for needle in needles):
                            yield from _line_of(data, pair)
    except OSError:  # there is none, or none that can be read
        return


def _line_of(data: bytes, pair: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    with contextlib.suppress(ValueError, RecursionError):
        line = json.loads(data)
        if isinstance(line, dict) and pair.items() <= line.items():
            yield line


def _pair(to: Destination) -> dict[str, str]:
    return {"endpoint": _bare(to.endpoint), "repo": to.repo}


def _bare(url: str) -> str:
    """An address in one form, without what a key could stand in."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    host = parts.netloc.rpartition("@")[2].lower()
    return urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
