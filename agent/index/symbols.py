"""Text and language -> definitions, names used, and the lines that outline the file.

tree-sitter parses the languages that have a grammar; headings outline prose; everything else gets
an outline by indentation and keywords, and so does a text that would take the parser too long. Line
numbers are rows of LF, as everywhere.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bathy.agent.index.grammars import PARSED, load_grammar
from bathy.agent.index.headings import plain_symbols, prose_symbols
from bathy.agent.index.parse_limits import is_unfit, parse

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_PARSED_CHARS = 1_500_000
"""Longer texts are outlined without a parser: they are data more often than code."""

MAX_LINE_CHARS = 20_000
"""Likewise texts with a longer line: a grammar may take very long over one."""

MAX_OUTLINE_LINES = 400
"""Outlines end here, in lines."""

_SMALL_BODY_LINES = 12
_HEADER_LINES = 8
_CONTAINERS = {"class", "interface", "struct", "enum", "impl", "module", "type"}
_WHOLE_IF_SMALL = {"struct", "enum", "type", "interface"}
_ONE_LINERS = {"constant", "variable", "field", "macro", "key", "table", "selector", "property"}
_NAME_FIELDS = ("name", "left", "key", "property", "declarator")
_WRAPPED = ("parenthesized_declarator", "reference_declarator")
_KEY_NODES = ("bare_key", "dotted_key", "quoted_key", "string", "object_reference")
_NO_SCOPES = (".prototype", "module.exports", "exports")
_SCRIPTS = {"javascript", "typescript", "tsx"}


@dataclass(frozen=True, slots=True)
class Definition:
    """Something that a file defines.

    Attributes:
        name: Without its container.
        kind: "function", "method", "class", "heading" and the like.
        start_line: 1-based; decorators count, comments above do not.
        end_line: 1-based, inclusive.
        container: Dotted names of the definitions around it; "" at the top.
    """

    name: str
    kind: str
    start_line: int
    end_line: int
    container: str


@dataclass(frozen=True, slots=True)
class Symbols:
    """What a file defines and uses.

    Attributes:
        definitions: By start line.
        references: (name, count) of names that are called, inherited, imported or used as types; by
            name.
        outline: (first, last) line ranges, 1-based, inclusive, ascending, disjoint.
        has_errors: The grammar could not make sense of all of it.
    """

    definitions: tuple[Definition, ...]
    references: tuple[tuple[str, int], ...]
    outline: tuple[tuple[int, int], ...]
    has_errors: bool


@dataclass(frozen=True, slots=True)
class Use:
    """One place where a name is called, inherited, imported or used as a type; `line` 1-based."""

    line: int
    name: str


@dataclass(frozen=True, slots=True)
class _Found:
    """A definition node, reduced to what is needed after the tree has gone."""

    kind: str
    name: str
    scope: str
    first: int
    last: int
    header_last: int
    is_outlined: bool


def extract_symbols(text: str, language: str) -> Symbols:
    """Find what a file defines and uses.

    Args:
        text: As shown; any text.
        language: As `language_of` names it; "" for unknown.

    Returns:
        The same for the same arguments; never raises, whatever the text.
    """
    return extract_uses(text, language)[0]


def extract_uses(text: str, language: str) -> tuple[Symbols, tuple[Use, ...]]:
    """Find what a file defines and uses, and where it uses it.

    Args:
        text: As shown; any text.
        language: As `language_of` names it; "" for unknown.

    Returns:
        The symbols, and the places of their references by line, then name. As for
        `extract_symbols`.
    """
    if not text:
        return Symbols((), (), (), has_errors=False), ()
    if language in PARSED and _is_worth_parsing(text, language):
        found = _parse(text, language)
        if found is not None:
            return found
    guessed = prose_symbols(text, language) or plain_symbols(text, language)
    lines = [line for line, *_ in guessed]
    definitions = tuple(
        Definition(name, kind, start, end, container)
        for start, end, name, kind, container in guessed
    )
    return Symbols(definitions, (), _ranges((line, line) for line in lines), has_errors=False), ()


def _is_worth_parsing(text: str, language: str) -> bool:
    too_long = len(text) > MAX_PARSED_CHARS or _longest_line(text) > MAX_LINE_CHARS
    return not too_long and not is_unfit(text, language)


def _longest_line(text: str) -> int:
    if len(text) <= MAX_LINE_CHARS:
        return len(text)
    return max(map(len, text.split("\n")))


def _parse(text: str, language: str) -> tuple[Symbols, tuple[Use, ...]] | None:
    """Find the symbols of a text in one of `PARSED`; None if that would take too long."""
    source = text.encode("utf-8", "replace")
    parsed = parse(source, language, load_grammar(language))
    if parsed is None:
        return None
    root, captures = parsed
    uses = sorted(
        (node.start_point.row + 1, _text(source, node)) for node in captures.pop("ref", ())
    )
    names = Counter(name for _, name in uses)
    lines = text.count("\n") + (0 if text.endswith("\n") else 1)
    found = [
        item
        for kind, nodes in captures.items()
        for node in nodes
        if (item := _found(source, kind, node, language, lines)) is not None
    ]
    # Of two captures of one place, such as a constant that holds a function, the last is dropped.
    # The captures come in any order, so the key tells all that differ apart.
    found.sort(
        key=lambda f: (
            *(f.first, -f.last, f.name, f.kind in _ONE_LINERS, f.kind),
            *(f.scope, f.header_last, f.is_outlined),
        )
    )
    definitions, shown = _nest(found)
    symbols = Symbols(
        tuple(definitions),
        tuple(sorted(names.items())),
        _ranges(shown),
        root.has_error,
    )
    return symbols, tuple(Use(line, name) for line, name in uses)


def _found(source: bytes, kind: str, node: "Node", language: str, lines: int) -> _Found | None:
    name, scope = _name(source, kind, node)
    if not name:
        return None
    outer = node.parent
    if outer is not None and outer.type in ("decorated_definition", "export_statement"):
        node_first = outer.start_point.row + 1
    else:
        node_first = node.start_point.row + 1
    last = _last_row(node) + 1
    # Constants that a module sets one way or another are found, and its outline does without.
    is_outlined = kind != "alternative"
    if not is_outlined:
        kind = "constant"
    elif kind == "assigned" or (kind == "property" and language in _SCRIPTS):
        kind = "function"
    header_last = last
    body = node.child_by_field_name("body")
    if body is None and (value := node.child_by_field_name("value")) is not None:
        body = value.child_by_field_name("body")
    if kind in _WHOLE_IF_SMALL and last - node_first < _SMALL_BODY_LINES:
        header_last = last
    elif body is not None:
        header_last = _header_last(body, language, node.start_point.row + 1)
    elif kind in _CONTAINERS or kind in ("function", "method"):
        header_last = min(last, node.start_point.row + 1)
    header_last = max(node_first, min(header_last, node_first + _HEADER_LINES, last))
    if kind in _ONE_LINERS:
        header_last = node_first
    last, node_first = min(last, lines), min(node_first, lines)
    return _Found(kind, name, scope, node_first, last, min(header_last, lines), is_outlined)


def _header_last(body: "Node", language: str, first: int) -> int:
    """Last line of a definition's header: before the body, or the line of its brace."""
    if language != "python":
        return body.start_point.row + 1
    opening = body.named_child(0) if body.named_child_count else None
    is_docstring = (
        opening is not None
        and opening.type == "expression_statement"
        and opening.named_child_count > 0
        and opening.named_child(0).type == "string"
    )
    row = body.start_point.row
    return max(first, row + 1 if is_docstring else row)


