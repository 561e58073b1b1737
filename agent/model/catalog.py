"""A model's id -> what is known of it: window, output limit, eyes, prices by the hour.

The figures are data (`catalog.toml`, beside this module), and users add models of their own. A
model that nobody described is taken for a text model with the window of DeepSeek V4, at no price.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from bathy.agent.config import Thinking
from bathy.agent.errors import ConfigError
from bathy.agent.model.messages import Usage

_UNKNOWN_WINDOW = 1_048_576
_UNKNOWN_OUTPUT = 65_536
_UNKNOWN_FRAME = 400
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars for a million tokens: prompt from the cache, other prompt, output."""

    hit: float
    miss: float
    output: float


@dataclass(frozen=True, slots=True)
class Model:
    """What is known of a model.

    Attributes:
        id: As the server knows it.
        window_tokens: Prompt and answer together.
        max_output_tokens: Longest answer, thinking included.
        sees_images: Takes pictures.
        prices: Outside the peak hours; None where nobody charges, or nobody said.
        peak_prices: In the peak hours; None if they are the same.
        thinking: How it is told whether to think.
        is_known: It stands in the catalogue or in the user's configuration.
        frame_tokens: What the service puts around the texts of a prompt with all of our tools and
            one message of a user, by effort, in tokens.
    """

    id: str
    window_tokens: int
    max_output_tokens: int
    sees_images: bool = False
    prices: Prices | None = None
    peak_prices: Prices | None = None
    thinking: Thinking = "deepseek"
    is_known: bool = True
    frame_tokens: Mapping[str, int] = field(default_factory=dict)

    def frame(self, effort: str) -> int:
        """Return `frame_tokens` at an effort; a guess for a model of which nothing is known."""
        return self.frame_tokens.get(effort, self.frame_tokens.get("auto", _UNKNOWN_FRAME))


@cache
def _catalog() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def find_model(name: str, own: Mapping[str, Mapping[str, Any]]) -> Model:
    """Find a model.

    Args:
        name: Its id.
        own: The user's tables by id, as `read_service` checks them; they win over the catalogue,
            key by key. Prices of the user's own hold at all hours, unless peak prices go with them.

    Raises:
        ConfigError: The id is retired; names what took over.
    """
    known = _catalog()["models"]
    retired = _catalog()["retired"].get(name)
    if retired is not None and name not in own:
        raise ConfigError(
            f"{name} ended on 24 July 2026; use --model {retired['model']}"
            f" --effort {retired['effort']} in its place"
        )
    if name not in known and name not in own:
        return Model(name, _UNKNOWN_WINDOW, _UNKNOWN_OUTPUT, is_known=False)
    table = {**known.get(name, {}), **own.get(name, {})}
    if "prices" in own.get(name, {}) and "peak_prices" not in own[name]:
        table.pop("peak_prices", None)
    return _model(name, table)


def prices_at(model: Model, moment: datetime) -> Prices | None:
    """Return the prices at a moment (aware of its time zone), or None if none are known."""
    if model.peak_prices is None:
        return model.prices
    peak, utc = _catalog()["peak"], moment.astimezone(UTC)
    in_peak = utc.weekday() in peak["weekdays"] and any(
        start <= utc.hour < end for start, end in peak["hours"]
    )
    return model.peak_prices if in_peak else model.prices


def cost_of(usage: Usage, prices: Prices | None) -> float:
    """Return the price of some usage in US dollars; 0 where no prices are known."""
    if prices is None:
        return 0.0
    return (
        usage.cache_hit_tokens * prices.hit
        + usage.cache_miss_tokens * prices.miss
        + usage.completion_tokens * prices.output
    ) / _MILLION


def _model(name: str, table: Mapping[str, Any]) -> Model:
    window = table.get("window_tokens", _UNKNOWN_WINDOW)
    return Model(
        name,
        window,
        min(window, table.get("max_output_tokens", min(_UNKNOWN_OUTPUT, window // 4))),
        table.get("sees_images", False),
        Prices(**table["prices"]) if "prices" in table else None,
        Prices(**table["peak_prices"]) if "peak_prices" in table else None,
        table.get("thinking", "deepseek"),
        frame_tokens=table.get("frame_tokens", {}),
    )
