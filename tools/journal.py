"""Changes of files -> all of them written or none, and the means to take them back.

Before the first file is touched, an entry with every file's content before and after is on disk; a
mark is added when the last one is written. So whatever ends the process, the next one finds either
nothing, or a whole change, or an entry without the mark, and puts that right. Only files whose
content is what the entry says are ever touched: what somebody else has written since stays.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bathy.tools.entries import Entry, entry_of, last_run, undone_by
from bathy.tools.workspace import OutsideError, Workspace, WorkspaceError, encode_path, quote_path

MAX_FILE_BYTES = 64 << 20
"""Longest file that is written."""

MOST_ENTRIES = 200
"""Entries kept of all repositories together; the oldest whole ones go first."""

_DONE = "done"


class JournalError(Exception):
    """A change that cannot be written or taken back; the message says why, and names the file."""


@dataclass(frozen=True, slots=True)
class Write:
    """One file's change.

    Attributes:
        path: Repository-relative.
        before: Content that it must have now; None if there must be no such file.
        after: Content that it gets; None to delete it.
        mode: Permission bits that it gets; None to keep them.
    """

    path: str
    before: bytes | None
    after: bytes | None
    mode: int | None = None


class Journal:
    """The changes that bathy has written, in a folder of the user's own."""

    def __init__(self, folder: Path) -> None:
        """Use a folder; it is made when it is needed."""
        self._folder = folder

    def apply(
        self, root: Path, writes: Sequence[Write], *, run: str = "", undoes: Sequence[str] = ()
    ) -> str:
        """Write files, all or none; return the id of the entry.

        Args:
            root: Folder that the paths belong to.
            writes: Each path once.
            run: Name of what is taken back together; "" for a change that stands alone.
            undoes: Entries that are taken back by this.

        Raises:
            JournalError: A file is not as it must be, or the system refuses; nothing is changed.
        """
        workspace = Workspace(root)
        with self._locks(root, writes):
            for write in writes:
                if _read(workspace, write.path) != write.before:
                    raise JournalError(f"{quote_path(write.path)} has changed since")
            entry = self._begin(root, writes, run, undoes)
            try:
                for write in writes:
                    # Saving all of them takes a while, in which somebody may have saved this one.
                    if _read(workspace, write.path) != write.before:
                        raise JournalError(f"{quote_path(write.path)} has changed since")
                    _put(workspace, write.path, write.after, write.mode, entry)
                    if _read(workspace, write.path) != write.after:
                        raise JournalError(f"{quote_path(write.path)} reads back differently")
            except (WorkspaceError, JournalError) as error:
                self._roll_back(workspace, entry, writes)
                raise JournalError(f"nothing was written: {error}") from error
            except BaseException:
                self._roll_back(workspace, entry, writes)
                raise
            self._finish(entry)
        self._prune(run)
        return entry

    def recover(self, root: Path) -> list[str]:
        """Put right what an earlier process left half written; return a sentence for each.

        A change of which every file was written is marked as done; any other is rolled back.
        """
        told = list[str]()
        for entry in self.entries(root):
            if entry.is_done:
                continue
            try:
                told += self._recover(root, entry)
            except JournalError as error:
                folder = self._folder / entry.id
                told.append(
                    f"an earlier patch was interrupted and cannot be taken back ({error}); what its"
                    f" files held lies in {folder}, which may be removed"
                )
        return told

    def _recover(self, root: Path, entry: Entry) -> list[str]:
        """Finish one change or take it back."""
        writes, workspace = self._writes(entry.id), Workspace(root)
        named = ", ".join(quote_path(path) for path in entry.paths)
        with self._locks(root, writes):
            # Whoever held the locks may have come to its own end meanwhile.
            if entry.id not in {e.id for e in self.entries(root) if not e.is_done}:
                return []
            if all(_read(workspace, w.path) == w.after for w in writes):
                self._finish(entry.id)
                return [f"an earlier patch was interrupted after its last write: {named}"]
            kept = self._roll_back(workspace, entry.id, writes)
        return [
            f"an earlier patch was interrupted; it was taken back: {named}",
            *(f"{quote_path(path)} was changed since and stays as it is" for path in kept),
        ]

    def undo(self, root: Path, entry_id: str = "") -> Entry:
        """Take a change back, or a whole run; return it. That can be taken back in its turn.

        Args:
            root: Folder that was written to.
            entry_id: Beginning of the id of one change; "" for the last change that is no undo and
                still stands, with all others of its run.

        Returns:
            The last change of those that are taken back, with the paths of all.

        Raises:
            JournalError: There is none, it is taken back already, or a file has changed since.
        """
        entries = [entry for entry in self.entries(root) if entry.is_done]
        found = [e for e in entries if e.id.startswith(entry_id)] if entry_id else last_run(entries)
        if not found or (entry_id and len(found) > 1):
            what = f"{len(found)} changes begin with {entry_id!r}" if found else "there is nothing"
            raise JournalError(f"{what} to undo in {root}")
        last = found[-1]
        if last.id in undone_by(entries):
            raise JournalError(f"the change {last.id} has been taken back already")
        try:
            back = self._way_back([entry.id for entry in found])
            self.apply(root, back, undoes=[entry.id for entry in found])
        except JournalError as error:
            raise JournalError(f"the patch {last.id} cannot be taken back: {error}") from error
        return replace(last, paths=tuple(write.path for write in back))

    def _way_back(self, ids: Sequence[str]) -> list[Write]:
        """What takes changes back that follow one another: each file as before the first of them.

        Raises:
            JournalError: Somebody else has changed a file between two of them.
        """
        found = dict[str, Write]()
        for id_ in ids:
            modes = self._modes(id_)
            for write in self._writes(id_):
                path, later = write.path, found.get(write.path)
                if later is not None and later.before != write.before:
                    raise JournalError(
                        f"{quote_path(path)} was changed by somebody else while the run wrote to"
                        f" it; take its patches back one by one: {', '.join(reversed(ids))}"
                    )
                first = later or Write(path, None, write.before, None)
                mode = modes[path] if first.mode is None else first.mode
                found[path] = Write(path, write.after, first.after, mode)
        return [w for w in found.values() if w.before != w.after or (w.mode and w.after)]

    def entries(self, root: Path) -> list[Entry]:
        """Return the changes of a folder, oldest first."""
        found = []
        for path in self._paths("*/entry.json"):
            with contextlib.suppress(OSError, ValueError, KeyError):
                values = json.loads(path.read_text(encoding="utf-8"))
                if values["root"] == os.fsdecode(root):
                    is_done = (path.parent / _DONE).exists()
                    found.append(entry_of(path.parent, values, is_done=is_done))
        return found

    def _begin(self, root: Path, writes: Sequence[Write], run: str, undoes: Sequence[str]) -> str:
        """Keep all that is needed to go either way."""
        now = time.time()
        # Two changes of one run follow each other within a millisecond; their names must, too.
        name = f"{int(now * 1_000_000):016d}-{secrets.token_hex(3)}"
        folder = self._folder / name
        workspace = Workspace(root)
        created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
        files = []
        try:
            folder.mkdir(mode=0o700, parents=True)
            for number, write in enumerate(writes):
                for kind, data in (("before", write.before), ("after", write.after)):
                    if data is not None:
                        _keep(folder / f"{number}-{kind}", zlib.compress(data, 1))
                stated = workspace.lstat(write.path)
                files.append(
                    {
                        "path": write.path,
                        "before": _hash(write.before),
                        "after": _hash(write.after),
                        "mode": stated.mode & 0o7777
                        if stated is not None and (write.mode is not None or write.after is None)
                        else None,
                    }
                )
            values = {
                "schema_version": 1,
                "root": os.fsdecode(root),
                "run": run,
                "undoes": list(undoes),
                "created": created,
                "files": files,
            }
            _keep(folder / "entry.json", json.dumps(values, ensure_ascii=True).encode())
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise JournalError(f"cannot write the journal {folder}: {error.strerror}") from error
        return name

    def _finish(self, entry: str) -> None:
        _keep(self._folder / entry / _DONE, b"")

    def _roll_back(self, workspace: Workspace, entry: str, writes: Sequence[Write]) -> list[str]:
        """Give every file that was written its content back; return the files of other content."""
        kept, modes = list[str](), self._modes(entry)
        for write in writes:
            workspace.remove_unfinished(write.path, f"bathy-{entry}")
            found = _read(workspace, write.path)
            if found == write.before:
                continue
            if found != write.after:
                kept.append(write.path)
                continue
            try:
                _put(workspace, write.path, write.before, modes[write.path], entry)
            except WorkspaceError as error:
                raise JournalError(
                    f"{quote_path(write.path)} could not be given back ({error}); its content is"
                    f" kept in {self._folder / entry}"
                ) from error
        shutil.rmtree(self._folder / entry, ignore_errors=True)
        return kept

    def _values(self, entry: str) -> dict[str, Any]:
        try:
            text = (self._folder / entry / "entry.json").read_text(encoding="utf-8")
            values: dict[str, Any] = json.loads(text)
        except (OSError, ValueError) as error:
            raise JournalError(f"the change {entry} cannot be read: {error}") from error
        return values

    def _modes(self, entry: str) -> dict[str, int | None]:
        return {file["path"]: file["mode"] for file in self._values(entry)["files"]}

    def _writes(self, entry: str) -> list[Write]:
        found = []
        for number, file in enumerate(self._values(entry)["files"]):
            before, after = (
                self._content(entry, f"{number}-{kind}", file[kind]) for kind in ("before", "after")
            )
            found.append(Write(file["path"], before, after))
        return found

    def _content(self, entry: str, name: str, digest: str | None) -> bytes | None:
        if digest is None:
            return None
        try:
            data = zlib.decompress((self._folder / entry / name).read_bytes())
        except (OSError, zlib.error) as error:
            raise JournalError(f"the change {entry} is damaged: {error}") from error
        if _hash(data) != digest:
            raise JournalError(f"the change {entry} is damaged")
        return data

    def _paths(self, pattern: str) -> list[Path]:
        """Files of the journal, oldest first; none where it cannot be read."""
        try:
            return sorted(self._folder.glob(pattern))
        except OSError:
            return []

    def _prune(self, run: str) -> None:
        """Drop the oldest changes, but none of a run that goes on, which is one to take back."""
        done = [path.parent for path in self._paths(f"*/{_DONE}")]
        for folder in done[:-MOST_ENTRIES]:
            with contextlib.suppress(JournalError):
                if run and self._values(folder.name).get("run") == run:
                    continue
            shutil.rmtree(folder, ignore_errors=True)

    @contextlib.contextmanager
    def _locks(self, root: Path, writes: Iterable[Write]) -> Iterator[None]:
        """Hold the lock of each file.

        They are taken in one order, so that two processes never wait for each other.
        """
        folder = self._folder / "locks"
        with contextlib.ExitStack() as stack:
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                for path in sorted({write.path for write in writes}):
                    whole = os.fsencode(root) + b"/" + encode_path(path)
                    name = folder / hashlib.sha256(whole).hexdigest()[:32]
                    file = stack.enter_context(name.open("ab"))
                    fcntl.flock(file, fcntl.LOCK_EX)
            except OSError as error:
                raise JournalError(f"cannot lock {folder}: {error.strerror}") from error
            yield


def _read(workspace: Workspace, path: str) -> bytes | None:
    """Content of a file, or None if there is none.

    Raises:
        JournalError: There is something, and it cannot be read.
    """
    try:
        return workspace.read_bytes(path, max_bytes=MAX_FILE_BYTES)
    except WorkspaceError as error:
        if not isinstance(error, OutsideError) and workspace.lstat(path) is None:
            return None
        raise JournalError(f"{quote_path(path)}: {error}") from error


def _put(workspace: Workspace, path: str, data: bytes | None, mode: int | None, entry: str) -> None:
    if data is not None:
        workspace.write_bytes(path, data, mode=mode, mark=f"bathy-{entry}")
    elif workspace.lstat(path) is not None:
        workspace.delete(path)


def _keep(path: Path, data: bytes) -> None:
    """Write a file of the journal so that it is whole, and on the disk, or not there."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    unfinished.replace(path)


def _hash(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()
