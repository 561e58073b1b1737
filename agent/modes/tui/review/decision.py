"""A review that is over -> what is to be written, and what the model is told."""

from dataclasses import dataclass

from bathy.agent.modes.tui.review.hunks import Files, changes_of, chosen
from bathy.agent.modes.tui.review.told import tell_model
from bathy.tools.patch.plan import FileChange


@dataclass(frozen=True, slots=True)
class Decision:
    """What the user has decided.

    Attributes:
        changes: What is to be written, in one transaction; () if nothing was taken.
        rejected: For the model: what was not taken, and the user's comments; "" if all was taken
            without a word.
    """

    changes: tuple[FileChange, ...]
    rejected: str

    @property
    def accepted(self) -> dict[str, bytes | None]:
        """Bytes of every file that changes, None for one that goes."""
        return {change.path: change.after for change in self.changes}


def decision_of(files: Files) -> Decision:
    """Return the decision that the user has come to; hunks that are open are not taken."""
    return Decision(changes_of(files, chosen(files)), tell_model(files))
