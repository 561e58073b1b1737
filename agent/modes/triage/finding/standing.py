"""The labels of an issue and who put them there -> what is ours to change, and what is not."""

from dataclasses import dataclass

from bathy.agent.modes.triage.dossier import Dossier, LabelEvent
from bathy.agent.modes.triage.finding.facets import UNDECIDED, facet_of, value_of
from bathy.agent.modes.triage.finding.label_rules import LabelRules
from bathy.agent.modes.triage.report import Facet


@dataclass(frozen=True, slots=True)
class Standing:
    """Who has said what with labels; names in the tracker's order.

    Attributes:
        ours: On the issue, put there last by our own login, and open to us.
        others: On the issue, put there by anybody else, or nobody knows by whom.
        refused: Taken off last by anybody else.
    """

    ours: tuple[str, ...]
    others: tuple[str, ...]
    refused: frozenset[str]

    def has(self, name: str) -> bool:
        """Whether the issue has the label."""
        return name in self.ours or name in self.others

    def chosen(self, facet: Facet, rules: LabelRules) -> tuple[str, ...]:
        """Return the labels of others that decide a facet, which is none of ours then."""
        if facet == "other":
            return ()
        names = (name for name in self.others if facet_of(name, rules) == facet)
        return tuple(name for name in names if value_of(name) not in UNDECIDED)


def read_standing(dossier: Dossier, rules: LabelRules) -> Standing:
    """Tell our labels from those of people and of other programs.

    A label is ours only if the last event of that name says that our login added it; without a
    login, or without events, none is.
    """
    last = {event.label: event for event in dossier.label_events}
    ours = tuple(
        name
        for name in dossier.issue.labels
        if rules.is_open(name) and name in last and last[name].is_added
        if _is_ours(last[name], dossier)
    )
    return Standing(
        ours,
        tuple(name for name in dossier.issue.labels if name not in ours),
        frozenset(
            event.label
            for event in last.values()
            if not event.is_added and not _is_ours(event, dossier)
        ),
    )


def _is_ours(event: LabelEvent, dossier: Dossier) -> bool:
    return bool(dossier.login) and event.actor.lower() == dossier.login.lower()
