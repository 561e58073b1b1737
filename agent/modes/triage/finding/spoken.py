"""An issue's text -> what its author says of the matter: no code, quotes, hidden text or orders.

A sentence that tells somebody to label or to obey is dropped, with the rest of its line and the
list below it, so that no word in it speaks for a label. Dropping too much costs a suggestion;
dropping too little lets a stranger choose labels.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile

from bathy.agent.index.terms import parts_of, stem, words_of
from bathy.agent.modes.triage.dossier import Issue
from bathy.agent.pack.question import MAX_CHARS, parse_question
from bathy.agent.pack.question_words import FILLER, TEMPLATE

_MOST_TITLE_CHARS = 1_000
_MOST_WORD_CHARS = 24
"""Longer words are no words, but keys and the like."""

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
_LINK = re.compile(r"(?:https?|ftp)://[^\s)\]>\"'`]+")
_TAG = re.compile(r"</?[a-zA-Z][^<>\n]{0,300}>")
_FENCE = re.compile(r"\s{0,8}(`{3,}|~{3,})")
_MOST_COMMANDS = 20
_COMMAND = re.compile(r"^ {0,8}\$ ([a-z][\w-]{1,30} [a-z][\w-]{1,30})", re.M)
_SENTENCE = re.compile(r"(?<=[.!?;])\s+")
_WORD = re.compile(r"\w+")

_ORDERS = """
add adding apply applying always assign attach change choose do give ignore must need needs never
please put remove set shall should skip treat use with
"""
_OF_TRIAGE = """
label labels labelled labeled labelling labeling triage triaged triaging p0 p1 p2 p3 p4 p5
"""
_ORDER_WORDS = frozenset(_ORDERS.split())
_TRIAGE_WORDS = frozenset(_OF_TRIAGE.split())
_OBEY = re.compile(
    r"\b(?:decode and follow|(?:ignore|disregard|forget)\s+(?:\w+\s+){0,3}(?:rules|instructions?)"
    r"|(?:add|apply|set|use|give)\s+(?:\w+\s+){0,2}tags?"
    r"|(?:label|tag|mark|triage|classify|categori[sz]e|prioriti[sz]e|treat)\s+(?:this|it|me|as)"
    r")(?!\w)|\blabels?\s*[:=]",
    re.I,
)
_HEADING = re.compile(
    r"\s{0,3}(?:#{1,6}\s|\*\*[^*\n]{1,80}\*\*\s*:?\s*\Z|__[^_\n]{1,80}__:?\s*\Z"
    r"|[A-Z][\w ']{1,60}:\s*\Z)"
)
_OF_HEADINGS = TEMPLATE | {"exception", "stack", "steps", "minimal", "what", "current", "behave"}
_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s")


@dataclass(frozen=True, slots=True)
class Spoken:
    """What an issue says.

    Attributes:
        title: One line, without orders.
        prose: Paragraphs, headings and lists, likewise; LF after each line.
        has_trace: The issue shows a traceback.
        commands: Program and first word of what it shows behind a prompt, in lower case.
    """

    title: str
    prose: str
    has_trace: bool = False
    commands: tuple[str, ...] = ()


def read_spoken(issue: Issue) -> Spoken:
    """Read an issue, at most its first `MAX_CHARS` characters."""
    title = " ".join(_clean(issue.title[:_MOST_TITLE_CHARS]).split())
    body = _clean(issue.body[:MAX_CHARS])
    frames = parse_question(f"{title}\n{body}").frames
    prose = "".join(f"{line}\n" for line in _prose(body))
    has_trace = bool(frames) or "Traceback (most recent" in body
    commands = tuple(dict.fromkeys(_COMMAND.findall(body.lower())))[:_MOST_COMMANDS]
    return Spoken(_told(title)[0], prose, has_trace, commands)


def without_headings(prose: str) -> tuple[str, str]:
    """Part prose into what the author says and headings that a template may have put there."""
    said, headings = list[str](), list[str]()
    for line in prose.split("\n"):
        (headings if _is_template_heading(line) else said).append(line)
    return "\n".join(said), "\n".join(headings)


def topics(text: str) -> frozenset[str]:
    """Return the stems of a text's words, without those that every issue is full of."""
    words = (word for word in words_of(text) if word.lower() not in FILLER)
    return frozenset(stem(part) for word in words for part in parts_of(word) if len(part) > 1)


def plain_words(words: Iterable[str], most: int) -> tuple[str, ...]:
    """Return the first of the words that are fit to be shown: short, of letters and underscores."""
    fit = (w for w in words if len(w) <= _MOST_WORD_CHARS and w.replace("_", "").isalpha())
    return tuple(dict.fromkeys(fit))[:most]


def _clean(text: str) -> str:
    shown = (c for c in text.replace("\r\n", "\n") if unicodedata.category(c) != "Cf")
    return _LINK.sub(" ", _COMMENT.sub(" ", "".join(shown)))


def _prose(body: str) -> Iterator[str]:
    fence, is_order = "", False
    for line in body.split("\n"):
        found = _FENCE.match(line)
        if fence:
            if found and found[1].startswith(fence):
                fence = ""
        elif found:
            fence = found[1]
        elif is_order and (not line.strip() or _ITEM.match(line)):
            # What is listed below an order belongs to it, blank lines between or not.
            continue
        elif not line.startswith(("    ", "\t", ">")) and line.strip():
            told, is_order = _told(_TAG.sub(" ", line))
            yield told


def _told(line: str) -> tuple[str, bool]:
    """(a line up to the first sentence that is an order, whether there is one)."""
    sentences = _SENTENCE.split(line)
    kept = list(takewhile(lambda sentence: not _is_order(sentence), sentences))
    return " ".join(kept).replace("`", "").strip(), len(kept) < len(sentences)


def _is_order(sentence: str) -> bool:
    words = _words(sentence)
    return bool(words & _ORDER_WORDS and words & _TRIAGE_WORDS) or bool(_OBEY.search(sentence))


def _is_template_heading(line: str) -> bool:
    return bool(_HEADING.match(line)) and _words(line) - {"d", "ve", "re"} <= _OF_HEADINGS


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)}
