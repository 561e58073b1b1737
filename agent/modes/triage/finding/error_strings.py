"""An issue's error messages -> the lines of the repository that hold their constant parts.

A message that a program prints stands in its source, but for what was filled in: names, numbers,
paths. So what looks filled in is cut out, and the longest runs of words that are left are looked
for literally.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from bathy.agent.pack.question import MAX_CHARS, parse_question
from bathy.agent.pack.question_words import FILLER
from bathy.tools.base import RepoView, ToolError, split_lines

RARE_FILES = 3
"""What stands in more source files than this points at none of them."""

LEAST_CHARS, LEAST_WORDS = 12, 3
"""Size of the shortest part that is looked for: so many characters or words, two words anyway."""

_PAIR_CHARS, _TELLING_WORDS, _TELLING_IN_RUN = 16, 2, 3
"""What it takes not to be found by chance: so many characters for two words, so many words that are
no filler, and so many of them if it is not the whole part."""

_MOST_SAID, _MOST_PARTS, _MOST_WORDS, _MOST_SEEDS, _MOST_FILES = 100, 20, 40, 200, 300

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_SAID = (
    re.compile(
        r"(?:error|exception|warning|fatal|panic|critical|failure)(?:\[[\w-]{1,20}\])?:"
        r" +(\S.{2,400})",
        re.IGNORECASE,
    ),
    re.compile(r"^[^\w\n]{0,3}(?:WARN(?:ING)?|ERROR|CRITICAL|FATAL)[\]: ]{1,9}(\S.{2,400})", re.M),
    re.compile(r"^E {2,10}(?:[\w.]{1,100}: )?(\S.{2,400})", re.MULTILINE),
    re.compile(r"panicked at '(.{3,400})'"),
    re.compile(r"panicked at [^\n:]{1,300}:\d+:\d+:\n(.{3,400})"),
    re.compile(r"(?<!`)`([^`\n]{12,300})`(?!`)"),
)
_FILLED_IN = re.compile(
    r"(?<!\w)'[^'\n]{0,200}'(?!\w)|\"[^\"\n]{0,200}\"|`[^`\n]{0,200}`|<[^<>\n]{0,200}>"
    r"|\{[^{}\n]{0,200}\}|\[[^\[\]\n]{0,200}\]|(?<!\S)[^\s\d/\\*%]{0,80}[\d/\\*%]\S*|[^ -~]+"
)
_COMMENTS = ("#", "//", "*", "/*", "--", ">>>")
_OF_RUNTIMES = (
    "has no attribute",
    "has no property",
    "has no len()",
    "is not a function",
    "is not callable",
    "is not defined",
    "is not iterable",
    "is not subscriptable",
    "cannot read propert",
    "no module named",
    "cannot import name",
    "cannot find module",
    "positional argument",
    "unexpected keyword argument",
    "multiple values for",
    "index out of range",
    "index out of bounds",
    "division by zero",
    "unsupported operand type",
    "unhashable type",
    "recursion depth exceeded",
    "call stack size exceeded",
    "nil pointer dereference",
    "no such file or directory",
    "invalid syntax",
)
"""Messages of languages, not of programs; what holds one of these was not written here."""


@dataclass(frozen=True, slots=True)
class ErrorPlace:
    """A line that holds the constant part of a message.

    Attributes:
        path: A source file.
        line: 1-based.
        fragment: What of the message stands there.
        files: How many source files hold it, 1 to `RARE_FILES`.
    """

    path: str
    line: int
    fragment: str
    files: int


def constant_parts(text: str) -> tuple[str, ...]:
    """Find what is constant in the messages that a text quotes.

    Args:
        text: An issue, its title on the first line; anything at all.

    Returns:
        Parts of at least `LEAST_CHARS` or `LEAST_WORDS`, in order, each once; words are parted by
        one blank. Linear in the text.
    """
    text = text[:MAX_CHARS].replace("\r\n", "\n")
    clean = _COMMENT.sub(" ", text)
    said = [found for pattern in _SAID for found in pattern.findall(clean)]
    said = [*said[:_MOST_SAID], *parse_question(text).quoted]
    parts = (part for message in said for part in _parts(message))
    return tuple(dict.fromkeys(parts))[:_MOST_PARTS]


def find_error_places(
    view: RepoView, text: str, sources: Collection[str]
) -> tuple[ErrorPlace, ...]:
    """Find the lines that messages of an issue come from.

    Args:
        view: The repository.
        text: The issue.
        sources: Paths that count.

    Returns:
        For each part the places of its longest run of words that stands in few files, longest runs
        first; () if the search is refused. The same for the same commit and text.
    """
    from bathy.tools.grep import Grep, find_places, quote

    parts = [part.split(" ") for part in constant_parts(text)]
    seeds = list(dict.fromkeys(seed for words in parts for seed in _seeds(words)))[:_MOST_SEEDS]
    if not seeds or not sources:
        return ()
    try:
        args = Grep(pattern="|".join(map(quote, seeds)))
        places, _ = find_places(view, args, frozenset(sources))
    except ToolError:
        return ()
    lines = list[tuple[str, int, str]]()
    for path, numbers in islice(places.items(), _MOST_FILES):
        shown = _lines(view, path)
        lines += [(path, n, shown[n - 1]) for n in numbers if n <= len(shown)]
    found = [place for words in parts for place in _rarest(words, lines)]
    return tuple(sorted(found, key=lambda p: (-len(p.fragment), p.files, p.path, p.line)))


def _parts(message: str) -> Iterator[str]:
    if any(phrase in message.lower() for phrase in _OF_RUNTIMES):
        return
    for piece in _FILLED_IN.split(message):
        words = piece.strip(" .,:;!?()-=").split()[:_MOST_WORDS]
        part = " ".join(words)
        if _is_telling(part):
            yield part


def _is_telling(part: str, least: int = _TELLING_WORDS) -> bool:
    words = part.split(" ")
    if len(words) < LEAST_WORDS and (len(words) < 2 or len(part) < _PAIR_CHARS):
        return False
    told = sum(len(word) > 2 and word.lower() not in FILLER for word in words)
    is_command = any(word.startswith("-") for word in words)
    return len(part) >= LEAST_CHARS and told >= least and not is_command


def _seeds(words: Sequence[str]) -> Iterator[str]:
    """What a line must hold one of to be looked at: every few words in a row."""
    for at in range(max(1, len(words) - LEAST_WORDS + 1)):
        seed = " ".join(words[at : at + LEAST_WORDS])
        if _is_telling(seed, 1):
            yield seed


def _lines(view: RepoView, path: str) -> Sequence[str]:
    try:
        return split_lines(view.shown(path))
    except ToolError:
        return ()


def _rarest(words: Sequence[str], lines: Iterable[tuple[str, int, str]]) -> Iterator[ErrorPlace]:
    """The places of the longest run that stands in few enough files."""
    runs = dict[str, list[tuple[str, int]]]()
    for path, number, line in lines:
        if run := _longest_run(words, line):
            runs.setdefault(run, []).append((path, number))
    for run in sorted(runs, key=lambda run: (-len(run), run)):
        files = {path for other, held in runs.items() if run in other for path, _ in held}
        if len(files) <= RARE_FILES:
            for path, number in runs[run]:
                yield ErrorPlace(path, number, run, len(files))
            return


def _longest_run(words: Sequence[str], line: str) -> str:
    """The most characters of words in a row that a line holds, or "" if that may be chance."""
    if line.lstrip().startswith(_COMMENTS):
        return ""
    best, first = "", 0
    for last in range(1, len(words) + 1):
        while first < last and " ".join(words[first:last]) not in line:
            first += 1
        run = " ".join(words[first:last])
        best = run if len(run) > len(best) else best
    is_whole = best == " ".join(words)
    return best if is_whole or _is_telling(best, _TELLING_IN_RUN) else ""
