"""Scores of the same questions in two contexts -> their mean difference and how sure it is."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

RESAMPLES = 2_000
SEED = 20_261_126
_TAIL = 0.025


@dataclass(frozen=True, slots=True)
class Difference:
    """A paired difference.

    Attributes:
        n: Questions that both sides have a figure of.
        mean: Of second minus first.
        low: Lower end of the 95 % interval.
        high: Its upper end.
    """

    n: int
    mean: float
    low: float
    high: float


def paired(first: Mapping[str, float], second: Mapping[str, float]) -> Difference | None:
    """Compare two sides question by question.

    Args:
        first: Figures by question.
        second: Likewise.

    Returns:
        None without a question in common. The interval is the percentile bootstrap over questions
        (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13) with a fixed
        seed: the same figures give the same ends. It takes questions for independent, which those
        of one repository are not quite.
    """
    common = sorted(first.keys() & second.keys())
    if not common:
        return None
    values = [second[key] - first[key] for key in common]
    low, high = interval(values)
    return Difference(len(values), sum(values) / len(values), low, high)


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of a mean; `values` is not empty."""
    source, n = random.Random(SEED), len(values)  # noqa: S311 - no secret
    means = sorted(sum(source.choices(values, k=n)) / n for _ in range(RESAMPLES))
    at = int(_TAIL * RESAMPLES)
    return means[at], means[-1 - at]
