"""How long to wait before a request is made again: a pure schedule."""

from collections.abc import Callable

FIRST_S, LONGEST_S = 0.5, 10.0
"""The first wait and the longest one, in seconds; each wait is twice the one before."""

LONGEST_ASKED_S = 120.0
"""A server that asks for more than this is not waited for."""


def wait_s(attempt: int, asked_s: float | None, random: Callable[[], float]) -> float | None:
    """Return the seconds to wait before the next attempt.

    Args:
        attempt: Attempts that have failed, from 1.
        asked_s: What the server asked for (Retry-After), or None.
        random: Gives numbers from 0 to 1; the wait is between half and the whole of the step, so
            that clients that failed together do not come back together.

    Returns:
        Seconds, or None if the server asks for longer than is worth waiting for.
    """
    if asked_s is not None:
        return asked_s if asked_s <= LONGEST_ASKED_S else None
    step: float = min(LONGEST_S, FIRST_S * 2 ** min(attempt - 1, 10))
    return step * (0.5 + 0.5 * random())
