"""An answer -> what a terminal may be shown of it: no control characters, links, and marks.

Text of a model or a repository may hold escape sequences, which would drive the terminal.
"""

from collections.abc import Sequence
from pathlib import Path

from bathy.agent.loop.citations import CheckedCitation, Cited


def printable(text: str) -> str:
    """Return a text of several lines without any character that a terminal would obey."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for c in text.replace("\r\n", "\n")
    )


def show_answer(text: str, cited: Sequence[Cited], root: Path, *, is_linked: bool) -> str:
    """Return an answer for people: what was not found is marked, what was found is a link.

    Args:
        text: The answer.
        cited: Where it cites, in order.
        root: Folder that the paths belong to.
        is_linked: Write links (OSC 8) that open the file.
    """
    parts, at = list[str](), 0
    for each in cited:
        start, end = each.start, each.end
        if text[start - 1 : start] + text[end : end + 1] in ("[]", "()"):
            start, end = start - 1, end + 1
        place = printable(text[start:end])
        is_found = each.citation.status in ("verified", "repaired")
        if not is_found:
            place += f" ({each.citation.status})"
        elif is_linked:
            place = _link(place, each.citation, root)
        parts += [printable(text[at:start]), place]
        at = end
    return "".join((*parts, printable(text[at:])))


def _link(place: str, citation: CheckedCitation, root: Path) -> str:
    target = f"{(root / citation.path).as_uri()}#L{citation.start_line}"
    return f"\033]8;;{target}\033\\{place}\033]8;;\033\\"
