"""The words around a citation -> what it claims to stand there: names, quotes and plain words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_CODE = re.compile(r"(`+)(.{1,500}?)\1", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_SHAPED = re.compile(
    r"\b(?:[A-Za-z]\w*_\w*|_\w+|[a-z]+[A-Z]\w*|[A-Z][a-z0-9]+[A-Z]\w*|\w+(?=\(\)))"
)
_PLAIN = re.compile(r"[A-Za-z]{4,}")
_PATH_LIKE = re.compile(r"\S*(?:/\S*|\.[a-z]{1,4}\b)\S*")
_FILE = re.compile(
    r"^[\w.-]+\.(?:py|pyi|js|ts|tsx|jsx|go|rs|java|c|h|cc|cpp|hpp|cs|rb|php|md|rst|txt|toml|yaml|yml"
    r"|json|cfg|ini|sql|sh|css|html|xml|lock)(?::\d.*)?$"
)
_OPERATORS = re.compile(r"[\s=(\[<>+]")
_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[A-Z`*\[(\"'-])|\n\s*\n|\n\s*(?:[-*+|>#]|\d+[.)])\s")
_FENCED = re.compile(
    r"(?:[^\n`]{0,160}\n\s*\n?){1,2} {0,3}(`{3,}(?=[^\n`]*\n)|~{3,})[^\n]*\n(.{0,8000}?)"
    r"\n {0,3}\1[`~]*[ \t\r]*(?:\n|\Z)",
    re.DOTALL,
)
_SENTENCE_CHARS = 1_200
_MOST_QUOTED, _SHORTEST_QUOTE = 40, 8
_MOST_NAMES_OF_ONE_SPAN = 8
CITED = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands for every citation in a text that a claim is read from. How a place is written is no part
of what is claimed: if it were, a claim would change when a citation is repaired."""

NEARER = 0.75
"""What is named counts so much of what is named next to it on the side of the citation."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_KEYWORDS = _words(
    "and as assert async await bool break case catch class const continue def default del dict do"
    " elif else enum except export extends false final finally fn for from func function global if"
    " impl import in instanceof int interface is lambda let list match mod new nil none nonlocal"
    " not null object of or package pass private protected pub public raise return self set static"
    " str string struct super switch this throw throws trait true try tuple type typeof undefined"
    " use var void while with yield"
)
_STOPWORDS = _words(
    "about above after again also because been before being below between both call called calls"
    " check class code could creates defined does each example file files first following from"
    " function have here implementation instead into itself just like line lines made make makes"
    " method methods more most must name named only other over return returned returns same sets"
    " should some such than that their them then there these they this those through under used"
    " uses using value values very what when where which while will with within would"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What is said to stand at a place.

    Attributes:
        names: Identifiers named before the citation, the nearest first, each once, with what each
            counts, from 0 to 1.
        later: Identifiers named after it, likewise; a hint at best.
        quotes: Code with more in it than a name, blanks collapsed.
        words: Plain words of the sentence, lower case.
    """

    names: tuple[tuple[str, float], ...]
    later: tuple[tuple[str, float], ...]
    quotes: tuple[str, ...]
    words: frozenset[str]


def sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    """Return where the sentence, list item, table row or heading around a stretch begins and ends.

    Looks no further than some thousand characters to either side.
    """
    low, high = max(0, start - _SENTENCE_CHARS), min(len(text), end + _SENTENCE_CHARS)
    begin = low
    for match in _END.finditer(text, low, start):
        begin = match.end() if match.end() <= start else begin
    after = _END.search(text, end, high)
    return begin, after.start() if after else high


def read_claim(before: str, after: str, whole: str, behind: str) -> Claim:
    """Read what is claimed.

    In every text `CITED` stands for each citation.

    Args:
        before: Text from the citation before, or the beginning of the sentence, up to this one.
        after: Text from this citation to the next one or the end of the sentence.
        whole: Text from the beginning of the sentence; asked if `before` names nothing.
        behind: Text behind the citation; a fenced block that follows soon is a quote.
    """
    names, quotes = _named(before)
    if not names and not quotes:
        names, quotes = _named(whole)
    later, _ = _named(after)
    plain = _without_paths(f"{before} {after}")
    words = frozenset(word.lower() for word in _PLAIN.findall(plain)) - _STOPWORDS
    return Claim(names, later, (*quotes, *_fenced(behind)), words)


def _named(text: str) -> tuple[tuple[tuple[str, float], ...], tuple[str, ...]]:
    """(names with what they count, quotes), the last of the text first."""
    names, quotes, worth = dict[str, float](), list[str](), 1.0
    for is_code, part in sorted(_parts(text), reverse=True, key=lambda item: item[1].start()):
        if not is_code:
            found = [part.group()]
        else:
            code = part[2].strip()
            if ("/" in code and " " not in code) or _FILE.match(code):
                continue
            found = [n for n in _NAME.findall(code) if n.lower() not in _KEYWORDS and len(n) > 1]
            is_quote = len(code) >= _SHORTEST_QUOTE and CITED not in code
            if is_quote and _OPERATORS.search(code.rstrip("()")):
                quotes.append(" ".join(code.split()))
        for name in found[:_MOST_NAMES_OF_ONE_SPAN]:
            names.setdefault(name, worth)
        worth *= NEARER if found else 1.0
    return tuple(names.items()), tuple(dict.fromkeys(quotes))


def _parts(text: str) -> Iterator[tuple[bool, re.Match[str]]]:
    """(is a code span, match) of each code span and each word that is shaped like a name."""
    covered = list(_CODE.finditer(text))
    yield from ((True, match) for match in covered)
    blank = _CODE.sub(lambda match: " " * len(match.group()), text)
    paths = _PATH_LIKE.sub(lambda match: " " * len(match.group()), blank)
    yield from ((False, match) for match in _SHAPED.finditer(paths))


def _fenced(behind: str) -> tuple[str, ...]:
    """The lines of a fenced block that a citation introduces, as quotes."""
    match = _FENCED.match(behind)
    if match is None:
        return ()
    lines = (" ".join(line.split()) for line in match[2].split("\n")[:_MOST_QUOTED])
    return tuple(dict.fromkeys(line for line in lines if len(line) >= _SHORTEST_QUOTE))


def _without_paths(text: str) -> str:
    return _PATH_LIKE.sub(" ", text)
