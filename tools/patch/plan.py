"""Patch text and the files it names -> the new bytes of every file, or all that is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

from bathy.tools.base import count_of
from bathy.tools.patch.escapes import is_escaped, unescape, unescape_if_meant
from bathy.tools.patch.hunks import FilePatch, Hunk, Patch, PatchError
from bathy.tools.patch.index import LineIndex
from bathy.tools.patch.match import locate
from bathy.tools.patch.parse import parse
from bathy.tools.patch.paths import checked, created, existing
from bathy.tools.patch.replace import plan_edit
from bathy.tools.patch.text import TextFile, apply_edits, read_text, write_text
from bathy.tools.workspace import quote_path

__all__ = ["FileChange", "PatchFiles", "plan_edit", "plan_patch"]

_MAX_NAMED = 5


class PatchFiles(Protocol):
    """The files that a patch may change, as they are."""

    @property
    def paths(self) -> Sequence[str]:
        """All files, in byte order."""
        ...

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, or None if there is no such file."""
        ...


@dataclass(frozen=True, slots=True)
class FileChange:
    """What is to be written.

    Attributes:
        path: The file.
        before: Its bytes as they are, or None if it is created.
        after: Its bytes as they are to be, or None if it is deleted.
        renamed_from: The file whose place a created one takes, or "".
        is_executable: As the patch sets it, or None to leave it.
    """

    path: str
    before: bytes | None
    after: bytes | None
    renamed_from: str = ""
    is_executable: bool | None = None


class _Tree:
    """The files as they are while a patch is worked through."""

    def __init__(self, files: PatchFiles) -> None:
        self._files = files
        self._now: dict[str, bytes | None] = {}
        self._origin: dict[str, str] = {}
        self._modes: dict[str, bool] = {}
        self._folders: frozenset[str] | None = None

    @property
    def paths(self) -> Sequence[str]:
        return self._files.paths

    def read(self, path: str) -> bytes | None:
        return self._now[path] if path in self._now else self._files.read(path)

    def exists(self, path: str) -> bool:
        return self.read(path) is not None

    def is_folder(self, path: str) -> bool:
        if self._folders is None:
            self._folders = frozenset(
                folder for known in self._files.paths for folder in _folders_of(known)
            )
        return path in self._folders

    def write(self, path: str, data: bytes | None, *, origin: str = "") -> None:
        self._now[path] = data
        if origin:
            self._origin[path] = self._origin.pop(origin, origin)

    def set_mode(self, path: str, *, is_executable: bool | None) -> None:
        if is_executable is not None:
            self._modes[path] = is_executable

    def changes(self) -> tuple[FileChange, ...]:
        changes = []
        for path in dict.fromkeys((*self._now, *self._modes)):
            before, after = self._files.read(path), self.read(path)
            mode = self._modes.get(path) if after is not None else None
            if before != after or mode is not None:
                changes.append(FileChange(path, before, after, self._origin.get(path, ""), mode))
        return tuple(changes)


def plan_patch(text: str, files: PatchFiles) -> tuple[FileChange, ...]:
    """Work out what a patch makes of the files; nothing is written.

    Args:
        text: The patch, in any of the formats that `parse` takes.
        files: The files as they are. Without an error, only files that the patch names are read,
            or all of them if it has a block that names none.

    Returns:
        Every file that changes, once, in the order of the patch; at least one. A rename is the
        new file, with `renamed_from`, and the deletion of the old one.

    Raises:
        PatchError: Some part of it does not apply without a doubt. The message lists all problems:
            file, hunk, what is wrong, what to try.
    """
    tree = _Tree(files)
    patch = _parsed(text, tree)
    problems: list[str] = []
    for number, file in enumerate(patch, 1):
        name = quote_path(file.path) if file.path else f"block {number}"
        problems += [f"{name}{problem}" for problem in _apply(tree, file)]
    if problems:
        raise PatchError(_message(problems), problems[0])
    changes = tree.changes()
    if not changes:
        raise PatchError("The patch changes nothing: its parts undo each other.")
    return changes


def _message(problems: Sequence[str]) -> str:
    if len(problems) == 1:
        return f"The patch is not applied, no file is changed. {problems[0]}"
    listed = "\n".join(f"{number}. {problem}" for number, problem in enumerate(problems, 1))
    return (
        f"The patch is not applied, no file is changed. {count_of(len(problems), 'problem')}:\n"
        f"{listed}"
    )


def _parsed(text: str, tree: _Tree) -> Patch:
    """Parse a patch, unescaped if it was escaped as a whole."""
    try:
        patch = parse(text)
    except PatchError:
        if not is_escaped(text):
            raise
        return parse(unescape(text))

    def lines_of(path: str) -> frozenset[str] | None:
        try:
            data = tree.read(existing(FilePatch(path), tree.exists, ())) if path else None
            return None if data is None else frozenset(map(str.strip, read_text(data).lines))
        except PatchError:
            return None

    return unescape_if_meant(patch, lines_of)


def _apply(tree: _Tree, file: FilePatch) -> list[str]:
    """Work one file patch into the tree; return what is wrong, each to follow the file's name."""
    try:
        if not file.path and file.action == "edit":
            file = replace(file, path=_holder(tree, file))
        if file.action == "create":
            _create(tree, file)
            return []
        if file.action == "edit" and _is_creation(tree, file):
            _create(tree, replace(file, action="create"))
            return []
        return _change(tree, file)
    except PatchError as error:
        return [f": {error}"]


