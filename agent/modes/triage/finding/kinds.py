"""An issue's own words -> what kind of issue it is, without a model.

Each sign of a kind counts once for the title and once for the rest; a kind is as sure as its signs
outweigh those of the others. Headings that a template has put there count once for all together:
they tell which form was taken, and no word of the author.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from bathy.agent.modes.triage.finding.spoken import Spoken, plain_words, without_headings
from bathy.agent.modes.triage.report import Confidence

IssueKind = Literal["bug", "feature", "question", "documentation"]

MOST_VERSIONS, MOST_EVIDENCE = 5, 5

_SURE, _ENOUGH = 4.0, 2.0
"""Weight of signs from which on a kind is held with high and with medium confidence."""

_TRACE_WEIGHT, _MOST_FORM = 3.0, 2.0
"""Weight of a traceback, and of all that a template's headings say."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What an issue's text says of its kind.

    Attributes:
        kind: None if nothing speaks for any.
        confidence: In the kind.
        evidence: Words that speak for it, single ones, of letters alone.
        regression: True if the author says that it worked before; else None.
        versions: In which it happens, by the author, in the order of the text, each once.
    """

    kind: IssueKind | None = None
    confidence: Confidence = "low"
    evidence: tuple[str, ...] = ()
    regression: bool | None = None
    versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sign:
    """What speaks for a kind, and how much in the title and in the rest."""

    kind: IssueKind
    pattern: re.Pattern[str]
    in_title: float
    in_prose: float


def _sign(kind: IssueKind, pattern: str, in_title: float, in_prose: float) -> _Sign:
    return _Sign(kind, re.compile(pattern, re.I | re.M), in_title, in_prose)


_SIGNS = (
    _sign("bug", r"\b[A-Za-z]{2,40}(?:Error|Exception)\b|\b(?:segfault|segmentation fault)", 3, 2),
    _sign("bug", r"\b(?:crash\w{0,4}|panic\w{0,5}|deadlock\w{0,2}|hangs?|freez\w{1,3})\b", 3, 1),
    _sign("bug", r"\b(?:fails?|failed|failing|raises?|throws?|broken|breaks|broke)\b", 2, 1),
    _sign("bug", r"\b(?:does|do|is|did)(?:n't| not) (?:work|respect|handle|match|respond)", 2, 1),
    _sign(
        "bug",
        r"\b(?:(?:does|do|is|are|did|was)(?:n't| not)|can(?:'t|not)|not being)\b"
        r"(?! (?:\w+ )?(?:support|possible|available|document|provide|allow|have))(?: \w+)?",
        1.5,
        0,
    ),
    _sign("bug", r"\b(?:wrong|incorrect\w{0,2}|unexpected\w{0,2}|corrupt\w{0,3}|leaks?)\b", 2, 1),
    _sign("bug", r"\b(?:regress(?:ion|ed)|no longer works|used to work|stopped working)\b", 2, 2),
    _sign("bug", r"^\W{0,6}(?:bug)\b\W{0,3}[:\]]|\b(?:bug report|describe the bug)\b", 3, 1.5),
    _sign("bug", r"\bbug\b|\binstead of\b|\bexceptions?\b", 1.5, 0),
    _sign("bug", r"^\W{0,6}(?:actual|current|observed) (?:behaviou?r|results?|output)", 0, 1.5),
    _sign(
        "bug", r"^\W{0,6}(?:(?:steps|how) )?to reproduce\b|^\W{0,6}(?:reproduction|steps)\b", 0, 1.5
    ),
    _sign("bug", r"\bexpected\b[^.\n]{0,80}\b(?:but|got|actual)", 1, 1.5),
    _sign(
        "feature", r"\b(?:feature|enhancement) request\b|^\W{0,6}(?:feat(?:ure)?|rfe)\b\W?:", 4, 3
    ),
    _sign("feature", r"^\W{0,6}(?:add|support|allow|provide|implement|introduce|enable)\b", 3, 0),
    _sign("feature", r"^\W{0,6}(?:improve|consider|expose|make|update|remove|change|new)\b", 2, 0),
    _sign(
        "feature", r"\b(?:please (?:add|support)|add (?:an? )?(?:option|support)|support for)", 2, 1
    ),
    _sign(
        "feature", r"\b(?:would|might|could) be (?:\w+ )?(?:nice|great|good|useful|helpful)", 3, 2
    ),
    _sign("feature", r"\b(?:proposals?|propose|proposing|wish list|suggestion)\b", 3, 1),
    _sign(
        "feature", r"\bI(?:'d| would)? (?:propose|suggest) (?![^.\n]{0,60}\b(?:fix|patch))", 2, 2
    ),
    _sign("feature", r"\b(?:better|nicer|friendlier|more (?:useful|helpful|readable)) \w+", 2, 0),
    _sign("feature", r"\bI(?:'d| would) (?:like|love) (?:to|a|an|it|if)\b|\bI wish\b", 2, 1),
    _sign(
        "feature", r"\brelated to a problem\b|^\W{0,6}(?:describe the solution|alternatives)", 1, 2
    ),
    _sign(
        "question", r"^\W{0,6}(?:how|why|what|where|when|which|is it|is there|can|should)\b", 3, 0
    ),
    _sign("question", r"\w\W{0,2}\?\s*$", 2, 0.5),
    _sign(
        "question", r"\bhow (?:do|can|should|would|to)\b|\bis (?:it possible|there a way)\b", 2, 2
    ),
    _sign(
        "question", r"^\W{0,6}question\b|\b(?:I have|quick) (?:a )?question\b|\bI wonder\b", 3, 2
    ),
    _sign("documentation", r"\b(?:typos?|misspell\w{1,4}|spelling)\b", 4, 2),
    _sign("documentation", r"\b(?:docs?|documentation|docstrings?|readme|tutorial)\b", 3, 0.5),
    _sign("documentation", r"\b(?:docs?|documentation|docstring|readme) (?:is|are|says?)\b", 1, 2),
)
_KINDS: tuple[IssueKind, ...] = get_args(IssueKind)

_REGRESSION = re.compile(
    r"(?<!not a )\bregression\b(?! tests?\b)|\bregressed\b|\bused to work\b"
    r"|\bno longer works?\b|\bstopped working\b"
    r"|\bwork(?:s|ed) (?:\w+ )?(?:in|with|on|before|until) (?:version |v)?\d"
    r"|\b(?:since|after) (?:\w+ )?(?:upgrad|updat)(?:e|ed|ing)\b"
    r"|\b(?:broke|broken) (?:in|since|by) (?:version |v)?\d",
    re.I,
)
_VERSION = re.compile(
    r"(?<![\w.])v?(\d{1,4}(?:\.\d{1,5}){1,2}(?:[-.]?(?:a|b|rc|alpha|beta|dev|post)\.?\d{0,4})?)"
    r"(?![\w.]*\w)",
    re.I,
)
_VERSION_WORD = re.compile(
    r"\b(?:versions?|releases?|upgrad\w{1,3}|updat\w{1,3}|since|affects?)\b\W|\bv$", re.I
)
_IN = re.compile(r"\b(?:in|on|with|using|to|and|or)\s+v?$|[,&]\s*v?$", re.I)
_NOT_AFFECTED = re.compile(
    r"\b(?:python|pypy|node(?:js)?|npm|yarn|pip|java|jdk|jvm|go|rust|rustc|ruby|php|gcc|clang|cmake|"
    r"ubuntu|debian|fedora|mac ?os|os ?x|osx|windows|linux|kernel|android|ios|chrome|firefox|"
    r"safari|docker|cuda|glibc|os|browser|http|works?|worked|working|fine|before|until|from)\b",
    re.I,
)
_BEFORE_CHARS = 40


def read_kind(spoken: Spoken) -> Reading:
    """Read what kind of issue it is; linear in the text, the same for the same text."""
    weights = dict.fromkeys(_KINDS, 0.0)
    words: dict[IssueKind, list[str]] = {kind: [] for kind in _KINDS}
    if spoken.has_trace:
        weights["bug"] += _TRACE_WEIGHT
        words["bug"].append("traceback")
    prose, headings = without_headings(spoken.prose)
    for sign, text, weight in _weighed(spoken.title, prose):
        if found := sign.pattern.search(text):
            weights[sign.kind] += weight
            words[sign.kind] += re.findall(r"\w+", found[0])
    for kind, weight in _of_form(headings).items():
        weights[kind] += weight
    best, second = sorted(_KINDS, key=lambda kind: -weights[kind])[:2]
    regression = bool(_REGRESSION.search(f"{spoken.title}\n{spoken.prose}")) or None
    versions = tuple(dict.fromkeys(_versions(spoken)))[:MOST_VERSIONS]
    if not weights[best]:
        return Reading(regression=regression, versions=versions)
    return Reading(
        kind=best,
        confidence=_confidence(weights[best], weights[second]),
        evidence=plain_words((w for w in words[best] if len(w) > 2), MOST_EVIDENCE),
        regression=regression,
        versions=versions,
    )


def _weighed(title: str, prose: str) -> Iterator[tuple[_Sign, str, float]]:
    for sign in _SIGNS:
        for text, weight in ((title, sign.in_title), (prose, sign.in_prose)):
            if weight:
                yield sign, text, weight


def _of_form(headings: str) -> dict[IssueKind, float]:
    """What the headings of a template say of the form that was taken; all forms ask questions."""
    found: dict[IssueKind, float] = {}
    for sign in _SIGNS:
        if sign.kind in ("bug", "feature") and sign.in_prose and sign.pattern.search(headings):
            found[sign.kind] = min(_MOST_FORM, found.get(sign.kind, 0.0) + sign.in_prose)
    return found


def _confidence(best: float, second: float) -> Confidence:
    if best >= _SURE and best >= 2 * second:
        return "high"
    return "medium" if best >= _ENOUGH and best >= second + 1 else "low"


def _versions(spoken: Spoken) -> Iterator[str]:
    """Versions of the project itself, as far as the words before a number tell."""
    for line in (spoken.title, *spoken.prose.split("\n")):
        start = 0
        for found in _VERSION.finditer(line):
            before = line[max(start, found.start() - _BEFORE_CHARS) : found.start(1)]
            is_one = bool(_VERSION_WORD.search(before)) or line[found.start()] in "vV"
            is_full = found[1].count(".") > 1 and bool(_IN.search(before))
            if (is_one or is_full) and not _NOT_AFFECTED.search(before):
                yield found[1]
            start = found.end()
