"""What a tool is, what it may see of a repository, and how it fails.

A tool is a plain function of checked arguments and a view of the repository. Whatever it returns is
text that has passed the redactor; the view hands out no other.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from bathy.tools.git import GitRepo
    from pydantic import BaseModel

MAX_RESULT_CHARS = 60_000
"""Longest result, in characters; about 15,000 tokens. Tools stop before it and say how to go on."""

MAX_LINE_CHARS = 2_000
"""Longest line shown whole, in characters."""


_MOST_TOLD_CHARS = 200


class ToolError(Exception):
    """A call that cannot be answered. The message says why, and what to try next.

    Attributes:
        told: The same for people, in a few words.
    """

    def __init__(self, message: str, told: str = "") -> None:
        super().__init__(message)
        self.told = first_words(told or message)


def first_words(text: str) -> str:
    """Return what an error says before its advice, on one line that a terminal may be shown."""
    line = " ".join(text.removeprefix("error: ").split()).partition("; ")[0]
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
    is_long = len(line) > _MOST_TOLD_CHARS
    return f"{line[: _MOST_TOLD_CHARS - 1]}…" if is_long else line


class Symbol(Protocol):
    """Something that a file defines; lines are 1-based and inclusive."""

    @property
    def name(self) -> str:
        """Name without its container."""
        ...

    @property
    def kind(self) -> str:
        """Such as "function" or "class"."""
        ...

    @property
    def start_line(self) -> int:
        """First line."""
        ...

    @property
    def end_line(self) -> int:
        """Last line."""
        ...

    @property
    def container(self) -> str:
        """Dotted names around it, or ""."""
        ...


class RepoView(Protocol):
    """The repository as tools see it: some files, read through the jail and the redactor."""

    @property
    def root(self) -> Path:
        """Top folder, or git folder of a bare repository."""
        ...

    @property
    def git(self) -> "GitRepo | None":
        """The repository, or None for a plain folder."""
        ...

    @property
    def commit(self) -> str:
        """The commit whose files these are; "" for a working tree or a plain folder."""
        ...

    @property
    def paths(self) -> Sequence[str]:
        """Files, in byte order."""
        ...

    def has(self, path: str) -> bool:
        """Whether a path is one of `paths`."""
        ...

    def shown(self, path: str) -> str:
        """Return a file's text, decoded and redacted; lines end with LF.

        Raises:
            ToolError: It is not text, or cannot be read.
        """
        ...

    def raw(self, path: str) -> bytes:
        """Return a file's bytes, of any file below the root.

        Raises:
            ToolError: It leads out, or cannot be read.
        """
        ...

    def note_blob(self, blob: str) -> None:
        """Know that text of a blob of the repository's history is shown."""
        ...

    def symbols(self, path: str) -> Sequence[Symbol]:
        """Return what a file defines, by start line; () for files without text."""
        ...

    @property
    def proposed(self) -> Collection[str]:
        """Files whose content is only proposed, and is not what lies on disk or in the commit."""
        ...


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of files that a tool has made, or proposes.

    Attributes:
        paths: Files that are changed, made or deleted.
        patch: The change as a unified diff.
        entry: Id in the journal if it was written; "" if it is only proposed.
    """

    paths: tuple[str, ...]
    patch: str
    entry: str = ""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool found.

    Attributes:
        text: For the model.
        summary: A few words for people, such as "12 lines".
        edit: The change of files that was made or proposed, or None.
    """

    text: str
    summary: str
    edit: "Edit | None" = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to.

    Attributes:
        text: For the model.
        summary: A few words for people.
        is_error: The call could not be answered.
        edit: The change of files that was made or proposed, or None.
    """

    text: str
    summary: str
    is_error: bool
    edit: Edit | None = None


Args = TypeVar("Args", bound="BaseModel")


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool.

    Attributes:
        name: As the model calls it.
        description: For the model; the text of the file beside the module.
        arguments: Model of the arguments.
        run: Answers a call.
        raw: The same for scripts: everything, unredacted, without numbers or footers.
    """

    name: str
    description: str
    arguments: "type[BaseModel]"
    run: Callable[..., ToolResult]
    raw: Callable[..., bytes]


def description_of(module_file: str) -> str:
    """Return the text for the model that lies beside a tool's module, without the last LF."""
    return Path(module_file).with_suffix(".md").read_text(encoding="utf-8").strip()


def count_of(number: int, thing: str) -> str:
    """Return "1 file", "2 files"."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def split_lines(text: str) -> list[str]:
    """Split at LF alone; a last LF ends the last line and begins no other."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return lines


def shorten(line: str) -> str:
    """Cut a long line, saying how much is missing."""
    if len(line) <= MAX_LINE_CHARS:
        return line
    return f"{line[:MAX_LINE_CHARS]}… [{len(line) - MAX_LINE_CHARS} more characters]"
