"""A line before and after -> the characters that differ, by words. Pure."""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import accumulate

_WORD = re.compile(r"[A-Za-z0-9_]+|.", re.DOTALL)
"""Letters of scripts without blanks between words stand for themselves."""

_MOST_WORDS = 1_000
_NEAR = 1
"""Marks with no more unchanged characters between them are one."""

Mark = tuple[int, int]
"""Characters from an index to before another."""


@lru_cache(maxsize=2048)
def changed_words(old: str, new: str) -> tuple[tuple[Mark, ...], tuple[Mark, ...]]:
    """Return what of a line has gone, and what has come.

    Args:
        old: Line as it is shown, before.
        new: The same after.

    Returns:
        Marks in the old and in the new line, ascending, never touching. All of both if they have
        too many words to compare.
    """
    from rapidfuzz.distance import Indel

    before, after = _WORD.findall(old), _WORD.findall(new)
    if max(len(before), len(after)) > _MOST_WORDS:
        return _merged([(0, len(old))]), _merged([(0, len(new))])
    ours, theirs = ([0, *accumulate(map(len, words))] for words in (before, after))
    changes = [code for code in Indel.opcodes(before, after) if code.tag != "equal"]
    gone = [(ours[code.src_start], ours[code.src_end]) for code in changes]
    come = [(theirs[code.dest_start], theirs[code.dest_end]) for code in changes]
    return _merged(gone), _merged(come)


def _merged(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    found = list[Mark]()
    for start, end in marks:
        if start == end:
            continue
        if found and start - found[-1][1] <= _NEAR:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return tuple(found)
