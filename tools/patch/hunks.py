"""What a patch says, whatever format it came in; where it goes is found by `match`."""

from dataclasses import dataclass
from typing import Literal

from bathy.tools.base import ToolError

Kind = Literal["context", "removed", "added"]
Action = Literal["edit", "create", "delete", "rename", "copy"]
Form = Literal["unified", "envelope", "block"]


class PatchError(ToolError):
    """A patch that is not applied. The message says why, and what to try next."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a hunk.

    Attributes:
        kind: What happens to the line.
        text: The line without its mark and without a line end.
        is_bare: A context line that had no mark, so that `text` is all of it. A blank that other
            context lines begin with may be part of the text; that one has to be tried too.
        has_no_newline: A marker says that the file ends after this line, without a line end.
    """

    kind: Kind
    text: str
    is_bare: bool = False
    has_no_newline: bool = False


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines that stand together in the file.

    Attributes:
        items: In order; removed and context lines are those of the old file.
        anchors: Texts of lines above the place, outermost first; a section heading is one.
        old_start: Stated line number in the old file, from 1 (0 for a file without lines), or None.
        is_at_end: The format says that the old file ends with the hunk.
        lost: So many context lines does the header count that are not there, as far as both sides
            agree.
        has_lost_plus: Going by the header's counts, a context line is an added one that lost its +.
        loose: So many last items may be text after the patch instead of context.
    """

    items: tuple[Item, ...]
    anchors: tuple[str, ...] = ()
    old_start: int | None = None
    is_at_end: bool = False
    lost: int = 0
    has_lost_plus: bool = False
    loose: int = 0


@dataclass(frozen=True, slots=True)
class FilePatch:
    """What happens to one file.

    Attributes:
        path: The file as the patch names it; "" where the patch leaves finding it to us.
        action: What happens.
        hunks: In the order of the patch.
        new_path: Target of a rename or copy, else "".
        other_path: For an edit whose two header lines name different files: the old one's name.
        is_executable: As a git header sets it, or None.
        form: Format it came in; only unified diffs put "a/" and "b/" before paths.
    """

    path: str
    action: Action = "edit"
    hunks: tuple[Hunk, ...] = ()
    new_path: str = ""
    other_path: str = ""
    is_executable: bool | None = None
    form: Form = "unified"


Patch = tuple[FilePatch, ...]
