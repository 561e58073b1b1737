"""Results -> a JSON Lines file that only grows, a line for each task, whatever ends the process.

One process writes it, under a lock. A line is on disk before the next one begins, and the last one,
if it was torn, is cut off at the next start: its task counts as not done.
"""

import contextlib
import fcntl
import json
import os
import stat
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from bathy.agent.errors import BathyError, ConfigError

Result = Mapping[str, Any]


class Record:
    """A file of results, open and locked.

    Attributes:
        path: The file.
        results: All that it holds, by id, in the order of the lines.
    """

    def __init__(self, path: Path, *, key: str = "id") -> None:
        """Open it, or make it; a torn line at its end is cut off.

        Args:
            path: The file.
            key: Of the id in each line.

        Raises:
            ConfigError: It is no file of results, or another batch is writing it.
        """
        self.path, self._key = path, key
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
        self._write(_line(result))
        self.results[name] = result
        return True

    def drop(self, ids: Collection[str]) -> None:
        """Take results out, so that others can take their place; all at once, or not at all.

        Raises:
            BathyError: The disk refuses; the file is as it was.
        """
        left = {name: result for name, result in self.results.items() if name not in ids}
        if len(left) == len(self.results):
            return
        other = self.path.with_name(f"{self.path.name}.{os.getpid()}.tmp")
        try:
            file = _open(other)
            try:
                os.ftruncate(file, 0)
                _write_all(file, b"".join(map(_line, left.values())))
                other.replace(self.path)
            except BaseException:
                os.close(file)
                other.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise BathyError(f"cannot write {self.path}: {error.strerror}") from error
        os.close(self._file)
        self._file, self.results = file, left

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
        if whole < len(data):
            rest = _parsed(data[whole:])
            if rest is not None and isinstance(rest.get(self._key), str):
                # All of it is there but its end.
                self._write(b"\n")
                found.setdefault(rest[self._key], rest)
            elif not data[whole:].lstrip().startswith(b"{"):
                raise ConfigError(f"{self.path} is no file of results; name another one with -o")
            else:
                os.ftruncate(self._file, whole)
        return found

    def _write(self, data: bytes) -> None:
        before = os.fstat(self._file).st_size
        try:
            _write_all(self._file, data)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, before)
            raise BathyError(f"cannot write {self.path}: {error.strerror}") from error


def _open(path: Path) -> int:
    try:
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}") from error
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise ConfigError(f"{path} is no regular file; results need one to go on from")
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(file)
        raise ConfigError(f"another batch is writing {path}") from error
    except BaseException:
        os.close(file)
        raise
    return file


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
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
