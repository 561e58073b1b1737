"""Lines of a file -> what each part of them is, as pygments sees it, a few lines at a time.

Lexing goes from the first line on and stops where nobody looks, so a long file opens at once and
its colours follow. A lexer that has to see the whole file first is given small files only.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from bathy.agent.index.files import language_of
from bathy.agent.modes.tui.viewer.cells import MOST_CHARS

KINDS = ("keyword", "name", "string", "number", "comment", "operator")
"""What is told apart."""

Part = tuple[int, int, str]
"""Characters of a line from an index to before another, and their kind."""

_MOST_CHARS_AT_ONCE = 200_000
_KIND_BY_TOKEN = {
    "Comment": "comment",
    "Keyword": "keyword",
    "Literal.Number": "number",
    "Literal.String": "string",
    "Name.Attribute": "name",
    "Name.Class": "name",
    "Name.Decorator": "name",
    "Name.Function": "name",
    "Name.Tag": "name",
    "Operator.Word": "keyword",
    "Operator": "operator",
}
_OTHER_NAMES = {"notebook": "json", "assembly": "nasm", "vb": "vb.net", "gomod": "go"}


class Highlighter:
    """The parts of a file's lines, from the first line on."""

    def __init__(self, path: str, lines: Sequence[str]) -> None:
        """Begin; nothing is read of the lines yet.

        Args:
            path: Repository-relative; its name tells the language.
            lines: Without line ends.
        """
        self._path = path
        self._lines = lines
        self._parts: list[list[Part]] = [[]]
        self._tokens: Iterator[tuple[int, Any, str]] | None = None
        self._is_over = False

    @property
    def done(self) -> int:
        """Number of lines that are ready, from the first on."""
        return len(self._lines) if self._is_over else len(self._parts) - 1

    def parts(self, index: int) -> Sequence[Part]:
        """Return what a line, 0-based, is made of; () for one that is not ready."""
        return tuple(self._parts[index]) if index < min(self.done, len(self._parts)) else ()

    def load(self) -> None:
        """Find the lexer, which takes a moment the first time; may be called in another thread."""
        if self._tokens is None:
            self._tokens = _tokens_of(self._path, self._lines)

    def advance(self, count: int) -> None:
        """Make about so many lines more ready; does nothing when all are."""
        self.load()
        assert self._tokens is not None
        goal = self.done + count
        column = self._parts[-1][-1][1] if self._parts[-1] else 0
        while not self._is_over and self.done < goal:
            token = next(self._tokens, None)
            if token is None:
                self._is_over = True
                return
            column = self._take(column, token)

    def _take(self, column: int, token: tuple[int, Any, str]) -> int:
        _, kind, value = token[0], _kind_of(token[1]), token[2]
        first, *others = value.split("\n")
        for number, text in enumerate((first, *others)):
            if number:
                self._parts.append([])
                column = 0
            if text:
                self._parts[-1].append((column, column + len(text), kind))
                column += len(text)
        return column


@lru_cache(maxsize=512)
def _kind_of(token: Any) -> str:  # noqa: ANN401 - pygments has no types
    names = tuple(token)
    for size in range(len(names), 0, -1):
        kind = _KIND_BY_TOKEN.get(".".join(names[:size]))
        if kind is not None:
            return kind
    return ""


def _tokens_of(path: str, lines: Sequence[str]) -> Iterator[tuple[int, Any, str]]:
    from pygments.lexer import DelegatingLexer  # type: ignore[import-untyped]
    from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]
    from pygments.util import ClassNotFound  # type: ignore[import-untyped]

    language = language_of(path, lines[0][:200] if lines else "")
    try:
        lexer = get_lexer_by_name(_OTHER_NAMES.get(language, language))
    except ClassNotFound:
        return iter(())
    text = "\n".join(line[:MOST_CHARS] for line in lines)
    if isinstance(lexer, DelegatingLexer) and len(text) > _MOST_CHARS_AT_ONCE:
        return iter(())
    tokens: Iterator[tuple[int, Any, str]] = lexer.get_tokens_unprocessed(text)
    return tokens
