"""An issue's text -> whether it says in other words what a template asks for.

Who links the line at fault needs no steps to show it, and where nothing is thrown there is no
traceback to ask for.
"""

import re
from collections.abc import Iterator

from bathy.agent.pack.question import parse_question

_MOST_CHARS = 20_000
_BEGINNING = 300
"""Characters in which a doubt about the design stands if the issue is about that."""

_FENCED = re.compile(r"^ {0,8}(```|~~~).*?(?:^ {0,8}\1|\Z)", re.M | re.S)
_LINKED = re.compile(
    r"https?://[^\s/]+/[^\s/]+/[^\s/]+/blob/(?P<rev>[^\s/]+)/[^\s?#)\]>\"']+(?P<line>#L\d+)?"
)
_PINNED = re.compile(r"[0-9a-f]{7,40}|v?\d+(?:\.\d+){1,2}")
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n")

_CODE = r"(?:[A-Za-z_]\w*(?:\.\w+)*\(|`[^`\n]{2,200}`|[a-z]+_\w+|[A-Za-z_]\w*\.\w+\.\w+)"
_NAMED = re.compile(rf"(?<!\w){_CODE}")
_LINE = re.compile(r"\b[\w-]+\.[A-Za-z]{1,4}:\d+\b|\blines? (?:no\.? )?\d+\b", re.I)
_STATEMENT = re.compile(r"^[ \t]*[A-Za-z_][\w.]*(?:\s*=\s*\S|\([^\n]*\)\s*;?$)", re.M)
_CONDITION = re.compile(r"\b(?:when(?:ever)?|if|after)\b", re.I)
_CAUSE = re.compile(
    r"\b(?:because|due to|caused by|as a result of|this is where|comes from|stems from"
    r"|the (?:root )?(?:cause|culprit|reason) (?:is|for|of))\b",
    re.I,
)

_RAISED = re.compile(
    r"\b(?:traceback|exceptions?|crash\w*|segfault\w*|panic\w*|raises?|throws?)\b|Error\b", re.I
)
_NOT_RAISED = re.compile(
    r"\b(?:should(?:n.?t| not)?|must|ought to|would|could|not|never|no|without|instead of"
    r"|rather than|do(?:es)?n.?t|didn.?t|isn.?t|fails? to|expect\w*)\b[^.;\n]{0,60}"
    r"\b(?:throw\w*|rais\w+|exceptions?|errors?)\b"
    r"|\bexceptions? (?:to be|should|must|is(?:n.?t| not))\b",
    re.I,
)
_HEADING = re.compile(r"\s{0,3}(?:#{1,6}\s|\*\*[^*\n]{1,80}\*\*:?\s*\Z)")
_EXPECTED = re.compile(r"[\s#*]{0,12}(?:what (?:did |do )?(?:you|I) )?expect", re.I)

_OF_DESIGN = re.compile(
    r"\b(?:by design|design (?:goal|choice|decision|question)|(?:un)?inten(?:tional|ded))\b",
    re.I,
)
_DOUBT = re.compile(
    r"\b(?:(?:don.?t|do not|not) (?:know|sure|clear)|unsure|unclear|wonder\w*|curious)\b", re.I
)


def points_at_code(text: str) -> bool:
    """Whether a text leads to the fault: by a line of the repository, or by its cause.

    Args:
        text: Of the author; linear in its first `_MOST_CHARS` characters.
    """
    text = text[:_MOST_CHARS]
    if any(found["line"] for found in _LINKED.finditer(text)):
        return True
    # The lines of a traceback say where it ended, and not how one gets there.
    spoken = _FENCED.sub("", text)
    if parse_question(f"\n{spoken}").frames:
        return False
    names_file = bool(parse_question(spoken).paths)
    if _LINE.search(spoken) or (names_file and _STATEMENT.search(spoken)):
        return True
    return bool(_NAMED.search(spoken) and _CAUSE.search(spoken))


def names_case(text: str) -> bool:
    """Whether a sentence tells what is called and in which case: no steps, but enough to go on."""
    return any(
        _NAMED.search(sentence) and _CONDITION.search(sentence)
        for sentence in _SENTENCE.split(_FENCED.sub("", text[:_MOST_CHARS]))
    )


def links_commit(text: str) -> bool:
    """Whether a text links a file at a commit or release, so that the version is known."""
    return any(_PINNED.fullmatch(found["rev"]) for found in _LINKED.finditer(text[:_MOST_CHARS]))


def tells_crash(text: str) -> bool:
    """Whether something is said to have been raised, so that there is a traceback to ask for.

    That something should have been raised is the opposite, and what is expected did not happen.
    """
    return any(
        _RAISED.search(sentence) and not _NOT_RAISED.search(sentence)
        for line in _happened(_FENCED.sub("", text[:_MOST_CHARS]))
        for sentence in _SENTENCE.split(line)
    )


def doubts_design(text: str) -> bool:
    """Whether a text begins with the question whether something is meant to be so."""
    beginning = text[:_BEGINNING]
    return any(
        _DOUBT.search(sentence) and _OF_DESIGN.search(sentence)
        for sentence in _SENTENCE.split(beginning)
    )


def _happened(text: str) -> Iterator[str]:
    """The lines that do not stand below a heading of what was expected."""
    is_expected = False
    for line in text.splitlines():
        if _HEADING.match(line):
            is_expected = bool(_EXPECTED.match(line))
        elif not is_expected:
            yield line
