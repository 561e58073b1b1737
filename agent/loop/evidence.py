"""Places of the index that people were shown for a question <-> a line of the session's log.

No model ever reads that line. The text of a place has passed the redactor, as that of tools has.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

MOST_LINE_CHARS = 400
"""Of each line that is kept. How many lines there are is bounded where places are chosen."""


@dataclass(frozen=True, slots=True)
class Span:
    """A place that the index finds for a question, with its lines."""

    path: str
    start_line: int
    end_line: int
    symbol: str
    lines: tuple[str, ...]


_NAMES = tuple(one.name for one in fields(Span))


def evidence_values(spans: Iterable[Span]) -> dict[str, Any]:
    """Return what a log keeps of places, best first; a very long line is cut."""
    return {"spans": [asdict(replace(s, lines=tuple(map(_cut, s.lines)))) for s in spans]}


def evidence_of(line: Mapping[str, Any]) -> tuple[Span, ...]:
    """Return the places that a line of a log holds; what a later version adds is passed over.

    Raises:
        KeyError, TypeError: It is not such a line.
    """
    return tuple(
        Span(**{name: values[name] for name in _NAMES} | {"lines": tuple(values["lines"])})
        for values in line["spans"]
    )


def _cut(line: str) -> str:
    return line if len(line) <= MOST_LINE_CHARS else line[: MOST_LINE_CHARS - 1] + "…"
