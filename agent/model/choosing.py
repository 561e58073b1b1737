"""Ranked spans -> those that are quoted to people."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from bathy.agent.index.comments import prose_lines

MOST_SPANS = 6
MOST_SPANS_A_FILE = 2
MIN_SHARE_OF_BEST = 0.3
"""Files with a smaller part of the best file's score are not quoted."""

MUTE_COST, DECLARED_SHARE = 0.2, 0.7
"""What a span of nothing but comments and imports is worth less, and what a declaration of types is
worth, in parts of code: they say that a thing is there, and code says what it does."""

_DECLARATIONS = (".d.ts", ".d.mts", ".d.cts", ".pyi")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A span that speaks to the question.

    Attributes:
        path: The file.
        start_line: 1-based, inclusive.
        end_line: 1-based, inclusive.
        symbol: Qualified name of what the span defines, or "".
        of_file: Short reasons that hold for the file, wherever in it, most telling first.
    """

    path: str
    start_line: int
    end_line: int
    symbol: str
    of_file: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A span that may be quoted.

    Attributes:
        place: The span.
        file_score: Of its file.
        share: The span's own score in parts of that of the best span of its file.
    """

    place: Evidence
    file_score: float
    share: float


_PREAMBLE = re.compile(
    r"(//|#|/?\*|--|;|%|<!--|-->)|(import|from|package|using|use|require|include|extern|module)\b"
)
"""How a line of a comment begins, or one that takes something in."""

_LEFT_OPEN = re.compile(r"^(?:import|from|use)\b.*([({])[^)}]*$")
"""What is taken in goes on over the next lines."""


def choose_evidence(
    candidates: Iterable[Candidate],
    lines_of: Callable[[str], Sequence[str]] = lambda _: (),
) -> list[Evidence]:
    """Choose what to quote: the best spans, few of each file, none inside another.

    What stands before the first definition is not quoted if it is nothing but comments, such as a
    licence, and imports, and the file has other spans.

    Args:
        candidates: In any order.
        lines_of: A file's lines, without their LF; () if they are not known.

    Returns:
        Best first: what a span is worth is its file's score by its own share, so that the second
        span of a file stands behind the first of another that fits nearly as well. At most
        `MOST_SPANS`, at most `MOST_SPANS_A_FILE` of one file; files far behind the best one are
        left out.
    """
    mute = cache(lambda path: _mute(lines_of(path)))
    candidates = sorted(candidates, key=lambda one: -_worth(one, mute(one.place.path)))
    best = max((one.file_score for one in candidates), default=0.0)
    defining = {one.place.path for one in candidates if one.place.symbol}
    chosen: list[Evidence] = []
    for one in candidates:
        place, last = one.place, one.place.end_line
        same = [e for e in chosen if e.path == place.path]
        overlaps = any(place.start_line <= e.end_line and last >= e.start_line for e in same)
        is_far_behind = one.file_score < best * MIN_SHARE_OF_BEST
        if overlaps or len(same) >= MOST_SPANS_A_FILE or is_far_behind:
            continue
        may_be_head = not place.symbol and place.path in defining
        if may_be_head and is_preamble(lines_of(place.path)[:last]):
            continue
        chosen.append(place)
        if len(chosen) == MOST_SPANS:
            break
    return chosen


def _mute(lines: Sequence[str]) -> list[bool | None]:
    """Say of each line whether it is a comment, docstring or import; None for blank ones."""
    return [
        is_prose or _PREAMBLE.match(line.strip()) is not None if line.strip() else None
        for line, is_prose in zip(lines, prose_lines(lines), strict=True)
    ]


def _worth(one: Candidate, mute: Sequence[bool | None]) -> float:
    """What a span is worth as a quote, beside other spans of the same question."""
    place = one.place
    own = [known for known in mute[place.start_line - 1 : place.end_line] if known is not None]
    kind = DECLARED_SHARE if place.path.endswith(_DECLARATIONS) else 1.0
    return one.file_score * one.share * kind * (1 - MUTE_COST * sum(own) / max(1, len(own)))


def is_preamble(lines: Sequence[str]) -> bool:
    """Whether lines are nothing but comments and imports; in doubt they are not."""
    told, closing = 0, ""
    for line in (line.strip() for line in lines):
        if closing:
            closing = "" if closing in line else closing
            continue
        if not line:
            continue
        if not _PREAMBLE.match(line):
            return False
        told += 1
        opened = _LEFT_OPEN.search(line)
        closing = {"(": ")", "{": "}"}[opened[1]] if opened else ""
    return told > 0
