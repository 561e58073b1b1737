"""A snapshot -> the repository as tools and citations read it: now, through jail and redactor.

Which files there are was settled when the snapshot was taken; what is in them is read anew at each
call, so that an answer speaks of the tree as it stands. Safe to use from several threads.
"""

import threading
from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from pathlib import Path

from bathy.agent.index.examine import Reader, shown_text
from bathy.agent.index.files import language_of
from bathy.agent.index.repo import MAX_FILE_BYTES, Snapshot
from bathy.agent.index.symbols import Definition, extract_symbols
from bathy.tools.base import ToolError, split_lines
from bathy.tools.git import GitRepo
from bathy.tools.workspace import Workspace, WorkspaceError, encode_path, quote_path

KnownSymbols = Callable[[str], Sequence[Definition] | None]
"""What the index knows that a path defines; None if it has not looked."""


class LiveView:
    """The view that tools get of one snapshot; see `bathy.tools.base.RepoView`."""

    def __init__(
        self,
        snapshot: Snapshot,
        known_symbols: KnownSymbols,
        is_allowed: Callable[[str], bool] = lambda _path: True,
    ) -> None:
        """Open readers; `close` ends them.

        Args:
            snapshot: What there is.
            known_symbols: What the index knows of it.
            is_allowed: Whether a path may be read at all, listed or not.
        """
        self._is_allowed = is_allowed
        self.read_paths: set[str] = set()
        self.old_blobs: set[str] = set()
        self._snapshot = snapshot
        self._known_symbols = known_symbols
        self._workspace = Workspace(snapshot.root)
        self._of_commit = snapshot.origin == "commit"
        self._reader = Reader(snapshot.root, snapshot.repo if self._of_commit else None)
        # One `git cat-file` answers one question at a time.
        self._lock = threading.Lock()
        self._proposed: dict[str, bytes | None] = {}
        self._written: dict[str, bool] = {}

    def close(self) -> None:
        """End the git process, if there is one."""
        self._reader.close()

    @property
    def root(self) -> Path:
        """Top folder, or git folder of a bare repository."""
        return self._snapshot.root

    @property
    def git(self) -> GitRepo | None:
        """The repository, or None for a plain folder."""
        return self._snapshot.repo

    @property
    def commit(self) -> str:
        """The commit read, or "" for files on disk."""
        return self._snapshot.commit if self._of_commit else ""

    @cached_property
    def _blobs(self) -> dict[str, str]:
        return {e.path: e.blob for e in self._snapshot.entries if e.kind == "file"}

    @property
    def paths(self) -> Sequence[str]:
        """Files, in byte order; links and submodules are none. Those that edits made are there."""
        if not self._proposed and not self._written:
            return self._listed
        found = {path for path in self._listed if self.has(path)}
        found.update(path for path in (*self._proposed, *self._written) if self.has(path))
        return tuple(sorted(found, key=encode_path))

    @cached_property
    def _listed(self) -> Sequence[str]:
        return tuple(self._blobs)

    def has(self, path: str) -> bool:
        """Whether a path is one of `paths`.

        Raises:
            ToolError: It may not be read, whether it is there or not; so no edit makes it either.
        """
        if not self._is_allowed(path):
            raise ToolError(
                f"{quote_path(path)} is denied by `denied_paths` in the user's configuration, for"
                " reading and for writing; go on without it"
            )
        if path in self._proposed:
            return self._proposed[path] is not None
        return self._written.get(path, path in self._blobs)

    @property
    def proposed(self) -> Collection[str]:
        """Files whose content is only proposed."""
        made = {p for p, exists in self._written.items() if exists and p not in self._blobs}
        return self._proposed.keys() | made

    def propose(self, path: str, data: bytes | None) -> None:
        """Show a file as an edit would make it, from now on; None for one that it deletes."""
        self._proposed[path] = data

    def note_written(self, path: str, *, exists: bool) -> None:
        """Know that a file on disk was written or deleted."""
        self._written[path] = exists

    def shown(self, path: str) -> str:
        """Return a file's text, decoded and redacted.

        Raises:
            ToolError: It is binary, has gone, or may not be read.
        """
        if not self.has(path):
            raise ToolError(f"there is no file {path!r}")
        self.read_paths.add(path)
        proposed = self._proposed.get(path)
        if proposed is not None:
            text = shown_text(path, proposed)
        else:
            with self._lock:
                text = self._reader.read_shown(path, self._blobs.get(path, ""))
        if text is None:
            raise ToolError(f"{quote_path(path)} is binary, or has gone since it was listed")
        return text

    def raw(self, path: str) -> bytes:
        """Return a file's bytes; on disk, of any regular file below the root.

        Raises:
            ToolError: It leads out, is no regular file, has gone, or may not be read.
        """
        is_listed = self.has(path)
        if path in self._proposed:
            data = self._proposed[path]
            if data is None:
                raise ToolError(f"{quote_path(path)}: no such file")
            return data
        if self._of_commit:
            with self._lock:
                data = self._reader.read_bytes(path, self._blobs[path]) if is_listed else None
            if data is None:
                raise ToolError(f"{quote_path(path)} is no file of the commit")
            return data
        try:
            return self._workspace.read_bytes(path, max_bytes=MAX_FILE_BYTES)
        except WorkspaceError as error:
            raise ToolError(f"{quote_path(path)}: {error}") from error

    def lines(self, path: str) -> Sequence[str] | None:
        """Return a file's lines as shown, without LF; None if there is no text at that path."""
        try:
            return split_lines(self.shown(path))
        except ToolError:
            return None

    def note_blob(self, blob: str) -> None:
        """Know that text of a blob of the repository's history is shown."""
        self.old_blobs.add(blob)

    def symbols(self, path: str) -> Sequence[Definition]:
        """Return what a file defines, from the index or by parsing it now."""
        is_edited = path in self._proposed or path in self._written
        known = None if is_edited else self._known_symbols(path)
        if known is not None:
            return known
        try:
            text = self.shown(path)
        except ToolError:
            return ()
        return extract_symbols(text, language_of(path, text.partition("\n")[0][:200])).definitions
