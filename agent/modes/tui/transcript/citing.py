"""An answer and its checked citations -> the answer with one character for each, and their list.

Characters of a private plane stand for citations because Markdown leaves them alone wherever they
are; those that the answer has itself are taken out before.
"""

import re
from collections.abc import Iterator, Sequence

from bathy.agent.loop.citations import CheckedCitation, Cited
from bathy.agent.modes.tui.transcript.blocks import Citation
from bathy.agent.modes.tui.transcript.cells import REPLACEMENT
from bathy.agent.modes.tui.transcript.naming import Names

FIRST_MARK, LAST_MARK = "\U000f0000", "\U000ffffd"
MARKS = re.compile(f"[{FIRST_MARK}-{LAST_MARK}]")

_BETWEEN = re.compile(r"\s{0,3}[,;]\s{0,3}L?")
_CLOSING = {"[": "]", "(": ")"}
_NO_NAMES = Names()
_LABEL_CHARS = 200
"""The label of a link is looked for so far in front of its target."""


def number_citations(
    citations: Sequence[CheckedCitation], names: Names = _NO_NAMES
) -> tuple[Citation, ...]:
    """Give each place a number, in order of first mention.

    Args:
        citations: In order.
        names: Know the other files that there are.

    Returns:
        Each place once; `number` is its position, from 1.
    """
    places = {(c.path, c.start_line, c.end_line): c for c in reversed(citations)}
    ordered = list(dict.fromkeys((c.path, c.start_line, c.end_line) for c in citations))
    short = names.short({path for path, _, _ in ordered})
    found = list[Citation]()
    for number, place in enumerate(ordered, 1):
        path, first, last = place
        label = f"{short[path]}:{lines_of(first, last)}"
        checked = places[place]
        found.append(Citation(path, first, last, checked.status, number, label, checked.written))
    return tuple(found)


def mark_citations(
    text: str, cited: Sequence[Cited], names: Names = _NO_NAMES
) -> tuple[str, tuple[Citation, ...]]:
    """Put one character in the place of each citation, and of the brackets around it.

    Args:
        text: The answer.
        cited: Where it cites, in order, not overlapping.
        names: Know the other files that there are.

    Returns:
        The answer, and its citations: the character with number n stands for the nth of them.
    """
    text = MARKS.sub(REPLACEMENT, text)
    citations = number_citations([each.citation for each in cited], names)
    numbers = {(c.path, c.start_line, c.end_line): c.number for c in citations}
    parts, at = list[str](), 0
    for group in _groups(text, cited):
        start, end = _with_brackets(text, group[0].start, group[-1].end)
        label_start, label = _label(text, start, end, at)
        parts.append(text[at:label_start] + label)
        for number, each in enumerate(group):
            place = (each.citation.path, each.citation.start_line, each.citation.end_line)
            parts.append((" " if number else "") + chr(ord(FIRST_MARK) + numbers[place] - 1))
        at = end
    return "".join((*parts, text[at:])), citations


def citation_of(character: str, citations: Sequence[Citation]) -> Citation | None:
    """Return the citation that a character stands for, if it does for one."""
    number = ord(character) - ord(FIRST_MARK)
    return citations[number] if 0 <= number < len(citations) else None


def unmarked(text: str, citations: Sequence[Citation]) -> str:
    """Return a marked text with its citations as `[path:lines]`."""

    def written(found: re.Match[str]) -> str:
        citation = citation_of(found[0], citations)
        if citation is None:
            return REPLACEMENT
        return f"[{citation.path}:{lines_of(citation.start_line, citation.end_line)}]"

    return MARKS.sub(written, text)


def lines_of(first: int, last: int) -> str:
    """Write lines as `7` or `7-9`."""
    return f"{first}-{last}" if last > first else str(first)


def _groups(text: str, cited: Sequence[Cited]) -> Iterator[list[Cited]]:
    """Citations that share one pair of brackets, or stand alone."""
    group = list[Cited]()
    for each in cited:
        if not (0 <= each.start < each.end <= len(text)):
            continue
        if group and not _BETWEEN.fullmatch(text[group[-1].end : each.start]):
            yield group
            group = []
        group.append(each)
    if group:
        yield group


def _with_brackets(text: str, start: int, end: int) -> tuple[int, int]:
    closing = _CLOSING.get(text[start - 1 : start])
    if closing and text[end : end + 1] == closing:
        return start - 1, end + 1
    return start, end


def _label(text: str, start: int, end: int, after: int) -> tuple[int, str]:
    """(where a link begins whose target was cited, its label); (start, "") if it is none."""
    if text[start : start + 1] != "(" or text[start - 1 : start] != "]":
        return start, ""
    line = max(after, start - _LABEL_CHARS, text.rfind("\n", 0, start) + 1)
    opening = text.rfind("[", line, start - 1)
    if opening < 0:
        return start, ""
    label = text[opening + 1 : start - 1]
    path = text[start + 1 : end - 1].partition("#")[0]
    says_place = path and path.rpartition("/")[2] in label
    return opening, "" if says_place else f"{label} "
