"""What was asked before: a bounded file of JSON lines for a repository, and the way through it.

Only the user can read the file, and secrets are taken out before anything is written. A line is
appended by one write under a lock, so that several processes can keep one history.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

MOST_ENTRIES = 1000
"""Entries that are kept; the file may hold twice as many before it is cut."""

_MOST_ENTRY_BYTES = 64 << 10
_MOST_FILE_BYTES = 2 << 20


def history_path(folder: Path, repository: Path) -> Path:
    """Return the file for a repository, whose name says nothing of it."""
    name = hashlib.sha256(os.fsencode(repository.absolute())).hexdigest()[:24]
    return folder / f"{name}.jsonl"


class History:
    """Questions of a repository, oldest first.

    Attributes:
        entries: As they were asked in this session; those of earlier ones without their secrets.
        problem: Why the file cannot be kept, in a few words; "" if it can.
    """

    def __init__(
        self, path: Path | None, redact: Callable[[str], str], *, most: int = MOST_ENTRIES
    ) -> None:
        """Read the file.

        Args:
            path: Of the file, which need not exist; None keeps everything in memory alone.
            redact: Takes the secrets out of a text.
            most: Entries that are kept.
        """
        self._path, self._redact, self._most = path, redact, most
        self.problem = ""
        self.entries: list[str] = []
        if path is not None:
            with self._telling():
                self.entries = _texts(_read(path))[-most:]

    def add(self, text: str, written: str | None = None) -> None:
        """Add an entry at the end, unless it is the last one already.

        Args:
            text: What comes back in this session.
            written: What is written, without its secrets; None for the same text.
        """
        if not text.strip() or self.entries[-1:] == [text]:
            return
        self.entries = [*self.entries, text][-self._most :]
        if self._path is None:
            return
        line = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "text": self._redact(text if written is None else written),
        }
        data = json.dumps(line).encode() + b"\n"
        if len(data) <= _MOST_ENTRY_BYTES:
            with self._telling():
                _append(self._path, data, self._most)

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """Go on without the file if the disk refuses: what is being written matters more."""
        try:
            yield
        except OSError as error:
            self.problem = f"the history cannot be kept: {error.strerror}"


def _read(path: Path) -> bytes:
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return b""
    with open(file, "rb") as opened:  # noqa: PTH123 - a descriptor
        size = os.fstat(file).st_size
        opened.seek(max(0, size - _MOST_FILE_BYTES))
        return opened.read(_MOST_FILE_BYTES)


def _texts(data: bytes) -> list[str]:
    """Return the texts of whole lines; those that are damaged say nothing."""
    found = []
    for line in data.split(b"\n"):
        with contextlib.suppress(ValueError, RecursionError):
            entry = json.loads(line)
            if isinstance(entry, dict) and isinstance(text := entry.get("text"), str):
                found.append(text)
    return found


def _append(path: Path, data: bytes, most: int) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    with _locked(path.with_suffix(".lock"), flags):
        file = os.open(path, flags, 0o600)
        try:
            found = os.fstat(file)
            if not stat.S_ISREG(found.st_mode):
                raise OSError(None, "it is no regular file")
            if found.st_mode & 0o077:
                os.fchmod(file, 0o600)
            # A line that the end of the machine cut must not swallow this one.
            if found.st_size and os.pread(file, 1, found.st_size - 1) != b"\n":
                data = b"\n" + data
            while data:
                data = data[os.write(file, data) :]
        finally:
            os.close(file)
        _cut(path, most)


@contextlib.contextmanager
def _locked(path: Path, flags: int) -> Iterator[None]:
    """Hold a lock beside the file, which outlives the file when that is cut."""
    lock = os.open(path, flags, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _cut(path: Path, most: int) -> None:
    """Leave the newest entries, once there are twice as many; the file is whole at any moment."""
    data = _read(path)
    lines = data.split(b"\n")[:-1]
    if len(lines) <= 2 * most and len(data) < _MOST_FILE_BYTES:
        return
    kept = lines[-most:]
    while kept[1:] and sum(map(len, kept)) > _MOST_FILE_BYTES // 2:
        kept = kept[len(kept) // 2 :]
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    with open(os.open(unfinished, flags, 0o600), "wb") as file:  # noqa: PTH123 - a descriptor
        file.write(b"".join(line + b"\n" for line in kept))
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


class Recall:
    """The way through a history: what is on screen is kept at its place, also if it was changed."""

    def __init__(self, history: History) -> None:
        self._history = history
        self.leave()

    def leave(self) -> None:
        """Stand behind the newest entry again."""
        self._changed: dict[int, str] = {}
        self._entries = list(self._history.entries)
        self._at = len(self._entries)

    def older(self, current: str) -> str | None:
        """Go to the entry before.

        Args:
            current: The text on screen.

        Returns:
            The text to show; None if there is no older one.
        """
        return self._go(self._at - 1, current)

    def newer(self, current: str) -> str | None:
        """Go to the entry after; the one after the newest is what was being written."""
        return self._go(self._at + 1, current)

    def _go(self, to: int, current: str) -> str | None:
        if not 0 <= to <= len(self._entries):
            return None
        self._changed[self._at] = current
        self._at = to
        if to in self._changed:
            return self._changed[to]
        return self._entries[to] if to < len(self._entries) else ""
