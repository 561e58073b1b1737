"""The path jail: relative paths of one folder -> bytes, and nothing outside that folder.

Paths are repository-relative, "/"-separated, decoded from bytes as UTF-8 with surrogateescape, so
that names that are not UTF-8 survive the way there and back.
"""

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path


class WorkspaceError(Exception):
    """A path that cannot be read. The message is a reason in a few words, without the path."""


@dataclass(frozen=True, slots=True)
class FileStat:
    """What tells one state of a file from another, and what kind of entry it is.

    Attributes:
        mode: As in `os.lstat`, type bits included.
        size_bytes: Length.
        mtime_ns: Modification time, nanoseconds since the epoch.
        ctime_ns: Time of the last change of the inode, likewise.
        inode: Inode number.
    """

    mode: int
    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    inode: int


def encode_path(path: str) -> bytes:
    """Return the bytes that the file system and git know a path by."""
    return path.encode("utf-8", "surrogateescape")


def decode_path(path: bytes) -> str:
    """Return the text form of a path; `encode_path` takes it back exactly."""
    return path.decode("utf-8", "surrogateescape")


def quote_path(path: str) -> str:
    r"""Return a path fit for a terminal, a prompt or JSON, as git quotes it.

    Paths without control characters, quotes, backslashes or bytes that are not UTF-8 come back
    unchanged. Others are put in double quotes with C escapes (`\n`, `\"`, `\\`, `\303`).
    """
    if path.isprintable() and '"' not in path and "\\" not in path:
        return path
    names = {"\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r"}
    quoted = []
    for char in path:
        if char in names:
            quoted.append("\\" + names[char])
        elif char in '"\\':
            quoted.append("\\" + char)
        elif char.isprintable():
            quoted.append(char)
        else:
            quoted.extend(f"\\{byte:03o}" for byte in encode_path(char))
    return '"' + "".join(quoted) + '"'


class Workspace:
    """Read access to the regular files under one folder.

    Symbolic links are never followed, at any depth, so no path can lead out; anything that is not a
    regular file (FIFO, socket, device) is refused before it is opened.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._root = os.fsencode(root)

    def lstat(self, path: str) -> FileStat | None:
        """Return the state of an entry itself (links not followed), or None if there is none."""
        try:
            found = os.lstat(self._root + b"/" + encode_path(path))
        except (OSError, ValueError):
            return None
        return FileStat(
            found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino
        )

    def read_bytes(self, path: str, *, max_bytes: int) -> bytes:
        """Read a regular file whole.

        Args:
            path: Repository-relative path.
            max_bytes: Longest file that is read.

        Raises:
            WorkspaceError: It leads out, passes a link, is no regular file, is too large, or the
                system refuses.
        """
        try:
            descriptor = self._open(path)
        except OSError as error:
            raise WorkspaceError(_reason(error)) from error
        with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor, not a path
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise WorkspaceError("not a regular file")
            data = file.read(max_bytes + 1)
        if len(data) > max_bytes:
            raise WorkspaceError(f"larger than {max_bytes >> 20} MiB")
        return data

    def _open(self, path: str) -> int:
        """Open one file, each folder on the way by itself, so that no link is followed."""
        parts = encode_path(path).split(b"/")
        if any(part in (b"", b".", b"..") or b"\0" in part for part in parts):
            raise WorkspaceError("not a path inside the repository")
        if any(part.lower() == b".git" for part in parts):
            raise WorkspaceError("git's own data is not read as files")
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        folder = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for part in parts[:-1]:
                inner = os.open(part, flags | os.O_DIRECTORY, dir_fd=folder)
                os.close(folder)
                folder = inner
            # Without O_NONBLOCK the opening of a FIFO waits for a writer.
            return os.open(parts[-1], flags | os.O_NONBLOCK, dir_fd=folder)
        finally:
            os.close(folder)

    def read_link(self, path: str) -> bytes:
        """Return where a symbolic link points, as bytes, without following it.

        Raises:
            WorkspaceError: It is no link, or the system refuses.
        """
        try:
            return os.readlink(self._root + b"/" + encode_path(path))  # noqa: PTH115 - bytes
        except OSError as error:
            raise WorkspaceError(_reason(error)) from error


def _reason(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "a symbolic link stands in the path"
    if error.errno in (errno.EACCES, errno.EPERM):
        return "no permission to read"
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return "no such file"
    if error.errno == errno.ENXIO:
        return "not a regular file"
    return (error.strerror or "unreadable").lower()
