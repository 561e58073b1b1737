"""What was sent -> one line in a log that only the user can read: ids of contents, never contents.

The log is a promise, so a request whose line cannot be written is not made.
"""

import fcntl
import json
import mmap
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bathy.agent.errors import BathyError

SCHEMA = 1


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
    path: Path, to: Destination, what: str, blobs: Iterable[str], **more: str | int
) -> None:
    """Append a line.

    Args:
        path: The log.
        to: Who is sent it.
        what: "base", "overlay", "tool", "question", or "consent" for a yes alone.
        blobs: git blob ids of what the text was taken from.
        more: Further values, such as the id of a base; never text of files or questions.

    Raises:
        BathyError: The disk refuses.
    """
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    line = {
        "schema_version": SCHEMA, "time": moment, **_pair(to), "model": to.model,
        "session": to.session, "what": what, **more, "blobs": list(dict.fromkeys(blobs)),
    }  # fmt: skip
    data = json.dumps(line, separators=(",", ":")).encode() + b"\n"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        file = os.open(path, flags, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            size = os.fstat(file).st_size
            # A line that the end of the machine cut must not swallow this one.
            if size and os.pread(file, 1, size - 1) != b"\n":
                data = b"\n" + data
            while data:
                data = data[os.write(file, data) :]
        finally:
            os.close(file)
    except OSError as error:
        raise BathyError(
            f"nothing is sent without a line in {path}, which cannot be written: {error.strerror}"
        ) from error


def was_sent(path: Path, to: Destination) -> bool:
    """Whether anything of a repository went to a server before, or was allowed to."""
    return _has_line(path, _needle(to))


def knows_base(path: Path, to: Destination, base_id: str) -> bool:
    """Whether the blobs of a base that went to a server are in the log already."""
    what = json.dumps({"what": "base", "base_id": base_id}, separators=(",", ":"))
    return _has_line(path, _needle(to), what[1:-1].encode())


def _has_line(path: Path, *needles: bytes) -> bool:
    """Whether one line holds all of some texts; reads no line that lacks the first."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            at = data.find(needles[0])
            while at >= 0:
                start, end = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at)
                end = len(data) if end < 0 else end
                if all(start <= data.find(one, start, end) for one in needles[1:]):
                    return True
                at = data.find(needles[0], end)
    except (OSError, ValueError):  # there is none, or it is empty
        pass
    return False


def _pair(to: Destination) -> Mapping[str, Any]:
    return {"endpoint": to.endpoint, "repo": to.repo}


def _needle(to: Destination) -> bytes:
    return json.dumps(_pair(to), separators=(",", ":")).encode()[1:-1]
