"""How tasks end -> how many of them run side by side.

Additive increase, multiplicative decrease, as TCP shares a line (Chiu and Jain 1989): a task that
the service told to wait halves the number, each other one adds a part, so that a whole round of
them adds one. A storm of refusals that hits all tasks of a round counts once.
"""

from dataclasses import dataclass


@dataclass
class Pace:
    """How many tasks may run at a time.

    Attributes:
        most: Never more than this.
    """

    most: int
    _allowed: float = 0.0
    _deaf: int = 0

    def __post_init__(self) -> None:
        self._allowed = float(self.most)

    @property
    def allowed(self) -> int:
        """Tasks that may run now; at least 1."""
        return max(1, int(self._allowed))

    def note(self, *, is_throttled: bool, running: int) -> None:
        """Take notice of a task that has ended.

        Args:
            is_throttled: The service told it to come back later.
            running: Tasks that still run; they began at the old pace, and what they say of it is
                known already.
        """
        is_deaf, self._deaf = self._deaf > 0, max(0, self._deaf - 1)
        if not is_throttled:
            self._allowed = min(float(self.most), self._allowed + 1 / self._allowed)
        elif not is_deaf:
            self._allowed, self._deaf = max(1.0, self._allowed / 2), running
