"""Spans that speak to a question -> an answer without a model: their lines, quoted and cited.

It never claims to be more than that. Every line that is quoted is copied from the file that is
cited, at the number that is shown.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bathy.agent.model.choosing import Evidence
from bathy.agent.model.quoting import choose_lines, words_in
from bathy.tools.workspace import quote_path

_LINE_CHARS = 240
_WORDS_SHOWN = 5


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
