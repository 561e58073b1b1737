"""What the composer tells the screen; `Composer.Sent` and so on are these."""

from dataclasses import dataclass
from pathlib import Path

from bathy.agent.modes.tui.commands import Command
from bathy.agent.modes.tui.input.kept import Draft
from textual.message import Message


@dataclass
class Sent(Message, namespace="composer"):
    """A question to work on.

    Attributes:
        text: Pasted texts are in full, names of files in backticks.
        images: Pictures whose marks stand in it, in their order.
    """

    text: str
    images: tuple[Path, ...]


@dataclass
class Queued(Message, namespace="composer"):
    """A question was put behind the one that is worked on; `send_next` will send it."""

    text: str
    images: tuple[Path, ...]


@dataclass
class Commanded(Message, namespace="composer"):
    """A slash command was given, with all that it needs."""

    command: Command
    argument: str


@dataclass
class StopRequested(Message, namespace="composer"):
    """What is worked on should stop."""


@dataclass
class Hurried(Message, namespace="composer"):
    """Enter was pressed with nothing written while a question is worked on: wait for nothing."""


@dataclass
class Drafted(Message, namespace="composer"):
    """What is written or waits has changed; told at once when it is sent, else once a second."""

    draft: Draft
