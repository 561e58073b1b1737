"""Ranked spans -> an answer without a model: evidence, quoted with line numbers and cited.

It never claims to be more than that. Every line that is quoted is copied from the file that is
cited, at the number that is shown.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from bathy.agent.index.comments import prose_lines
from bathy.agent.model.quoting import choose_lines, words_in
from bathy.tools.workspace import quote_path

MOST_SPANS = 6
MOST_SPANS_A_FILE = 2
MIN_SHARE_OF_BEST = 0.3
"""Files with a smaller part of the best file's score are not quoted."""

PROSE_COST, DECLARED_SHARE = 0.35, 0.7
"""What a span without any code is worth less, and what a declaration of types is worth, in
parts of code that does something: they say that a thing is there, and code says what it does."""

_DECLARATIONS = (".d.ts", ".d.mts", ".d.cts", ".pyi")
_LINE_CHARS = 240
_WORDS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Candidate:
    """A span that may be quoted.

    Attributes:
        place: The span.
        file_score: Of its file.
        share: The span's own score in parts of that of the best span of its file.
    """

    place: "Evidence"
    file_score: float
    share: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """A span that speaks to the question.

    Attributes:
        path: The file.
        start_line: 1-based, inclusive.
        end_line: 1-based, inclusive.
        symbol: Qualified name of what the span defines, or "".
        of_file: Short reasons that hold for the file, wherever in it, most telling first.
    """

    path: str
    start_line: int
    end_line: int
    symbol: str
    of_file: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Citation:
    """A place that an answer names, and whether it was found there.

    Attributes:
        path: The file.
        start_line: 1-based, inclusive.
        end_line: 1-based, inclusive.
        status: "verified": the lines exist and were copied from there.
    """

    path: str
    start_line: int
    end_line: int
    status: str


@dataclass(frozen=True, slots=True)
class OfflineAnswer:
    """Text for people and the citations in it, in order."""

    text: str
    citations: tuple[Citation, ...]


_PREAMBLE = re.compile(
    r"(//|#|/?\*|--|;|%|<!--|-->)|(import|from|package|using|use|require|include|extern|module)\b"
)
"""How a line of a comment begins, or one that takes something in."""


def choose_evidence(
    candidates: Iterable[Candidate],
    lines_of: Callable[[str], Sequence[str]] = lambda _: (),
) -> list[Evidence]:
    """Choose what to quote: the best spans, few of each file, none inside another.

    What stands before the first definition is not quoted if it is nothing but comments, such as a
    licence, and imports, and the file has other spans.

    Args:
        candidates: In any order.
        lines_of: A file's lines, without their LF; () if they are not known.

    Returns:
        Best first: what a span is worth is its file's score by its own share, so that the second
        span of a file stands behind the first of another that fits nearly as well. At most
        `MOST_SPANS`, at most `MOST_SPANS_A_FILE` of one file; files far behind the best one are
        left out.
    """
    said = cache(lambda path: _said(lines_of(path)))
    candidates = sorted(candidates, key=lambda one: -_worth(one, said(one.place.path)))
    best = max((one.file_score for one in candidates), default=0.0)
    defining = {one.place.path for one in candidates if one.place.symbol}
    chosen: list[Evidence] = []
    for one in candidates:
        place, last = one.place, one.place.end_line
        same = [e for e in chosen if e.path == place.path]
        overlaps = any(place.start_line <= e.end_line and last >= e.start_line for e in same)
        is_far_behind = one.file_score < best * MIN_SHARE_OF_BEST
        if overlaps or len(same) >= MOST_SPANS_A_FILE or is_far_behind:
            continue
        is_head = place.start_line == 1 and not place.symbol and place.path in defining
        if is_head and is_preamble(lines_of(place.path)[:last]):
            continue
        chosen.append(place)
        if len(chosen) == MOST_SPANS:
            break
    return chosen


