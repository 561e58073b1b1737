"""Language -> grammar and query, loaded when the first file of that language is parsed."""

import functools
import importlib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language, Query

_MODULES = {
    "bash": ("tree_sitter_bash", "language"),
    "c": ("tree_sitter_c", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
    "csharp": ("tree_sitter_c_sharp", "language"),
    "css": ("tree_sitter_css", "language"),
    "go": ("tree_sitter_go", "language"),
    "java": ("tree_sitter_java", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "json": ("tree_sitter_json", "language"),
    "php": ("tree_sitter_php", "language_php"),
    "python": ("tree_sitter_python", "language"),
    "ruby": ("tree_sitter_ruby", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "sql": ("tree_sitter_sql", "language"),
    "toml": ("tree_sitter_toml", "language"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "yaml": ("tree_sitter_yaml", "language"),
}
_BUILT_ON = {"tsx": ("typescript",)}
PARSED = frozenset(_MODULES)
"""Languages with a grammar and a query."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """A grammar and what is asked of its trees."""

    language: "Language"
    query: "Query"


@functools.cache
def load_grammar(language: str) -> Grammar:
    """Load the grammar and the query of a language of `PARSED`.

    The query captures whole definitions under the name of their kind, and names that are used as
    `@ref`.
    """
    from tree_sitter import Language, Query

    module, function = _MODULES[language]
    grammar = Language(getattr(importlib.import_module(module), function)())
    folder = resources.files("bathy.agent.index").joinpath("queries")
    names = (*_BUILT_ON.get(language, ()), language)
    source = "\n".join(folder.joinpath(f"{n}.scm").read_text(encoding="utf-8") for n in names)
    return Grammar(grammar, Query(grammar, source))
