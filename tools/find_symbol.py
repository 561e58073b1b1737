"""A name -> where the repository defines it, or where it uses it.

git finds the files that hold the name as a word; the files' symbols say which of these lines define
it. So no table of all symbols is needed, and files that no grammar knows still give references.
Files may have to be parsed for their symbols, so those with a line that looks like a definition
come first, and it is said where not all were looked at.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
from bathy.tools.grep import Grep, find_places, quote
from bathy.tools.paths import resolve_folder
from bathy.tools.workspace import encode_path, quote_path
from pydantic import BaseModel, ConfigDict, Field

MOST_RESULTS = 60
"""Places shown at most."""

MOST_FILES = 400
"""Files whose symbols are looked at for one name."""

_FEW_FILES = 12
"""So many are sooner parsed than searched again."""

_NAME = r"(?<!\w)NAME(?!\w)"
_KEYWORD = (
    r"\b(?:class|def|func|function|fn|fun|sub|proc|procedure|macro|define|macro_rules!|struct|union"
    r"|interface|type|typedef|record|trait|impl|enum|protocol|extension|module|mod|namespace"
    r"|package|object|const|let|var|val|static|table|view)\b.*" + _NAME
)
_ASSIGNED = _NAME + r"""["'`\]?!]?\s*[:=](?!=)"""
_WITH_ARGUMENTS = _NAME + r"\s*[(<][^;]*$"
_PYTHON = (".py", ".pyi")
"""Files in which every definition has a keyword or is assigned."""

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


@dataclass(frozen=True, slots=True)
class _Uses:
    """Where a name stands.

    Attributes:
        places: Lines that hold it as a word.
        is_whole: These are all.
        looked_at: Files to look for definitions in, in byte order.
        candidates: Files that may define it, of which these are the likeliest.
    """

    places: Mapping[str, Sequence[int]]
    is_whole: bool
    looked_at: Sequence[str]
    candidates: int

    @property
    def unseen(self) -> str:
        """What was not looked at, as the end of a sentence; "" if all was."""
        if len(self.looked_at) < self.candidates:
            files = f"{len(self.looked_at)} of the {self.candidates} files that may define it"
            return f"; only {files} were looked at, give path"
        return "" if self.is_whole else "; it stands on too many lines to look at all, give path"


def find_symbol(args: FindSymbol, view: RepoView) -> ToolResult:
    """Show definitions with their first line, or the lines that use the name."""
    uses = _uses(args, view)
    found = list(_definitions(args.name, uses.looked_at, view))
    if args.kind == "reference":
        return _references(args.name, uses, found, view)
    if not found:
        total = sum(map(len, uses.places.values()))
        where = f"{count_of(total, 'line')} of {count_of(len(uses.places), 'file')}"
        where = where if uses.is_whole else f"at least {where}"
        hint = f"; the word stands on {where}, try kind=reference" * bool(total)
        raise ToolError(f"nothing named {args.name!r} is defined here{uses.unseen}{hint}")
    rows = [
        f"{_where(path, symbol)} {symbol.kind} {_qualified(symbol)}\n{_head(view, path, symbol)}"
        for path, symbol in found[:MOST_RESULTS]
    ]
    footer = f"[{count_of(len(found), 'definition')}"
    footer += f", the first {MOST_RESULTS} shown; give path" * (len(found) > MOST_RESULTS)
    text = "\n".join((*rows, f"{footer}{uses.unseen}]"))
    return ToolResult(text, count_of(len(found), "definition"))


def find_raw(args: FindSymbol, view: RepoView) -> bytes:
    """Give `path:line` of every definition or use, one a line."""
    uses = _uses(args, view)
    found = list(_definitions(args.name, uses.looked_at, view))
    pairs = [(path, symbol.start_line) for path, symbol in found]
    if args.kind == "reference":
        defined = set(pairs)
        every = ((path, n) for path, numbers in uses.places.items() for n in numbers)
        pairs = [pair for pair in every if pair not in defined]
    return b"".join(b"%s:%d\n" % (encode_path(path), line) for path, line in pairs)


def _uses(args: FindSymbol, view: RepoView) -> _Uses:
    """Find the lines that hold the last part of the name, and the files that may define it."""
    last = _parts(args.name)[-1]
    wanted = frozenset(resolve_folder(view, args.path))
    places, is_whole = find_places(view, Grep(pattern=last, fixed=True, word=True), wanted)
    if is_whole and len(places) <= _FEW_FILES:
        return _Uses(places, is_whole, tuple(places), len(places))
    likely = _files_with((_KEYWORD, _ASSIGNED), last, view, wanted)
    others = [p for p in places if p not in likely and not p.endswith(_PYTHON)]
    if len(likely) + len(others) > MOST_FILES:
        called = _files_with((_WITH_ARGUMENTS,), last, view, frozenset(others))
        others.sort(key=lambda path: path not in called)
    candidates = [*likely, *others]
    looked_at = sorted(candidates[:MOST_FILES], key=encode_path)
    return _Uses(places, is_whole, looked_at, len(candidates))


def _files_with(
    shapes: Iterable[str], name: str, view: RepoView, wanted: frozenset[str]
) -> dict[str, None]:
    """Files with lines of these shapes, those of the first shape first."""
    literal = quote(name)
    searches = (Grep(pattern=shape.replace("NAME", literal)) for shape in shapes)
    return dict.fromkeys(path for args in searches for path in find_places(view, args, wanted)[0])


def _parts(name: str) -> list[str]:
    bare = name.strip().strip("`'\"").partition("(")[0]
    parts = [part for part in _SEPARATORS.split(bare) if part]
    if not parts:
        raise ToolError("name must be the name of a function, class, type or constant")
    return parts


def _definitions(name: str, paths: Iterable[str], view: RepoView) -> Iterator[Found]:
    """Definitions whose qualified name ends in the parts given; a module may be the first part."""
    *outer, last = _parts(name)
    for path in paths:
        for symbol in view.symbols(path):
            if symbol.name != last:
                continue
            around = [*_module(path), *filter(None, symbol.container.split("."))]
            if not outer or around[-len(outer) :] == outer:
                yield path, symbol


def _module(path: str) -> list[str]:
    parts = path.rpartition(".")[0].split("/")
    return parts[:-1] if parts[-1] in ("__init__", "index", "mod") else parts


def _references(name: str, known: _Uses, found: Sequence[Found], view: RepoView) -> ToolResult:
    defined = {(path, symbol.start_line) for path, symbol in found}
    uses = [(p, n) for p, numbers in known.places.items() for n in numbers if (p, n) not in defined]
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
    at_least = "at least " * (not known.is_whole)
    footer = f"[{at_least}{count_of(len(uses), 'line')} of {count_of(files, 'file')}"
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
