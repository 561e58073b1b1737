"""What a run found and would write -> the report, as frozen records and as JSON."""

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SCHEMA_VERSION = "1.0"

Confidence = Literal["low", "medium", "high"]
Facet = Literal["type", "priority", "area", "status", "duplicate", "other"]
Status = Literal[
    "triaged",
    "needs_info",
    "needs_human",
    "out_of_scope",
    "spam",
    "security_private",
    "skipped",
    "error",
]
Signal = Literal[
    "traceback",
    "path_in_issue",
    "symbol_in_issue",
    "error_string",
    "lexical",
    "recent_change",
    "model",
]
Rejection = Literal[
    "not_in_repo", "not_allowed", "protected", "human_set_facet", "low_confidence", "over_limit"
]
FlagCode = Literal[
    "instruction_like_text",
    "hidden_text",
    "invisible_chars",
    "secret_in_issue",
    "forged_marker",
    "external_url",
    "security_report",
    "oversize",
    "spam",
]
Operation = Literal[
    "add_labels", "suggest_labels", "remove_label", "create_comment", "update_comment"
]
NO_TRACKER = "local/repository"
"""Name of a repository whose name nobody knows; no link with it resolves."""

MOST_LABELS, MOST_DUPLICATES, MOST_SUSPECTS, MOST_AREAS = 10, 3, 10, 3


@dataclass(frozen=True, slots=True)
class Choice:
    """What the issue is taken for in one facet; `label` is a label of the repository, or None."""

    value: str | None = None
    label: str | None = None
    confidence: Confidence = "low"
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Classification:
    """Type, priority and areas."""

    type: Choice = field(default_factory=Choice)
    priority: Choice = field(default_factory=Choice)
    areas: tuple[Choice, ...] = ()
    regression: bool | None = None
    affected_versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AddedLabel:
    """A label that the issue should get; the rationale is one line of 280 characters at most."""

    name: str
    facet: Facet
    confidence: Confidence
    rationale: str


@dataclass(frozen=True, slots=True)
class RemovedLabel:
    """A label of our own that no longer holds."""

    name: str
    reason: Literal["superseded_facet", "info_now_provided"]


@dataclass(frozen=True, slots=True)
class RejectedLabel:
    """A label that was thought of and is not given."""

    name: str
    reason: Rejection


@dataclass(frozen=True, slots=True)
class Labels:
    """What happens to the issue's labels; `keep` are those that it has and that stay."""

    add: tuple[AddedLabel, ...] = ()
    remove: tuple[RemovedLabel, ...] = ()
    keep: tuple[str, ...] = ()
    rejected: tuple[RejectedLabel, ...] = ()


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An older issue of the same repository that resembles this one.

    Attributes:
        number: Of the older issue; the end of the chain where it is a duplicate itself.
        relation: A closed issue is never a duplicate, since nobody would see what is said there.
        confidence: How sure.
        same: What both say, in words of the issues.
        different: What only one of them says.
        url: Page for people.
        title: Of the older issue.
        state: Of the older issue.
        state_reason: Why it was closed, or None.
        canonical_of_chain: End of the chain that it was found by; None if it was found itself.
        score: Of the ranking, not comparable between runs.
    """

    number: int
    relation: Literal["duplicate", "related", "regression_of"]
    confidence: Confidence
    same: str
    different: str
    url: str = ""
    title: str = ""
    state: Literal["open", "closed"] = "open"
    state_reason: str | None = None
    canonical_of_chain: int | None = None
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that the repository's own template asks for, and that the issue does not say."""

    field: str
    question: str
    blocking: bool
    template_source: str | None = None
    already_asked: bool = False


@dataclass(frozen=True, slots=True)
class Suspect:
    """Lines that exist at the commit of the report; rank and lines are 1-based, ends inclusive."""

    rank: int
    path: str
    start_line: int
    end_line: int
    permalink: str
    evidence: tuple[Signal, ...]
    symbol: str | None = None
    why: str = ""
    verified: Literal[True] = True


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A cause, with ranks of the suspects that speak for it; "unknown" has no text."""

    state: Literal["supported", "plausible", "unknown"] = "unknown"
    text: str | None = None
    confidence: Confidence = "low"
    citations: tuple[int, ...] = ()
    would_confirm: tuple[str, ...] = ()
    would_refute: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """The comment; `post` says whether it may be written at all."""

    audience: Literal["reporter", "maintainer"] = "maintainer"
    markdown: str | None = None
    post: bool = False
    withheld_reason: str | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Action:
    """One request that would be or was made; `path` begins with "/repos/"."""

    op: Operation
    method: Literal["POST", "PATCH", "DELETE"]
    path: str
    body: dict[str, Any] = field(default_factory=dict)
    state: Literal["planned", "done", "skipped", "failed"] = "planned"
    reason: str | None = None
    http_status: int | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """Something about the text to be wary of; `where` is "title", "body" or "comment ID"."""

    code: FlagCode
    where: str = "body"
    count: int = 1


@dataclass(frozen=True, slots=True)
class Security:
    """Flags of the text, never the text itself."""

    untrusted: Literal[True] = True
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class Warning:
    """Something that went otherwise than it should."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class RunInfo:
    """The run itself; `input_digest` is "sha256:" and 64 hex digits."""

    id: str
    mode: Literal["plan", "suggest", "apply"]
    started_at: str
    input_digest: str
    tool_version: str
    trigger: Literal["cli", "url", "event", "batch"] = "cli"
    duration_ms: int = 0
    model: str | None = None
    usage: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RepoInfo:
    """The repository, at the commit that all lines are of."""

    full_name: str
    host: str
    commit: str
    visibility: Literal["public", "private", "internal", "unknown"] = "unknown"


@dataclass(frozen=True, slots=True)
class IssueInfo:
    """The issue, as far as a report repeats it."""

    number: int
    title: str
    updated_at: str
    url: str = ""
    state: Literal["open", "closed"] = "open"
    author: str | None = None
    author_association: str = "NONE"
    existing_labels: tuple[str, ...] = ()
    comments_read: int = 0
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What one run has to say of one issue."""

    run: RunInfo
    repo: RepoInfo
    issue: IssueInfo
    status: Status
    classification: Classification = field(default_factory=Classification)
    labels: Labels = field(default_factory=Labels)
    duplicates: tuple[Duplicate, ...] = ()
    missing_info: tuple[Missing, ...] = ()
    suspects: tuple[Suspect, ...] = ()
    hypothesis: Hypothesis = field(default_factory=Hypothesis)
    reply: Reply = field(default_factory=Reply)
    actions: tuple[Action, ...] = ()
    security: Security = field(default_factory=Security)
    warnings: tuple[Warning, ...] = ()
    skip_reason: str | None = None
    schema_version: Literal["1.0"] = "1.0"


def dump_report(report: Report, *, indent: int | None = None) -> str:
    """Return the report as JSON: ASCII, without an LF at its end.

    No runner of GitHub Actions finds a command in it.
    """
    text = bytes(_adapter().dump_json(report, indent=indent, ensure_ascii=True)).decode()
    return text.replace("##[", "\\u0023#[")


def load_report(data: bytes) -> Report:
    """Read what `dump_report` wrote.

    Raises:
        ValueError: It is no report.
    """
    found: Report = _adapter().validate_json(data)
    return found


@cache
def _adapter() -> "TypeAdapter[Any]":
    from pydantic import TypeAdapter

    return TypeAdapter(Report)
