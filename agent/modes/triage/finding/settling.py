"""Ideas for labels and the rules of the repository -> those that are added, and why others are not.

The surest idea of an exclusive facet speaks for it even where it may not be given: if a model holds
an issue for most urgent and that label is for people alone, no lesser urgency is given instead.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bathy.agent.modes.triage.finding.facets import facet_of
from bathy.agent.modes.triage.finding.ideas import STEPS, Idea
from bathy.agent.modes.triage.finding.label_rules import LabelRules
from bathy.agent.modes.triage.finding.standing import Standing
from bathy.agent.modes.triage.report import MOST_AREAS, Facet, RejectedLabel, Rejection

EXCLUSIVE: tuple[Facet, ...] = ("type", "priority")
"""Facets of which an issue has one label."""

MOST_REJECTED = 30
_MOST_NAME_CHARS = 60

_ORDER: Mapping[Facet, int] = {
    "status": 0, "duplicate": 1, "type": 2, "priority": 3, "area": 4, "other": 5,
}  # fmt: skip
"""Which labels come first where not all have room."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What ideas are judged by.

    Attributes:
        names: Labels of the repository.
        rules: Of its maintainers.
        standing: What is on the issue.
        leaving: Of ours, what is taken off whatever is added.
    """

    names: frozenset[str]
    rules: LabelRules
    standing: Standing
    leaving: tuple[str, ...] = ()

    def facet(self, name: str) -> Facet:
        """Return a label's facet."""
        return facet_of(name, self.rules)

    def is_sure(self, idea: Idea) -> bool:
        """Whether an idea is sure enough to act on."""
        return STEPS[idea.confidence] >= STEPS[self.rules.least_confidence]


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of the ideas.

    Attributes:
        added: In the order in which they matter.
        replaced: Labels of ours that one of an exclusive facet takes the place of.
        rejected: Ideas that came to nothing, each once, surest first.
        leaders: The surest idea of each exclusive facet, if the label is or will be on the issue.
    """

    added: tuple[Idea, ...]
    replaced: tuple[str, ...]
    rejected: tuple[RejectedLabel, ...]
    leaders: Mapping[Facet, Idea]


def settle(ideas: Sequence[Idea], desk: Desk) -> Settled:
    """Decide on ideas; the same for the same arguments.

    Args:
        ideas: Each name once; of equally sure ones the first counts more.
        desk: What they are judged by.

    Returns:
        Decisions that hold: once they are carried out, the same ideas come to nothing more.
    """
    # What stands and is as sure stays, or two runs could take turns.
    ranked = sorted(ideas, key=lambda i: (-STEPS[i.confidence], not desk.standing.has(i.name)))
    first = _first_of_facets(ranked, desk)
    reasons: dict[str, Rejection] = {}
    fit: list[Idea] = []
    for idea in ranked:
        if idea.name in desk.names and desk.standing.has(idea.name):
            continue
        if reason := _refusal(idea, desk) or _rivalry(idea, first, desk):
            reasons[idea.name] = reason
        else:
            fit.append(idea)
    stands = {
        facet: idea
        for facet, idea in first.items()
        if desk.standing.has(idea.name) and desk.is_sure(idea)
    }
    gone = (*desk.leaving, *_replaced(stands, desk))
    added = _within_limits(fit, [name for name in desk.standing.ours if name not in gone], desk)
    reasons |= {idea.name: "over_limit" for idea in fit if idea not in added}
    leaders = stands | {facet: idea for facet, idea in first.items() if idea in added}
    return Settled(added, _replaced(leaders, desk), _rejected(ranked, reasons), leaders)


def _first_of_facets(ranked: Iterable[Idea], desk: Desk) -> dict[Facet, Idea]:
    first: dict[Facet, Idea] = {}
    for idea in ranked:
        facet = desk.facet(idea.name)
        if idea.name in desk.names and facet in EXCLUSIVE:
            first.setdefault(facet, idea)
    return first


def _refusal(idea: Idea, desk: Desk) -> Rejection | None:
    name = idea.name
    if name not in desk.names:
        return "not_in_repo"
    if desk.rules.is_protected(name):
        return "protected"
    if not desk.rules.is_open(name):
        return "not_allowed"
    is_decided = desk.standing.chosen(desk.facet(name), desk.rules)
    if is_decided or name in desk.standing.refused:
        return "human_set_facet"
    return None if desk.is_sure(idea) else "low_confidence"


def _rivalry(idea: Idea, first: Mapping[Facet, Idea], desk: Desk) -> Rejection | None:
    leader = first.get(desk.facet(idea.name))
    return "over_limit" if leader and leader.name != idea.name else None


def _within_limits(fit: Sequence[Idea], ours: Sequence[str], desk: Desk) -> tuple[Idea, ...]:
    """The first of the ideas, in the order of their facets, that have room beside ours."""
    facets = Counter(desk.facet(name) for name in ours)
    room, areas = desk.rules.most - len(ours), MOST_AREAS - facets["area"]

    def replaces(idea: Idea) -> int:
        facet = desk.facet(idea.name)
        return facets[facet] if facet in EXCLUSIVE else 0

    def order(idea: Idea) -> int:
        return _ORDER[desk.facet(idea.name)]

    added: list[Idea] = []
    # What takes the place of others needs no room, and may even make some.
    for idea in sorted(fit, key=lambda idea: (not replaces(idea), order(idea))):
        cost, is_area = 1 - replaces(idea), desk.facet(idea.name) == "area"
        if cost > max(room, 0) or (is_area and areas < 1):
            continue
        room, areas = room - cost, areas - is_area
        added.append(idea)
    return tuple(sorted(added, key=order))


def _replaced(leaders: Mapping[Facet, Idea], desk: Desk) -> tuple[str, ...]:
    return tuple(
        name
        for name in desk.standing.ours
        if (leader := leaders.get(desk.facet(name))) and leader.name != name
        if leader.name not in desk.standing.others
    )


def _rejected(
    ranked: Iterable[Idea], reasons: Mapping[str, Rejection]
) -> tuple[RejectedLabel, ...]:
    found = (RejectedLabel(_shown(i.name), reasons[i.name]) for i in ranked if i.name in reasons)
    return tuple(dict.fromkeys(found))[:MOST_REJECTED]


def _shown(name: str) -> str:
    """A name that anybody may have made up, as one short line."""
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())[:_MOST_NAME_CHARS]