def _last_row(node: "Node") -> int:
    """Row of the last character; a node that ends at column 0 ends on the row before."""
    end = node.end_point
    return end.row - 1 if end.column == 0 and end.row > node.start_point.row else end.row


def _name(source: bytes, kind: str, node: "Node") -> tuple[str, str]:
    """(name, scope that the definition itself names) of a definition node; "" for neither."""
    if kind == "impl":
        named = node.child_by_field_name("type")
        return (_plain(_text(source, named)), "") if named is not None else ("", "")
    if kind == "selector":
        return (" ".join(_text(source, node.named_child(0)).split())[:80], "")
    named = _named(node)
    if named is None:
        return _key_name(source, node), ""
    if named.type in ("qualified_identifier", "member_expression"):
        whole = _text(source, named).replace("::", ".").replace(" ", "")
        scope, _, name = whole.rpartition(".")
        for part in _NO_SCOPES:
            scope = scope.removesuffix(part)
        return _plain(name), _plain(scope)
    scope = ""
    if kind == "method" and (receiver := node.child_by_field_name("receiver")) is not None:
        scope = _plain(_text(source, receiver).strip("()").rpartition(" ")[2].lstrip("*"))
    return _plain(_text(source, named)), scope


def _named(node: "Node") -> "Node | None":
    """The node that names a definition; C and C++ hide it under declarators."""
    fields = (node.child_by_field_name(field) for field in _NAME_FIELDS)
    named = next((child for child in fields if child is not None), None)
    if named is None:
        return None
    while True:
        inner = named.child_by_field_name("declarator")
        if inner is None and named.type == "variable_declarator":
            inner = named.child_by_field_name("name")
        if inner is None and named.type in _WRAPPED and named.named_child_count:
            inner = named.named_child(named.named_child_count - 1)
        if inner is None:
            return named
        named = inner


