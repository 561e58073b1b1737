"""V4A envelopes (`*** Begin Patch`, `*** Update File: x`) -> file patches."""

from collections.abc import Sequence

from bathy.tools.patch.body import read_hunks
from bathy.tools.patch.hunks import Action, FilePatch, Hunk, Item, PatchError

BEGIN = "*** Begin Patch"
END = "*** End Patch"
_UPDATE = "*** Update File:"
_ADD = "*** Add File:"
_DELETE = "*** Delete File:"
_MOVE = "*** Move to:"
_END_OF_FILE = "*** End of File"
STARTS = (BEGIN, _UPDATE, _ADD, _DELETE)


def parse_envelope(lines: Sequence[str]) -> tuple[tuple[FilePatch, ...], list[str]]:
    """Parse one envelope or several; Begin and End may be missing.

    Args:
        lines: Without line ends.

    Returns:
        The file patches in order, and the lines that belong to none.

    Raises:
        PatchError: A line that begins with "*** " means nothing here, or a file is added with
            lines that are not marked as added.
    """
    files: list[FilePatch] = []
    outside: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at].rstrip()
        name = line.partition(":")[2].strip()
        if line.startswith(_DELETE):
            files.append(FilePatch(name, "delete", form="envelope"))
            at += 1
        elif line.startswith(_ADD):
            hunk, at = _added(lines, at + 1, name)
            files.append(FilePatch(name, "create", (hunk,), form="envelope"))
        elif line.startswith(_UPDATE):
            file, at = _updated(lines, at + 1, name)
            files.append(file)
        elif line.startswith("*** ") and line not in (BEGIN, END):
            raise PatchError(
                f"{line[:60]!r} means nothing in a V4A patch; after *** Begin Patch come "
                "*** Update File:, *** Add File: or *** Delete File: with a path"
            )
        else:
            if line not in (BEGIN, END):
                outside.append(lines[at])
            at += 1
    return tuple(files), outside


def _is_directive(lines: Sequence[str], at: int) -> bool:
    return lines[at].startswith("*** ")


def _added(lines: Sequence[str], at: int, name: str) -> tuple[Hunk, int]:
    items = []
    while at < len(lines) and not _is_directive(lines, at):
        line = lines[at]
        if line and not line.startswith("+"):
            if not any(later for later in lines[at:] if later.startswith(("+", "*** "))):
                break
            raise PatchError(
                f"{name}: every line of an added file begins with +, but one is {line[:60]!r}"
            )
        items.append(Item("added", line[1:]))
        at += 1
    while items and not lines[at - 1]:
        items.pop()
        at -= 1
    return Hunk(tuple(items)), at


def _updated(lines: Sequence[str], at: int, name: str) -> tuple[FilePatch, int]:
    new_path = ""
    if at < len(lines) and lines[at].startswith(_MOVE):
        new_path = lines[at].partition(":")[2].strip()
        at += 1
    hunks: list[Hunk] = []
    while True:
        found, at = read_hunks(lines, at, _is_directive)
        hunks.extend(found)
        if at >= len(lines) or lines[at].rstrip() != _END_OF_FILE:
            break
        if hunks:
            last = hunks[-1]
            hunks[-1] = Hunk(last.items, last.anchors, last.old_start, is_at_end=True)
        at += 1
    action: Action = "rename" if new_path else "edit"
    return FilePatch(name, action, tuple(hunks), new_path, form="envelope"), at
