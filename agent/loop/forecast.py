"""A request as a row of prefixes -> how much of it the service should find in its cache, and why.

A prefix is known by a digest of all that leads up to it, so that two processes, or two clones, can
tell that they sent the same without keeping what they sent.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

UNIT_TOKENS = 128
"""Every hit that the service was ever seen to report is a multiple of this."""

WARM_S = 6 * 3600.0
"""A prefix counts as cached for so long after it was last sent. The service promises hours to days;
taking a warm prefix for cold costs almost nothing, the other way round a whole miss."""

SOON_S = WARM_S / 6
"""Within so short a time nothing expires: what is missing then was never kept."""

EXPIRED_S = 7 * 86_400.0
"""A prefix not sent for so long has surely gone."""

SLACK_TOKENS = 256
SLACK_SHARE = 0.01
"""A hit that falls short of the forecast by less than these is no miss that needs a cause."""

NOTHING_AFTER, NEVER_ANYTHING_AFTER = 3, 2
"""Requests in a row that should have hit something and did not, after which a service is taken to
keep nothing, or not to say what it keeps; the second if it never told of any hit."""

NOT_A_UNIT = "nothing that the service is known to keep ends with it yet"
NOT_KEPT = "the service did not keep it"

Label = Literal["instructions", "base", "overlay", "evidence", "question", "turns"]
"""What a stretch of a prompt holds: system text and tools; the pack; what has changed since; what
the index found; the question and what goes with it; replies and results."""

Keeps = Literal["units", "any", "nothing"]
"""What a service is taken to keep: whole units (ends of inputs and of outputs, and what two
requests had in common), any prefix of what it has seen, or nothing at all."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The end of one stretch of a prompt.

    Attributes:
        label: What the stretch holds.
        digest: Of everything from the start of the prompt to here.
        tokens: Length of that.
    """

    label: Label
    digest: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Sent:
    """One request that was made earlier, as far as it tells why another one misses.

    Attributes:
        time_s: Seconds since the epoch.
        model: Id.
        effort: How hard it was to think, as far as the prompt shows it.
        instructions: Digest of system text and tools, without model and effort.
        version: Of the prompt.
        base_id: Of its base; "" without one.
    """

    time_s: float
    model: str
    effort: str
    instructions: str
    version: int
    base_id: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a request is expected to cost before anything is answered.

    Attributes:
        prompt_tokens: Length of the prompt.
        hit_tokens: Of these, expected in the cache.
        cost_usd: Price of the prompt; 0 if no prices are known.
        uncached: Tokens that are not expected there, by what they are.
        reason: Why the base is not expected there; "" if it is, or there is none.
        units_tokens: What would be hit if whole units alone were kept.
        any_tokens: What would be, if any prefix were.
    """

    prompt_tokens: int = 0
    hit_tokens: int = 0
    cost_usd: float = 0.0
    uncached: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""
    units_tokens: int = 0
    any_tokens: int = 0

    @property
    def miss_tokens(self) -> int:
        """Tokens that are not expected in the cache."""
        return self.prompt_tokens - self.hit_tokens


def in_units(tokens: int) -> int:
    """Return how much of a cached prefix is reported as a hit."""
    return tokens // UNIT_TOKENS * UNIT_TOKENS


def uncached_parts(marks: Sequence[Mark], hit_tokens: int) -> dict[str, int]:
    """Return how many tokens after a hit belong to what, by label, in the order of the prompt."""
    found, start = dict[str, int](), 0
    for mark in marks:
        beyond = mark.tokens - max(start, hit_tokens)
        if beyond > 0:
            found[mark.label] = found.get(mark.label, 0) + beyond
        start = mark.tokens
    return found


def better_model(history: Iterable[tuple[int, int, int]]) -> Keeps:
    """Choose which of two views of a service has explained its reports best.

    Args:
        history: (expected of units, expected of any prefix, reported) hits of earlier requests.

    Returns:
        The one with the smaller sum of errors; "units", which promises less, if they are even.
    """
    rows = list(history)
    units = sum(abs(units - hit) for units, _, hit in rows)
    anything = sum(abs(anything - hit) for _, anything, hit in rows)
    return "any" if anything < units else "units"


def keeps_nothing(hits: Sequence[int], *, ever_hit: bool) -> bool:
    """Whether a service keeps nothing, or does not say so: then a miss needs no cause.

    Args:
        hits: As reported of the last requests that should have hit something.
        ever_hit: It has reported a hit of any request before.
    """
    enough = NOTHING_AFTER if ever_hit else NEVER_ANYTHING_AFTER
    return len(hits) >= enough and not any(hits)


def why_cold(now: Sent, before: Sent | None, alike_s: float | None = None) -> str:
    """Say why a base is not expected to be cached.

    Args:
        now: The request.
        before: The last one about the same repository to the same service, if there was one.
        alike_s: When the last one that began with the same bytes was sent, in seconds since the
            epoch; None if there was none.
    """
    if alike_s is not None:
        age_s = now.time_s - alike_s
        return _expired(age_s) if age_s >= WARM_S else NOT_A_UNIT
    if before is None:
        return "first request"
    if before.model != now.model:
        return f"model changed from {before.model} to {now.model}"
    if before.version != now.version:
        return f"version of the prompt changed from {before.version} to {now.version}"
    if before.effort != now.effort:
        return f"effort changed from {before.effort} to {now.effort}"
    if before.instructions != now.instructions:
        return "tools or instructions changed"
    return "new base"


def falls_short(forecast: Forecast, hit_tokens: int) -> bool:
    """Whether a service has found less than was expected, in tokens of the forecast."""
    return hit_tokens + _slack(forecast) < forecast.hit_tokens


def why_missed(forecast: Forecast, hit_tokens: int, age_s: float) -> str:
    """Name the cause of a miss; "" if the service found what was expected, or more.

    Args:
        forecast: Made before the request.
        hit_tokens: As the service reports them, in tokens of the forecast.
        age_s: Seconds since the prefix that should have been hit was last sent.
    """
    if falls_short(forecast, hit_tokens):
        return NOT_KEPT if age_s < SOON_S else _expired(age_s)
    is_found = hit_tokens > forecast.hit_tokens + _slack(forecast)
    return "" if is_found else forecast.reason


def _slack(forecast: Forecast) -> float:
    return max(SLACK_TOKENS, SLACK_SHARE * forecast.prompt_tokens)


def _expired(age_s: float) -> str:
    hours = age_s / 3600
    return f"expired: last sent {hours:.0f} hours ago" if hours >= 1.5 else "expired"
