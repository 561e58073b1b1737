"""Unified diffs, also git's and those that models write -> file patches."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bathy.tools.patch.body import read_hunks
from bathy.tools.patch.hunks import Action, FilePatch, Hunk, PatchError
from bathy.tools.patch.names import (
    NO_FILE,
    git_paths,
    header_path,
    strip_one,
    strip_pair,
    unquote,
)

_MAIL = re.compile(r"From [0-9a-f]{7,64} ")
_BINARY = re.compile(r"(?:Binary )?[Ff]iles .* differ|GIT binary patch")
_MODES = {"100644": False, "100755": True}


@dataclass(slots=True)
class _Section:
    """Headers of one file as they are read."""

    git: tuple[str, str] | None = None
    old: str = ""
    new: str = ""
    renamed: list[str] = field(default_factory=lambda: ["", ""])
    copied: list[str] = field(default_factory=lambda: ["", ""])
    mode: str = ""
    is_new: bool = False
    is_deleted: bool = False
    hunks: tuple[Hunk, ...] = ()


def is_unified_start(lines: Sequence[str], at: int) -> bool:
    """Whether a diff begins: git's header, or the two lines that name a file."""
    return lines[at].startswith("diff --git ") or _is_file_header(lines, at)


def _is_file_header(lines: Sequence[str], at: int) -> bool:
    return (
        at + 1 < len(lines)
        and re.match(r"--- \S", lines[at]) is not None
        and re.match(r"\+\+\+ \S", lines[at + 1]) is not None
    )


def _is_boundary(lines: Sequence[str], at: int) -> bool:
    """Whether a hunk cannot go on here, though its counts may say so."""
    line = lines[at]
    if line.startswith("diff --git ") or _MAIL.match(line) or _BINARY.fullmatch(line):
        return True
    if line.startswith("Index: "):
        return at + 1 < len(lines) and lines[at + 1].startswith("=====")
    if not _is_file_header(lines, at):
        return False
    old, new = header_path(line[4:]), header_path(lines[at + 1][4:])
    has_hunk = any(later.startswith("@@") for later in lines[at + 2 : at + 4])
    return has_hunk or NO_FILE in (old, new) or strip_pair(old, new) != (old, new)


def parse_unified(lines: Sequence[str]) -> tuple[FilePatch, ...]:
    """Parse a diff of any number of files; what is not part of it is passed over.

    Args:
        lines: Without line ends.

    Returns:
        The file patches in order.

    Raises:
        PatchError: A hunk of no file, a binary patch, or headers that contradict themselves.
    """
    sections: list[_Section] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        current = sections[-1] if sections else None
        if line.startswith("diff --git "):
            sections.append(_Section(git=git_paths(line[11:])))
            at += 1
        elif _is_file_header(lines, at):
            if current is None or current.old or current.hunks:
                current = _Section()
                sections.append(current)
            current.old, current.new = header_path(line[4:]), header_path(lines[at + 1][4:])
            at = _read_body(lines, at + 2, current)
        elif line.startswith("@@"):
            if current is None:
                raise PatchError(
                    "a hunk comes before any file name; put --- a/PATH and +++ b/PATH above it"
                )
            found, after = read_hunks(lines, at, _is_boundary)
            current.hunks += found
            at = max(after, at + 1)
        else:
            if current is not None and not current.hunks:
                _read_header(line, current)
            at += 1
    return tuple(_file_patch(section) for section in sections)


def _read_body(lines: Sequence[str], at: int, section: _Section) -> int:
    """Read the hunks below a file's two lines, the first of which may lack its @@."""
    start = at
    while start < len(lines) and not lines[start].strip():
        start += 1
    if start >= len(lines) or lines[start][:1] not in ("@", "+", "-", " "):
        return at
    section.hunks, at = read_hunks(lines, start, _is_boundary)
    return at


def _read_header(line: str, section: _Section) -> None:
    """Take in a line between a file's name and its hunks."""
    if _BINARY.fullmatch(line):
        raise PatchError(
            "the patch holds a change of a binary file, and only text can be patched; leave that "
            "file out"
        )
    if section.git is None:
        return
    for names, word in ((section.renamed, "rename"), (section.copied, "copy")):
        for side, direction in enumerate(("from", "to")):
            if line.startswith(f"{word} {direction} "):
                name = line[len(word) + len(direction) + 2 :]
                names[side] = unquote(name) if name.startswith('"') else name
    words = line.split(" ")
    if line.startswith(("new mode ", "new file mode ")):
        section.mode = words[-1]
        section.is_new = words[1] == "file"
    elif line.startswith("deleted file mode "):
        section.is_deleted = True


def _file_patch(section: _Section) -> FilePatch:
    """Make sense of a file's headers."""
    old, new = section.old, section.new
    if section.git is not None:
        git_old, git_new = section.git
        old, new = old or git_old, new or git_new
    is_new = section.is_new or old == NO_FILE
    is_deleted = section.is_deleted or new == NO_FILE
    if is_new and is_deleted:
        raise PatchError("one file is both created and deleted; name it in one of the header lines")
    if not (old or new or all(section.renamed) or all(section.copied)):
        raise PatchError("a diff --git line does not tell which file it means; add --- and +++")
    old, new = strip_pair(old, new)
    if section.git is not None and NO_FILE in (old, new):
        # The line above named both sides with git's prefixes.
        bare = strip_pair(*section.git)
        if bare != section.git:
            old, new = strip_one(old), strip_one(new)
    moved = section.renamed if all(section.renamed) else section.copied
    action: Action = "edit"
    path, new_path = new, ""
    if all(moved):
        action = "rename" if moved is section.renamed else "copy"
        path, new_path = moved
    elif is_new:
        action = "create"
    elif is_deleted:
        action, path = "delete", old
    return FilePatch(
        path,
        action,
        section.hunks,
        new_path,
        other_path=old if action == "edit" and old != new else "",
        is_executable=_executable(section.mode, new_path or path),
    )


def _executable(mode: str, path: str) -> bool | None:
    if not mode:
        return None
    if mode not in _MODES:
        raise PatchError(
            f"{path}: mode {mode} is no regular file's (100644 or 100755), and only those can be "
            "patched"
        )
    return _MODES[mode]
