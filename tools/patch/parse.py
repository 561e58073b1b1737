"""Text of a patch in any of the formats -> what it says. Where it goes is not looked at."""

from collections.abc import Sequence

from bathy.tools.base import split_lines
from bathy.tools.patch.blocks import is_block_start, parse_blocks
from bathy.tools.patch.envelope import BEGIN, STARTS, parse_envelope
from bathy.tools.patch.fences import fenced_blocks
from bathy.tools.patch.hunks import Form, Patch, PatchError
from bathy.tools.patch.unified import is_unified_start, parse_unified

_FORMATS = (
    "Send a unified diff (--- a/PATH, +++ b/PATH, @@, lines marked with blank, - or +), a V4A "
    "patch (*** Begin Patch, *** Update File: PATH, @@, marked lines, *** End Patch), or "
    "SEARCH/REPLACE blocks (PATH, <<<<<<< SEARCH, old lines, =======, new lines, >>>>>>> REPLACE)."
)


def parse(text: str) -> Patch:
    """Parse a patch.

    Lines end with LF or CRLF. Prose and fences around the patch are passed over; text outside of
    the patch that looks like more of it is refused, since dropping it would apply half a patch.

    Args:
        text: What a model or a person wrote.

    Returns:
        The files in the order of the patch; at least one. Blocks of one file come as several.

    Raises:
        PatchError: It is no patch, or one that cannot be made sense of.
    """
    lines = [line.removesuffix("\r") for line in split_lines(text.removeprefix("\ufeff"))]
    form, start = _first_start(lines)
    if form is None:
        if any(line.startswith("@@") for line in lines):
            raise PatchError(f"The patch names no file above its first hunk. {_FORMATS}")
        raise PatchError(f"This is no patch. {_FORMATS}")
    if form == "block":
        patch, outside = parse_blocks(lines)
    elif form == "envelope" and any(line.rstrip() == BEGIN for line in lines):
        patch, outside = parse_envelope(lines)
    else:
        patch, outside = _parse_fenced(lines, start)
    _refuse_more(outside)
    return patch


def _first_start(lines: Sequence[str]) -> tuple[Form | None, int]:
    """Return the format that begins first, and at which index; fences may be indented."""
    shift = [line.lstrip(" ") if line[:4].strip(" ") else line for line in lines]
    inside = {at for block in fenced_blocks(lines) for at in range(block.start, block.end)}
    for at in range(len(lines)):
        seen = shift if at in inside else lines
        form = _start(seen, at)
        if form:
            return form, at
    return None, 0


def _start(lines: Sequence[str], at: int) -> Form | None:
    if is_block_start(lines[at]):
        return "block"
    if lines[at].startswith(STARTS):
        return "envelope"
    return "unified" if is_unified_start(lines, at) else None


def _parse_fenced(lines: Sequence[str], start: int) -> tuple[Patch, list[str]]:
    """Parse the fenced blocks that hold patches, or the whole text if it begins outside them."""
    blocks = fenced_blocks(lines)
    if not any(block.start < start < block.end for block in blocks):
        return _parse_plain(lines)
    patch: Patch = ()
    outside: list[str] = []
    last = 0
    for block in blocks:
        outside += lines[last : block.start]
        if any(_start(block.lines, at) for at in range(len(block.lines))):
            part, left = _parse_plain(block.lines)
            patch += part
            outside += left
        elif not block.is_closed:
            raise PatchError(
                "the ``` fences around the patch do not pair, so its end cannot be told; send the "
                "patch without fences"
            )
        else:
            outside += block.lines
        last = block.end + 1
    return patch, outside + list(lines[last:])


def _parse_plain(lines: Sequence[str]) -> tuple[Patch, list[str]]:
    form, _ = _first_start(lines)
    if form == "envelope":
        return parse_envelope(lines)
    if form == "block":
        return parse_blocks(lines)
    return parse_unified(lines), []


def _refuse_more(outside: Sequence[str]) -> None:
    """Raise if lines that were passed over look like part of a patch."""
    for at, line in enumerate(outside):
        is_marked = line.startswith(("+", "@@")) or (line[:1] == "-" and line[1:2] not in " -\t")
        if is_marked or _start(outside, at):
            raise PatchError(
                f"Part of the patch stands outside of what could be read, such as {line[:60]!r}. "
                "Send one patch in one format, without ``` fences."
            )
