"""A dossier, and what a model thinks -> older issues that this one repeats, advisory and few.

A wrong duplicate costs more than a missed one: people stop reading. So without a model only a
near-identical text is called a duplicate, and no model can raise what the texts do not bear out.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bathy.agent.modes.triage.dossier import Chain, Dossier, Issue
from bathy.agent.modes.triage.finding.own_words import MAX_CHARS, one_line
from bathy.agent.modes.triage.finding.resembling import Resembling, resembling
from bathy.agent.modes.triage.opinion import DuplicateOpinion
from bathy.agent.modes.triage.report import MOST_DUPLICATES, Confidence, Duplicate
from bathy.agent.pack.question import is_code_like

NEAR_SCORE, NEAR_BODY, NEAR_BODY_STRONG = 0.8, 0.85, 0.7
"""Texts and bodies this close are the same report, bodies that share a rare message from 0.7 on.
Distinct issues of one project hardly reach 0.6 (191 issues of nine projects)."""

RELATED_SCORE = 0.3
"""Below this likeness an older issue is not spoken of, unless the issue or a model names it."""

_NAMED_SCORE, _PLAUSIBLE_SCORE = 0.05, 0.15
_MOST_CHARS, _MOST_CHAIN = 280, 50
Relation = Literal["duplicate", "related", "regression_of"]

_WORKED = re.compile(
    r"\bregress(?:ion|ed)\b|\b(?:used to|previously|formerly) work|\bworked (?:fine |well )?"
    r"(?:before|in|with|on|until|up to|previously|as of)\b|\b(?:no longer|stopped) work"
    r"|\bbroke(?:n)? (?:in|since|after|by|with|again)\b"
    r"|\b(?:since|after) (?:the )?(?:upgrad|updat|version|release)|\bupgrading (?:from|to)\b",
    re.IGNORECASE,
)
_NAMED = re.compile(r"(?<![\w/#&])#(\d{1,9})\b")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
_RANKS: Mapping[Relation, int] = {"duplicate": 2, "regression_of": 1, "related": 0}
_CONFIDENCES: tuple[Confidence, ...] = ("low", "medium", "high")


@dataclass(frozen=True, slots=True)
class _Case:
    """An older issue that was found, and the one that a record would name for it."""

    found: Resembling
    older: Issue
    chain_end: int | None = None
    is_open_ended: bool = False
    """Its chain comes back to itself, or leads to an issue that cannot be named."""

    @property
    def is_near(self) -> bool:
        """Both say the same, but for words; other names mean another failure of the same kind."""
        found = self.found
        least = NEAR_BODY_STRONG if found.strong else NEAR_BODY
        if found.is_conflict or found.score < NEAR_SCORE or found.body < least:
            return False
        return not (any(map(_is_name, found.only_here)) and any(map(_is_name, found.only_there)))

    @property
    def is_like(self) -> bool:
        """Near, or of one cause as far as a rare message tells."""
        return self.is_near or bool(self.found.strong)

    @property
    def was_mended(self) -> bool:
        """Closed as done, so that it can have come back."""
        return self.older.state == "closed" and self.older.state_reason == "completed"

    @property
    def may_repeat(self) -> bool:
        """Open, so that somebody would see what is said there."""
        return self.older.state == "open" and not self.is_open_ended


def find_duplicates(
    dossier: Dossier, opinions: Sequence[DuplicateOpinion] = ()
) -> tuple[Duplicate, ...]:
    """Find the older issues that this one repeats, follows or belongs to.

    Args:
        dossier: The issue, the older ones and their chains.
        opinions: Of a model; numbers that the dossier does not know are dropped, relations and
            confidences are lowered to what the texts bear out.

    Returns:
        At most `MOST_DUPLICATES`, surest first, each number once. Only open issues are duplicates.
        The same for the same arguments.
    """
    known = {o.number: o for o in dossier.others if _is_older(o, dossier.issue)}
    ranked = {r.number: r for r in resembling(dossier.issue, known.values(), len(known))}
    chains = {chain.number: chain for chain in dossier.chains}
    body = dossier.issue.body[:MAX_CHARS]
    told = _COMMENT.sub(" ", f"{dossier.issue.title[:_MOST_CHARS]}\n{body}")
    named = {int(number) for number in _NAMED.findall(told)}
    worked = bool(_WORKED.search(told))

    judged = {o.number: o for o in reversed(opinions) if o.number in known}
    records = list[Duplicate]()
    for number in sorted(ranked.keys() | judged.keys()):
        found = ranked.get(number, Resembling(number, 0.0))
        case = _case(found, known, chains, dossier.issue)
        opinion = judged.get(number)
        if found.score >= (_NAMED_SCORE if number in named or opinion else RELATED_SCORE):
            record = _by_text(case, worked=worked)
            records.append(_with_opinion(record, case, opinion, worked) if opinion else record)
    target = dossier.target
    page = f"https://{target.host}/{target.full_name}/issues/"
    return tuple(replace(r, url=f"{page}{r.number}") for r in _best(records))


def _is_older(other: Issue, issue: Issue) -> bool:
    if other.is_pull_request or other.number < 1:
        return False
    return not issue.number or other.number < issue.number


def _case(
    found: Resembling, known: Mapping[int, Issue], chains: Mapping[int, Chain], issue: Issue
) -> _Case:
    older = known[found.number]
    end = _end(found.number, chains)
    if end == found.number:
        return _Case(found, older)
    if end is not None and end in known:
        return _Case(found, known[end], chain_end=end)
    return _Case(found, older, None if end == issue.number else end, is_open_ended=True)


def _end(number: int, chains: Mapping[int, Chain]) -> int | None:
    """Where an issue's chain ends, over the chains that others begin; None for a cycle."""
    seen = {number}
    while number in chains and len(seen) < _MOST_CHAIN:
        chain = chains[number]
        if chain.is_cycle or not seen.isdisjoint(chain.links):
            return None
        if not chain.links:
            return number
        seen.update(chain.links)
        number = chain.links[-1]
    return number if len(seen) < _MOST_CHAIN else None


