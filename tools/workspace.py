"""The path jail: relative paths of one folder <-> bytes, and nothing outside that folder.

Paths are repository-relative, "/"-separated, decoded from bytes as UTF-8 with surrogateescape, so
that names that are not UTF-8 survive the way there and back.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


class WorkspaceError(Exception):
    """A path that cannot be read or written. The message is a reason, without the path."""


class OutsideError(WorkspaceError):
    """A path that names no place for a file inside the folder, whatever is there."""


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
    """Access to the regular files under one folder.

    Symbolic links are never followed, at any depth, so no path can lead out; anything that is not a
    regular file (FIFO, socket, device) is refused before it is opened. A file is written whole, by
    taking its place in one step, or not at all.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._root = os.fsencode(root)

    def lstat(self, path: str) -> FileStat | None:
        """Return the state of an entry itself (links not followed), or None if there is none."""
        try:
            return self.lstat_or_why(path)
        except WorkspaceError:
            return None

    def lstat_or_why(self, path: str) -> FileStat | None:
        """Return the state of an entry as `lstat` does, but None only if there certainly is none.

        Raises:
            WorkspaceError: The system does not say, as of what lies in a closed folder.
        """
        try:
            found = os.lstat(self._root + b"/" + encode_path(path))
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None
        except OSError as error:
            raise WorkspaceError(_reason(error)) from error
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
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise WorkspaceError("not a regular file")
        with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor, not a path
            data = file.read(max_bytes + 1)
        if len(data) > max_bytes:
            raise WorkspaceError(f"larger than {max_bytes >> 20} MiB")
        return data

    def _open(self, path: str) -> int:
        """Open one file, each folder on the way by itself, so that no link is followed."""
        *folders, name = _parts(path)
        with self._folder(folders) as folder:
            # Without O_NONBLOCK the opening of a FIFO waits for a writer.
            return os.open(name, _NO_LINK | os.O_NONBLOCK, dir_fd=folder)

    @contextlib.contextmanager
    def _folder(self, parts: Sequence[bytes], *, make: bool = False) -> Iterator[int]:
        """Open a folder, each one on the way by itself; `make` those that are missing."""
        folder = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for part in parts:
                if make:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(part, dir_fd=folder)
                inner = os.open(part, _NO_LINK | os.O_DIRECTORY, dir_fd=folder)
                os.close(folder)
                folder = inner
            yield folder
        finally:
            os.close(folder)

    def write_bytes(self, path: str, data: bytes, *, mode: int | None, mark: str) -> None:
        """Write a regular file whole, in one step that leaves either the old or the new content.

        Args:
            path: Repository-relative; folders that are missing are made.
            data: All of its content.
            mode: Permission bits; None for those of the file that is replaced, or the usual ones.
            mark: Part of the name that the file has until it is whole; see `remove_unfinished`.

        Raises:
            WorkspaceError: The path leads out, passes a link, names no regular file, or the system
                refuses.
        """
        *folders, name = _parts(path)
        unfinished = _unfinished(name, mark)
        try:
            with self._folder(folders, make=True) as folder:
                mode = _mode(name, folder) if mode is None else mode
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                try:
                    descriptor = os.open(unfinished, flags, 0o600, dir_fd=folder)
                    with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor
                        file.write(data)
                        os.fchmod(descriptor, mode)
                        file.flush()
                        os.fsync(descriptor)
                    os.rename(unfinished, name, src_dir_fd=folder, dst_dir_fd=folder)
                finally:
                    _unlink(unfinished, folder)
                os.fsync(folder)
        except OSError as error:
            raise WorkspaceError(_reason(error, "write")) from error

    def delete(self, path: str) -> None:
        """Delete a regular file, and the folders above it that are left empty.

        Raises:
            WorkspaceError: There is none, or the system refuses.
        """
        *folders, name = _parts(path)
        try:
            with self._folder(folders) as folder:
                _mode(name, folder)
                os.unlink(name, dir_fd=folder)
                os.fsync(folder)
            while folders:
                *folders, last = folders
                with self._folder(folders) as folder:
                    os.rmdir(last, dir_fd=folder)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise WorkspaceError(_reason(error, "write")) from error

    def remove_unfinished(self, path: str, mark: str) -> None:
        """Delete what a `write_bytes` that was killed has left beside a path."""
        *folders, name = _parts(path)
        with contextlib.suppress(OSError), self._folder(folders) as folder:
            _unlink(_unfinished(name, mark), folder)

    def read_link(self, path: str) -> bytes:
        """Return where a symbolic link points, as bytes, without following it.

        Raises:
            WorkspaceError: It is no link, or the system refuses.
        """
        try:
            return os.readlink(self._root + b"/" + encode_path(path))  # noqa: PTH115 - bytes
        except OSError as error:
            raise WorkspaceError(_reason(error)) from error


_NO_LINK = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_MOST_NAME_BYTES = 200


def _parts(path: str) -> list[bytes]:
    parts = encode_path(path).split(b"/")
    if any(part in (b"", b".", b"..") or b"\0" in part for part in parts):
        raise OutsideError("not a path inside the repository")
    if any(part.lower() == b".git" for part in parts):
        raise OutsideError("git's own data is no file of the repository")
    return parts


def _unfinished(name: bytes, mark: str) -> bytes:
    return b".%s.%s" % (name[:_MOST_NAME_BYTES], mark.encode("ascii"))


def _mode(name: bytes, folder: int) -> int:
    """Permission bits of a regular file; of none, those that a new one gets."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        umask = os.umask(0o022)
        os.umask(umask)
        return 0o666 & ~umask
    if not stat.S_ISREG(found.st_mode):
        is_link = stat.S_ISLNK(found.st_mode)
        raise WorkspaceError("a symbolic link" if is_link else "not a regular file")
    return stat.S_IMODE(found.st_mode)


def _unlink(name: bytes, folder: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def _reason(error: OSError, what: str = "read") -> str:
    if error.errno == errno.ELOOP:
        return "a symbolic link stands in the path"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"no permission to {what}"
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return "no such file"
    if error.errno == errno.ENXIO:
        return "not a regular file"
    return (error.strerror or "unreadable").lower()
