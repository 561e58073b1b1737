"""Heights of blocks -> which row is in which block; some are guesses until they are seen."""

from bisect import bisect_right
from collections.abc import Iterable


class Heights:
    """Heights in rows, in order. Sums are made anew only from the first change on."""

    def __init__(self) -> None:
        self._heights: list[int] = []
        self._is_known: list[bool] = []
        self._tops: list[int] = [0]

    def __len__(self) -> int:
        return len(self._heights)

    @property
    def total(self) -> int:
        """Rows of all blocks."""
        return self.top(len(self._heights))

    def is_known(self, at: int) -> bool:
        """Tell whether the height of a block is no guess."""
        return self._is_known[at]

    def height(self, at: int) -> int:
        """Return the height of a block."""
        return self._heights[at]

    def top(self, at: int) -> int:
        """Return the rows above a block; above all if `at` is their number."""
        tops = self._tops
        while len(tops) <= at:
            tops.append(tops[-1] + self._heights[len(tops) - 1])
        return tops[at]

    def find(self, row: int) -> tuple[int, int]:
        """Return the block that a row is in and its number there; the last one for rows below.

        There is a block, and `row` is at least 0.
        """
        self.top(len(self._heights))
        at = min(bisect_right(self._tops, row) - 1, len(self._heights) - 1)
        return at, row - self._tops[at]

    def set(self, at: int, height: int, *, is_known: bool) -> None:
        """Say how high a block is."""
        self._is_known[at] = is_known
        if self._heights[at] != height:
            self._heights[at] = height
            del self._tops[at + 1 :]

    def truncate(self, size: int) -> None:
        """Forget all blocks but the first ones."""
        del self._heights[size:], self._is_known[size:], self._tops[size + 1 :]

    def extend(self, guesses: Iterable[int]) -> None:
        """Add blocks below, with guesses."""
        self._heights.extend(guesses)
        self._is_known.extend([False] * (len(self._heights) - len(self._is_known)))
