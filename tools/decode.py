"""Bytes -> text, its encoding and its line ends; or None for what is not text."""

import codecs
import re
from dataclasses import dataclass
from typing import Literal

Newline = Literal["lf", "crlf", "mixed", "none"]

_SNIFF_BYTES = 8000
"""git looks for a NUL in this many bytes to tell binary files from text (xdiff-interface.c)."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig", "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16-be"),
)
# Control characters that no text in an eight-bit encoding has: C0 without TAB, LF, VT, FF, CR, ESC
# and BS, and DEL. The range 0x80 to 0x9F is left out, since Windows-1252 puts quotes and dashes
# there.
_CONTROL = re.compile(rb"[\x00-\x07\x0e-\x1a\x1c-\x1f\x7f]")
_MAX_CONTROL_SHARE = 0.002


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file.

    Attributes:
        text: Without a byte order mark, line ends as they were; no lone surrogates.
        encoding: Codec that the bytes were read with; "utf-8-sig" if there was a mark.
        newline: "crlf" or "lf" if all lines end so, "mixed", or "none" without any line end.
    """

    text: str
    encoding: str
    newline: Newline


def decode(data: bytes) -> Decoded | None:
    """Decode a file.

    A byte order mark decides; without one a NUL near the start means binary, then UTF-8 is tried
    strictly, then Latin-1 (Windows-1252 where it uses that range) if the bytes look like text.

    Args:
        data: The whole file.

    Returns:
        The text, or None for a binary file. Never raises.
    """
    for mark, encoding, codec in _BOMS:
        if data.startswith(mark):
            text = data[len(mark) :].decode(codec, "replace")
            return None if "\0" in text[:_SNIFF_BYTES] else _decoded(text, encoding)
    if b"\0" in data[:_SNIFF_BYTES]:
        return None
    try:
        return _decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        pass
    if len(_CONTROL.findall(data)) > len(data) * _MAX_CONTROL_SHARE:
        return None
    try:
        return _decoded(data.decode("cp1252"), "cp1252" if _has_c1(data) else "latin-1")
    except UnicodeDecodeError:
        return _decoded(data.decode("latin-1"), "latin-1")


def _has_c1(data: bytes) -> bool:
    return any(0x80 <= byte <= 0x9F for byte in data)


def _decoded(text: str, encoding: str) -> Decoded:
    lf = text.count("\n")
    crlf = text.count("\r\n")
    newline: Newline
    if not lf:
        newline = "none"
    elif not crlf:
        newline = "lf"
    else:
        newline = "crlf" if crlf == lf else "mixed"
    return Decoded(text, encoding, newline)
