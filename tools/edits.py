"""What one run has read and changed: an edit of the model -> files written, proposed, or refused.

Nothing is edited that was not read as it stands, so that no edit rests on a memory. Whether an edit
is written or only proposed is decided by an approver that is given from outside; what is only
proposed is shown to later calls of the same run, so that the whole proposal fits together.
"""

import contextlib
import hashlib
import json
import stat
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from bathy.tools.base import Edit, RepoView, ToolError, ToolResult, count_of
from bathy.tools.decode import decode
from bathy.tools.diff import FileState, render_diff
from bathy.tools.journal import JournalError, Write
from bathy.tools.patch.hunks import PatchError
from bathy.tools.patch.plan import FileChange, PatchFiles
from bathy.tools.redact import REDACTION_MARK, redact
from bathy.tools.workspace import Workspace, quote_path

Decision = Literal["write", "propose", "refuse"]

Plan = Callable[[PatchFiles], Sequence[FileChange]]
"""Says what is to change, from the files as they are."""


class Approver(Protocol):
    """Decides about edits; a person, or a rule."""

    def __call__(self, paths: Sequence[str], patch: str, guarded: Mapping[str, str]) -> Decision:
        """Decide about one edit, before anything of it is done.

        Args:
            paths: Files that it changes.
            patch: The edit as a unified diff.
            guarded: Of these, those that ask separately, and why.
        """
        ...


class EditableView(RepoView, Protocol):
    """A view that shows edits, too."""

    def propose(self, path: str, data: bytes | None) -> None:
        """Show a file as an edit would make it."""
        ...

    def note_written(self, path: str, *, exists: bool) -> None:
        """Know that a file was written or deleted."""
        ...


@dataclass(frozen=True, slots=True)
class Rules:
    """What is known of files beyond their bytes; all of it given from outside.

    Attributes:
        guard: Says why a path asks separately, or "".
        generated: Says of a path and its text what it is generated from or by, or "".
        broken: Says what a change has broken in a file's syntax, or "".
    """

    guard: Callable[[str], str]
    generated: Callable[[str, str], str]
    broken: Callable[[FileChange], str]


