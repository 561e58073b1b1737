"""A model's cause and the suspects that were verified -> the cause, as far as they speak for it."""

from collections.abc import Sequence

from bathy.agent.loop.marks import find_marks
from bathy.agent.modes.triage.opinion import HypothesisOpinion
from bathy.agent.modes.triage.report import Confidence, Hypothesis, Signal, Suspect

MOST_CHECKS, MOST_CHARS, MOST_CHECK_CHARS = 3, 1_000, 280
"""Things that would confirm or refute a cause, characters of the cause, characters of each."""

_UNTOLD = frozenset[Signal](("model", "recent_change"))
"""Signals that say nothing of what the issue tells."""

_LOWER: dict[Confidence, Confidence] = {"high": "medium", "medium": "low", "low": "low"}


def judge_hypothesis(
    opinion: HypothesisOpinion, suspects: Sequence[Suspect], *, is_flagged: bool
) -> Hypothesis:
    """Keep what a model takes for the cause only where the code can speak for it.

    Args:
        opinion: The model's.
        suspects: Verified, by rank.
        is_flagged: The issue's text tries to steer who reads it.

    Returns:
        "unknown" without a text unless a citation lies in a suspect; "supported" only if one lies
        in a suspect that the index has found as well. The same for the same arguments.
    """
    text = _line(opinion.text, MOST_CHARS)
    cited = [one for one in suspects if any(_overlaps(c, one) for c in opinion.citations)]
    if opinion.state == "unknown" or not text or not cited:
        return Hypothesis()
    is_borne_out = any(not _UNTOLD.issuperset(one.evidence) for one in cited)
    is_supported = opinion.state == "supported" and is_borne_out
    confidence = opinion.confidence
    if not is_supported and confidence == "high":
        confidence = "medium"
    return Hypothesis(
        state="supported" if is_supported else "plausible",
        text=text,
        confidence=_LOWER[confidence] if is_flagged else confidence,
        citations=tuple(one.rank for one in cited),
        would_confirm=_checks(opinion.would_confirm),
        would_refute=_checks(opinion.would_refute),
    )


def _overlaps(citation: str, suspect: Suspect) -> bool:
    """Whether a citation as "path:start-end" shares a line with a suspect."""
    return any(
        mark.path.removeprefix("./") == suspect.path
        and max(mark.first, suspect.start_line) <= min(mark.last, suspect.end_line)
        and mark.first <= mark.last
        for mark in find_marks(f"[{citation.strip().strip('[]')}]")
    )


def _checks(texts: Sequence[str]) -> tuple[str, ...]:
    lines = (_line(text, MOST_CHECK_CHARS) for text in texts)
    return tuple(line for line in lines if line)[:MOST_CHECKS]


def _line(text: str, most: int) -> str:
    return " ".join(text.split())[:most]
