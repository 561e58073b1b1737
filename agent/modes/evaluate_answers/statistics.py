"""Scores of the same questions in two contexts -> their mean difference and how sure it is."""

from collections.abc import Mapping
from dataclasses import dataclass

from bathy.agent.modes.evaluate.intervals import mean_of


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
    values = [second[key] - first[key] for key in sorted(first.keys() & second.keys())]
    mean = mean_of(values)
    return None if mean is None else Difference(mean.n, mean.value, mean.low, mean.high)
