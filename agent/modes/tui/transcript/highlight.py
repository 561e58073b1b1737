"""A line of code and the state in which it starts -> its tokens, and the state of the next line.

Pygments' own interface takes a whole text. Its regular lexers are driven here line by line with
their stack kept, so that a line is looked at once however long the block grows. What is lost are
the few rules that match over several lines; block comments, the common case, are seen to here.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from pygments.lexer import ExtendedRegexLexer, Lexer, RegexLexer  # type: ignore[import-untyped]
from pygments.lexers import get_all_lexers, get_lexer_by_name  # type: ignore[import-untyped]
from pygments.token import Token, _TokenType  # type: ignore[import-untyped]
from pygments.util import ClassNotFound  # type: ignore[import-untyped]

Tokens = list[tuple[_TokenType, str]]
State = tuple[str, ...]
Rules = Mapping[str, Any]

MOST_CHARS = 400
"""Of a line that is highlighted. A lexer may take quadratic time and more on odd lines."""

_COMMENT: State = ("", "*/")
"""In a block comment that a rule for several lines would have to find."""

_MOST_STATES = 50
_MOST_STEPS = 8
"""For each character; a rule that matches nothing and leads nowhere would be taken for ever."""

_FAULTS = (AttributeError, LookupError, TypeError, ValueError, AssertionError, RecursionError)
"""Of lexers, on odd text or because their own loop would have set something up."""


class Highlighter:
    """Knows one language."""

    def __init__(self, lexer: Lexer | None) -> None:
        self._lexer = lexer
        is_regular = isinstance(lexer, RegexLexer) and not isinstance(lexer, ExtendedRegexLexer)
        self._rules: Rules = lexer._tokens if is_regular else {}  # type: ignore[union-attr]
        self.start: State = ("root", "php") if "php" in self._rules else ("root",)

    def highlight(self, line: str, state: State) -> tuple[Tokens, State]:
        """Return the tokens of a line without its line feed, and the state behind it."""
        if self._lexer is None or len(line) > MOST_CHARS:
            return [(Token.Text, line)], state
        if state[:1] == ("",):
            return self._in_comment(line, state)
        try:
            return self._lex(self._lexer, line, state)
        except _FAULTS:
            return [(Token.Text, line)], state

    def _lex(self, lexer: Lexer, line: str, state: State) -> tuple[Tokens, State]:
        if not self._rules:
            return _trimmed(lexer.get_tokens(line), line), state
        stack = list(state)
        found = list(_drive(lexer, self._rules, f"{line}\n", stack))
        at = _open_comment(found)
        if at is not None:
            stack = list(state)
            found = list(_drive(lexer, self._rules, line[:at], stack))
            return [*found, (Token.Comment.Multiline, line[at:])], (*_COMMENT, *stack)
        return _trimmed(found, line), tuple(stack[:_MOST_STATES])

    def _in_comment(self, line: str, state: State) -> tuple[Tokens, State]:
        end = line.find("*/")
        if end < 0:
            return [(Token.Comment.Multiline, line)], state
        rest, behind = self.highlight(line[end + 2 :], state[2:])
        return [(Token.Comment.Multiline, line[: end + 2]), *rest], behind


def language_of(info: str) -> str:
    """Return the language in what a fence says; "" if it names none."""
    return info.split(maxsplit=1)[0] if info.strip() else ""


@lru_cache(maxsize=64)
def highlighter(language: str) -> Highlighter:
    """Return what highlights a language, by the name that a fence gives it; else what does not."""
    try:
        return Highlighter(get_lexer_by_name(language.lower(), stripnl=False, ensurenl=False))
    except ClassNotFound:
        return Highlighter(None)


def highlighter_of_file(name: str) -> Highlighter:
    """The same, by the name of a file."""
    suffix = name.rpartition(".")[2].lower()
    return highlighter(_languages().get(f"*.{suffix}", ""))


@lru_cache(maxsize=1)
def _languages() -> Mapping[str, str]:
    """Languages by the suffixes of their files.

    Pygments' own `get_lexer_for_filename` imports every lexer that may fit, which takes most of a
    second for "a.py".
    """
    found = dict[str, tuple[bool, int, str]]()
    for name, aliases, patterns, _ in get_all_lexers(plugins=False):
        for pattern in patterns if aliases else ():
            worse = (pattern[2:] not in aliases, len(name), aliases[0])
            found[pattern] = min(worse, found.get(pattern, worse))
    return {pattern: alias for pattern, (_, _, alias) in found.items()}


def _drive(
    lexer: Lexer, rules: Rules, text: str, stack: list[str]
) -> Iterator[tuple[_TokenType, str]]:
    """Lex a text; `stack` is where it begins, and afterwards where it ends.

    Source: pygments.lexer.RegexLexer.get_tokens_unprocessed (2.19), which keeps its stack to
    itself.
    """
    at, steps = 0, _MOST_STEPS * len(text)
    while at < len(text) and (steps := steps - 1) > 0:
        for match, action, follows in rules.get(stack[-1], rules["root"]):
            if found := match(text, at):
                if type(action) is _TokenType:
                    yield action, found.group()
                elif action is not None:
                    yield from ((kind, value) for _, kind, value in action(lexer, found))
                at = found.end()
                if follows is not None:
                    _move(stack, follows)
                break
        else:
            if text[at] == "\n":
                stack[:] = ["root"]
            yield (Token.Text if text[at].isspace() else Token.Error), text[at]
            at += 1
    yield Token.Text, text[at:]


def _move(stack: list[str], follows: tuple[str, ...] | int | str) -> None:
    if isinstance(follows, int):
        del stack[max(1, len(stack) - abs(follows)) :]
        return
    for state in follows if isinstance(follows, tuple) else (follows,):
        if state == "#pop":
            del stack[max(1, len(stack) - 1) :]
        else:
            stack.append(stack[-1] if state == "#push" else state)


def _open_comment(tokens: Tokens) -> int | None:
    """Where a block comment starts that does not end on the line."""
    at, before = 0, ""
    for kind, text in tokens:
        is_code = kind not in Token.Literal and kind not in Token.Comment
        if is_code and before == "/" and text.startswith("*"):
            return at - 1
        if kind in Token.Comment and text.startswith("/*") and not text.rstrip().endswith("*/"):
            return at
        at += len(text)
        before = text[-1:] if is_code else ""
        if is_code and text.endswith("/*"):
            return at - 2
    return None


def _cut(tokens: Iterable[tuple[_TokenType, str]], size: int) -> Tokens:
    kept = Tokens()
    for kind, text in tokens:
        if size <= 0:
            break
        kept.append((kind, text[:size]))
        size -= len(text)
    return kept


def _trimmed(tokens: Iterable[tuple[_TokenType, str]], line: str) -> Tokens:
    """Tokens without the line feed; as plain text if a lexer has changed the line."""
    kept = _cut(tokens, len(line))
    same = "".join(text for _, text in kept) == line
    return kept if same else [(Token.Text, line)]
