"""A hunk whose old lines have been found -> the edits of the file that it stands for."""

from collections.abc import Sequence
from dataclasses import dataclass

from bathy.tools.patch.hunks import Item
from bathy.tools.patch.text import Edit


@dataclass(frozen=True, slots=True)
class Placed:
    """A hunk at its place.

    Attributes:
        start: Index of its first old line in the file, from 0.
        end: Index after its last one.
        edits: In order.
        has_final_newline: Whether the file is to end with a line end, as far as the hunk says.
    """

    start: int
    end: int
    edits: tuple[Edit, ...]
    has_final_newline: bool | None = None


def place(items: Sequence[Item], at: Sequence[int | None], *, start: int, size: int) -> Placed:
    """Turn a hunk into edits.

    Args:
        items: The hunk.
        at: For each old line of the hunk its index in the file; None for a context line that the
            file does not have. Ascending.
        start: Where lines go that are added before all old lines.
        size: Number of lines of the file.

    Returns:
        The hunk at its place. Added lines stand right after the old line above them, or before the
        one below where there is none above.
    """
    known = [place for place in at if place is not None]
    first = known[0] if known else start
    edits: list[Edit] = []
    number, here = 0, first
    removed, added, edit_at = 0, [], first
    for item in items:
        if item.kind == "added":
            added.append(item.text)
            continue
        where = at[number]
        number += 1
        if item.kind == "removed" and where is not None:
            if where != here and (removed or added):
                edits.append(Edit(edit_at, removed, tuple(added)))
                removed, added = 0, []
            if not removed and not added:
                edit_at = where
            removed += 1
            here = where + 1
            continue
        if removed or added:
            edits.append(Edit(edit_at, removed, tuple(added)))
            removed, added = 0, []
        if where is not None:
            here = where + 1
        edit_at = here
    if removed or added:
        edits.append(Edit(edit_at, removed, tuple(added)))
    end = known[-1] + 1 if known else start
    return Placed(first, end, tuple(edits), _final_newline(items) if end == size else None)


def _final_newline(items: Sequence[Item]) -> bool | None:
    """Return what the markers of a hunk at the end of its file say about the last line end."""
    kinds = {item.kind for item in items if item.has_no_newline}
    if "added" in kinds:
        return False
    return True if kinds == {"removed"} else None
