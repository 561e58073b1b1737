"""A span and the words of a question -> which of its lines to quote: the signature and the best."""

import re
from collections.abc import Mapping, Sequence

from bathy.agent.index.comments import prose_lines
from bathy.agent.index.terms import count_terms, terms_of

WHOLE_LINES = 28
"""Spans up to this many lines are quoted whole."""

PARTS, PART_LINES = 2, 10
"""Of longer ones, so many parts of so many lines are quoted, beside the signature."""

SIGNATURE_LINES = 6
"""Most of them; a signature that goes on is cut."""

PROSE_SHARE, AGAIN_SHARE = 0.25, 0.1
"""What a word counts in a comment or docstring, and where it stands again, in parts of what it
counts in code: the lines that decide say it seldom, and those that tell of them often."""


def words_in(lines: Sequence[str], words: Mapping[str, float]) -> list[str]:
    """Return those of some words that stand in lines, in their order.

    Args:
        lines: Any text.
        words: How telling each is.
    """
    terms = count_terms("\n".join(lines)).keys()
    return [word for word in words if (own := terms_of(word)) and own[-1] in terms]


def choose_lines(
    lines: Sequence[str], first: int, last: int, symbol: str, words: Mapping[str, float]
) -> list[int]:
    """Choose the lines of a span that are quoted.

    Args:
        lines: Of the whole file.
        first: Of the span, 1-based.
        last: Of the span, inclusive.
        symbol: Qualified name of what it defines, or "".
        words: Of the question; how telling each is.

    Returns:
        Numbers of lines, ascending; all of a short span.
    """
    numbers = range(first, last + 1)
    if len(numbers) <= WHOLE_LINES:
        return list(numbers)
    is_prose = prose_lines(lines[:last])
    chosen = set(_signature(lines, numbers, symbol, is_prose))
    held = {n: words_in(lines[n - 1 : n], words) for n in numbers}
    for _ in range(PARTS):
        parts = (range(at, at + PART_LINES) for at in range(first, last - PART_LINES + 2))
        left = {n: [] if n in chosen else held[n] for n in numbers}
        best = max(parts, key=lambda part: _worth(part, left, words, is_prose))
        chosen.update(best)
    around = {first - 1, last + 1, *chosen}
    # A single line left out would be no shorter told of than shown.
    return [n for n in numbers if n in chosen or {n - 1, n + 1} <= around]


def _worth(
    part: range,
    held: Mapping[int, Sequence[str]],
    words: Mapping[str, float],
    is_prose: Sequence[bool],
) -> float:
    """What some lines tell by the words that they hold."""
    best, all_ = dict[str, float](), 0.0
    for number in part:
        share = PROSE_SHARE if is_prose[number - 1] else 1.0
        for word in held[number]:
            best[word] = max(best.get(word, 0.0), share * words[word])
            all_ += share * words[word]
    return sum(best.values()) + AGAIN_SHARE * all_


def _signature(
    lines: Sequence[str], numbers: range, symbol: str, is_prose: Sequence[bool]
) -> range:
    """Where a span says what it defines; its first lines if it does not."""
    name = re.compile(rf"(?<!\w){re.escape(symbol.rpartition('.')[2])}(?!\w)")
    code = [n for n in numbers if not is_prose[n - 1]]
    named = (n for n in code if symbol and name.search(lines[n - 1]))
    at = next(named, code[0] if code else numbers[0])
    end = min(at + SIGNATURE_LINES - 1, numbers[-1])
    for number in range(at, end + 1):
        if lines[number - 1].rstrip().endswith((":", "{", ";")):
            return range(at, number + 1)
    return range(at, end + 1)
