"""What a batch may cost -> what each task may cost, so that all of them never cost more.

A task begins only with a sum of its own set aside, which its run cannot exceed. What it leaves goes
back. So tasks that run side by side cannot overshoot together.
"""

from dataclasses import dataclass


@dataclass
class Budget:
    """The money of a batch, in US dollars.

    Attributes:
        limit_usd: What all tasks may cost; None for no limit.
        spent_usd: What those that have ended did cost.
    """

    limit_usd: float | None
    spent_usd: float = 0.0
    _reserved_usd: float = 0.0

    @property
    def free_usd(self) -> float:
        """What is neither spent nor set aside."""
        if self.limit_usd is None:
            return float("inf")
        return max(0.0, self.limit_usd - self.spent_usd - self._reserved_usd)

    def reserve(self, slots: int, own_usd: float | None = None) -> float | None:
        """Set a sum aside for a task that is about to begin.

        Args:
            slots: Tasks, this one included, that could begin now; each has an equal share.
            own_usd: What the task itself may cost; None for no limit.

        Returns:
            The sum, which the task must not exceed; None for no limit.
        """
        if self.limit_usd is None:
            return own_usd
        share = self.free_usd / max(1, slots)
        found = share if own_usd is None else min(share, own_usd)
        self._reserved_usd += found
        return found

    def settle(self, reserved_usd: float | None, cost_usd: float) -> None:
        """Take back what was set aside, and account for what a task did cost."""
        if self.limit_usd is not None and reserved_usd is not None:
            self._reserved_usd = max(0.0, self._reserved_usd - reserved_usd)
        self.spent_usd += cost_usd
