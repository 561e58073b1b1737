"""Which lines of a file are written for people: comments and docstrings, told by their form.

No grammar is asked, so it holds for every language that marks them in one of the usual ways.
"""

import re
from collections.abc import Sequence

_LINE = re.compile(r"\s*(?://|--|#(?!(?:include|define|undef|if|ifn?def|el|end|pragma)))")
"""A line that is a comment or an attribute; a directive of C is neither."""

_BLOCK, _BLOCK_END = re.compile(r"\s*(/\*)"), re.compile(r".*\*/\s*\Z")
_DOCSTRING = re.compile(r"\s*[rRuUbBfF]{0,2}(\"\"\"|''')")
_TEXT = re.compile(r"(?<!['\"])(\"\"\"|''')(?!['\"])")
"""Begins a text that is no docstring, unless it is itself in quotes."""


def comment_start(lines: Sequence[str], first: int, before: int) -> int:
    """Find where the comment right above a line begins.

    Args:
        lines: Of the file.
        first: The line, 1-based.
        before: The last line above that cannot be part of it; 0 if all may.

    Returns:
        The first line of the comment, or of several without a blank line between; `first` if there
        is none.
    """
    at = first
    while at - 1 > before:
        above = lines[at - 2]
        if _BLOCK_END.match(above):
            opening = next((n for n in range(at - 1, before, -1) if "/*" in lines[n - 1]), 0)
            if not opening or not _BLOCK.match(lines[opening - 1]):
                break
            at = opening
        elif _LINE.match(above):
            at -= 1
        else:
            break
    return at


def prose_lines(lines: Sequence[str]) -> list[bool]:
    """Say of each line whether it is part of a comment or docstring that begins its line.

    Args:
        lines: From a place on that is not within one, such as the begin of the file.
    """
    found, closing, is_prose = list[bool](), "", False
    for line in lines:
        if closing:
            found.append(is_prose)
            closing = "" if closing in line else closing
            continue
        opening = _DOCSTRING.match(line) or _BLOCK.match(line)
        is_prose = opening is not None or _LINE.match(line) is not None
        found.append(is_prose)
        if not is_prose:
            opening = _TEXT.search(line)
        if opening:
            closing = opening[1].replace("/*", "*/")
            closing = "" if closing in line[opening.end() :] else closing
    return found