def _by_text(case: _Case, *, worked: bool) -> Duplicate:
    """Judge without a model."""
    if case.is_near and case.may_repeat:
        sure = bool(case.found.strong) and case.chain_end is None
        return _record(case, "duplicate", "high" if sure else "medium")
    if case.is_like and case.was_mended and worked:
        return _record(case, "regression_of", "medium" if case.is_near else "low")
    return _record(case, "related", "medium" if case.is_like else "low")


def _with_opinion(
    record: Duplicate, case: _Case, opinion: DuplicateOpinion, worked: bool
) -> Duplicate:
    """Take a model's word as far as the texts bear it out; what they show by themselves stays."""
    bears = case.is_like or case.found.score >= _PLAUSIBLE_SCORE
    most: Confidence = "high" if case.is_near else "medium" if bears else "low"
    confidence = _CONFIDENCES[min(map(_CONFIDENCES.index, (opinion.confidence, most)))]
    may_be = {
        "duplicate": bears and case.may_repeat,
        "regression_of": bears and case.was_mended and worked,
        "related": True,
    }
    relation: Relation = opinion.relation if may_be[opinion.relation] else "related"
    if _RANKS[relation] >= _RANKS[record.relation]:
        record = replace(record, relation=relation, confidence=confidence)
    same, different = _one_line(opinion.same), _one_line(opinion.different)
    return replace(record, same=same or record.same, different=different or record.different)


def _record(case: _Case, relation: Relation, confidence: Confidence) -> Duplicate:
    found, older = case.found, case.older
    sides = (("only here", found.only_here), ("only there", found.only_there))
    return Duplicate(
        number=older.number,
        relation=relation,
        confidence=confidence,
        same=_one_line(", ".join(found.shared)),
        different=_one_line("; ".join(f"{side}: {', '.join(w)}" for side, w in sides if w)),
        title=_one_line(older.title),
        state=older.state,
        state_reason=older.state_reason or None,
        canonical_of_chain=case.chain_end,
        score=found.score,
    )


def _best(records: Iterable[Duplicate]) -> list[Duplicate]:
    """The surest record of each number."""

    def rank(record: Duplicate) -> tuple[int, int, float, int]:
        sure = _CONFIDENCES.index(record.confidence)
        return -_RANKS[record.relation], -sure, -record.score, record.number

    first = dict[int, Duplicate]()
    for record in sorted(records, key=rank):
        first.setdefault(record.number, record)
    return list(first.values())[:MOST_DUPLICATES]


def _is_name(word: str) -> bool:
    """Whether it names a piece of code; what holds digits may be an address or a hash."""
    return is_code_like(word) and not any(c.isdigit() for c in word)


def _one_line(text: str) -> str:
    return one_line(text)[:_MOST_CHARS]
