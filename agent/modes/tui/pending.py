"""What the engine was told to do and has not ended -> whether another question may go to it.

It works off one thing after another and shows nothing of what waits, so that waits in the composer,
where it is seen and can be edited.
"""

from dataclasses import dataclass

from bathy.agent.modes.tui.events import Packed, RefitFailed, TurnEnded


@dataclass(slots=True)
class Pending:
    """What is under way.

    Attributes:
        surveys: How often the repository is still to be looked at and packed; once at the start.
        is_asking: A question is worked on, or about to be.
        may_go_on: What waits may be sent as soon as nothing else is under way.
    """

    surveys: int = 1
    is_asking: bool = False
    may_go_on: bool = True

    @property
    def is_busy(self) -> bool:
        """Whether what is asked now has to wait."""
        return self.is_asking or self.surveys > 0

    def ask(self) -> None:
        """A question is given to the engine."""
        self.is_asking = self.may_go_on = True

    def end(self, event: Packed | RefitFailed | TurnEnded) -> None:
        """Take up that something has ended; after a stop or a failure what waits goes on waiting.

        A survey ends as a question does if it was the first one and has failed.
        """
        if isinstance(event, TurnEnded) and self.is_asking:
            self.is_asking = False
        else:
            self.surveys = max(0, self.surveys - 1)
        if isinstance(event, TurnEnded):
            self.may_go_on = event.how == "answered"
        elif isinstance(event, RefitFailed):
            self.may_go_on = False
