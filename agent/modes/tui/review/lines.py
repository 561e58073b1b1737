"""Bytes of a file <-> its lines as bytes, each with its line end, so that all else stays."""

import codecs
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bathy.tools.decode import decode

_MARKS = {
    "utf-8-sig": (codecs.BOM_UTF8, "utf-8"),
    "utf-16-le": (codecs.BOM_UTF16_LE, "utf-16-le"),
    "utf-16-be": (codecs.BOM_UTF16_BE, "utf-16-be"),
    "utf-32-le": (codecs.BOM_UTF32_LE, "utf-32-le"),
    "utf-32-be": (codecs.BOM_UTF32_BE, "utf-32-be"),
}
_EIGHT_BITS = {"cp1252", "latin-1"}


@dataclass(frozen=True, slots=True)
class Lines:
    """A text file.

    Attributes:
        units: Its lines with their ends; the last may have none. Only LF ends a line.
        mark: The byte order mark before them, or b"".
        codec: That they are encoded in.
    """

    units: tuple[bytes, ...]
    mark: bytes = b""
    codec: str = "utf-8"

    @property
    def data(self) -> bytes:
        """The whole file."""
        return self.mark + b"".join(self.units)

    def texts(self) -> tuple[str, ...]:
        """Return the lines decoded, with their ends."""
        return tuple(text_of(unit, self.codec) for unit in self.units)

    def has_end(self, unit: bytes) -> bool:
        """Whether a line has a line end."""
        return unit.endswith("\n".encode(self.codec))

    @property
    def usual_end(self) -> str:
        """The line end that most lines have."""
        ended = sum(map(self.has_end, self.units))
        crlf = sum(unit.endswith("\r\n".encode(self.codec)) for unit in self.units)
        return "\r\n" if 2 * crlf > ended else "\n"

    def fits(self, other: "Lines") -> bool:
        """Whether lines of both can stand in one file."""
        if self.mark != other.mark:
            return False
        if self.codec == other.codec or {self.codec, other.codec} <= _EIGHT_BITS:
            return True
        return any(all(map(bytes.isascii, side.units)) for side in (self, other))


def read_lines(data: bytes) -> Lines | None:
    """Return the lines of a file, or None for one that is no text."""
    decoded = decode(data)
    if decoded is None:
        return None
    mark, codec = _MARKS.get(decoded.encoding, (b"", decoded.encoding))
    if codec.startswith(("utf-16", "utf-32")):
        lines = Lines(encode_lines(decoded.text, codec), mark, codec)
        return lines if lines.data == data else None
    *whole, last = data[len(mark) :].split(b"\n")
    units = [line + b"\n" for line in whole]
    return Lines((*units, last) if last else tuple(units), mark, codec)


def encode_lines(text: str, codec: str) -> tuple[bytes, ...]:
    """Return the lines of a text, encoded.

    Raises:
        UnicodeEncodeError: The codec has no place for a character.
    """
    *whole, last = text.split("\n")
    parts = [line + "\n" for line in whole] + ([last] if last else [])
    return tuple(part.encode(codec) for part in parts)


def text_of(unit: bytes, codec: str) -> str:
    """Return a line decoded, with its end."""
    return unit.decode(codec, "replace")


def split_end(text: str) -> tuple[str, str]:
    """Return a decoded line and its line end."""
    body = text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text
    return body, text[len(body) :]


def join(lines: Lines, units: Iterable[bytes]) -> bytes:
    """Return a file of other lines.

    Args:
        lines: The file that they come from, for mark, codec and line ends.
        units: In order. One without a line end that is not the last gets one: it was the last, and
            what follows it was added.
    """
    chosen: Sequence[bytes] = tuple(units)
    end = lines.usual_end.encode(lines.codec)
    whole = [unit if lines.has_end(unit) else unit + end for unit in chosen[:-1]]
    return b"".join((lines.mark, *whole, *chosen[-1:]))
