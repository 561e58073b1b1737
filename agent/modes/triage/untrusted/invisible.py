"""A text -> the text without characters that nobody sees, and how many of them were no accident."""

import re

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
_PRESENTATION = ("\ufe0e", "\ufe0f")
_JOINERS = ("\u200c", "\u200d")
_TAG = re.compile("[\U000e0020-\U000e007e]{4,}")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{4,}")


def strip_invisible(text: str) -> tuple[str, int]:
    r"""Take out what cannot be seen.

    Control characters, zero-width and bidirectional ones, tags and variation selectors go; CRLF
    and CR become LF, which stays as TAB does; a lone surrogate becomes U+FFFD.

    Returns:
        The text, and how many characters were taken out or replaced, without those that ordinary
        writing has: line ends, a mark of byte order in front, parts of emoji, joiners inside words
        of scripts that need them. Stripping again changes nothing. Linear.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    count = 0
    text, colours = _ANSI.subn("", text)
    text, surrogates = _SURROGATE.subn("\ufffd", text)

    def take(found: re.Match[str]) -> str:
        nonlocal count
        run = found[0]
        before = text[found.start() - 1 : found.start()]
        if not _is_ordinary(run, before, text[found.end() : found.end() + 1]):
            count += len(run)
        # What ended a line or a page still parts words.
        return " " if run.strip("\x0b\x0c\x85\u2028\u2029") != run else ""

    stripped = _INVISIBLE.sub(take, text)
    return stripped, count + colours + surrogates


def smuggled(text: str) -> str:
    """Return what tag characters and runs of variation selectors spell, one line for each run."""
    spelt = ["".join(chr(ord(c) - 0xE0000) for c in run) for run in _TAG.findall(text)]
    for run in _SELECTORS.findall(text):
        spelt.append(bytes(_byte(ord(c)) for c in run).decode("utf-8", "replace"))
    return "\n".join(spelt)


def _byte(selector: int) -> int:
    return selector - 0xFE00 if selector < 0xE0000 else selector - 0xE0100 + 16


def _is_ordinary(run: str, before: str, after: str) -> bool:
    """Whether people write such a thing without meaning to hide anything."""
    is_symbol = before != "" and (before > "\u00a8" or before in "0123456789#*")
    if run in _PRESENTATION:
        return is_symbol and not before.isspace()
    if run == "\ufe0f\u200d" or (run in _JOINERS and not before.isascii() and not after.isascii()):
        return True
    # A variant of an ideograph.
    return len(run) == 1 and run >= "\U000e0100" and before >= "\u2e80"
