"""An issue's text -> what kind of issue it is, and which of the things a bug report needs it tells.

What is asked for twice annoys, so in doubt a thing counts as told.
"""

import re
from collections.abc import Mapping
from typing import Literal

from bathy.agent.modes.triage.dossier import Issue
from bathy.agent.modes.triage.finding.pointing import doubts_design, links_commit, points_at_code
from bathy.agent.pack.question import parse_question

Need = Literal["version", "reproduction", "traceback", "platform"]
Sort = Literal["bug", "feature", "question", "other"]

QUESTIONS: Mapping[Need, str] = {
    "version": "Which version do you use?",
    "reproduction": "Which steps or which code, as short as possible, show the problem?",
    "traceback": "What is the whole error message, with its traceback?",
    "platform": "On which platform does it happen?",
}
"""What is asked where the template does not say."""

_NEEDS: tuple[tuple[Need, re.Pattern[str]], ...] = (
    ("version", re.compile(r"\bversions?\b|\brelease\b")),
    (
        "reproduction",
        re.compile(r"\brepro|\bsteps?\b|\bcode snippet|\b(?:minimal|code) example|\bexample code"),
    ),
    (
        "traceback",
        re.compile(r"\btrace ?back|\bstack ?trace|\berror (?:message|log|output)|\blogs?\b"),
    ),
    (
        "platform",
        re.compile(r"\bos\b|\boperating system|\bplatform|\benvironment|\bsystem info|\bdevice"),
    ),
)
_RUNTIMES = """
adapter additional android browser chrome compiler database dependencies dependency firefox ios java
jdk libraries library linux macos node npm os other pip plugin python ruby rust safari windows
"""
RUNTIMES = frozenset(_RUNTIMES.split())
"""What has a version that is not the project's."""

_BEFORE_NUMBERS = """
about above all an and at below by chapter for from http https in is line of on or over page section
since takes than the times to under was with
"""
_NOT_VERSIONED = frozenset(_BEFORE_NUMBERS.split())

# Four numbers would be an address of a machine.
_NUMBER = r"v?\d{1,4}(?:\.\d{1,5}){1,2}(?!\.?\d)"
_NUMBERED = re.compile(
    rf"\b([A-Za-z][\w.+-]{{0,40}}?)[*`\"]{{0,2}}(?:[ @:=/(~>-]{{1,4}})[*`\"]{{0,2}}{_NUMBER}"
)
_VERSION = re.compile(
    rf"(?i:\bversions?\b|\brelease\b)[^\n]{{0,60}}?\b{_NUMBER}"
    rf"|\b{_NUMBER}[^\n]{{0,30}}(?i:\bversion\b)"
)
_ANY = re.compile(rf"(?<![\w.])(?:{_NUMBER}|v?\d{{1,3}}\.x\b)")
_RELEASE = re.compile(r"(?<![\w.])v?\d{1,4}\.\d{1,4}\.\d{1,4}(?!\.?\d)")
_FENCED = re.compile(r"^\s{0,8}(?:```|~~~)", re.M)
_INDENTED = re.compile(r"^(?: {4}|\t)(?![-*+] )\S", re.M)
_STEP = re.compile(r"(?:^|[ :])(?:step )?\d{1,2}[.)][ \t]+\S", re.M | re.I)
_EXAMPLE = re.compile(
    r"https?://(?:gist\.github\.com|codesandbox\.io|jsfiddle\.net|stackblitz\.com|codepen\.io"
    r"|play\.|replit\.com)|\bto reproduce\b[^\n]{10,}|\bwhen I (?:run|call|do|click|open|use)\b",
    re.I,
)
_TRACE = re.compile(
    r"Traceback \(most recent|\bCaused by:|\bpanicked at\b|\b[A-Z]\w{0,60}(?:Error|Exception): ?\S"
)
_PLATFORM = re.compile(
    r"\b(?:windows|linux|ubuntu|debian|fedora|centos|rhel|arch|alpine|mac ?os|os ?x|osx|darwin"
    r"|android|ios|docker|freebsd|wsl|chrome|firefox|safari)\b",
    re.I,
)
_FEATURE = re.compile(
    r"\W{0,9}(?:feature|feat|enhancement|proposal|request|rfc|add|support|allow|provide|introduce"
    r"|implement|expose|consider|docs?|documentation|idea|suggestion|please (?:add|support)"
    r"|raise|require|remove|deprecate|rename|make|improve|switch|drop|refactor|standardi[sz]e"
    r"|suppress|enable|it would be)\b"
    r"|[^\n]{0,200}\bshould (?:allow|support|accept|be able|have|throw|raise)\b",
    re.I,
)
_QUESTION = re.compile(
    r"\W{0,9}(?:question\b|how (?:to|do|can|should)\b"
    r"|(?:is|are|can|could|does|what|where|which|when)\b[^\n]{0,300}\?\s*\Z)",
    re.I,
)
_BUG = re.compile(
    r"\b(?:bugs?|broken|breaks?|crash\w*|errors?|exceptions?|fail(?:s|ed|ing|ure)?|incorrect(?:ly)?"
    r"|wrong(?:ly)?|unexpected(?:ly)?|regress\w{1,5}|raises?|throws?|hangs?|segfault\w*|leaks?"
    r"|traceback|(?:does|do|did)(?:n.?t| not) work|not working|no longer|stopped working)\b"
    r"|Error\b",
    re.I,
)


