"""Text and language -> the lines on which its grammar finds something wrong."""

from typing import TYPE_CHECKING

from bathy.agent.index.grammars import PARSED, load_grammar
from bathy.agent.index.parse_limits import is_unfit, parse

if TYPE_CHECKING:
    from tree_sitter import Node


def error_lines(text: str, language: str) -> tuple[int, ...]:
    """Find syntax errors.

    Args:
        text: Of a file.
        language: As `language_of` names it.

    Returns:
        1-based lines on which an error begins, ascending, each once; () for a language without a
        grammar and for a text that would take too long.
    """
    if language not in PARSED or is_unfit(text, language):
        return ()
    parsed = parse(text.encode("utf-8", "replace"), language, load_grammar(language))
    if parsed is None:
        return ()
    found, left = set[int](), [parsed.root]
    while left:
        node: Node = left.pop()
        if node.is_error or node.is_missing:
            found.add(node.start_point.row + 1)
        elif node.has_error:
            left.extend(node.children)
    return tuple(sorted(found))
