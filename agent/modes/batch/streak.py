"""Failures in a row -> whether what is wrong is wrong with all tasks, and the rest would fail."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

MOST_IN_A_ROW = 10
"""Failures without an answer between them; what is wrong is wrong with all tasks, then."""

MOST_OF_ONE = MOST_IN_A_ROW // 2
"""Failures of one repository that count among these, where they may be its own."""


class Streak:
    """The failures since the last answer.

    Attributes:
        codes: Their exit codes.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.codes: list[int] = []
        self._common = 0
        self._own = Counter[str]()

    def clear(self) -> None:
        """Take notice of an answer."""
        self.codes.clear()
        self._own.clear()
        self._common = 0

    def note(self, result: Mapping[str, Any], repo: str, *, passes: bool) -> None:
        """Take notice of a failure.

        Args:
            result: Of the task.
            repo: Its repository.
            passes: It may work later; what fails so is the service, not the repository.
        """
        self.codes.append(result["exit_code"])
        # Whoever came to ask and got no word was turned away by the service: the key, the account.
        if passes or result["model"]:
            self._common += 1
        else:
            self._own[repo] += 1

    @property
    def is_hopeless(self) -> bool:
        """Whether there are too many, of more than one repository if they may be its own."""
        own = sum(min(count, MOST_OF_ONE) for count in self._own.values())
        return self._common + own >= MOST_IN_A_ROW
