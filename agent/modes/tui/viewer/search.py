"""A text that is searched for, and lines -> the lines that hold it, and where. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Search:
    """What was searched for.

    Attributes:
        query: Without upper case letters, it fits either case; "" for nothing.
        found: Lines that hold it, 1-based, ascending.
    """

    query: str = ""
    found: tuple[int, ...] = ()

    def step(self, line: int, step: int) -> int:
        """Return the next line that holds it, 1, or the one before, -1, round the ends.

        Returns:
            Its number, or 0 if no line holds it.
        """
        ahead = [n for n in self.found if (n - line) * step > 0] or self.found
        if not ahead:
            return 0
        return ahead[0] if step > 0 else ahead[-1]

    def hits(self, text: str) -> list[tuple[int, int]]:
        """Return where it stands in a line: from an index to before another."""
        where = _folded(text, self.query)
        # Some letters become two, and then an index means another one.
        if not self.query or len(where) != len(text):
            return []
        spans, at = list[tuple[int, int]](), where.find(self.query)
        while at >= 0:
            end = at + len(self.query)
            spans.append((at, end))
            at = where.find(self.query, end)
        return spans


def search(lines: Sequence[str], query: str) -> Search:
    """Look for a text in all lines."""
    if not query:
        return Search()
    folded = (_folded(line, query) for line in lines)
    return Search(query, tuple(n for n, text in enumerate(folded, 1) if query in text))


def _folded(text: str, query: str) -> str:
    return text.lower() if query == query.lower() else text
