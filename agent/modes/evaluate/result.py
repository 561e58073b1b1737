"""What a measurement gave, whole or as far as it came."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from bathy.agent.modes.evaluate.judge import Outcome
from bathy.agent.modes.evaluate.totals import Group, history_groups, ranking_groups

What = Literal["history", "ranking"]


@dataclass(frozen=True)
class Result:
    """A measurement.

    Attributes:
        what: Of which kind.
        subject: Name of the repository, or of the file of questions.
        outcomes: What was measured, in order; not empty.
        settings: What it depends on, by name.
        left_out: How many commits of the history are no questions, by reason.
        failed: Items that could not be measured, and why.
        was_stopped: There was more to measure.
    """

    what: What
    subject: str
    outcomes: Sequence[Outcome]
    settings: dict[str, int | str | None]
    left_out: dict[str, int]
    failed: dict[str, str]
    was_stopped: bool = False

    @cached_property
    def groups(self) -> list[Group]:
        """Means; the group of all is named `all`."""
        make = history_groups if self.what == "history" else ranking_groups
        return make(self.outcomes)
