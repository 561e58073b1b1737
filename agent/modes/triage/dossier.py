"""An issue and what its tracker knows -> one file, from which thinking needs no token.

Everything in it but the target was written by strangers, or may have been.
"""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pydantic import TypeAdapter

FORMAT = 1
"""Raised when an older file can no longer be read."""

Trigger = Literal["cli", "url", "event", "batch"]

MEMBERS = frozenset(("OWNER", "MEMBER", "COLLABORATOR"))
"""What the API says of those who belong to the repository; anybody else is a stranger."""


@dataclass(frozen=True, slots=True)
class Target:
    """The one issue that a run is about, bound before anything is read.

    Attributes:
        host: Of the pages that people see, such as "github.com".
        api_url: Root of the API, without a slash at its end; "" if there is no tracker to ask.
        full_name: "OWNER/NAME"; both parts match `[A-Za-z0-9_.-]+`.
        number: Of the issue, from 1 on; 0 for one that stands in no tracker.
    """

    host: str
    api_url: str
    full_name: str
    number: int


@dataclass(frozen=True, slots=True)
class Label:
    """A label that the repository has."""

    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue as its tracker gives it, texts unchanged.

    Attributes:
        number: From 1 on; 0 for one that stands in no tracker.
        title: One line or not; it is a stranger's.
        body: Markdown.
        state: "open" or "closed".
        state_reason: "completed", "not_planned", "duplicate", "reopened", or "".
        author: Login; "" for an account that was deleted.
        association: Of the author, by the API: "OWNER", "MEMBER", "COLLABORATOR", "NONE", …
        created_at: ISO 8601, UTC; "" if unknown.
        updated_at: Likewise.
        labels: Names, in the tracker's order.
        url: Page for people, built from the target.
        is_locked: Nobody without write access may comment.
        is_pull_request: It is no issue at all.
        is_bot: Its author is one.
    """

    number: int
    title: str
    body: str = ""
    state: Literal["open", "closed"] = "open"
    state_reason: str = ""
    author: str = ""
    association: str = "NONE"
    created_at: str = ""
    updated_at: str = ""
    labels: tuple[str, ...] = ()
    url: str = ""
    is_locked: bool = False
    is_pull_request: bool = False
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment under the issue, oldest first in a dossier."""

    id: int
    author: str
    body: str
    association: str = "NONE"
    created_at: str = ""
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class LabelEvent:
    """Somebody put a label on the issue or took it off; oldest first in a dossier."""

    label: str
    actor: str
    is_added: bool
    created_at: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """What an older issue is said to be a duplicate of, followed to its end.

    Attributes:
        number: Where it begins.
        links: Numbers that it leads over, in order, without the first.
        is_cycle: It comes back to itself, so that it has no end.
    """

    number: int
    links: tuple[int, ...] = ()
    is_cycle: bool = False

    @property
    def end(self) -> int | None:
        """The issue that it ends at; None for a cycle."""
        return None if self.is_cycle else (self.links or (self.number,))[-1]


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that a run knows of an issue.

    Attributes:
        target: What the run is bound to.
        trigger: What started it.
        issue: The issue.
        comments: Of others, oldest first, the first and the last ones where there are too many.
        comments_seen: How many there were.
        labels: All that the repository has.
        label_events: Of this issue.
        others: Issues of the same repository that were opened before, without pull requests.
        chains: Of those of them that resemble the issue most.
        login: Whose token it was; "" if unknown or none was used.
        own_comment: Comment of that login that ends with our marker, or None.
        own_comment_id: Its number, 0 for none.
        default_branch: Name; "" if unknown.
        visibility: Who may read the repository.
        notes: What was cut or could not be read, as (code, sentence).
        format: Of the file.
    """

    target: Target
    trigger: Trigger
    issue: Issue
    comments: tuple[Comment, ...] = ()
    comments_seen: int = 0
    labels: tuple[Label, ...] = ()
    label_events: tuple[LabelEvent, ...] = ()
    others: tuple[Issue, ...] = ()
    chains: tuple[Chain, ...] = ()
    login: str = ""
    own_comment: str = ""
    own_comment_id: int = 0
    default_branch: str = ""
    visibility: Literal["public", "private", "internal", "unknown"] = "unknown"
    notes: tuple[tuple[str, str], ...] = ()
    format: int = FORMAT


def dump_dossier(dossier: Dossier) -> bytes:
    """Return the file that `load_dossier` reads: JSON, UTF-8."""
    return bytes(_adapter().dump_json(dossier))


def load_dossier(data: bytes) -> Dossier:
    """Read a file of `dump_dossier`.

    Raises:
        ValueError: It is none, or of another format.
    """
    found: Dossier = _adapter().validate_json(data)
    if found.format != FORMAT:
        raise ValueError(f"the dossier has format {found.format}, not {FORMAT}")
    return found


@cache
def _adapter() -> "TypeAdapter[Any]":
    from pydantic import TypeAdapter

    return TypeAdapter(Dossier)
