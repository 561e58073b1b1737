"""A label's name -> the facet that it belongs to, and the value that it gives it.

Trackers write the same thing in many ways: `bug`, `type: bug`, `kind/bug`, `C-bug`, `[Type] Bug`.
Only the name is read, as data: emoji and their shortcodes are left out, descriptions do not count.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from bathy.agent.modes.triage.finding.label_rules import LabelRules, matches
from bathy.agent.modes.triage.report import Facet

_KINDS: Mapping[str, str] = {
    "bug": "bug bugs bug-report bugfix defect crash",
    "feature": """
        feature features feat feature-request new-feature enhancement enhancements
        enhancement-request improvement request proposal rfe wish wishlist idea suggestion
    """,
    "question": "question questions support support-request how-to howto help usage-question",
    "documentation": "documentation docs doc docs-issue documentation-issue typo",
    "maintenance": "maintenance chore cleanup clean-up refactor refactoring tech-debt task",
    "discussion": "discussion rfc",
}
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names.split()}

_PREFIXES: Mapping[Facet, str] = {
    "type": "type kind issue-type t c category issue",
    "priority": "priority prio severity sev p importance urgency",
    "area": "area a component comp module mod package pkg topic scope subsystem domain crate",
    "status": "status state stage s resolution",
}
_FACET_OF: Mapping[str, Facet] = {p: f for f, all_ in _PREFIXES.items() for p in all_.split()}

_NOT_SURELY_TYPE: Mapping[str, Facet] = {
    "t": "other", "c": "other", "issue": "other", "category": "area",
}  # fmt: skip
"""Prefixes of types in some trackers and of teams or parts in others: the rest tells which."""

_BEFORE_DASH = """
type kind t c category priority prio severity sev p area a comp component topic status s
"""
_DASHING = frozenset(_BEFORE_DASH.split())
"""Prefixes that a hyphen or a blank may follow; `state-machine` and `module loader` are no such."""

_STATUS = """
triage untriaged needs-triage in-progress blocked stale wontfix wont-fix won-t-fix invalid confirmed
unconfirmed accepted cannot-reproduce can-t-reproduce on-hold needs-info pinned
"""
_STATUS_NAMES = frozenset(_STATUS.split())
_STATUS_HEADS = frozenset(("need", "needs", "waiting", "awaiting"))
_WAITING = """
need-info needs-information need-information needs-more-info need-more-info needs-more-information
more-info-needed more-information-needed info-needed information-needed needs-details needs-feedback
needs-author-feedback needs-author-input awaiting-response awaiting-author waiting-for-info
awaiting-info waiting-for-author waiting-for-response waiting-on-author waiting-for-user-information
"""
_SAME_STATUS = dict.fromkeys(_WAITING.split(), "needs-info")
_DUPLICATES = frozenset(
    ("duplicate", "duplicated", "possible-duplicate", "potential-duplicate", "dupe")
)

UNDECIDED = frozenset(("triage", "untriaged", "needs-triage", "need-triage", "new"))
"""Values of a status that say only that nobody has looked yet."""

_UNSEEN = frozenset(("So", "Sk", "Cf", "Cn", "Co"))
"""Unicode categories of emoji, their modifiers and joiners, and of what no font has."""

_SHORTCODE = re.compile(r"(?:^|(?<=\s)):[a-z0-9_+-]{1,40}:")
_BRACKETED = re.compile(r"[\[(]([a-z][a-z -]{0,30})[\])][\s:]*(.+)", re.S)
_PREFIXED = re.compile(r"([a-z][a-z _-]{0,30}?)\s*(?:::?|/|=|\s-\s)\s*(.+)", re.S)
_DASHED = re.compile(r"([a-z](?=[-_])|[a-z]{2,20})[-_ ](.+)", re.S)
_URGENCY = re.compile(
    r"(p[0-9]|sev-?[0-9])(?:-.*)?"
    r"|(?:priority-)?(low|lowest|medium|normal|high|highest|critical|urgent)-prio(?:rity)?"
    r"|(critical|urgent)",
    re.S,
)


def facet_of(label: str, rules: LabelRules) -> Facet:
    """Return the facet of a label; what the repository's rules say comes first."""
    if label == rules.needs_info:
        return "status"
    if label == rules.duplicate:
        return "duplicate"
    told: tuple[tuple[Facet, Iterable[str]], ...] = (
        ("type", rules.type),
        ("priority", rules.priority),
        ("area", rules.area),
        ("status", rules.status),
    )
    return next((facet for facet, globs in told if matches(label, globs)), _read(label)[0])


def value_of(label: str) -> str:
    """Return what a label says of its facet, in lower case.

    Returns:
        "bug", "feature", "question", "documentation", "maintenance" or "discussion" for such types;
        words joined by hyphens for a status; the rest of the name behind its prefix, or all of it.
    """
    return _read(label)[1]


def _read(label: str) -> tuple[Facet, str]:
    """(facet, value) by the name alone."""
    text = _plain(label)
    for pattern in (_BRACKETED, _PREFIXED):
        found = pattern.fullmatch(text)
        facet = _FACET_OF.get(_dashed(found[1])) if found else None
        if found and facet is not None:
            return _prefixed(facet, _dashed(found[1]), found[2], text)
    found = _DASHED.fullmatch(text)
    if found and found[1] in _DASHING:
        facet = _FACET_OF[found[1]]
        if facet != "type" or _dashed(found[2]) in _KIND_OF:
            return _prefixed(facet, found[1], found[2], text)
    return _bare(text)


def _prefixed(facet: Facet, prefix: str, rest: str, text: str) -> tuple[Facet, str]:
    name = _dashed(rest)
    if name in _DUPLICATES:
        return "duplicate", "duplicate"
    if facet == "type":
        if name in _KIND_OF:
            return "type", _KIND_OF[name]
        facet = _NOT_SURELY_TYPE.get(prefix, facet)
        return facet, text if facet == "other" else rest
    if facet == "status":
        return "status", _SAME_STATUS.get(name, name)
    return facet, rest


def _bare(text: str) -> tuple[Facet, str]:
    name = _dashed(text)
    if name in _DUPLICATES:
        return "duplicate", "duplicate"
    if name in _KIND_OF:
        return "type", _KIND_OF[name]
    if name in _STATUS_NAMES or name in _SAME_STATUS or name.partition("-")[0] in _STATUS_HEADS:
        return "status", _SAME_STATUS.get(name, name)
    if urgency := _URGENCY.fullmatch(name):
        return "priority", next(filter(None, urgency.groups()))
    return "other", text


def _plain(label: str) -> str:
    """The name in lower case, without emoji and marks that nobody sees."""
    text = _SHORTCODE.sub(" ", label.lower())
    shown = (" " if unicodedata.category(c) in _UNSEEN or c == "\ufe0f" else c for c in text)
    return " ".join("".join(shown).split())


def _dashed(text: str) -> str:
    return "-".join(re.findall(r"[^\W_]+", text))
