"""A model's answer about an issue -> records that nothing is believed of yet.

Each name, number and line in them is checked by `finding/` against the repository, its labels and
its tracker before a report holds it.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bathy.agent.modes.triage.report import Confidence

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SCHEMA = Path(__file__).with_name("opinion.schema.json")
"""What a model is told to fit its answer to; `Opinion` takes whatever fits."""


@dataclass(frozen=True, slots=True)
class LabelOpinion:
    """A label that the issue should get."""

    name: str
    rationale: str = ""
    confidence: Confidence = "low"


@dataclass(frozen=True, slots=True)
class DuplicateOpinion:
    """An older issue, and how it compares."""

    number: int
    relation: Literal["duplicate", "related", "regression_of"] = "related"
    confidence: Confidence = "low"
    same: str = ""
    different: str = ""


@dataclass(frozen=True, slots=True)
class MissingOpinion:
    """Something to ask the reporter for."""

    field: str
    question: str
    blocking: bool = False


@dataclass(frozen=True, slots=True)
class SuspectOpinion:
    """Lines that may be at fault; 1-based, inclusive."""

    path: str
    start_line: int
    end_line: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class HypothesisOpinion:
    """A cause; `citations` are places as "path:start-end"."""

    state: Literal["supported", "plausible", "unknown"] = "unknown"
    text: str = ""
    confidence: Confidence = "low"
    citations: tuple[str, ...] = ()
    would_confirm: tuple[str, ...] = ()
    would_refute: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Opinion:
    """All of a model's answer; `reply` is what it would write to the reporter, or ""."""

    status: Literal["triaged", "needs_info", "needs_human", "out_of_scope", "spam"] = "triaged"
    labels: tuple[LabelOpinion, ...] = ()
    regression: bool | None = None
    affected_versions: tuple[str, ...] = ()
    duplicates: tuple[DuplicateOpinion, ...] = ()
    missing_info: tuple[MissingOpinion, ...] = ()
    suspects: tuple[SuspectOpinion, ...] = ()
    hypothesis: HypothesisOpinion = field(default_factory=HypothesisOpinion)
    reply: str = ""


NO_OPINION = Opinion()
"""What there is without a model."""


def without_words(opinion: Opinion, labels: Collection[str]) -> Opinion:
    """Return what an opinion names, without a word of its own.

    Labels, numbers of issues and lines are checked one by one; a sentence cannot be. So none is
    taken where the issue's text gives orders to who reads it: no rationale, no comparison, no
    question, no cause, no reply, and no name of a label that there is not.

    Args:
        opinion: Of a model.
        labels: Names of the repository's labels.
    """
    known = {name.lower() for name in labels}
    return Opinion(
        status=opinion.status,
        labels=tuple(
            replace(one, rationale="") for one in opinion.labels if one.name.lower() in known
        ),
        regression=opinion.regression,
        duplicates=tuple(replace(one, same="", different="") for one in opinion.duplicates),
        suspects=tuple(replace(one, why="") for one in opinion.suspects),
    )


@dataclass(frozen=True, slots=True)
class Opined:
    """How asking went.

    Attributes:
        opinion: What the model said, or nothing.
        model: Its id, or None if none was asked.
        usage: Tokens, turns and US dollars.
        error: One sentence if it failed.
        exit_code: What the process should end with.
    """

    opinion: Opinion = NO_OPINION
    model: str | None = None
    usage: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    exit_code: int = 0


def read_opinion(answer: str) -> Opinion:
    """Read an answer that fits `SCHEMA`.

    Raises:
        ValueError: It does not.
    """
    found: Opinion = _adapter().validate_json(answer)
    return found


@cache
def _adapter() -> "TypeAdapter[Any]":
    from pydantic import TypeAdapter

    return TypeAdapter(Opinion)
