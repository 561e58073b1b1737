"""What is known of an issue -> labels that it might get, each with reasons; nothing is settled yet.

A label comes up because a model named it, the issue's template gives it, the text reads like its
type, its words are those of the suspects' paths and of the text, or similar issues have it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bathy.agent.index.terms import words_of
from bathy.agent.modes.triage.dossier import Label
from bathy.agent.modes.triage.finding.areas import Match, Topics
from bathy.agent.modes.triage.finding.facets import facet_of, value_of
from bathy.agent.modes.triage.finding.kinds import Reading
from bathy.agent.modes.triage.finding.label_rules import LabelRules
from bathy.agent.modes.triage.finding.spoken import Spoken, plain_words, topics
from bathy.agent.modes.triage.opinion import LabelOpinion
from bathy.agent.modes.triage.report import Confidence, Flag

STEPS: Mapping[Confidence, int] = {"low": 0, "medium": 1, "high": 2}

MOST_OPINIONS = 20
"""A model that names more labels was led astray."""

_LOWERING = frozenset(("instruction_like_text", "hidden_text", "invisible_chars", "forged_marker"))
_LOWER: Mapping[Confidence, Confidence] = {"high": "medium", "medium": "low", "low": "low"}

_MOST_SHARE, _SOME_SHARE = 0.6, 0.3
"""Shares of the votes that make a label likely, and worth a thought."""

_VOTED = frozenset(("type", "priority", "area", "other"))
"""Facets that similar issues may speak for; how far they had come says nothing of this one."""

_MOST_WORDS = 4


@dataclass(frozen=True, slots=True)
class Idea:
    """A label that was thought of.

    Attributes:
        name: As its source wrote it; it may be no label at all.
        confidence: Of that source.
        reason: Sentence of our own; of the issue it holds single words of letters at most.
        evidence: Such words.
    """

    name: str
    confidence: Confidence
    reason: str
    evidence: tuple[str, ...] = ()


def from_model(
    opinions: Sequence[LabelOpinion], flags: Iterable[Flag], spoken: Spoken
) -> Iterator[Idea]:
    """What a model said, less sure by one step where the text has flags.

    Its own sentence may be the issue's: of it only words are kept that title or text have as well.
    """
    is_wary = any(flag.code in _LOWERING for flag in flags)
    said = topics(f"{spoken.title}\n{spoken.prose}")
    for opinion in opinions[:MOST_OPINIONS]:
        shared = (word for word in words_of(opinion.rationale[:2_000]) if topics(word) & said)
        words = plain_words(shared, _MOST_WORDS)
        confidence = _LOWER[opinion.confidence] if is_wary else opinion.confidence
        reason = f"A model reads it so{_named(words)}."
        yield Idea(opinion.name, confidence, reason, words)


def from_template(labels: Iterable[str]) -> Iterator[Idea]:
    """What the template that the issue follows would have given."""
    for name in labels:
        yield Idea(name, "high", "The issue's template gives this label.")


def from_text(reading: Reading, labels: Sequence[Label], rules: LabelRules) -> Iterator[Idea]:
    """The label of the type that the text reads like: the shortest that is open to us."""
    fitting = [
        label.name
        for label in labels
        if facet_of(label.name, rules) == "type" and value_of(label.name) == reading.kind
    ]
    for name in sorted(fitting, key=lambda name: (not rules.is_open(name), len(name), name))[:1]:
        reason = f"The text reads like a {reading.kind}{_named(reading.evidence)}."
        yield Idea(name, reading.confidence, reason, reading.evidence)


def from_topics(topic: Topics, labels: Sequence[Label], rules: LabelRules) -> Iterator[Idea]:
    """Areas that text or suspects are about; other labels only if both are.

    What is not sure enough is left out here: a long text touches on every area of a project. Where
    the text speaks of one that suspects belong to, those that are only written in paths are no
    news; where the title does, those that are only mentioned are none.
    """
    found = list[tuple[str, bool, Match]]()
    for label in labels:
        facet = facet_of(label.name, rules)
        match = topic.match(label) if facet in ("area", "other") else None
        if match and STEPS[match.confidence] >= STEPS[rules.least_confidence]:
            found.append((label.name, facet == "area", match))
    is_agreed = any(is_area and match.in_paths and match.is_said for _, is_area, match in found)
    is_titled = any(match.is_near and match.is_titled for _, _, match in found)
    for name, is_area, match in found:
        if is_area and (match.is_said or not is_agreed):
            yield Idea(name, match.confidence, _topic_reason(match), match.evidence)
        elif not is_area and _is_meant(match, is_titled=is_titled):
            yield Idea(name, "medium", _topic_reason(match), match.evidence)


def from_votes(shares: Mapping[str, float], rules: LabelRules) -> Iterator[Idea]:
    """What similar issues have; never held with high confidence."""
    for name, share in shares.items():
        if share >= _SOME_SHARE and facet_of(name, rules) in _VOTED:
            confidence: Confidence = "medium" if share >= _MOST_SHARE else "low"
            much = "Most" if share >= _MOST_SHARE else "Some"
            yield Idea(name, confidence, f"{much} of the similar earlier issues have it.")


def merge(ideas: Iterable[Idea]) -> tuple[Idea, ...]:
    """Make one idea of those of one name: the surest of them, for all their reasons."""
    by_name: dict[str, Idea] = {}
    for idea in ideas:
        known = by_name.setdefault(idea.name, idea)
        if idea is not known:
            reason = (
                known.reason if idea.reason in known.reason else f"{known.reason} {idea.reason}"
            )
            surest = max(known.confidence, idea.confidence, key=lambda how: STEPS[how])
            words = tuple(dict.fromkeys((*known.evidence, *idea.evidence)))
            by_name[idea.name] = Idea(idea.name, surest, reason, words)
    return tuple(by_name.values())


def find_meant(wanted: str, labels: Sequence[Label]) -> str:
    """Return the label of that very name, else the first that says the same, else `wanted`."""
    names = [label.name for label in labels]
    same = (name for name in names if value_of(name) == value_of(wanted))
    return wanted if wanted in names else next(same, wanted)


def _is_meant(match: Match, *, is_titled: bool) -> bool:
    """Whether both the text and the suspects are about a label that is no area by its name."""
    return match.is_near and match.is_titled if is_titled else match.in_paths and match.is_said


def _topic_reason(match: Match) -> str:
    if match.in_paths:
        return f"The likeliest files belong to it{_named(match.evidence)}."
    if match.is_said:
        return f"The issue speaks of it{_named(match.evidence)}."
    return "It goes with the issue's words or with a less likely file."


def _named(words: Sequence[str]) -> str:
    return f": {', '.join(words)}" if words else ""
