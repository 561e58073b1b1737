"""Bytes of a file <-> its lines, each with its own line end; edits of lines. Knows no patch."""

import codecs
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bathy.tools.decode import decode
from bathy.tools.patch.hunks import PatchError

_BOMS = {
    "utf-8-sig": (codecs.BOM_UTF8, "utf-8"),
    "utf-16-le": (codecs.BOM_UTF16_LE, "utf-16-le"),
    "utf-16-be": (codecs.BOM_UTF16_BE, "utf-16-be"),
    "utf-32-le": (codecs.BOM_UTF32_LE, "utf-32-le"),
    "utf-32-be": (codecs.BOM_UTF32_BE, "utf-32-be"),
}
"""Mark and codec of what `decode` reports only for files that begin with the mark."""


@dataclass(frozen=True, slots=True)
class TextFile:
    r"""The lines of a file.

    Attributes:
        lines: Without line ends. Only LF ends a line; a CR before it is part of the end.
        ends: As many, each "\n" or "\r\n"; the last may be "".
        encoding: As in `Decoded`.
    """

    lines: tuple[str, ...]
    ends: tuple[str, ...]
    encoding: str = "utf-8"

    @property
    def has_bom(self) -> bool:
        """Whether the file begins with a byte order mark."""
        return self.encoding in _BOMS

    @property
    def usual_end(self) -> str:
        """The line end that most lines have."""
        counts = Counter(end for end in self.ends if end)
        return max(counts, key=lambda end: counts[end]) if counts else "\n"


@dataclass(frozen=True, slots=True)
class Edit:
    """Lines that take the place of others.

    Attributes:
        at: Index of the first old line, from 0; for a pure addition, of the line it goes before.
        removed: Number of old lines.
        added: New lines, without line ends.
    """

    at: int
    removed: int
    added: tuple[str, ...]


def read_text(data: bytes) -> TextFile:
    """Decode a file into lines.

    Args:
        data: The whole file.

    Returns:
        Lines that `write_text` turns into the same bytes again.

    Raises:
        PatchError: It is binary, or has bytes that do not survive decoding.
    """
    decoded = decode(data)
    if decoded is None:
        raise PatchError("it is a binary file, and only text can be edited")
    file = split_text(decoded.text, decoded.encoding)
    if _encoded(file) != data:
        raise PatchError(
            f"it has bytes that are not valid {decoded.encoding}, which an edit would destroy"
        )
    return file


def split_text(text: str, encoding: str) -> TextFile:
    """Split decoded text into lines and line ends."""
    parts = text.split("\n")
    last = parts.pop()
    ends = ["\r\n" if part.endswith("\r") else "\n" for part in parts]
    lines = [part.removesuffix("\r") for part in parts]
    if last:
        lines.append(last)
        ends.append("")
    return TextFile(tuple(lines), tuple(ends), encoding)


def write_text(file: TextFile) -> bytes:
    """Encode lines, with the byte order mark if there was one.

    Raises:
        PatchError: The encoding has no place for a character, or the result would no longer be
            read as the same text.
    """
    data = _encoded(file)
    text = "".join(line + end for line, end in zip(file.lines, file.ends, strict=True))
    found = decode(data)
    if found is None or found.text != text:
        raise PatchError(
            "the new text holds control characters, or would make the file read in another "
            f"encoding than {file.encoding}"
        )
    return data


def _encoded(file: TextFile) -> bytes:
    mark, codec = _BOMS.get(file.encoding, (b"", file.encoding))
    text = "".join(line + end for line, end in zip(file.lines, file.ends, strict=True))
    try:
        return mark + text.encode(codec)
    except UnicodeEncodeError as error:
        char = text[error.start]
        raise PatchError(
            f"the file is encoded as {file.encoding}, which has no {char!r} (U+{ord(char):04X}); "
            "write the text without it"
        ) from error


def apply_edits(
    file: TextFile, edits: Sequence[Edit], *, has_final_newline: bool | None
) -> TextFile:
    """Replace lines; all others keep text and line end.

    A new line takes the line end of the old line whose place it takes, else of its neighbour.

    Args:
        file: The old lines.
        edits: In order of `at`, not overlapping.
        has_final_newline: Whether the last line gets a line end; None to leave it as it was. A
            file without lines gets one.

    Returns:
        The new lines.
    """
    lines: list[str] = []
    ends: list[str] = []
    usual = file.usual_end
    at = 0
    for edit in edits:
        lines += file.lines[at : edit.at]
        ends += file.ends[at : edit.at]
        at = edit.at + edit.removed
        lines += edit.added
        ends += _new_ends(file, edit, usual)
    lines += file.lines[at:]
    ends += file.ends[at:]
    ends = [end or usual for end in ends]
    was_ended = not file.ends or file.ends[-1] != ""
    if ends and not (was_ended if has_final_newline is None else has_final_newline):
        ends[-1] = ""
    return replace(file, lines=tuple(lines), ends=tuple(ends))


def _new_ends(file: TextFile, edit: Edit, usual: str) -> list[str]:
    ends = [end or usual for end in file.ends[edit.at : edit.at + edit.removed]]
    if ends:
        near = ends[-1]
    elif edit.at > 0:
        near = file.ends[edit.at - 1] or usual
    else:
        near = (file.ends[0] if file.ends else "") or usual
    return (ends + [near] * len(edit.added))[: len(edit.added)]