def _key_name(source: bytes, node: "Node") -> str:
    """Name of a key, table or statement of a configuration or SQL: its first telling child."""
    for index in range(min(node.named_child_count, 6)):
        child = node.named_child(index)
        if child.type in _KEY_NODES or child.type.endswith(("identifier", "scalar", "flow_node")):
            return _text(source, child).strip("\"'` ")[:80]
    return ""


def _plain(name: str) -> str:
    """A name without type parameters, on one line, of bounded length."""
    return name.partition("<")[0].partition("[")[0].strip().strip("\"'")[:200].partition("\n")[0]


def _text(source: bytes, node: "Node") -> str:
    start = node.start_byte
    return source[start : min(node.end_byte, start + 500)].decode("utf-8", "replace")


def _nest(found: list[_Found]) -> tuple[list[Definition], list[tuple[int, int]]]:
    """Give definitions their containers, and collect the line ranges of the outline."""
    definitions: list[Definition] = []
    shown: list[tuple[int, int]] = []
    open_: list[_Found] = []
    seen: set[tuple[int, int, str]] = set()
    for item in found:
        while open_ and not (item.first >= open_[-1].first and item.last <= open_[-1].last):
            open_.pop()
        place = (item.first, item.last, item.name)
        if place in seen:
            continue
        seen.add(place)
        around = [outer for outer in open_ if outer.kind not in _ONE_LINERS]
        container = ".".join(
            [*(outer.name for outer in around), *([item.scope] if item.scope else [])]
        )
        inner = bool(around) and around[-1].kind in _CONTAINERS
        kind = "method" if item.kind == "function" and inner else item.kind
        kind = "class" if kind == "impl" else kind
        definitions.append(Definition(item.name, kind, item.first, item.last, container))
        if item.is_outlined and all(outer.kind in _CONTAINERS for outer in open_):
            shown.append((item.first, item.header_last))
        open_.append(item)
    return definitions, shown


def _ranges(shown: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Merge ranges that touch; cut at `MAX_OUTLINE_LINES`."""
    merged: list[tuple[int, int]] = []
    lines = 0
    for first, last in sorted(shown):
        if merged and first <= merged[-1][1] + 1:
            last = max(last, merged[-1][1])
            lines += last - merged[-1][1]
            merged[-1] = (merged[-1][0], last)
        else:
            merged.append((first, last))
            lines += last - first + 1
        if lines >= MAX_OUTLINE_LINES:
            break
    return tuple(merged)