def _is_creation(tree: _Tree, file: FilePatch) -> bool:
    """Whether a diff of a missing file only adds lines to nothing, though it does not say so."""
    if len(file.hunks) != 1 or file.hunks[0].old_start != 0 or file.other_path:
        return False
    has_old = any(item.kind != "added" for item in _without_loose(file.hunks[0]).items)
    path = checked(file.path)
    return not has_old and not tree.exists(path) and not tree.exists(path[2:])


def _without_loose(hunk: Hunk) -> Hunk:
    return replace(hunk, items=hunk.items[: -hunk.loose], loose=0) if hunk.loose else hunk


def _create(tree: _Tree, file: FilePatch) -> None:
    if not file.path:
        raise PatchError("the block names no file; write the path on the line above it")
    path = created(file.path, is_diff=file.form == "unified", is_folder=tree.is_folder)
    is_filled = file.form == "block" and tree.read(path) == b""
    if not is_filled:
        _check_free(tree, path)
    hunks = [_without_loose(hunk) for hunk in file.hunks]
    items = [item for hunk in hunks for item in hunk.items]
    if len(hunks) > 1 or any(item.kind != "added" for item in items):
        raise PatchError("a new file can have only added lines, in one hunk; mark them all with +")
    lines = tuple(item.text for item in items)
    ends = ["\n"] * len(lines)
    if items and items[-1].has_no_newline:
        ends[-1] = ""
    tree.write(path, write_text(TextFile(lines, tuple(ends))))
    tree.set_mode(path, is_executable=file.is_executable)


def check_free(files: PatchFiles, path: str) -> None:
    """Raise unless a new file can stand at a path."""
    _check_free(_Tree(files), path)


def _check_free(tree: _Tree, path: str) -> None:
    """Raise unless a new file can stand at a path."""
    if tree.exists(path):
        raise PatchError("the file exists already; edit it, or delete it in another patch first")
    if tree.is_folder(path):
        raise PatchError("there is a folder of that name")
    for folder in _folders_of(path):
        if tree.exists(folder):
            raise PatchError(f"{quote_path(folder)} is a file, so nothing can be inside it")


def _folders_of(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _change(tree: _Tree, file: FilePatch) -> list[str]:
    """Edit, delete, rename or copy a file that there is."""
    path = existing(file, tree.exists, tree.paths)
    data = tree.read(path)
    assert data is not None
    after, problems = _edited(data, file)
    if problems:
        return problems
    if file.action == "delete":
        if after and (file.hunks or file.form == "unified"):
            raise PatchError(
                "the file is to be deleted, but the patch does not remove all of its lines; remove "
                "every line that it has now, or use *** Delete File: in a V4A patch"
            )
        tree.write(path, None)
        return []
    target = path
    if file.new_path:
        target = checked(file.new_path)
        _check_free(tree, target)
    elif after == data and file.is_executable is None:
        raise PatchError(
            "nothing changes; the removed and the added lines are the same"
            if file.hunks
            else "the patch has no hunks for it"
        )
    tree.write(target, after, origin=path if file.action == "rename" else "")
    if file.action == "rename":
        tree.write(path, None)
    tree.set_mode(target, is_executable=file.is_executable)
    return []


def _edited(data: bytes, file: FilePatch) -> tuple[bytes, list[str]]:
    """Return a file's bytes with all hunks applied, or problems."""
    if not file.hunks:
        return data, []
    text = _read_text(data)
    hunks = [_without_bom(hunk) for hunk in file.hunks] if text.has_bom else file.hunks
    placed, problems = locate(text.lines, hunks)
    if problems:
        is_block = file.form == "block"
        named = [("" if is_block else f", hunk {one.number}") + f": {one.text}" for one in problems]
        return data, named
    edits = sorted(
        (edit for one in placed for edit in one.edits), key=lambda edit: (edit.at, edit.removed)
    )
    said = [one.has_final_newline for one in placed if one.has_final_newline is not None]
    return write_text(apply_edits(text, edits, has_final_newline=said[-1] if said else None)), []


@lru_cache(maxsize=1)
def _read_text(data: bytes) -> TextFile:
    """Read a file; many blocks in a row may be of the same one."""
    return read_text(data)


def _without_bom(hunk: Hunk) -> Hunk:
    """Take the mark off lines: a diff shows it in the first one, a decoded file does not."""
    items = tuple(replace(item, text=item.text.removeprefix("\ufeff")) for item in hunk.items)
    return replace(hunk, items=items)


def _holder(tree: _Tree, file: FilePatch) -> str:
    """Return the one file that has the old lines of a block."""
    old = [item for hunk in file.hunks for item in hunk.items if item.kind != "added"]
    rarest = max((item.text for item in old), key=len).encode("utf-8", "replace")
    found = []
    for path in tree.paths:
        data = tree.read(path)
        if not data or (rarest.isascii() and b"\0" not in data[:4] and rarest not in data):
            continue
        try:
            lines = read_text(data).lines
        except PatchError:
            continue
        if LineIndex(lines).find_exact(old):
            found.append(path)
    if len(found) == 1:
        return found[0]
    named = ", ".join(quote_path(path) for path in found[:_MAX_NAMED])
    where = (
        f"{count_of(len(found), 'file')} hold its old lines: {named}"
        if found
        else ("no file holds its old lines")
    )
    raise PatchError(f"the block names no file, and {where}; write the path on the line above it")
