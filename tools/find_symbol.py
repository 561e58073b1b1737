"""A name -> where the repository defines it, or where it uses it.

git finds the files that hold the name as a word; the files' symbols say which of these lines define
it. So no table of all symbols is needed, and files that no grammar knows still give references.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from bathy.tools.base import (
    RepoView,
    Symbol,
    Tool,
    ToolError,
    ToolResult,
    count_of,
    description_of,
    shorten,
    split_lines,
)
from bathy.tools.grep import Grep, find_places
from bathy.tools.paths import resolve_folder
from bathy.tools.workspace import encode_path, quote_path
from pydantic import BaseModel, ConfigDict, Field

MOST_RESULTS = 60
"""Places shown at most."""

_MOST_FILES = 400
_SEPARATORS = re.compile(r"::|\.|#|->|/")


class FindSymbol(BaseModel):
    """What the model may ask for."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="name, qualified or not: register, Blueprint.register")
    kind: Literal["definition", "reference"] = Field(
        default="definition", description="where it is defined (if left out), or where it is used"
    )
    path: str = Field(default="", description="a file or folder to look in")


Found = tuple[str, Symbol]
"""A path and what it defines there."""


def find_symbol(args: FindSymbol, view: RepoView) -> ToolResult:
    """Show definitions with their first line, or the lines that use the name."""
    places = _places(args, view)
    found = list(_definitions(args.name, places, view))
    if args.kind == "reference":
        return _references(args.name, places, found, view)
    if not found:
        total = sum(map(len, places.values()))
        where = f"{count_of(total, 'line')} of {count_of(len(places), 'file')}"
        hint = f"; the word stands on {where}, try kind=reference"
        raise ToolError(f"nothing named {args.name!r} is defined here{hint * bool(total)}")
    rows = [
        f"{_where(path, symbol)} {symbol.kind} {_qualified(symbol)}\n{_head(view, path, symbol)}"
        for path, symbol in found[:MOST_RESULTS]
    ]
    footer = f"[{count_of(len(found), 'definition')}"
    footer += f", the first {MOST_RESULTS} shown; give path]" if len(found) > MOST_RESULTS else "]"
    return ToolResult("\n".join((*rows, footer)), count_of(len(found), "definition"))


def find_raw(args: FindSymbol, view: RepoView) -> bytes:
    """Give `path:line` of every definition or use, one a line."""
    places = _places(args, view)
    found = list(_definitions(args.name, places, view))
    pairs = [(path, symbol.start_line) for path, symbol in found]
    if args.kind == "reference":
        defined = set(pairs)
        every = ((path, n) for path, numbers in places.items() for n in numbers)
        pairs = [pair for pair in every if pair not in defined]
    return b"".join(b"%s:%d\n" % (encode_path(path), line) for path, line in pairs)


def _places(args: FindSymbol, view: RepoView) -> dict[str, list[int]]:
    """Lines that hold the last part of the name as a word."""
    last = _parts(args.name)[-1]
    wanted = frozenset(resolve_folder(view, args.path))
    return find_places(view, Grep(pattern=last, fixed=True, word=True), wanted)[0]


def _parts(name: str) -> list[str]:
    bare = name.strip().strip("`'\"").partition("(")[0]
    parts = [part for part in _SEPARATORS.split(bare) if part]
    if not parts:
        raise ToolError("name must be the name of a function, class, type or constant")
    return parts


def _definitions(name: str, places: Mapping[str, Sequence[int]], view: RepoView) -> Iterator[Found]:
    """Definitions whose qualified name ends in the parts given; a module may be the first part."""
    *outer, last = _parts(name)
    for path in list(places)[:_MOST_FILES]:
        for symbol in view.symbols(path):
            if symbol.name != last:
                continue
            around = [*_module(path), *filter(None, symbol.container.split("."))]
            if not outer or around[-len(outer) :] == outer:
                yield path, symbol


def _module(path: str) -> list[str]:
    parts = path.rpartition(".")[0].split("/")
    return parts[:-1] if parts[-1] in ("__init__", "index", "mod") else parts


def _references(
    name: str, places: Mapping[str, Sequence[int]], found: Sequence[Found], view: RepoView
) -> ToolResult:
    defined = {(path, symbol.start_line) for path, symbol in found}
    uses = [(p, n) for p, numbers in places.items() for n in numbers if (p, n) not in defined]
    if not uses:
        raise ToolError(f"no line uses {name!r}; check the spelling with grep and ignore_case")
    rows, before = list[str](), ""
    lines: Sequence[str] = ()
    for path, number in uses[:MOST_RESULTS]:
        if path != before:
            rows.append(quote_path(path))
            lines, before = split_lines(view.shown(path)), path
        if number <= len(lines):
            rows.append(f"{number}:{shorten(lines[number - 1])}")
    files = len({path for path, _ in uses})
    footer = f"[{count_of(len(uses), 'line')} of {count_of(files, 'file')}"
    footer += f", the first {MOST_RESULTS} shown; give path]" if len(uses) > MOST_RESULTS else "]"
    return ToolResult("\n".join((*rows, footer)), count_of(len(uses), "use"))


def _where(path: str, symbol: Symbol) -> str:
    return f"[{quote_path(path)}:{symbol.start_line}-{symbol.end_line}]"


def _qualified(symbol: Symbol) -> str:
    return f"{symbol.container}.{symbol.name}" if symbol.container else symbol.name


def _head(view: RepoView, path: str, symbol: Symbol) -> str:
    lines = split_lines(view.shown(path))
    if symbol.start_line > len(lines):
        return ""
    return f"{symbol.start_line}\t{shorten(lines[symbol.start_line - 1])}"


FIND_SYMBOL = Tool("find_symbol", description_of(__file__), FindSymbol, find_symbol, find_raw)
"""The tool."""
