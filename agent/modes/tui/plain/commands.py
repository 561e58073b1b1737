"""The slash commands in lines: those of the full screen that mean something here, and some more."""

from collections.abc import Iterator

from bathy.agent.modes.tui.commands import COMMANDS, Command, Given, read_command

_SHARED = frozenset(
    ("copy", "cost", "exclude", "export", "include", "model", "new", "pack", "quit", "rename",
     "review", "think", "undo")
)  # fmt: skip
_OWN = (
    Command("attach", "send a picture along; alone, send none of them", "[FILE]"),
    Command("cited", "say again what the last answer cites"),
    Command("help", "say all this"),
    Command("open", "read lines of a citation, of evidence (e1) or of a file", "N or PATH[:LINE]"),
    Command("sessions", "earlier sessions; with a number, go on with one", "[N]"),
)

PLAIN_COMMANDS = tuple(
    sorted(
        (*_OWN, *(each for each in COMMANDS if each.name in _SHARED)), key=lambda each: each.name
    )
)
"""All of them, by name."""

GREETING = "Ask a question, or type /help. Ctrl-C stops an answer; Ctrl-D leaves."


def read(text: str) -> Given | None:
    """Read a line as a command; None for a question."""
    return read_command(text, PLAIN_COMMANDS)


def problem_of(given: Given) -> str:
    """Say why a command cannot be done; "" if it can."""
    if given.command is None:
        return f"there is no /{given.name}; /help says what there is"
    return given.problem


def help_lines() -> Iterator[str]:
    """Say what can be typed."""
    yield "A line is a question; one that ends in a backslash goes on in the next line."
    yield 'Lines between two lines of """ are one question: put them around what you paste.'
    yield "Ctrl-C stops an answer; when nothing goes on, Ctrl-C twice, Ctrl-D or /quit leaves."
    for each in PLAIN_COMMANDS:
        argument = f" {each.argument}" if each.argument else ""
        yield f"/{each.name}{argument}: {each.help}"
