"""What happens in a run, as frozen data: everything that people and machines are shown.

Text and thinking come as the model's own `TextDelta` and `ReasoningDelta`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bathy.agent.loop.citations import CheckedCitation, Cited
from bathy.agent.model.messages import ReasoningDelta, TextDelta, Usage
from bathy.tools.base import Edit

Subtype = Literal[
    "success",
    "error_max_turns",
    "error_max_cost",
    "error_max_tokens",
    "error_time_limit",
    "error_citations",
    "error_during_execution",
    "interrupted",
]


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """A request is about to be made.

    Attributes:
        turn: 1-based, within the run; 0 for one that only puts the base into the cache.
        prompt_tokens: Expected length of the prompt.
        cost_usd: Expected price of the prompt, as if nothing of it were cached; 0 if unknown.
        hit_tokens: Of the prompt, expected in the cache.
        expected_cost_usd: Expected price of the prompt; 0 if unknown.
        reason: Why the base is not expected in the cache; "" if it is.
    """

    turn: int
    prompt_tokens: int
    cost_usd: float
    hit_tokens: int = 0
    expected_cost_usd: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """A tool is being run for the model. `arguments` is JSON text."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """A call has its answer; `summary` is a few words, `text` what the model reads."""

    call_id: str
    name: str
    summary: str
    is_error: bool
    text: str


@dataclass(frozen=True, slots=True)
class PatchProposed:
    """A call edits files; `patch` is what it changes, as a unified diff."""

    call_id: str
    paths: tuple[str, ...]
    patch: str


@dataclass(frozen=True, slots=True)
class PatchApplied:
    """The patch that was just proposed is written; `entry` is its id, for an undo."""

    call_id: str
    paths: tuple[str, ...]
    entry: str


@dataclass(frozen=True, slots=True)
class Retry:
    """A request failed and is made again; the text and thinking since `TurnStarted` are void.

    Attributes:
        attempt: Attempts that have failed, from 1.
        wait_s: Seconds until the next one.
        reason: One sentence.
        status: HTTP status that the server refused it with; 0 if it was none.
    """

    attempt: int
    wait_s: float
    reason: str
    status: int = 0


@dataclass(frozen=True, slots=True)
class UsageReported:
    """What a request used.

    Attributes:
        turn: The request's turn.
        usage: Its tokens.
        cost_usd: Their price; 0 if unknown.
        is_estimate: The server did not say, because the stream broke or it never does.
        expected_hit_tokens: Of the prompt, expected in the cache before it was sent.
        cause: Why the base, or what was expected, was not there; "" if it was.
        is_most: An estimate of the most that it may be: nobody knows whether the service read it.
    """

    turn: int
    usage: Usage
    cost_usd: float
    is_estimate: bool
    expected_hit_tokens: int = 0
    cause: str = ""
    is_most: bool = False


@dataclass(frozen=True, slots=True)
class CitationsChecked:
    """The citations of the answer, each with its status, and where they stand in it."""

    citations: tuple[CheckedCitation, ...]
    cited: tuple[Cited, ...] = ()


@dataclass(frozen=True, slots=True)
class Shortened:
    """Parts of the conversation were dropped, and with them what was cached behind the base."""

    reason: str


@dataclass(frozen=True, slots=True)
class LimitReached:
    """The run stops here because the user said so; `kind` is the result's subtype."""

    kind: Subtype
    reason: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a run; always the last event.

    Attributes:
        subtype: How it ended.
        text: The answer; after a limit as much of it as there is, after a failure "".
        turns: Requests that were answered.
        usage: Of all requests, failed ones included.
        cost_usd: Likewise.
        error: One sentence if it failed, else "".
        exit_code: Of the process.
        partial: What had come of a reply that failed; never an answer.
    """

    subtype: Subtype
    text: str
    turns: int
    usage: Usage
    cost_usd: float
    error: str
    exit_code: int
    partial: str = ""


Event = (
    TurnStarted
    | TextDelta
    | ReasoningDelta
    | ToolStarted
    | ToolFinished
    | PatchProposed
    | PatchApplied
    | Retry
    | Shortened
    | UsageReported
    | CitationsChecked
    | LimitReached
    | Finished
)


def edit_events(call_id: str, edit: Edit | None) -> Iterator[PatchProposed | PatchApplied]:
    """Tell of the edit that a call has made, if it has made one."""
    if edit is not None:
        yield PatchProposed(call_id, edit.paths, edit.patch)
        if edit.entry:
            yield PatchApplied(call_id, edit.paths, edit.entry)
