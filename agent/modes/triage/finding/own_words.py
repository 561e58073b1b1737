"""An issue -> its own words and what names its cause, without what its template put there.

Messages of errors are kept as far as they stay the same from run to run, so that they can be looked
for in other issues as they are.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from bathy.agent.index.terms import add_terms, count_terms, words_of
from bathy.agent.modes.triage.dossier import Issue
from bathy.agent.pack.question import Question, parse_question
from bathy.agent.pack.question_words import FILLER, TEMPLATE

MAX_CHARS = 20_000
"""A longer body is cut here: what follows is logs."""

_FEW_TERMS = 6
"""A body of fewer distinct terms says nothing by itself."""

_MOST_COMMON = 0.15
"""A line that stands in a larger part of the issues, and in five at least, is boilerplate."""

_MOST_STRINGS, _LEAST_CHARS, _TITLE_CHARS = 12, 12, 500
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
_NOT_SAID = re.compile(r"[-*+]\s*\[[ xX]?\]|#{1,6}\s|\*\*[^*\n]{1,80}\*\*:?\s*$|_No response_\s*$")
_VARIES = re.compile(r"0x[0-9a-fA-F]+|\d+|(?:/[\w.-]{1,60}){2,}")
_HASH = re.compile(r"\b(?=[a-f]{0,39}\d)[0-9a-f]{7,40}\b")
_ERROR = re.compile(
    r"\b(?:[A-Z]\w{0,60}(?:Error|Exception|Warning)|[Ee]rror|ERROR|[Ff]atal|FATAL|[Pp]anic)"
    r"(?:\[\w{1,10}\])?(?:: |\([\"'])[^\n]{3,160}"
)
_ERROR_NAME = re.compile(r"\b[A-Z]\w{0,60}(?:Error|Exception|Warning)\b")


class OwnWords:
    """One issue without boilerplate, in terms; what costs time is read when it is asked for."""

    def __init__(self, issue: Issue, common: frozenset[str]) -> None:
        self.heading = one_line(issue.title[:_TITLE_CHARS])
        self.raw = f"{self.heading}\n{issue.body[:MAX_CHARS]}"
        self.title = count_terms(self.heading)
        lines = (line for line in _lines(issue.body) if _masked(line) not in common)
        self.text = "\n".join(lines)
        self.body = count_terms(self.text)

    @cached_property
    def terms(self) -> dict[str, int]:
        """Of body and title, which counts double."""
        terms = dict(self.body)
        add_terms(terms, self.heading, 2)
        return terms

    @cached_property
    def question(self) -> Question:
        """What can be looked for in it."""
        return parse_question(self.raw)

    @cached_property
    def strings(self) -> tuple[str, ...]:
        """Messages of errors and quoted ones, without what varies from run to run."""
        spoken = _COMMENT.sub("\n", self.raw)
        quoted = (each for each in self.question.quoted if " " in each)
        return tuple(_probes((*_ERROR.findall(spoken), *quoted)))

    @cached_property
    def calls(self) -> tuple[tuple[str, str], ...]:
        """(file name, function) of the innermost calls."""
        frames = self.question.frames[-3:]
        return tuple((f.path.rpartition("/")[2], f.function) for f in frames if f.function)

    @cached_property
    def errors(self) -> frozenset[str]:
        """Names of errors."""
        return frozenset(_ERROR_NAME.findall(_COMMENT.sub("\n", self.raw)))

    @property
    def says_something(self) -> bool:
        """Whether the body alone tells what it is about."""
        return len(self.body) >= _FEW_TERMS

    def is_same_as(self, other: "OwnWords") -> bool:
        """Whether both texts are the same, boilerplate and all, and their bodies say something."""
        if one_line(self.raw) != one_line(other.raw):
            return False
        return len(count_terms("\n".join(_lines(self.raw.partition("\n")[2])))) >= _FEW_TERMS


def common_lines(issues: Sequence[Issue]) -> frozenset[str]:
    """Return the lines that most issues have, as their words alone."""
    holders = Counter[str]()
    for issue in issues:
        holders.update({_masked(line) for line in _lines(issue.body)})
    most = max(4, len(issues) * _MOST_COMMON)
    return frozenset(line for line, count in holders.items() if count > most)


def series(issue: Issue) -> str:
    """What the titles that a robot, or a habit, gives to a row of issues have in common."""
    return _masked(_HASH.sub(" ", issue.title[:_TITLE_CHARS]))


def holds(issue: Issue, string: str) -> bool:
    """Whether a string stands in the title or in as much of the body as is read."""
    return string in issue.title[:_TITLE_CHARS] or issue.body.find(string, 0, MAX_CHARS) >= 0


def one_line(text: str) -> str:
    """Return the words of a text, parted by one blank."""
    return " ".join(text.split())


def _lines(body: str) -> Iterator[str]:
    """What the author says: no comments of a template, no headings, no boxes to tick."""
    for line in _COMMENT.sub("\n", body[:MAX_CHARS]).splitlines():
        bare = line.strip()
        if bare and not _NOT_SAID.match(bare):
            yield bare


def _masked(line: str) -> str:
    """The words of a line; numbers and marks tell one run from another."""
    return " ".join(words_of(line[:300].lower()))


def _probes(strings: Iterable[str]) -> Iterator[str]:
    """The longest part of each that stays the same from run to run, if it tells enough."""
    pieces = (max(_VARIES.split(each), key=len).strip(" `'\"\t\r.,:()") for each in strings)
    telling = (each for each in pieces if len(each) >= _LEAST_CHARS and _tells(each))
    yield from list(dict.fromkeys(telling))[:_MOST_STRINGS]


def _tells(string: str) -> bool:
    """Whether a message says more than that there was an error."""
    words = {word.lower() for word in words_of(string)}
    return len(words) > 2 and not words <= FILLER | TEMPLATE