def _said(lines: Sequence[str]) -> list[bool | None]:
    """Say of each line whether it is a comment or docstring; None for blank ones."""
    prose = prose_lines(lines)
    return [said if line.strip() else None for line, said in zip(lines, prose, strict=True)]


def _worth(one: Candidate, said: Sequence[bool | None]) -> float:
    """What a span is worth as a quote, beside other spans of the same question."""
    place = one.place
    own = [
        is_said for is_said in said[place.start_line - 1 : place.end_line] if is_said is not None
    ]
    kind = DECLARED_SHARE if place.path.endswith(_DECLARATIONS) else 1.0
    return one.file_score * one.share * kind * (1 - PROSE_COST * sum(own) / max(1, len(own)))


def is_preamble(lines: Sequence[str]) -> bool:
    """Whether lines are nothing but comments and imports; in doubt they are not."""
    told = [line.strip() for line in lines if line.strip()]
    return bool(told) and all(_PREAMBLE.match(line) for line in told)


def answer_offline(
    question: str,
    evidence: Sequence[Evidence],
    *,
    lines_of: Callable[[str], Sequence[str]],
    words: Mapping[str, float],
) -> OfflineAnswer:
    """Write the evidence up.

    Args:
        question: As asked, for the header.
        evidence: Best first.
        lines_of: A file's lines as shown, without their LF; [] if it has gone.
        words: Of the question; how telling each is decides what of a long span is quoted.

    Returns:
        An answer in which every citation resolves; one without citations says that nothing fits.
    """
    quoted = []
    for item in evidence:
        lines = lines_of(item.path)
        if 1 <= item.start_line <= item.end_line <= len(lines):
            quoted.append((item, lines))
    if not quoted:
        return OfflineAnswer(
            "Nothing in this repository fits the question. Name a function, a file or a word that"
            " the code itself would use.\n",
            (),
        )
    title = " ".join(question.split())
    title = title if len(title) <= 100 else title[:99] + "…"
    head = f"Evidence from the index for: {title}\nNo model was asked; read the quotes.\n"
    parts = [_section(item, lines, words) for item, lines in quoted]
    sources = "".join(f"- {_where(item)}\n" for item, _ in quoted)
    citations = tuple(
        Citation(item.path, item.start_line, item.end_line, "verified") for item, _ in quoted
    )
    return OfflineAnswer("\n".join((head, *parts, f"Sources\n{sources}")), citations)


def _section(item: Evidence, lines: Sequence[str], words: Mapping[str, float]) -> str:
    held = words_in(lines[item.start_line - 1 : item.end_line], words)[:_WORDS_SHOWN]
    own = f"matches: {', '.join(held)}" if held else "holds none of the words"
    of_file = "; ".join(reason for reason in item.of_file if reason != own)
    of_file = f"its file: {of_file}\n" if of_file else ""
    quoted = "\n".join(_quote(item, lines, words))
    return f"{_where(item)}\nwhy: {own}\n{of_file}{quoted}\n"


def _where(item: Evidence) -> str:
    place = f"{item.start_line}-{item.end_line}"
    if item.start_line == item.end_line:
        place = str(item.start_line)
    name = f" {item.symbol}" if item.symbol else ""
    return f"[{quote_path(item.path)}:{place}]{name}"


def _quote(item: Evidence, lines: Sequence[str], words: Mapping[str, float]) -> Iterable[str]:
    width = len(str(item.end_line))
    numbers = choose_lines(lines, item.start_line, item.end_line, item.symbol, words)
    last = item.start_line - 1
    for number in (*numbers, item.end_line + 1):
        if number > last + 1:
            yield f"{'':{width + 3}} … {number - last - 1} more lines"
        if number <= item.end_line:
            yield f"  {number:>{width}} │ {_printable(lines[number - 1])}".rstrip()
        last = number


def _printable(line: str) -> str:
    shown = "".join(
        c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}"
        for c in line[: _LINE_CHARS + 1]
    )
    return shown if len(shown) <= _LINE_CHARS else shown[: _LINE_CHARS - 1] + "…"
