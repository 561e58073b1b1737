"""Rendered prompts, one after another -> how many tokens of each the service finds in its cache.

A unit is kept at the end of each request's input and at the end of its output, and only a whole
unit at the very start of a prompt is a hit. Every hit count that was ever reported is a multiple of
128. What the service finds out besides (prefixes that two requests share, long texts cut at fixed
intervals) is left out: a client that hits here hits there.
"""

import threading
from dataclasses import dataclass

UNIT_TOKENS = 128
"""Hits are rounded down to multiples of this."""


@dataclass(frozen=True, slots=True)
class _Unit:
    bucket: str
    text: str
    tokens: int


class PrefixCache:
    """Units kept so far; safe to use from several threads."""

    def __init__(self) -> None:
        self._units: list[_Unit] = []
        self._lock = threading.Lock()

    def keep(self, bucket: str, text: str, tokens: int) -> None:
        """Keep a unit.

        Args:
            bucket: Units of other buckets are never seen: a model, or a user of it.
            text: From the start of the prompt to the end of the unit, as rendered.
            tokens: Length of it.
        """
        with self._lock:
            self._units.append(_Unit(bucket, text, tokens))

    def hit_tokens(self, bucket: str, prompt: str) -> int:
        """Return how many tokens at the start of a prompt are cached, a multiple of 128."""
        with self._lock:
            found = [unit for unit in self._units if unit.bucket == bucket]
        found.sort(key=lambda unit: unit.tokens, reverse=True)
        tokens = next((unit.tokens for unit in found if prompt.startswith(unit.text)), 0)
        return tokens // UNIT_TOKENS * UNIT_TOKENS
