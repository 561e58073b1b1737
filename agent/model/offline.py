"""Ranked spans -> an answer without a model: evidence, quoted with line numbers and cited.

It never claims to be more than that. Every line that is quoted is copied from the file that is
cited, at the number that is shown.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from bathy.tools.workspace import quote_path

MOST_SPANS = 6
MOST_SPANS_A_FILE = 2
MIN_SHARE_OF_BEST = 0.3
"""Files with a smaller part of the best file's score are not quoted."""

WHOLE_SPAN_LINES = 28
"""Spans up to this many lines are quoted whole; of longer ones, their head and their best part."""

_HEAD_LINES = 6
_PART_LINES = 16
_LINE_CHARS = 240


@dataclass(frozen=True, slots=True)
class Evidence:
    """A span that speaks to the question.

    Attributes:
        path: The file.
        start_line: 1-based, inclusive.
        end_line: 1-based, inclusive.
        symbol: Qualified name of what the span defines, or "".
        why: Short reasons, most telling first.
    """

    path: str
    start_line: int
    end_line: int
    symbol: str
    why: tuple[str, ...]


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


Candidate = tuple[str, float, tuple[str, ...], int, int, str]
"""(path, the file's score, reasons, start line, end line, symbol)."""


_PREAMBLE = re.compile(
    r"(//|#|/?\*|--|;|%|<!--|-->)|(import|from|package|using|use|require|include|extern|module)\b"
)
"""How a line of a comment begins, or one that takes something in."""


def choose_evidence(
    candidates: Iterable[Candidate],
    lines_of: Callable[[str], Sequence[str]] = lambda _: (),
) -> list[Evidence]:
    """Choose what to quote: spans of the best files, few of each, none inside another.

    What stands before the first definition is not quoted if it is nothing but comments, such as a
    licence, and imports, and the file has other spans.

    Args:
        candidates: By file, best first; spans of a file best first.
        lines_of: A file's lines, without their LF; () if they are not known.

    Returns:
        At most `MOST_SPANS`, at most `MOST_SPANS_A_FILE` of one file; files far behind the best one
        are left out.
    """
    chosen: list[Evidence] = []
    best = 0.0
    candidates = list(candidates)
    defining = {path for path, _, _, _, _, symbol in candidates if symbol}
    for path, score, why, first, last, symbol in candidates:
        best = best or score
        same = [e for e in chosen if e.path == path]
        overlaps = any(first <= e.end_line and last >= e.start_line for e in same)
        if overlaps or len(same) >= MOST_SPANS_A_FILE or score < best * MIN_SHARE_OF_BEST:
            continue
        if first == 1 and not symbol and path in defining and is_preamble(lines_of(path)[:last]):
            continue
        chosen.append(Evidence(path, first, last, symbol, why))
        if len(chosen) == MOST_SPANS:
            break
    return chosen


def is_preamble(lines: Sequence[str]) -> bool:
    """Whether lines are nothing but comments and imports; in doubt they are not."""
    told = [line.strip() for line in lines if line.strip()]
    return bool(told) and all(_PREAMBLE.match(line) for line in told)


def answer_offline(
    question: str,
    evidence: Sequence[Evidence],
    *,
    lines_of: Callable[[str], Sequence[str]],
    words: Iterable[str],
) -> OfflineAnswer:
    """Write the evidence up.

    Args:
        question: As asked, for the header.
        evidence: Best first.
        lines_of: A file's lines as shown, without their LF; [] if it has gone.
        words: Lower-cased words of the question, which decide what of a long span is quoted.

    Returns:
        An answer in which every citation resolves; one without citations says that nothing fits.
    """
    known = frozenset(words)
    quoted = []
    for item in evidence:
        lines = lines_of(item.path)
        if 1 <= item.start_line <= item.end_line <= len(lines):
            quoted.append((trimmed(item, lines), lines))
    if not quoted:
        return OfflineAnswer(
            "Nothing in this repository fits the question. Name a function, a file or a word that"
            " the code itself would use.\n",
            (),
        )
    title = " ".join(question.split())
    title = title if len(title) <= 100 else title[:99] + "…"
    head = f"Evidence from the index for: {title}\nNo model was asked; read the quotes.\n"
    parts = [_section(item, lines, known) for item, lines in quoted]
    sources = "".join(f"- {_where(item)}\n" for item, _ in quoted)
    citations = tuple(
        Citation(item.path, item.start_line, item.end_line, "verified") for item, _ in quoted
    )
    return OfflineAnswer("\n".join((head, *parts, f"Sources\n{sources}")), citations)


def trimmed(item: Evidence, lines: Sequence[str]) -> Evidence:
    """Return the same span without empty lines around it, if it has any others.

    Args:
        item: Must lie within the lines.
        lines: Of the whole file.
    """
    full = [n for n in range(item.start_line, item.end_line + 1) if lines[n - 1].strip()]
    return replace(item, start_line=full[0], end_line=full[-1]) if full else item


def _section(item: Evidence, lines: Sequence[str], words: frozenset[str]) -> str:
    why = "; ".join(item.why)
    quoted = "\n".join(_quote(item, lines, words))
    return f"{_where(item)}\nwhy: {why}\n{quoted}\n"


def _where(item: Evidence) -> str:
    place = f"{item.start_line}-{item.end_line}"
    if item.start_line == item.end_line:
        place = str(item.start_line)
    name = f" {item.symbol}" if item.symbol else ""
    return f"[{quote_path(item.path)}:{place}]{name}"


def _quote(item: Evidence, lines: Sequence[str], words: frozenset[str]) -> Iterable[str]:
    width = len(str(item.end_line))
    last = item.start_line - 1
    for number in _chosen(item, lines, words):
        if number > last + 1:
            yield " " * (width + 3) + "…"
        line = "".join(
            c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}"
            for c in lines[number - 1][: _LINE_CHARS + 1]
        )
        line = line if len(line) <= _LINE_CHARS else line[: _LINE_CHARS - 1] + "…"
        yield f"  {number:>{width}} │ {line}".rstrip()
        last = number


def _chosen(item: Evidence, lines: Sequence[str], words: frozenset[str]) -> list[int]:
    numbers = list(range(item.start_line, item.end_line + 1))
    if len(numbers) <= WHOLE_SPAN_LINES:
        return numbers
    hits = [_hits(lines[number - 1], words) for number in numbers]
    starts = range(_HEAD_LINES, len(numbers) - _PART_LINES + 1)
    best = max(starts, key=lambda at: (sum(hits[at : at + _PART_LINES]), -at))
    return numbers[:_HEAD_LINES] + numbers[best : best + _PART_LINES]


def _hits(line: str, words: frozenset[str]) -> int:
    lowered = line[:_LINE_CHARS].lower()
    return sum(word in lowered for word in words)
