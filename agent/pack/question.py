"""A question or an issue's text -> weighted index terms and the places that it names.

The text was written by strangers: it is cut and counted, nothing in it is followed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import Literal

from bathy.agent.index.terms import join, parts_of, terms_of, words_of
from bathy.agent.pack.question_words import FILLER, TEMPLATE

MAX_CHARS = 60_000
"""Longer questions are cut here: what follows is logs."""

WEIGHTS: Mapping[str, float] = {"title": 2.0, "prose": 1.0, "code": 0.4, "traceback": 0.6}
"""What one occurrence counts, by the part of the text that it stands in."""

FILLER_WEIGHT = 0.35
"""What a filler word counts, in parts of another word."""

CODE_WORD_BONUS = 1.0
"""Added for words of title and prose that look like code: `snake_case`, camelCase, calls()."""

_PAIR_WEIGHT = 1.0
_MAX_NAMES = 60

Zone = Literal["title", "prose", "code", "traceback"]


@dataclass(frozen=True, slots=True)
class Frame:
    """One call of a traceback: a path as printed, a 1-based line (0 if none), a function or ""."""

    path: str
    line: int
    function: str


@dataclass(frozen=True, slots=True)
class Question:
    """What a question asks for, in the terms of the index.

    Attributes:
        text: As asked, cut to `MAX_CHARS`.
        terms: Weight by index term.
        title_terms: The same for the title alone; empty if the question is one line.
        words: Lower-cased words of title and prose that are no filler, in order, each once.
        paths: Paths and file names mentioned, as written, in order, each once.
        frames: Calls of the tracebacks, in order: innermost last, as Python prints them.
        title_names: Words of the title that may be names of definitions.
        code_names: The same for code-like words of the rest; `A.b` and `b` for a dotted name.
        trace_names: Functions and exceptions of tracebacks.
        quoted: Strings in double quotes.
    """

    text: str
    terms: Mapping[str, float]
    title_terms: Mapping[str, float]
    words: tuple[str, ...]
    paths: tuple[str, ...]
    frames: tuple[Frame, ...]
    title_names: tuple[str, ...]
    code_names: tuple[str, ...]
    trace_names: tuple[str, ...]
    quoted: tuple[str, ...]


_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
_LINK = re.compile(r"!?\[([^\]\[\n]{0,300})\]\((?:[^()\s]|\([^()\s]*\)){1,2000}\)")
_BLOB_URL = re.compile(
    r"https?://[^\s/]+/[^\s/]+/[^\s/]+/(?:blob|tree|raw)/[^\s/]+/([^\s?#)\]>\"']+)"
)
_URL = re.compile(r"(?:https?|ftp)://[^\s)\]>\"'`]+")
_TAG = re.compile(r"</?[a-zA-Z][\w-]{0,20}(?:\s[^<>\n]{0,300})?/?>")
_FENCE = re.compile(r"^\s{0,8}(`{3,}|~{3,})")
_CHECKBOX = re.compile(r"^\s*[-*+]\s*\[[ xX]?\]")
_HEADING = re.compile(r"^\s{0,3}(?:#{1,6}\s|\*\*[^*\n]{1,80}\*\*:?\s*$|__[^_\n]{1,80}__:?\s*$)")
_PATH = re.compile(
    r"(?<![\w/.])(?:\.{0,2}/)?(?:[\w.@+-]{1,80}/){0,20}[\w.@+-]{1,80}\.[A-Za-z][A-Za-z0-9]{0,7}\b"
)
_PY_FRAME = re.compile(r'File "([^"\n]{1,300})", line (\d{1,7})(?:, in ([\w.<>]{1,100}))?')
_PYTEST_FRAME = re.compile(
    r"^([\w./\\-]{1,200}\.\w{1,5}):(\d{1,7}):(?:\s+in\s+(\w{1,100})|\s*\w*)", re.M
)
_JS_FRAME = re.compile(
    r"^\s*at (?:async )?(?:([\w.$<>\[\] ]{1,120}) )?\(?([^\s()]{1,300}?):(\d{1,7})(?::\d+)?\)?\s*$",
    re.M,
)
_JAVA_FRAME = re.compile(
    r"^\s*at ([\w.$]{1,200})\.([\w$<>]{1,100})\(([\w$]{1,100}\.(?:java|kt|scala)):(\d{1,7})\)", re.M
)
_ERROR = re.compile(
    r"^(?:E\s+)?(?:[\w.]{1,100}\.)?([A-Z]\w{1,80}(?:Error|Exception|Warning))\b", re.M
)
_TRACE_START = re.compile(
    r"^\s*(?:Traceback \(most recent|Exception in thread|Caused by:|thread '.{1,80}' panicked)"
)
_NAME = re.compile(r"[A-Za-z_$][\w$]*(?:(?:\.|::|#)[A-Za-z_$][\w$]*)*")
_CALLED = re.compile(r"([\w.]{1,100})\(")
_QUOTED = re.compile(r'"([^"\n]{3,200})"')
_CODE_SPAN = re.compile(r"`{1,2}([^`\n]{1,300})`{1,2}")
_SUFFIXES = """
bat c cc cfg cjs cpp cs css ex go gradle h hpp html in ini java js json jsx kt lua md mjs mod php
ps1 pxd py pyi pyx rb rs rst scala scss sh sql swift toml tpl ts tsx txt vue xml yaml yml
"""
_KNOWN_SUFFIXES = frozenset(_SUFFIXES.split())


def parse_question(text: str) -> Question:
    """Read a question of one line, or an issue with its title on the first line.

    Args:
        text: Markdown or plain text, of any length.

    Returns:
        The same question for the same text.
    """
    text = text[:MAX_CHARS].replace("\r\n", "\n").strip()
    links = _BLOB_URL.findall(text)
    clean = _COMMENT.sub(" ", text)
    clean = _URL.sub(" ", _LINK.sub(r" \1 ", clean))
    zones = list(_zones(clean))
    frames = tuple(f for zone, part in zones if zone != "title" for f in _frames(part))
    spoken = "\n".join(part for zone, part in zones if zone in ("title", "prose"))
    title = "\n".join(part for zone, part in zones if zone == "title")
    rest = "\n".join(part for zone, part in zones if zone == "prose")
    traces = "\n".join(part for zone, part in zones if zone == "traceback")
    return Question(
        text=text,
        terms=_weigh(zones),
        title_terms=_weigh([("title", title)]) if len(zones) > 1 else {},
        words=_words(spoken),
        paths=_first(_paths(spoken, links)),
        frames=frames,
        title_names=_first(_names(title, code_only=False)),
        code_names=_first(_names(rest, code_only=True)),
        trace_names=_first([*(f.function for f in reversed(frames)), *_ERROR.findall(traces)]),
        quoted=_first(_QUOTED.findall(spoken)),
    )


def _first(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))[:_MAX_NAMES]


def _zones(text: str) -> Iterator[tuple[Zone, str]]:
    """Cut a text into title, prose, code and tracebacks; runs of one zone come as one part."""
    lines = text.split("\n")
    yield "title", _TAG.sub(" ", lines[0])
    zone: Zone = "prose"
    held: list[str] = []
    for found, line in _lines(lines[1:]):
        if found != zone and held:
            yield _settled(zone, held)
            held = []
        zone = found
        held.append(line)
    if held:
        yield _settled(zone, held)


def _settled(zone: Zone, lines: list[str]) -> tuple[Zone, str]:
    part = "\n".join(lines)
    if zone == "code" and (_TRACE_START.search(part) or sum(1 for _ in _frames(part)) > 1):
        return "traceback", part
    if zone == "code" and any(_TRACE_START.match(line) for line in lines):
        return "traceback", part
    return zone, part


def _lines(lines: list[str]) -> Iterator[tuple[Zone, str]]:
    fence, trace, blank = "", False, True
    for line in lines:
        found = _FENCE.match(line)
        if fence:
            if found and found[1][0] == fence[0] and len(found[1]) >= len(fence):
                fence = ""
            else:
                yield "code", line
            continue
        if found and line.count(found[1][0] * 3) == 1:
            fence, trace = found[1], False
            continue
        if _TRACE_START.match(line):
            trace = True
        indented = line.startswith(("    ", "\t"))
        if trace:
            yield "traceback", line
            trace = (
                indented or line.startswith(("  ", "Traceback")) or not line.strip() or not blank
            )
            blank = not line.strip()
        elif indented and line.strip() and not line.lstrip().startswith(("-", "*", "+")):
            yield "code", line
        elif not _is_template(line):
            yield "prose", _TAG.sub(" ", line)


def _is_template(line: str) -> bool:
    if _CHECKBOX.match(line):
        return True
    if not _HEADING.match(line):
        return False
    return all(word.lower() in TEMPLATE for word in words_of(line))


def _weigh(zones: Iterable[tuple[Zone, str]]) -> dict[str, float]:
    """Sum up what each term counts, then take square roots: a word said ten times is no topic."""
    counts: dict[str, float] = {}
    for zone, part in zones:
        for term, weight in _zone_terms(zone, part):
            counts[term] = counts.get(term, 0.0) + weight
    return {term: sqrt(count) for term, count in sorted(counts.items())}


def _zone_terms(zone: Zone, part: str) -> Iterator[tuple[str, float]]:
    weight = WEIGHTS[zone]
    prose = zone in ("title", "prose")
    before = ""
    for word in words_of(part):
        lowered = word.lower()
        one = weight * (FILLER_WEIGHT if lowered in FILLER else 1.0)
        if prose and is_code_like(word):
            one += CODE_WORD_BONUS
        for term in terms_of(word):
            yield term, one
        if prose:
            if before and lowered not in FILLER:
                yield join([*parts_of(before)[-1:], *parts_of(word)[:1]]), weight * _PAIR_WEIGHT
            before = "" if lowered in FILLER else word


def is_code_like(word: str) -> bool:
    """Say whether a word would not stand in prose: an underscore, a hump, a digit after letters."""
    inner = word.strip("_")
    if "_" in inner or word.startswith("_"):
        return len(inner) > 1
    humps = any(a.islower() and b.isupper() for a, b in pairwise(word))
    return humps or (word[:1].isalpha() and any(c.isdigit() for c in word))


def _words(text: str) -> tuple[str, ...]:
    words = (word.lower() for word in words_of(text))
    return tuple(dict.fromkeys(w for w in words if len(w) > 1 and w not in FILLER))


def _paths(text: str, links: Iterable[str]) -> Iterator[str]:
    yield from links
    for found in _PATH.findall(text):
        if found.rpartition(".")[2].lower() in _KNOWN_SUFFIXES:
            yield found.removeprefix("./").lstrip("/")


def _names(text: str, *, code_only: bool) -> Iterator[str]:
    spans = " ".join(_CODE_SPAN.findall(text))
    called = set(_CALLED.findall(text))
    marked = set(_NAME.findall(spans))
    for found in _NAME.findall(text):
        parts = re.split(r"\.|::|#", found)
        told = len(parts) > 1 or found in called or found in marked
        if len(parts) > 1 and parts[-1] in _KNOWN_SUFFIXES:
            continue
        if code_only and not told and not is_code_like(found):
            continue
        if len(parts) > 1:
            yield ".".join(parts[-2:])
        for part in reversed(parts):
            if len(part) > 2 and (told or part.lower() not in FILLER):
                yield part


def _frames(text: str) -> Iterator[Frame]:
    """Find the calls of a traceback, innermost last."""
    for path, line, function in _PY_FRAME.findall(text):
        yield Frame(path.replace("\\", "/"), int(line), function)
    for path, line, function in _PYTEST_FRAME.findall(text):
        yield Frame(path.replace("\\", "/"), int(line), function)
    outward = [Frame(p, int(n), f.rpartition(".")[2]) for f, p, n in _JS_FRAME.findall(text)]
    for owner, function, name, line in _JAVA_FRAME.findall(text):
        folder = "/".join(owner.split(".")[:-1])
        outward.append(Frame(f"{folder}/{name}", int(line), function))
    yield from reversed(outward)
