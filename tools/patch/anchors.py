"""Headings and anchors of a hunk -> those of its places that stand under them."""

from collections.abc import Sequence

from bathy.tools.patch.index import trimmed


def under_anchors(lines: Sequence[str], anchors: Sequence[str], hits: Sequence[int]) -> list[int]:
    """Keep the places that lie in the scope of all anchors.

    A scope begins at a line that holds the anchor's text and ends where a line of the same or less
    indentation begins with a name, as git finds the function of a hunk.

    Args:
        lines: The file.
        anchors: Outermost first; each has to lie in the scope of the one before.
        hits: Indexes of first lines, ascending.

    Returns:
        The places in scope; all of them if there is no anchor or none lies in one.
    """
    scopes = [range(len(lines))] if anchors else []
    for anchor in anchors:
        scopes = [inner for scope in scopes for inner in _scopes(lines, scope, anchor)]
    kept = [hit for hit in hits if any(hit in scope for scope in scopes)]
    return kept or list(hits)


def _scopes(lines: Sequence[str], within: range, anchor: str) -> list[range]:
    found: list[range] = []
    for at in within:
        # Of nested lines with the same text the outer one's scope holds the inner one's.
        if anchor in lines[at] and (not found or at >= found[-1].stop):
            found.append(range(at, _scope_end(lines, at, within.stop)))
    return found


def _scope_end(lines: Sequence[str], start: int, stop: int) -> int:
    depth = _depth(lines[start])
    for at in range(start + 1, stop):
        line = trimmed(lines[at])
        if (
            line
            and _depth(line) <= depth
            and (line.lstrip()[0].isalpha() or line.lstrip()[0] in "_$@")
        ):
            return at
    return stop


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())
