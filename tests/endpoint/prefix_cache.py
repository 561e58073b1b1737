"""Prompts as token ids, one after another -> how many tokens of each the service has in its cache.

What the service keeps is not told in full, so there are two models of it, a strict and a kind one:

- "units": a unit ends where the input of a request ended, where its output ended, and where two
  prompts parted. Only a whole unit at the very start of a prompt is a hit: after A+B, A+C misses A,
  and from then on A+D hits it. Units at fixed intervals in long texts, of which the service tells
  no more than that there are some, are left out: a client that hits here hits there.
- "any": whatever a prompt has in common with the input and output of any request before it.

Every hit count that was ever reported is a multiple of 128. All images are the same one token.
"""

import threading
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

CacheModel = Literal["units", "any"]

UNIT_TOKENS = 128
"""Hits are rounded down to multiples of this."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one request; only the cache looks into it.

    Attributes:
        bucket: Where it is seen.
        tokens: Ids of the input and, once it is written, of the output.
        input_tokens: How many of them are input.
        units: Lengths of the units that start with the first token.
    """

    bucket: str
    tokens: "array[int]"
    input_tokens: int
    units: set[int]


class PrefixCache:
    """What was kept so far; safe to use from several threads."""

    def __init__(self, model: CacheModel = "units") -> None:
        self._model = model
        self._kept: list[Kept] = []
        self._lock = threading.Lock()

    def hit_tokens(self, bucket: str, prompt: Sequence[int]) -> int:
        """Return how many tokens at the start of a prompt are cached, a multiple of 128.

        Args:
            bucket: What other buckets keep is never seen: a model, or a user of it.
            prompt: Ids of its tokens.
        """
        with self._lock:
            found = [self._hit(kept, shared) for kept, shared in self._shared(bucket, prompt)]
        return max(found, default=0) // UNIT_TOKENS * UNIT_TOKENS

    def keep(self, bucket: str, prompt: Sequence[int]) -> Kept:
        """Keep the input of a request, and the prefixes that it shares with those before it."""
        with self._lock:
            # Whoever begins with the shared prefix shares it with the earlier prompt too, so it
            # is enough to note the unit there.
            for kept, shared in self._shared(bucket, prompt):
                kept.units.add(min(shared, kept.input_tokens))
            kept = Kept(bucket, array("I", prompt), len(prompt), {len(prompt)})
            self._kept.append(kept)
        return kept

    def keep_output(self, kept: Kept, output: Sequence[int]) -> None:
        """Keep what the model wrote after an input, once it has been written."""
        with self._lock:
            kept.tokens.extend(output)
            kept.units.add(len(kept.tokens))

    def forget(self) -> None:
        """Empty the cache, as if all had expired."""
        with self._lock:
            self._kept.clear()

    def _shared(self, bucket: str, prompt: Sequence[int]) -> Iterator[tuple[Kept, int]]:
        tokens = array("I", prompt)
        for kept in self._kept:
            if kept.bucket == bucket:
                yield kept, common_tokens(kept.tokens, tokens)

    def _hit(self, kept: Kept, shared: int) -> int:
        if self._model == "any":
            return shared
        return max((unit for unit in kept.units if unit <= shared), default=0)


def common_tokens(one: "array[int]", other: "array[int]") -> int:
    """Return the length of the longest common prefix.

    Halves are compared as slices, so that 300,000 equal tokens take a millisecond and not twenty.
    """
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
