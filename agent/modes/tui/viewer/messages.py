"""What the viewer and the review ask of the application; all of it bubbles up to it."""

from dataclasses import dataclass

from textual.message import Message


@dataclass
class CopyText(Message):
    """Put a text where it can be pasted from; it is as it stands in the file, unescaped."""

    text: str


@dataclass
class OpenInEditor(Message):
    """Open a file in the user's editor at a line, 1-based."""

    path: str
    line: int


@dataclass
class OpenInViewer(Message):
    """Show lines in the viewer, since they may not be those on disk.

    Attributes:
        path: Repository-relative.
        lines: Of the whole file.
        start_line: First line that is meant, 1-based.
        end_line: Last one, inclusive.
    """

    path: str
    lines: tuple[str, ...]
    start_line: int
    end_line: int