class Edits:
    """The edits of one run. Safe to use from several threads; edits follow one another."""

    def __init__(
        self,
        view: EditableView,
        *,
        approve: Approver,
        write: Callable[[Sequence[Write]], str],
        rules: Rules,
        in_pack: Mapping[str, str],
    ) -> None:
        """Begin.

        Args:
            view: The files.
            approve: Decides about each edit.
            write: Writes files, all or none, and returns the id in the journal.
            rules: What is known of files.
            in_pack: Blob ids of the files that stand in the prompt in full; they count as read.
        """
        self.view = view
        self._approve = approve
        self._write = write
        self._rules = rules
        self._read = dict(in_pack)
        self._first: dict[str, FileState] = {}
        self._last: dict[str, FileState] = {}
        self._modes: dict[str, bool] = {}
        self._lock = threading.Lock()
        self.entries: list[str] = []
        self.written: dict[str, None] = {}
        self.refused: dict[str, str] = {}

    @property
    def paths(self) -> Sequence[str]:
        """Files that there are now, in byte order."""
        return self.view.paths

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes as they are now, or None if there is none.

        Raises:
            ToolError: There is something that is no file.
        """
        if self.view.has(path):
            return self.view.raw(path)
        if self._is_free(path):
            return None
        raise PatchError("it is there, but is none of the files that you may read; leave it alone")

    def _is_free(self, path: str) -> bool:
        if self.view.commit or path in self.view.proposed:
            return True
        found = Workspace(self.view.root).lstat(path)
        return found is None or stat.S_ISDIR(found.mode)

    def note_read(self, path: str) -> None:
        """Know that the model has read a file as it is now."""
        data = self.read(path)
        if data is not None:
            self._read[path] = _blob_id(data)

    def go_on(self, states: Mapping[str, tuple[FileState, FileState]]) -> None:
        """Take up edits that an earlier run of the same conversation has proposed.

        Args:
            states: As `states` gave them; those of files that have changed since are left out.
        """
        for path, (first, last) in states.items():
            with contextlib.suppress(PatchError, ToolError):
                if self.read(path) != first.data:
                    continue
                self._first[path] = first
                change = FileChange(path, first.data, last.data)
                self._show(change, is_written=False)
                self._last[path] = last

    def make(self, plan: Plan) -> ToolResult:
        """Make an edit, or propose it.

        Args:
            plan: Says what is to change, from the files as they are.

        Raises:
            ToolError: It is refused; says why, and what to do about it. Nothing has changed.
        """
        with self._lock:
            changes = self._planned(plan)
            for change in changes:
                self._check(change)
            patch = self._render(changes)
            paths = tuple(change.path for change in changes)
            guarded = {path: why for path in paths if (why := self._rules.guard(path))}
            decision = self._approve(paths, patch, guarded)
            if decision == "refuse":
                self.refused.update(guarded)
                raise ToolError(_refusal(guarded), f"refused: {listed_with_reasons(guarded)}")
            for c in changes:
                self._first.setdefault(c.path, FileState(c.before, self._is_executable(c.path)))
            entry = self._written(changes) if decision == "write" else ""
            for change in changes:
                self._show(change, is_written=decision == "write")
        verb = "written" if decision == "write" else "proposed, not written"
        told = f"{verb}: {', '.join(map(quote_path, paths))}"
        broken = [f"{notice}; mend it" for c in changes if (notice := self._rules.broken(c))]
        return ToolResult(
            "\n".join((told, *broken)),
            f"{count_of(len(paths), 'file')} {verb}",
            Edit(paths, patch, entry),
        )

    def _planned(self, plan: Plan) -> Sequence[FileChange]:
        """Plan an edit; what a refusal quotes is as redacted as everything else."""
        try:
            return plan(self)
        except PatchError as error:
            hidden = _Shown(self)
            try:
                plan(hidden)
            except PatchError as again:
                raise _redacted(again) from error
            if not hidden.has_secrets:
                raise _redacted(error) from error
            raise ToolError(
                "the text that is to be replaced holds a redacted secret, which cannot be matched;"
                " leave these lines out of the edit"
            ) from error

    def _check(self, change: FileChange) -> None:
        path, name = change.path, quote_path(change.path)
        if change.before is not None:
            seen = self._read.get(path)
            if seen is None:
                raise ToolError(f"{name} has not been read in this session; read_file it first")
            if seen != _blob_id(change.before):
                raise ToolError(f"{name} has changed since it was read; read_file it again")
        before, after = (_text(data) for data in (change.before, change.after))
        if after.count(REDACTION_MARK) > before.count(REDACTION_MARK):
            raise ToolError(
                f"the new text of {name} holds a mark such as {REDACTION_MARK}…], which stands for"
                " a secret that you cannot see; edit around it"
            )
        if path.endswith(".ipynb") and _is_json(before or "{}") and not _is_json(after or "{}"):
            raise ToolError(
                f"{name} would be no notebook any more: edit its JSON source, in which quotes and"
                " line ends are escaped; read_file shows its cells"
            )
        if change.before is not None and (by := self._rules.generated(path, before)):
            raise ToolError(f"{name} is generated ({by}); change what it is generated from")

    def _written(self, changes: Sequence[FileChange]) -> str:
        writes = [write_of(self.view.root, change) for change in changes]
        try:
            entry = self._write(writes)
        except JournalError as error:
            raise ToolError(str(error)) from error
        self.entries.append(entry)
        self.written.update(dict.fromkeys(change.path for change in changes))
        return entry

    def _show(self, change: FileChange, *, is_written: bool) -> None:
        path, after = change.path, change.after
        if is_written:
            self.view.note_written(path, exists=after is not None)
        else:
            self.view.propose(path, after)
        if change.is_executable is not None:
            self._modes[path] = change.is_executable
        self._last[path] = FileState(after, self._is_executable(path))
        if after is None:
            self._read.pop(path, None)
        else:
            self._read[path] = _blob_id(after)

    def _render(self, changes: Sequence[FileChange]) -> str:
        states = {}
        for change in changes:
            was = self._is_executable(change.renamed_from or change.path)
            now = was if change.is_executable is None else change.is_executable
            states[change.path] = FileState(change.before, was), FileState(change.after, now)
        return render_diff(states).decode("utf-8", "replace")

    def _is_executable(self, path: str) -> bool:
        found = None if self.view.commit else Workspace(self.view.root).lstat(path)
        return self._modes.get(path, found is not None and bool(found.mode & 0o100))

    def diff(self) -> bytes:
        """Return all edits of this run together, as one unified diff; b"" if there are none."""
        return render_diff(self.states())

    def states(self) -> dict[str, tuple[FileState, FileState]]:
        """Return every file that was edited, before the first edit and after the last, by path."""
        return {path: (first, self._last[path]) for path, first in self._first.items()}


class _Shown:
    """The files as the model is shown them, for a message that may quote them."""

    def __init__(self, edits: Edits) -> None:
        self._edits = edits
        self.paths = edits.paths
        self.has_secrets = False

    def read(self, path: str) -> bytes | None:
        data = self._edits.read(path)
        decoded = decode(data) if data is not None else None
        if decoded is None:
            return data
        found = redact(decoded.text, path)
        self.has_secrets = self.has_secrets or bool(found.findings)
        return found.text.encode("utf-8", "surrogatepass")


def listed_with_reasons(paths: Mapping[str, str]) -> str:
    """Return "a.yml (why), b.yml (why)"."""
    return ", ".join(f"{quote_path(path)} ({why})" for path, why in paths.items())


def _refusal(guarded: Mapping[str, str]) -> str:
    if not guarded:
        return "the user has refused this edit; ask what is wanted, or answer without it"
    listed = listed_with_reasons(guarded)
    return f"not written, since these ask for the user's own word: {listed}; leave them out"


def _redacted(error: ToolError) -> ToolError:
    return ToolError(redact(str(error)).text, redact(error.told).text)


def write_of(root: Path, change: FileChange) -> Write:
    """Return what is to be written for a change, permission bits included."""
    mode = None
    source = Workspace(root).lstat(change.renamed_from) if change.renamed_from else None
    if source is not None:
        mode = source.mode & 0o777
    if change.is_executable is not None and change.after is not None:
        found = Workspace(root).lstat(change.path)
        found = found or source
        bits = 0o644 if found is None else found.mode & 0o777
        mode = bits | 0o111 if change.is_executable else bits & ~0o111
    return Write(change.path, change.before, change.after, mode)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _text(data: bytes | None) -> str:
    decoded = decode(data) if data is not None else None
    return "" if decoded is None else decoded.text


def _blob_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
