"""What a run was told that it paid, and what it has paid -> what is missing, as an estimate.

A request that is cut off is billed, but there is nobody any more who could be told of it.
"""

from bathy.agent.loop.events import Event, TurnStarted, UsageReported
from bathy.agent.loop.limits import Spent
from bathy.agent.model.messages import Usage


class Receipts:
    """Takes the events of a run, in order."""

    def __init__(self) -> None:
        self._told, self._turn = Spent(), 0

    def take(self, event: Event) -> None:
        """Take the next event."""
        if isinstance(event, TurnStarted):
            self._turn = event.turn
        elif isinstance(event, UsageReported):
            self._told = self._told.add(event.usage, event.cost_usd)

    def missing(self, spent: Spent) -> UsageReported | None:
        """Return what nobody was told of; None if all was told.

        Args:
            spent: All that the run has used.
        """
        told, all_ = self._told.usage, spent.usage
        usage = Usage(
            all_.prompt_tokens - told.prompt_tokens,
            all_.cache_hit_tokens - told.cache_hit_tokens,
            all_.cache_miss_tokens - told.cache_miss_tokens,
            all_.completion_tokens - told.completion_tokens,
            all_.reasoning_tokens - told.reasoning_tokens,
        )
        if not usage.prompt_tokens:
            return None
        cost = max(0.0, spent.cost_usd - self._told.cost_usd)
        return UsageReported(self._turn, usage, cost, is_estimate=True)
