"""A text -> the ways in which it may be meant to be read, though it is written in another.

People and models read through entities, emphasis in the middle of words, letters of other alphabets
that look alike, and line ends; patterns do not. These are given the text as it is read.
"""

import codecs
import html
import re
import unicodedata
from collections.abc import Iterator

MOST_CHARS = 30_000
"""Of a text that is read in other ways; of longer ones the beginning."""

_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһӏԛԝгпѵАВЕКМНОРСТХУІЈЅ" + "αορνιτυκχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijsdhlqwrnvABEKMHOPCTXYIJS" + "aopvitukxABEZHIKMNOPTYX",
)
"""Letters of Cyrillic and Greek."""

_MIXED = re.compile(r"[A-Za-z\u0370-\u03ff\u0400-\u052f]{2,}")
_MARKS = re.compile(r"[*`~]{1,3}|</?[a-z]{1,9}>")
_SOFT_END = re.compile(r"(?<=[^\n])[ \t>*+-]{0,8}\n[ \t>]{0,8}(?=[^\s#*+>`-])")
_ROT13, _REVERSED = re.compile("vtaber|vafgehpgvba"), re.compile("erongi|snoitcurtsni")


def readings(text: str) -> Iterator[str]:
    """Give the other ways in which a text may be read, one after the other.

    Args:
        text: As it is shown.

    Yields:
        Its words with entities, emphasis inside words and letters of other alphabets undone, each
        paragraph in one line; and, where two words of an order stand there backwards or turned by
        13 letters, the text turned back. Nothing that is the text itself. Linear.
    """
    text = text[:MOST_CHARS]
    plain = unicodedata.normalize("NFKC", html.unescape(text))
    plain = _MIXED.sub(_latin, _MARKS.sub("", plain))
    joined = _SOFT_END.sub(" ", plain)
    if joined != text:
        yield joined
    lowered = text.lower()
    if _ROT13.search(lowered):
        yield codecs.decode(text, "rot13")
    if _REVERSED.search(lowered):
        yield "\n".join(line[::-1] for line in text.split("\n"))


def _latin(found: re.Match[str]) -> str:
    """A word in Latin letters, if some of it is."""
    word = found[0]
    return word.translate(_LOOKALIKES) if re.search("[A-Za-z]", word) else word
