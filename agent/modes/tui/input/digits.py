"""Alt and a digit as terminals send it (ESC, digit) -> that key, in Textual's own table."""

from enum import StrEnum
from typing import Any, cast

from textual import _ansi_sequences


class _AltDigit(StrEnum):
    """Keys that Textual has no name for."""

    ONE = "alt+1"
    TWO = "alt+2"
    THREE = "alt+3"
    FOUR = "alt+4"
    FIVE = "alt+5"
    SIX = "alt+6"
    SEVEN = "alt+7"
    EIGHT = "alt+8"
    NINE = "alt+9"


def read_alt_digits() -> None:
    """Read them so from now on; Textual takes them for what a Mac types with alt."""
    table = cast("dict[str, Any]", _ansi_sequences.ANSI_SEQUENCES_KEYS)
    table.update({f"\x1b{key[-1]}": (key,) for key in _AltDigit})
