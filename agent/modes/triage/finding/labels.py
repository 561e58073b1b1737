"""A dossier, suspects and opinions -> what an issue is taken for, and which labels come and go.

Nothing is believed: a label must be one of the repository's, letter by letter, be open to us by its
rules, and go against nobody's choice. What is taken off is our own alone. A second run, after the
first one's labels were applied, finds nothing to do.
"""

from collections.abc import Iterator, Mapping, Sequence

from bathy.agent.modes.triage.dossier import Dossier
from bathy.agent.modes.triage.finding.areas import Topics
from bathy.agent.modes.triage.finding.facets import facet_of, value_of
from bathy.agent.modes.triage.finding.ideas import (
    Idea,
    find_meant,
    from_model,
    from_template,
    from_text,
    from_topics,
    from_votes,
    merge,
)
from bathy.agent.modes.triage.finding.kinds import Reading, read_kind
from bathy.agent.modes.triage.finding.label_rules import LabelRules
from bathy.agent.modes.triage.finding.neighbours import votes
from bathy.agent.modes.triage.finding.settling import Desk, Settled, settle
from bathy.agent.modes.triage.finding.spoken import read_spoken
from bathy.agent.modes.triage.finding.standing import read_standing
from bathy.agent.modes.triage.opinion import LabelOpinion
from bathy.agent.modes.triage.report import (
    MOST_AREAS,
    AddedLabel,
    Choice,
    Classification,
    Confidence,
    Facet,
    Flag,
    Labels,
    RemovedLabel,
)

MOST_RATIONALE_CHARS = 280


def find_labels(  # noqa: PLR0913 - all that speaks for or against a label
    dossier: Dossier,
    rules: LabelRules,
    *,
    similar: Sequence[tuple[int, float]],
    suspect_paths: Sequence[str],
    template_labels: Sequence[str] = (),
    opinions: Sequence[LabelOpinion] = (),
    flags: Sequence[Flag] = (),
    needs_info: bool,
    has_duplicate: bool,
    is_public_ok: bool = True,
) -> tuple[Classification, Labels]:
    """Classify an issue and decide on its labels.

    Args:
        dossier: The issue and its tracker.
        rules: Of the repository.
        similar: Numbers of earlier issues that resemble it, with scores from 0 to 1.
        suspect_paths: Files that may be at fault, likeliest first.
        template_labels: Of the repository's template that the issue follows.
        opinions: A model's.
        flags: Of the issue's text; they make a model's word count less, never more.
        needs_info: Something is missing without which nobody can go on.
        has_duplicate: An older issue is found to tell the same.
        is_public_ok: Labels may tell the public something; if not, none comes or goes.

    Returns:
        The same for the same arguments.
    """
    spoken = read_spoken(dossier.issue)
    reading = read_kind(spoken)
    names = frozenset(label.name for label in dossier.labels)
    shares = votes(dossier.issue, dossier.others, similar, names=names)
    told = tuple(_told(dossier, rules, needs_info=needs_info, has_duplicate=has_duplicate))
    thought = (
        *from_model(opinions, flags, spoken),
        *from_template(template_labels),
        *from_text(reading, dossier.labels, rules),
        *from_topics(Topics(spoken, suspect_paths), dossier.labels, rules),
        *from_votes(shares, rules),
    )
    ideas = merge((*told, *(idea for idea in thought if not _is_a_finding(idea.name, rules))))
    standing = read_standing(dossier, rules)
    lacking = find_meant(rules.needs_info, dossier.labels)
    answered = tuple(name for name in standing.ours if name == lacking and not needs_info)
    desk = Desk(names, rules, standing, answered)
    settled = settle(ideas, desk)
    found = _classification(reading, settled, {idea.name: idea for idea in ideas}, desk)
    if not is_public_ok:
        return found, Labels(keep=dossier.issue.labels, rejected=settled.rejected)
    return found, _labels(dossier, settled, desk)


def _told(
    dossier: Dossier, rules: LabelRules, *, needs_info: bool, has_duplicate: bool
) -> Iterator[Idea]:
    """Labels that follow from what was found elsewhere."""
    if needs_info:
        reason = "Something is missing without which nobody can go on."
        yield Idea(find_meant(rules.needs_info, dossier.labels), "high", reason)
    if has_duplicate:
        reason = "An older issue of this tracker tells the same."
        yield Idea(find_meant(rules.duplicate, dossier.labels), "medium", reason)


def _is_a_finding(name: str, rules: LabelRules) -> bool:
    """Whether a label says what only `_told` may say, since it is found out and not guessed."""
    is_asking = value_of(name) in (value_of(rules.needs_info), "needs-info")
    return is_asking or facet_of(name, rules) == "duplicate"


def _labels(dossier: Dossier, settled: Settled, desk: Desk) -> Labels:
    added = (
        AddedLabel(i.name, desk.facet(i.name), i.confidence, i.reason[:MOST_RATIONALE_CHARS])
        for i in settled.added
    )
    removed = (
        *(RemovedLabel(name, "superseded_facet") for name in settled.replaced),
        *(RemovedLabel(name, "info_now_provided") for name in desk.leaving),
    )
    gone = {one.name for one in removed}
    keep = tuple(name for name in dossier.issue.labels if name not in gone)
    return Labels(tuple(added), removed, keep, settled.rejected)


def _classification(
    reading: Reading, settled: Settled, ideas: Mapping[str, Idea], desk: Desk
) -> Classification:
    kind = Choice(reading.kind, None, reading.confidence, reading.evidence)
    return Classification(
        type=_choice("type", settled, desk) or (kind if reading.kind else Choice()),
        priority=_choice("priority", settled, desk) or Choice(),
        areas=tuple(_areas(settled, ideas, desk))[:MOST_AREAS],
        regression=reading.regression,
        affected_versions=reading.versions,
    )


def _choice(facet: Facet, settled: Settled, desk: Desk) -> Choice | None:
    """What stands or will stand on the issue, people's choice first."""
    if chosen := desk.standing.chosen(facet, desk.rules):
        return _stated(chosen[0])
    if leader := settled.leaders.get(facet):
        return _thought(leader)
    return next((_stated(n, "low") for n in desk.standing.ours if desk.facet(n) == facet), None)


def _areas(settled: Settled, ideas: Mapping[str, Idea], desk: Desk) -> Iterator[Choice]:
    yield from (_stated(name) for name in desk.standing.chosen("area", desk.rules))
    for name in desk.standing.ours:
        if desk.facet(name) == "area":
            yield _thought(ideas[name]) if name in ideas else _stated(name, "low")
    yield from (_thought(idea) for idea in settled.added if desk.facet(idea.name) == "area")


def _stated(name: str, confidence: Confidence = "high") -> Choice:
    return Choice(value_of(name), name, confidence)


def _thought(idea: Idea) -> Choice:
    return Choice(value_of(idea.name), idea.name, idea.confidence, idea.evidence)
