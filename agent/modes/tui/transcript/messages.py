"""What the transcript tells the screen."""

from dataclasses import dataclass

from textual.message import Message


@dataclass
class CitationChosen(Message):
    """The user wants to see a place; lines are 1-based and inclusive."""

    path: str
    start: int
    end: int
    number: int


@dataclass
class LinkChosen(Message):
    """The user wants to follow a link. Model text may hold any address: ask before it is opened.

    Attributes:
        urls: That there are to choose from; one if it was clicked.
        at: Which of them is meant first.
    """

    urls: tuple[str, ...]
    at: int = 0


@dataclass
class NewLines(Message):
    """So many rows have come below what the user has seen; 0 if none, or none any more."""

    count: int


@dataclass
class Searched(Message):
    """How a search stands.

    Attributes:
        query: What is looked for; "" if nothing is any more.
        current: Number of the match that is shown, from 1; 0 if none is.
        count: Matches that were counted so far.
        is_complete: All blocks were looked at.
    """

    query: str
    current: int
    count: int
    is_complete: bool


@dataclass
class CopyWanted(Message):
    """A text is to be put into the clipboard; `what` names it for people."""

    text: str
    what: str


@dataclass
class RetryWanted(Message):
    """The user wants a question that failed to be tried again."""
