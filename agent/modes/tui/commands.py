"""The slash commands of the composer: data, and how a line is read as one of them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# A path, such as /etc/hosts, begins a question and no command.
_GIVEN = re.compile(r"/([a-z][a-z-]*)(?:\s+(.*))?", re.S)

_ONE_WORD = re.compile(r"/[^\s?\uff1f]+")


@dataclass(frozen=True, slots=True)
class Command:
    """Something to do that is no question.

    Attributes:
        name: Without the slash.
        help: What it does, in a few words.
        argument: How what follows is shown: "" for nothing, "[NAME]" if it may be left out.
    """

    name: str
    help: str
    argument: str = ""

    @property
    def needs_argument(self) -> bool:
        """Whether it means nothing alone."""
        return bool(self.argument) and not self.argument.startswith("[")


COMMANDS = (
    Command("attach", "send a picture along", "FILE"),
    Command("copy", "copy the last answer"),
    Command("cost", "what was spent, and what the cache saved"),
    Command("exclude", "leave files out of the pack", "GLOB"),
    Command("export", "write the session to a file", "[FILE]"),
    Command("find", "search the transcript", "[TEXT]"),
    Command("help", "keys and commands"),
    Command("include", "take files back into the pack", "GLOB"),
    Command("model", "show the model, or begin a session with another", "[ID]"),
    Command("mouse", "leave the mouse to the terminal, or take it back"),
    Command("new", "begin a session"),
    Command("open", "show a file", "PATH[:LINE]"),
    Command("pack", "what is in the window, and what it costs"),
    Command("plain", "go on in lines, without a full screen"),
    Command("quit", "leave"),
    Command("rename", "give the session a name", "NAME"),
    Command("review", "go through the edits that wait"),
    Command("sessions", "earlier sessions"),
    Command("theme", "colours", "[NAME]"),
    Command("think", "show the effort, or begin a session with another", "[EFFORT]"),
    Command("undo", "take back the edits that were applied last"),
)
"""All of them, by name."""


@dataclass(frozen=True, slots=True)
class Given:
    """A line that was read as a command.

    Attributes:
        name: What follows the slash.
        command: What it names; None if there is none of that name.
        argument: What follows the name, without the spaces around it.
    """

    name: str
    command: Command | None
    argument: str

    @property
    def problem(self) -> str:
        """Why it cannot be done; "" if it can."""
        if self.command is None:
            return f"there is no /{self.name}; / shows all commands"
        if self.command.needs_argument and not self.argument:
            return f"/{self.name} needs {self.command.argument}: {self.command.help}"
        if self.argument and not self.command.argument:
            return f"/{self.name} takes nothing behind it; a space in front makes it a question"
        return ""


def read_command(text: str, commands: Iterable[Command] = COMMANDS) -> Given | None:
    """Read a text as a command; None if it is a question, as anything behind a space is."""
    found = _GIVEN.fullmatch(text.rstrip())
    if not found:
        return None
    name = found[1]
    command = next((each for each in commands if each.name == name), None)
    return Given(name, command, (found[2] or "").strip())


def is_doubtful(text: str) -> bool:
    """Whether a question looks like a command that was mistyped: one word behind a slash."""
    return _ONE_WORD.fullmatch(text.rstrip()) is not None and read_command(text) is None


def find_commands(begun: str, commands: Sequence[Command] = COMMANDS) -> tuple[Command, ...]:
    """Return the commands whose names begin so, then those that hold it, by name."""
    first = [each for each in commands if each.name.startswith(begun)]
    rest = [each for each in commands if begun in each.name and each not in first]
    return (*first, *rest)
