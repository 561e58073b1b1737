"""The earlier issues that resemble one most -> how strongly they speak for each of their labels."""

from collections.abc import Collection, Mapping, Sequence

from bathy.agent.modes.triage.dossier import Issue

MOST_NEIGHBOURS = 10
"""More of them are not alike any more."""

DOUBT = 1.0
"""Counts against each label as much as an issue of the same text would: one neighbour alone never
has more than half of the votes."""


def votes(
    issue: Issue,
    others: Sequence[Issue],
    similar: Sequence[tuple[int, float]],
    *,
    names: Collection[str] | None = None,
) -> Mapping[str, float]:
    """Let similar issues vote on labels.

    Args:
        issue: The one in question; neither it nor a newer one has a vote.
        others: Of the same repository.
        similar: Numbers of some of them and how similar they are, from 0 to 1, in any order.
        names: Labels of the repository, or None for any that an issue has.

    Returns:
        Share of the votes by label, over 0 and under 1, strongest first, then by name.
    """
    known = {other.number: other for other in others if _may_vote(other, issue)}
    best = sorted(dict(similar).items(), key=lambda one: (-one[1], one[0]))
    voters = [
        (known[number], min(score, 1.0)) for number, score in best if number in known and score > 0
    ]
    counts: dict[str, float] = {}
    for other, weight in voters[:MOST_NEIGHBOURS]:
        for label in dict.fromkeys(other.labels):
            if names is None or label in names:
                counts[label] = counts.get(label, 0.0) + weight
    whole = DOUBT + sum(weight for _, weight in voters[:MOST_NEIGHBOURS])
    ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return {label: count / whole for label, count in ranked}


def _may_vote(other: Issue, issue: Issue) -> bool:
    is_older = not issue.number or other.number < issue.number
    return is_older and not other.is_pull_request
