"""A query -> the places that have it, block by block, those included that were never rendered.

Blocks are first looked at as source, which costs next to nothing; only those that have all the
words of the query are rendered, to find where it stands in what is shown.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bathy.agent.modes.tui.transcript.blocks import Block, opened
from bathy.agent.modes.tui.transcript.render import searchable
from bathy.agent.modes.tui.transcript.rows import Rendered

MOST_MATCHES = 10_000
"""That are counted."""

_WORD = re.compile(r"[^\W_]+")
_MARKUP = dict.fromkeys(map(ord, "*_~`\\"))
"""What may stand within a word of Markdown that is shown without it."""

Span = tuple[int, int]
"""From an offset in the text of a block to before another."""


@dataclass(frozen=True, slots=True, order=True)
class Match:
    """A place: the number of a block, and offsets in its text when all of it is shown."""

    block: int
    start: int
    end: int


class Search:
    """Looks for one query; with a capital letter in it, case matters."""

    def __init__(self, query: str, show: Callable[[Block], Rendered]) -> None:
        self.query = query
        self.matches: list[Match] = []
        self.current: Match | None = None
        self.scanned = 0
        self._show = show
        has_case = query != query.lower()
        pattern = r"\s+".join(map(re.escape, query.split()))
        self._pattern = re.compile(pattern, 0 if has_case else re.IGNORECASE)
        self._words = [word if has_case else word.lower() for word in _WORD.findall(query)]
        self._has_case = has_case
        self._is_empty = not query.split()

    def spans(self, rendered: Rendered) -> list[Span]:
        """Return the matches in the text of a block as it is shown."""
        if self._is_empty:
            return []
        return [found.span() for found in self._pattern.finditer(rendered.text)]

    def in_block(self, at: int, block: Block) -> list[Match]:
        """Return the matches in a block, what is folded of it included."""
        if not self._may_be_in(block):
            return []
        return [Match(at, start, end) for start, end in self.spans(self._show(opened(block)))]

    def following(self, blocks: Sequence[Block], at: int, offset: int) -> Match | None:
        """Return the first match from a place on, going round; None if there is none at all."""
        for step in range(len(blocks) + 1 if blocks else 0):
            number = (at + step) % len(blocks)
            for match in self.in_block(number, blocks[number]):
                if step or match.start >= offset:
                    return match
        return None

    def preceding(self, blocks: Sequence[Block], at: int, offset: int) -> Match | None:
        """Return the last match that starts before a place, going round."""
        for step in range(len(blocks) + 1 if blocks else 0):
            number = (at - step) % len(blocks)
            for match in reversed(self.in_block(number, blocks[number])):
                if step or match.start < offset:
                    return match
        return None

    def scan(self, blocks: Sequence[Block]) -> Iterator[None]:
        """Count matches, yielding after each block, until all were looked at."""
        while self.scanned < len(blocks) and len(self.matches) < MOST_MATCHES:
            at = self.scanned
            self.scanned += 1
            self.matches += self.in_block(at, blocks[at])
            yield

    def restart(self, at: int) -> None:
        """Count anew from a block on, since it and what is below may have changed."""
        if at < self.scanned:
            self.scanned = at
            self.matches = [match for match in self.matches if match.block < at]

    @property
    def number(self) -> int:
        """The number of the current match among those that were counted, from 1; else 0."""
        if self.current is None:
            return 0
        at = bisect_left(self.matches, self.current)
        is_counted = at < len(self.matches) and self.matches[at] == self.current
        return at + 1 if is_counted else 0

    def _may_be_in(self, block: Block) -> bool:
        if self._is_empty:
            return False
        text = searchable(block).translate(_MARKUP)
        if not self._has_case:
            text = text.lower()
        return "&" in text or all(word in text for word in self._words)