def need_of(name: str) -> Need | None:
    """Return what a field of this name asks for; None if it is nothing that every bug needs."""
    lowered = name.lower()
    return next((need for need, pattern in _NEEDS if pattern.search(lowered)), None)


def needs_in(text: str) -> frozenset[Need]:
    """Return all that a text may ask for."""
    lowered = text.lower()
    return frozenset(need for need, pattern in _NEEDS if pattern.search(lowered))


def is_of_project(name: str) -> bool:
    """Whether a field asks for the version of the project itself."""
    return RUNTIMES.isdisjoint(re.findall(r"[a-z]+", name.lower()))


def tells(need: Need, text: str, name: str = "") -> bool:
    """Whether a text tells something.

    Args:
        need: What.
        text: Of the author, its title on the first line; linear in its length.
        name: Of the field; a version is that of what it names, such as "Python version".
    """
    if need == "version":
        return _tells_version(text, name) or (is_of_project(name) and links_commit(text))
    if need == "reproduction":
        has_code = len(_FENCED.findall(text)) > 1 or bool(_INDENTED.search(text))
        is_shown = has_code or len(_STEP.findall(text)) > 1 or bool(_EXAMPLE.search(text))
        return is_shown or points_at_code(text)
    if need == "traceback":
        return bool(_TRACE.search(text)) or bool(parse_question(f"\n{text}").frames)
    return bool(_PLATFORM.search(text))


def tells_some_version(text: str) -> bool:
    """Whether a text holds a number that may be a version, as an answer does that is only that."""
    return bool(_ANY.search(text))


def sort_of(issue: Issue) -> Sort:
    """Return what an issue reads like: its labels, then its title, then its text."""
    labels = " ".join(issue.labels).lower()
    for sort, words in _LABELLED.items():
        if any(word in labels for word in words):
            return sort
    title, text = issue.title[:500], f"{issue.title[:500]}\n{issue.body[:20_000]}"
    if _FEATURE.match(title):
        return "feature"
    if (_QUESTION.match(title) or doubts_design(issue.body)) and not _TRACE.search(text):
        return "question"
    return "bug" if _BUG.search(text) else "other"


_LABELLED: Mapping[Sort, tuple[str, ...]] = {
    "bug": ("bug", "defect", "crash", "regression"),
    "feature": ("feature", "enhancement", "documentation"),
    "question": ("question", "support", "discussion"),
}


def _tells_version(text: str, name: str) -> bool:
    asked = set(re.findall(r"[a-z]+", name.lower())) - {"version", "versions"}
    spoken = (
        word for words in _NUMBERED.findall(text) for word in re.findall(r"[a-z]+", words.lower())
    )
    named = {word for word in spoken if len(word) > 1}
    if asked & RUNTIMES:
        return not named.isdisjoint(asked)
    others = named - RUNTIMES - _NOT_VERSIONED
    title = text.partition("\n")[0]
    return bool(others or _VERSION.search(text) or _RELEASE.search(text) or _ANY.search(title))
