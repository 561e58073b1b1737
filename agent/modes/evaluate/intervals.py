"""Figures of many questions -> their mean, and how far it might lie off.

The interval is the bootstrap's of percentiles (Efron 1979): questions are drawn again, as many as
there are and with repetition, and 95 % of the means of such draws lie in it. It tells what another
choice of questions of the same kind might have given, and nothing about other repositories.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import mul
from random import Random

CONFIDENCE = 0.95
DRAWS = 1_000
SEED = 1979


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean and its interval.

    Attributes:
        value: The mean.
        low: Lower end; the mean itself where there is one figure alone.
        high: Upper end, likewise.
        n: How many figures there were, > 0.
    """

    value: float
    low: float
    high: float
    n: int


def mean_of(figures: Sequence[float | None]) -> Mean | None:
    """Return the mean of some figures; None if there are none.

    Args:
        figures: Those that are None are left out.

    Returns:
        The same for the same figures in the same order, always.
    """
    known = [figure for figure in figures if figure is not None]
    if not known:
        return None
    n = len(known)
    means = sorted(sum(map(mul, counts, known)) / n for counts in _draws(n))
    tail = (1 - CONFIDENCE) / 2
    low, high = means[int(tail * DRAWS)], means[DRAWS - 1 - int(tail * DRAWS)]
    return Mean(sum(known) / n, low, high, n)


@lru_cache(maxsize=8)
def _draws(n: int) -> tuple[tuple[int, ...], ...]:
    """How often each of n figures is drawn, for each draw."""
    random = Random(SEED)  # noqa: S311 - for statistics
    draws = list[tuple[int, ...]]()
    for _ in range(DRAWS):
        counts = [0] * n
        for at in random.choices(range(n), k=n):
            counts[at] += 1
        draws.append(tuple(counts))
    return tuple(draws)
