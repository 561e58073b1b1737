"""The lines below a file's name -> hunks; of unified diffs and of V4A envelopes alike."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bathy.tools.patch.hunks import Hunk, Item, PatchError

Boundary = Callable[[Sequence[str], int], bool]

_NUMBERED = re.compile(r"@@ *-(\d{1,9})(?:,(\d{1,9}))? +\+\d{1,9}(?:,(\d{1,9}))? *@@(.*)")
_HALF_NUMBERED = re.compile(r"-(\d{1,9})[-+,\d ]*")
_NO_NUMBERS = re.compile(r"[-+,.…?_ XxNnMm\d]*")
_VERSION = re.compile(r"\d+\.\d+")


@dataclass(frozen=True, slots=True)
class _Header:
    old_start: int | None = None
    counts: tuple[int, int] | None = None
    anchor: str = ""


def read_hunks(
    lines: Sequence[str], start: int, is_boundary: Boundary
) -> tuple[tuple[Hunk, ...], int]:
    """Read hunks until something else begins.

    Counts of a header are taken only if the lines bear them out: they then tell a removed line
    that looks like a header from a header, and the patch from prose after it.

    Args:
        lines: All of the patch, without line ends.
        start: Index of the first header or body line, from 0.
        is_boundary: Whether something other than a hunk begins at an index.

    Returns:
        The hunks, and the index of the first line that belongs to none.

    Raises:
        PatchError: A merge diff with several old sides.
    """
    hunks = []
    header, anchors = _Header(), []
    at = start
    while at < len(lines) and not is_boundary(lines, at):
        if lines[at].startswith("@@"):
            header = _header(lines[at])
            anchors.extend([header.anchor] if header.anchor else [])
            at += 1
            continue
        end = _counted_end(lines, at, header, is_boundary)
        is_counted = end is not None
        if end is None:
            end = _body_end(lines, at, is_boundary)
        if end == at:
            break
        hunk = _hunk(lines[at:end])
        hunk = replace(hunk, anchors=tuple(anchors), old_start=header.old_start)
        hunks.append(_compared(hunk, header))
        header, anchors = _Header(), []
        at = end
        if is_counted and at < len(lines) and not lines[at].startswith("@@"):
            break
    return tuple(hunks), at


def _header(line: str) -> _Header:
    """Read `@@ -1,2 +3,4 @@ heading`, or what a model makes of it."""
    if line.startswith("@@@"):
        raise PatchError(
            "this is a merge diff with several old sides (@@@); send a diff of two sides"
        )
    if found := _NUMBERED.match(line):
        start, old, new, heading = found.groups()
        counts = (int(old) if old else 1, int(new) if new else 1)
        return _Header(int(start), counts, heading.strip())
    inner, closing, heading = line[2:].partition("@@")
    inner, heading = inner.strip(), heading.strip()
    if found := _HALF_NUMBERED.fullmatch(inner):
        return _Header(int(found[1]), None, heading)
    if _NO_NUMBERS.fullmatch(inner):
        return _Header(None, None, heading)
    return _Header(None, None, inner if closing or not heading else heading)


def _counted_end(
    lines: Sequence[str], at: int, header: _Header, is_boundary: Boundary
) -> int | None:
    """Return the index after a body whose counts are right, or None if they are not."""
    if header.counts is None:
        return None
    old, new = header.counts
    while old > 0 or new > 0:
        if at >= len(lines) or lines[at].startswith(("@@", "diff --git ")):
            return None
        mark = lines[at][:1]
        old -= mark not in ("+", "\\")
        new -= mark not in ("-", "\\")
        at += 1
    if old < 0 or new < 0:
        return None
    while at < len(lines) and _is_marker(lines[at]):
        at += 1
    if at < len(lines) and lines[at].startswith((" ", "\t")):
        return None
    # Numbers that are too low would cut the hunk off and drop the rest of it without a word.
    rest = at
    while rest < len(lines) and not _is_end(lines, rest, is_boundary):
        if lines[rest].startswith(("+", "-")):
            return None
        rest += 1
    return at


def _body_end(lines: Sequence[str], at: int, is_boundary: Boundary) -> int:
    while at < len(lines) and not _is_end(lines, at, is_boundary):
        at += 1
    return at


def _is_end(lines: Sequence[str], at: int, is_boundary: Boundary) -> bool:
    return lines[at].startswith("@@") or is_boundary(lines, at) or _is_signature(lines, at)


def _is_signature(lines: Sequence[str], at: int) -> bool:
    """Whether a mail's signature as of `git format-patch` begins: "-- " and git's version."""
    if lines[at] not in ("-- ", "--") or at + 1 >= len(lines):
        return False
    after = lines[at + 2] if at + 2 < len(lines) else ""
    return bool(_VERSION.match(lines[at + 1])) and (not after or after.startswith("From "))


def _is_marker(line: str) -> bool:
    return line.startswith("\\ ")


def _hunk(lines: Sequence[str]) -> Hunk:
    items: list[Item] = []
    for line in lines:
        if _is_marker(line) and items:
            items[-1] = replace(items[-1], has_no_newline=True)
        elif line.startswith("+"):
            items.append(Item("added", line[1:]))
        elif line.startswith("-"):
            items.append(Item("removed", line[1:]))
        elif line.startswith(" "):
            items.append(Item("context", line[1:]))
        else:
            items.append(Item("context", line, is_bare=True))
    return Hunk(tuple(items), loose=_loose(items))


def _compared(hunk: Hunk, header: _Header) -> Hunk:
    """Note what the counts of the header say about lines that are missing or marked wrongly."""
    if header.counts is None:
        return hunk
    old = header.counts[0] - sum(item.kind != "added" for item in hunk.items)
    new = header.counts[1] - sum(item.kind != "removed" for item in hunk.items)
    return replace(hunk, lost=old if old == new > 0 else 0, has_lost_plus=old < 0 == new)


def _loose(items: Sequence[Item]) -> int:
    """Count the last items from a blank line on, if none of them has a mark."""
    loose = 0
    for number, item in enumerate(reversed(items), 1):
        if not item.is_bare:
            break
        if not item.text:
            loose = number
    return loose
