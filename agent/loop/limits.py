"""What a run may use, and what it has used -> whether it must stop."""

from dataclasses import dataclass, field, replace

from bathy.agent.errors import BathyError
from bathy.agent.loop.events import Subtype
from bathy.agent.model.messages import Usage
from bathy.tools.base import count_of


class LimitError(BathyError):
    """A request must not be made, since it would break a limit; `kind` is the result's subtype."""

    exit_code = 3

    def __init__(self, kind: Subtype, reason: str) -> None:
        super().__init__(reason)
        self.kind: Subtype = kind


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may use; None for no limit.

    Attributes:
        max_turns: Requests.
        max_cost_usd: US dollars.
        max_tokens: Tokens of all prompts and replies together.
        time_limit_s: Seconds since the start.
    """

    max_turns: int | None = None
    max_cost_usd: float | None = None
    max_tokens: int | None = None
    time_limit_s: float | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run has used.

    Attributes:
        turns: Requests that were answered.
        usage: Of all requests, failed ones included.
        cost_usd: Likewise.
    """

    turns: int = 0
    usage: Usage = field(default_factory=Usage)
    cost_usd: float = 0.0

    def add(self, usage: Usage, cost_usd: float, *, turns: int = 0) -> "Spent":
        """Return the sum."""
        return replace(
            self,
            turns=self.turns + turns,
            usage=self.usage + usage,
            cost_usd=self.cost_usd + cost_usd,
        )


def stopped_by(
    limits: Limits, spent: Spent, *, next_tokens: int, next_cost_usd: float
) -> tuple[Subtype, str] | None:
    """Return the limit that another request would break, and a sentence; None if there is none.

    Args:
        limits: What is allowed.
        spent: What has been used.
        next_tokens: Least that another request takes: its prompt.
        next_cost_usd: Expected price of that prompt and of a word in reply.
    """
    tokens = spent.usage.prompt_tokens + spent.usage.completion_tokens
    if limits.max_turns is not None and spent.turns >= limits.max_turns:
        return "error_max_turns", f"stopped after {count_of(spent.turns, 'turn')} (--max-turns)"
    if limits.max_cost_usd is not None and spent.cost_usd + next_cost_usd > limits.max_cost_usd:
        return "error_max_cost", (
            f"stopped at ${spent.cost_usd:.4f}: the next request should cost at least"
            f" ${next_cost_usd:.4f}, over --max-cost {limits.max_cost_usd:g}"
        )
    if limits.max_tokens is not None and tokens + next_tokens > limits.max_tokens:
        return "error_max_tokens", (
            f"stopped at {tokens:,} tokens: the next request takes at least {next_tokens:,},"
            f" over --max-tokens {limits.max_tokens}"
        )
    return None
