"""Edits that the user has decided about -> written files, all of them or none; and back again."""

from dataclasses import dataclass
from pathlib import Path

from bathy.agent.config import Settings
from bathy.agent.errors import BathyError, ConfigError
from bathy.agent.modes.places import open_journal, writable_root
from bathy.agent.modes.tui.review.decision import Decision
from bathy.tools.edits import write_of
from bathy.tools.journal import JournalError
from bathy.tools.redact import redact
from bathy.tools.workspace import quote_path


class RefusedError(BathyError):
    """The files do not take the edits as they are now."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was written, or taken back.

    Attributes:
        paths: Files that were, quoted.
        entry: Id by which `bathy undo` takes it back; "" if nothing was written.
        told: What the model is told of it with the next question; "" if nothing is.
    """

    paths: tuple[str, ...]
    entry: str
    told: str


def write_decided(settings: Settings, decision: Decision) -> Outcome:
    """Write what was accepted.

    Raises:
        RefusedError: Nothing was written, since a file has changed, or the disk refuses.
        BathyError: Nothing was written; the message says so, and why.
    """
    entry = ""
    try:
        if decision.changes:
            root = _writable(settings)
            writes = [write_of(root, change) for change in decision.changes]
            entry = open_journal().apply(root, writes)
    except JournalError as error:
        raise RefusedError(f"nothing was written: {error}") from error
    except BathyError as error:
        raise BathyError(f"nothing was written: {error}") from error
    paths = tuple(quote_path(change.path) for change in decision.changes)
    return Outcome(paths, entry, redact(decision.rejected, "").text)


def kept_words(review: str) -> str:
    """Say what can be done about decisions that could not be written.

    Args:
        review: Key or command that goes on with the review.
    """
    return (
        f"your decisions are kept: put that right, by undoing the other change, and apply again"
        f" ({review}); or ask the model for the edit anew"
    )


def take_back(settings: Settings) -> Outcome:
    """Take back what was written last.

    Raises:
        BathyError: It cannot be; nothing has changed.
    """
    try:
        entry = open_journal().undo(_writable(settings))
    except JournalError as error:
        raise BathyError(str(error)) from error
    paths = tuple(map(quote_path, entry.paths))
    return Outcome(paths, entry.id, f"The user has taken back the edits of {', '.join(paths)}.")


def _writable(settings: Settings) -> Path:
    if settings.rev is not None:
        raise ConfigError("edits go to a working tree; start bathy without --rev")
    return writable_root(settings.folder)
