"""Results -> a JSON Lines file that only grows, a line for each task, whatever ends the process.

One process writes it, under a lock. A line is on disk before the next one begins, and the last one,
if it was torn, gives way to the next one that is written: its task counts as not done.
"""

import contextlib
import fcntl
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bathy.agent.errors import BathyError, ConfigError
from bathy.agent.modes.signals import ends_put_off

Result = Mapping[str, Any]


class Record:
    """A file of results, open and locked.

    Attributes:
        path: The file.
        results: All that it holds, by id, in the order of the lines.
    """

    def __init__(self, path: Path, *, key: str = "id") -> None:
        """Open it, or make it; a torn line at its end gives way to the first one that is written.

        Args:
            path: The file.
            key: Of the id in each line.

        Raises:
            ConfigError: It is no file of results, or another batch is writing it.
        """
        self.path, self._key = path, key
        self._end, self._is_torn, self._lead = 0, False, b""
        self._file = _open(path)
        try:
            self.results = self._read()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Record":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let others write it."""
        os.close(self._file)

    def append(self, result: Result) -> bool:
        """Write a result; return whether it was the first one of its id.

        Raises:
            BathyError: The disk refuses; nothing of the line is left.
        """
        name = str(result[self._key])
        if name in self.results:
            return False
        with ends_put_off():
            self._write(_line(result))
            self.results[name] = result
        return True

    def replace(self, result: Result) -> None:
        """Let a result take the place of an earlier one of its id, at the end; all or nothing.

        Raises:
            BathyError: The disk refuses; the file is as it was.
        """
        with ends_put_off():
            self._replace(result)

    def _replace(self, result: Result) -> None:
        name = str(result[self._key])
        results = {other: known for other, known in self.results.items() if other != name}
        results[name] = result
        data = b"".join(map(_line, results.values()))
        # What a link leads to, not the link.
        place = Path(os.path.realpath(self.path))
        other = place.with_name(f"{place.name}.{os.getpid()}.tmp")
        try:
            file = _written(other, data, stat.S_IMODE(os.fstat(self._file).st_mode))
            try:
                other.replace(place)
            except BaseException:
                os.close(file)
                other.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise BathyError(f"cannot write {self.path}: {error.strerror}") from error
        os.close(self._file)
        self._file, self.results = file, results
        self._end, self._is_torn, self._lead = len(data), False, b""
        with contextlib.suppress(OSError):  # some file systems know no such thing
            _sync(place.parent)

    def _read(self) -> dict[str, Result]:
        data = _read_all(self._file)
        whole = data.rfind(b"\n") + 1
        found = dict[str, Result]()
        for number, line in enumerate(data[:whole].split(b"\n")[:-1], 1):
            result = _parsed(line)
            name = result.get(self._key) if result is not None else None
            if result is None or not isinstance(name, str):
                raise ConfigError(f"{self.path}, line {number}, is no result of a batch")
            # Of a file that was put together by hand, the first one counts.
            found.setdefault(name, result)
        self._end = len(data)
        if rest := data[whole:]:
            self._read_rest(rest, whole, found)
        return found

    def _read_rest(self, rest: bytes, whole: int, found: dict[str, Result]) -> None:
        """Read the last line, whose end is missing; only a part of a result may be cut off."""
        result = _parsed(rest)
        if result is not None and isinstance(result.get(self._key), str):
            # All of it is there but its end.
            self._lead = b"\n"
            found.setdefault(result[self._key], result)
            return
        start = f'{{"{self._key}": '.encode()
        is_start = rest.startswith(start) or start.startswith(rest)
        if result is not None or not (is_start or (found and rest.startswith(b"{"))):
            raise ConfigError(f"{self.path} is no file of results; name another one with -o")
        self._end, self._is_torn = whole, True

    def _write(self, line: bytes) -> None:
        data = self._lead + line
        try:
            if self._is_torn:
                os.ftruncate(self._file, self._end)
                self._is_torn = False
            _write_all(self._file, data)
        except OSError as error:
            # A line may follow all the same, so that a part that cannot go counts as torn.
            self._is_torn = True
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._end)
            raise BathyError(f"cannot write {self.path}: {error.strerror}") from error
        self._end, self._lead = self._end + len(data), b""


def _open(path: Path) -> int:
    """Open a file and lock it: the one that the path names now, whatever it named before."""
    while True:
        try:
            file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise ConfigError(f"cannot write {path}: {error.strerror}") from error
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise ConfigError(f"{path} is no regular file; results need one to go on from")
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(path, file):
                return file
        except BlockingIOError as error:
            os.close(file)
            raise ConfigError(f"another batch is writing {path}") from error
        except BaseException:
            os.close(file)
            raise
        os.close(file)


def _is_at(path: Path, file: int) -> bool:
    """Whether an open file is still what a path names; another batch may have replaced it."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except OSError:
        return False


def _written(path: Path, data: bytes, mode: int) -> int:
    """Make a file, locked from the beginning, with these bytes in it.

    Raises:
        OSError: The disk refuses; nothing is left.
    """
    path.unlink(missing_ok=True)
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    file = os.open(path, flags, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.fchmod(file, mode)
        _write_all(file, data)
    except BaseException:
        os.close(file)
        path.unlink(missing_ok=True)
        raise
    return file


def _sync(folder: Path) -> None:
    """Have a change of names on disk."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _read_all(file: int) -> bytes:
    with os.fdopen(os.dup(file), "rb") as stream:
        stream.seek(0)
        return stream.read()


def _write_all(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]
    os.fsync(file)


def _line(result: Result) -> bytes:
    return json.dumps(result).encode() + b"\n"


def _parsed(line: bytes) -> dict[str, Any] | None:
    """The object of a line; None if it is no JSON, and one without anything if it is another."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else {}
