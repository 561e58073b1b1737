"""The definitions of a file -> spans: ranges of lines about as long as a function.

Spans are what a question is matched against and what an answer quotes. They never overlap and
together hold every line that is not blank. A comment right above a definition is part of its span.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bathy.agent.index.comments import comment_start
from bathy.agent.index.symbols import Definition

MAX_LINES = 120
"""Longest span. A longer function is cut into windows."""

WINDOW_LINES = 60
"""Length of the windows that text without definitions is cut into."""

WHOLE_LINES = 30
"""A class or section up to this long is one span; longer ones are cut into their members."""

MAX_DEPTH = 40
"""Definitions nested deeper than this belong to what is around them."""

_CONTAINERS = frozenset(
    ("class", "interface", "module", "heading", "namespace", "struct", "trait", "impl", "enum")
)
_ONE_LINERS = frozenset(
    ("constant", "variable", "macro", "type", "property", "field", "key", "table", "selector")
)


@dataclass(frozen=True, slots=True)
class Span:
    """A range of lines.

    Attributes:
        start_line: 1-based.
        end_line: 1-based, inclusive.
        symbol: Qualified name of the definition that the range is (part of), or "".
    """

    start_line: int
    end_line: int
    symbol: str


_SAYING = re.compile(r"\w")


@dataclass(slots=True)
class _Node:
    """A definition; `start` is where its comment begins, `head` where it does itself."""

    start: int
    head: int
    end: int
    symbol: str
    kind: str
    children: list["_Node"]


def cut_spans(text: str, definitions: Sequence[Definition]) -> tuple[Span, ...]:
    """Cut a file into spans.

    Args:
        text: The file; only LF ends a line.
        definitions: Of that text; ranges outside it are cut to it, ranges that cross are shortened.

    Returns:
        Disjoint spans by line that hold every line but blank ones around them; one empty-named span
        for a text without others.
    """
    lines = text.removesuffix("\n").split("\n")
    root = _Node(1, 1, len(lines), "", "module", _tree(definitions, lines))
    return tuple(_joined(_trimmed(_cut(root), lines)))


def qualified(definition: Definition) -> str:
    """Return a definition's name with those of the definitions around it, dotted."""
    if not definition.container:
        return definition.name
    return f"{definition.container}.{definition.name}"


def _tree(definitions: Sequence[Definition], lines: Sequence[str]) -> list[_Node]:
    """Nest definitions by their lines; the first to claim a line keeps it."""
    total = len(lines)
    top: list[_Node] = []
    path: list[_Node] = []
    for d in sorted(definitions, key=lambda d: (d.start_line, -d.end_line)):
        start, end = max(1, d.start_line), min(d.end_line, total)
        if end < start or (d.kind in _ONE_LINERS and end - start < 3):
            continue
        while path and path[-1].end < start:
            path.pop()
        if len(path) == MAX_DEPTH:
            continue
        if path:
            end = min(end, path[-1].end)
        siblings = path[-1].children if path else top
        before = siblings[-1].end if siblings else path[-1].head if path else 0
        above = start if d.kind == "heading" else comment_start(lines, start, before)
        above = above if end - above < MAX_LINES else start
        node = _Node(above, start, end, qualified(d), d.kind, [])
        siblings.append(node)
        path.append(node)
    return top


def _cut(node: _Node) -> Iterator[Span]:
    lines = node.end - node.head + 1
    limit = WHOLE_LINES if node.kind in _CONTAINERS else MAX_LINES
    if lines <= limit and node.symbol:
        yield Span(node.start, node.end, node.symbol)
        return
    at = node.start
    for child in node.children:
        if child.end < at:
            continue
        child.start = max(child.start, at)
        yield from _windows(at, child.start - 1, node.symbol)
        yield from _cut(child)
        at = child.end + 1
    yield from _windows(at, node.end, node.symbol)


def _windows(start: int, end: int, symbol: str) -> Iterator[Span]:
    """Cut a range without definitions into windows of about equal length."""
    lines = end - start + 1
    if lines <= 0:
        return
    pieces = 1 if lines <= WINDOW_LINES * 3 // 2 else -(-lines // WINDOW_LINES)
    for piece in range(pieces):
        first = start + lines * piece // pieces
        yield Span(first, start + lines * (piece + 1) // pieces - 1, symbol)


def _trimmed(spans: Iterable[Span], lines: Sequence[str]) -> Iterator[Span]:
    """Take blank lines off both ends; what holds no letter is added to what is before.

    Such is the last bracket of a class, which by itself says nothing.
    """
    held: Span | None = None
    for span in spans:
        full = [n for n in range(span.start_line, span.end_line + 1) if lines[n - 1].strip()]
        if not full:
            continue
        own = Span(full[0], full[-1], span.symbol)
        is_mute = not any(_SAYING.search(lines[n - 1]) for n in full)
        if held and is_mute and _together(held, own) <= MAX_LINES:
            held = Span(held.start_line, own.end_line, held.symbol)
            continue
        if held:
            yield held
        held = own
    yield held or Span(1, 1, "")


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Join scraps (a few lines between definitions, one-line functions) with what follows."""
    held: Span | None = None
    for span in spans:
        if held is None:
            held = span
            continue
        is_scrap = held.end_line - held.start_line < 3
        if is_scrap and _parent(held.symbol, span.symbol) and _together(held, span) <= WHOLE_LINES:
            held = Span(held.start_line, span.end_line, span.symbol)
            continue
        yield held
        held = span
    if held is not None:
        yield held


def _together(held: Span, span: Span) -> int:
    return span.end_line - held.start_line + 1


def _parent(outer: str, inner: str) -> bool:
    return not outer or outer == inner or inner.startswith(outer + ".")
