"""UTF-8 text and grammar -> tree and captures, or None where those would cost too much.

A parser takes minutes over some texts of a megabyte, and a few bring the process down. All limits
count steps, reads, nesting and breadth, never seconds: whether a text is parsed is the same
everywhere.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from bathy.agent.index.grammars import Grammar

if TYPE_CHECKING:
    from tree_sitter import Node, Point, Tree

CHUNK_BYTES = 256
"""The parser reads this much at a time. What it scans again within a chunk is not counted."""

MAX_STEPS = 10_000
"""Steps a parse may take at most, in hundreds of the parser's operations.

Ordinary code takes one for each 50 to 200 bytes. In text that is wrong at every token each takes
up to a millisecond; where it takes longer, `_MAX_STEPS_OF` has less.
"""

_MAX_STEPS_OF = {
    "cpp": 6_000, "csharp": 3_500, "ruby": 5_000, "rust": 4_000, "tsx": 5_000, "typescript": 6_000,
}  # fmt: skip

_FREE_STEPS = 500
_BYTES_PER_STEP = 8
_FREE_READS = 2_000
_BYTES_PER_READ = 16
_MAX_MATCHES = 1_000
_MAX_START_DEPTH = 1_000
_MAX_UNNAMED = 5_000
_STRETCH_CHARS = 2_000
_WORD = re.compile(r"\w")

_YAML_MAX_OPEN = 120
_YAML_INDICATOR = re.compile(r"(?<![^ \t])[-?:](?![^ \t])|:(?![^ \t])")
_CSHARP_MAX_OPEN = 200
_CSHARP_ANGLE = re.compile(r"[;{}]|<|(?<![=-])>")


class Parsed(NamedTuple):
    """A tree and what its grammar's query found in it."""

    root: "Node"
    captures: "dict[str, list[Node]]"


class Budget:
    """Gives a parser its text, and counts what it does with it."""

    def __init__(self, data: bytes, max_steps: int) -> None:
        """Allow for the size of `data`, and for no more than `max_steps`."""
        self._data = data
        self.max_steps = min(_FREE_STEPS + len(data) // _BYTES_PER_STEP, max_steps)
        self.max_reads = _FREE_READS + len(data) // _BYTES_PER_READ
        self.steps = 0
        self.reads = 0

    def read(self, offset: int, _point: "Point") -> bytes:
        """Return the next chunk; nothing once the budget is spent, as if the text ended."""
        self.reads += 1
        return b"" if self.is_spent() else self._data[offset : offset + CHUNK_BYTES]

    def step(self, _offset: int, _has_error: bool) -> bool:
        """Count a step; True asks the parser to stop."""
        self.steps += 1
        return self.is_spent()

    def is_spent(self) -> bool:
        """Tell whether the parser has done all it may, and its tree is to be thrown away."""
        return self.steps > self.max_steps or self.reads > self.max_reads


def parse_within(budget: Budget, grammar: Grammar) -> "Tree | None":
    """Parse the text of a budget.

    Returns:
        The same tree that parsing without a budget gives; None once the budget is spent.
    """
    from tree_sitter import Parser

    try:
        tree = Parser(grammar.language).parse(budget.read, progress_callback=budget.step)
    except ValueError:
        return None
    except SystemError as error:
        # An interrupt in one callback comes out of the next one, as the cause of this.
        raise error.__cause__ or error from None
    return None if budget.is_spent() else tree


def capture_within(tree: "Tree", grammar: Grammar) -> "dict[str, list[Node]] | None":
    """Return what the grammar's query finds in a tree; None if too many matches are open at once.

    Nothing that starts deeper than a thousand nodes is found.
    """
    from tree_sitter import QueryCursor

    cursor = QueryCursor(grammar.query, match_limit=_MAX_MATCHES)
    cursor.set_max_start_depth(_MAX_START_DEPTH)
    captures = cursor.captures(tree.root_node)
    return None if cursor.did_exceed_match_limit else captures


def parse(data: bytes, language: str, grammar: Grammar) -> Parsed | None:
    """Parse a text and ask the grammar's query of it.

    Args:
        data: UTF-8.
        language: One of `PARSED`.
        grammar: Its grammar.

    Returns:
        None if a limit is hit; which is decided by the arguments alone.
    """
    tree = parse_within(Budget(data, _MAX_STEPS_OF.get(language, MAX_STEPS)), grammar)
    if tree is None or _is_too_wide(tree.root_node):
        return None
    captures = capture_within(tree, grammar)
    return None if captures is None else Parsed(tree.root_node, captures)


def _is_too_wide(root: "Node") -> bool:
    """Tell whether a wrong part of the tree holds very many tokens side by side.

    A query looks from each node for the next sibling with a name, so its time grows with the square
    of those without. Where nothing is wrong, `is_unfit` has seen to it.
    """
    left = [root]
    while left:
        node = left.pop()
        if not node.has_error:
            continue
        if node.child_count - node.named_child_count > _MAX_UNNAMED:
            return True
        left.extend(node.children)
    return False


def is_unfit(text: str, language: str) -> bool:
    """Tell whether a text nests in a way that its grammar cannot survive, or is all punctuation.

    YAML's scanner keeps its indentations in 1024 bytes, 253 of them, and ends the process at the
    next; a column can hold two. C#'s memory grows with the square of the open angle brackets.
    """
    if any(
        not _WORD.search(text, at, at + _STRETCH_CHARS)
        for at in range(0, len(text) - _STRETCH_CHARS + 1, _STRETCH_CHARS)
    ):
        return True
    check = _TOO_DEEP.get(language)
    return check is not None and check(text)


def _is_deep_yaml(text: str) -> bool:
    open_: list[int] = []
    for line in re.split(r"[\r\n]", text):
        start = len(line) - len(line.lstrip(" \t"))
        if start == len(line):
            continue
        while open_ and open_[-1] >= start:
            open_.pop()
        open_.append(start)
        open_.extend(found.start() for found in _YAML_INDICATOR.finditer(line))
        if len(open_) > _YAML_MAX_OPEN:
            return True
    return False


def _is_deep_csharp(text: str) -> bool:
    open_ = 0
    for found in _CSHARP_ANGLE.finditer(text):
        if found[0] == "<":
            open_ += 1
            if open_ > _CSHARP_MAX_OPEN:
                return True
        else:
            open_ = max(0, open_ - 1) if found[0] == ">" else 0
    return False


_TOO_DEEP: dict[str, Callable[[str], bool]] = {"yaml": _is_deep_yaml, "csharp": _is_deep_csharp}
