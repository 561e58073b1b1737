"""A file and what points into it -> the lines to look at, few enough to be read at a glance."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bathy.agent.index.spans import qualified
from bathy.agent.index.symbols import Definition
from bathy.agent.index.terms import count_terms
from bathy.agent.pack.question import Frame
from bathy.agent.pack.ranking import RankedSpan

MOST_LINES = 40
"""Longest range that is pointed at."""

_BEFORE = 15
"""Lines shown above the one that is meant, of a longer definition."""

_ONE_LINERS = frozenset(
    ("constant", "variable", "macro", "type", "property", "field", "key", "table", "selector")
)


@dataclass(frozen=True, slots=True)
class Lines:
    """A range, 1-based and inclusive; `symbol` is what it is (part of), or ""."""

    start: int
    end: int
    symbol: str


def around(line: int, total: int, definitions: Sequence[Definition]) -> Lines:
    """Return the innermost definition that holds a line, cut to `MOST_LINES` about the line.

    Args:
        line: 1-based, at most `total`.
        total: Lines of the file.
        definitions: Of the file.
    """
    holding = [d for d in definitions if d.start_line <= line <= d.end_line <= total]
    holding = [d for d in holding if d.kind not in _ONE_LINERS] or holding
    if not holding:
        return _cut(Lines(1, total, ""), line)
    inner = min(holding, key=lambda d: (d.end_line - d.start_line, -d.start_line, d.name))
    return _cut(Lines(inner.start_line, inner.end_line, qualified(inner)), line)


def of_frame(frame: Frame, total: int, definitions: Sequence[Definition]) -> Lines | None:
    """Return where a call of a traceback stands; None if the file has no such place.

    The line is of the reporter's version, so the function's name counts more: where the line lies
    outside that function, the function is meant.
    """
    name = frame.function.rpartition(".")[2]
    named = [d for d in definitions if name and d.name == name and d.end_line <= total]
    if any(d.start_line <= frame.line <= d.end_line for d in named) or not named:
        return around(frame.line, total, definitions) if 1 <= frame.line <= total else None
    nearest = min(named, key=lambda d: (abs(d.start_line - frame.line), d.start_line))
    whole = Lines(nearest.start_line, nearest.end_line, qualified(nearest))
    return _cut(whole, whole.start)


def of_span(span: RankedSpan, lines: Sequence[str], weights: Mapping[str, float]) -> Lines:
    """Return the part of a span that holds most of what a question asks for.

    Args:
        span: From a ranking.
        lines: Of the file.
        weights: By index term.
    """
    start, end = min(span.start_line, len(lines)), min(span.end_line, len(lines))
    if end - start < MOST_LINES:
        return Lines(start, end, span.symbol)
    told = [_told(line, weights) for line in lines[start - 1 : end]]
    best = max(range(len(told) - MOST_LINES + 1), key=lambda at: (_sum(told, at), -at))
    return Lines(start + best, start + best + MOST_LINES - 1, span.symbol)


def _told(line: str, weights: Mapping[str, float]) -> float:
    return sum(weights.get(term, 0.0) for term in count_terms(line))


def _sum(told: Sequence[float], at: int) -> float:
    return sum(told[at : at + MOST_LINES])


def _cut(whole: Lines, line: int) -> Lines:
    if whole.end - whole.start < MOST_LINES:
        return whole
    start = min(max(whole.start, line - _BEFORE), whole.end - MOST_LINES + 1)
    return Lines(start, start + MOST_LINES - 1, whole.symbol)


def frames_in(path: str, frames: Sequence[Frame]) -> Iterator[Frame]:
    """Yield the calls of a traceback that may stand in a file, innermost first.

    Those are meant whose paths end most alike; an installed file has other folders before it.
    """
    alike = [(common_tail(frame.path, path), at, frame) for at, frame in enumerate(frames)]
    best = max((count for count, _, _ in alike), default=0)
    for count, _, frame in reversed(alike):
        if count == best > 0:
            yield frame


def common_tail(one: str, other: str) -> int:
    """Count the segments that two paths end with alike."""
    count = 0
    for a, b in zip(reversed(one.split("/")), reversed(other.split("/")), strict=False):
        if a.lower() != b.lower():
            break
        count += 1
    return count
