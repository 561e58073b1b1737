"""A range of numbers -> the round ones that an axis names."""

import math

MOST_TICKS = 7


def ticks(low: float, high: float, most: int = MOST_TICKS) -> list[float]:
    """Return round numbers in a range, evenly spread.

    Args:
        low: Lower end; finite.
        high: Upper end; finite and over `low`.
        most: So many at most, > 1.

    Returns:
        Multiples of 1, 2 or 5 times a power of ten, ascending, all within the range.
    """
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    for factor in (1, 2, 5, 10, 20):
        step = factor * power
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first + 1 <= most:
            return [_clean(n * step) for n in range(first, last + 1)]
    raise AssertionError("twenty times a power of ten is over twice the rough step")


def number(value: float) -> str:
    """Return a number for an axis: without needless zeros, thousands apart."""
    text = f"{value:,.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _clean(value: float) -> float:
    """Take the noise of binary fractions off."""
    return float(f"{value:.12g}")
