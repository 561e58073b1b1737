"""Outlines without a parser: headings of prose, and lines that look like definitions elsewhere."""

import re
from collections.abc import Iterator

Heading = tuple[int, int, str, str, str]
"""(start line, end line, name, kind, container)."""

_MOST = 400
_MAX_LINE_CHARS = 1_000

_MARKDOWN = re.compile(r" {0,3}(#{1,6})[ \t]+(.{1,200}?)[ \t#]*$")
_FENCE = re.compile(r" {0,3}(```|~~~)")
_HTML = re.compile(r"<h([1-6])\b[^>]{0,300}>(.{1,300}?)</h\1>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]{0,300}>")
_RST_RULE = re.compile(r"([=\-~^\"'`#*+.:_!$%&,/;<>?@|])\1{2,}\s*$")
_CODE = re.compile(
    r"(?P<indent>[ \t]{0,12})(?:(?:export|public|private|protected|internal|static|final|abstract"
    r"|override|open|sealed|data|pub|async|inline|local|partial|virtual|suspend|inline|def|defp|type)\s{1,4}){0,4}"
    r"(?P<word>class|interface|trait|struct|enum|object|module|namespace|protocol|extension|func|fun"
    r"|function|def|defp|defmodule|defmacro|sub|proc|procedure|message|service|rpc|fn|let|type|macro"
    r"|subroutine|component|contract|impl)\s{1,4}(?P<name>[A-Za-z_][\w.:?!-]{0,100})"
)
_KINDS = {
    "class": "class", "interface": "interface", "trait": "interface", "struct": "struct",
    "enum": "enum",
    "object": "class", "module": "module", "namespace": "module", "protocol": "interface",
    "extension": "class", "defmodule": "module", "message": "struct", "service": "interface",
    "type": "type", "macro": "macro", "contract": "class", "impl": "class", "component": "class",
    "let": "constant",
}  # fmt: skip
_PROSE = {"markdown", "rst", "html"}
_NO_CODE = {"", "make", "dockerfile", "gomod", "batch", "template"}


def prose_symbols(text: str, language: str) -> list[Heading]:
    """Find the headings of Markdown, reStructuredText or HTML.

    Args:
        text: Any text.
        language: Others than those three give [].

    Returns:
        Headings by line; each ends where the next of the same or a higher level starts, and its
        container names those around it.
    """
    if language not in _PROSE:
        return []
    lines = text.split("\n")
    last = len(lines) - 1 if lines[-1] == "" else len(lines)
    find = {"markdown": _markdown, "rst": _rst, "html": _html}[language]
    headings = [h for _, h in zip(range(_MOST), find(lines), strict=False)]
    found: list[Heading] = []
    around: list[tuple[int, str]] = []
    for at, (line, level, name) in enumerate(headings):
        while around and around[-1][0] >= level:
            around.pop()
        end = next((n - 1 for n, lv, _ in headings[at + 1 :] if lv <= level), last)
        container = ".".join(title for _, title in around)
        found.append((line, max(line, end), name, "heading", container[:300]))
        around.append((level, name))
    return found


def _markdown(lines: list[str]) -> Iterator[tuple[int, int, str]]:
    fence = ""
    for number, line in enumerate(lines, 1):
        mark = _FENCE.match(line)
        if mark is not None:
            fence = "" if fence == mark[1] else fence or mark[1]
        elif not fence and (heading := _MARKDOWN.match(line[:_MAX_LINE_CHARS])) is not None:
            yield number, len(heading[1]), heading[2].strip()
        elif (
            not fence
            and number > 1
            and re.fullmatch(r"(=|-){3,}\s*", line[:200])
            and re.match(r"\w", lines[number - 2])
            and (number < 3 or not lines[number - 3].strip())
        ):
            yield number - 1, 1 if line[0] == "=" else 2, lines[number - 2].strip()[:200]


def _rst(lines: list[str]) -> Iterator[tuple[int, int, str]]:
    """A title is a line with a rule of at least its length below; levels go by first use."""
    levels: dict[str, int] = {}
    for at in range(len(lines) - 1):
        title, rule = lines[at].rstrip(), lines[at + 1].rstrip()
        if not title or title[0].isspace() or len(title) > 200 or not _RST_RULE.match(rule):
            continue
        if len(rule) < len(title) or _RST_RULE.match(title):
            continue
        over = at > 0 and lines[at - 1].rstrip() == rule
        level = levels.setdefault(rule[0] + ("o" if over else ""), len(levels) + 1)
        yield at + 1, level, title


def _html(lines: list[str]) -> Iterator[tuple[int, int, str]]:
    for number, line in enumerate(lines, 1):
        for found in _HTML.finditer(line[: _MAX_LINE_CHARS * 10]):
            yield number, int(found[1]), _TAG.sub("", found[2]).strip()


def plain_symbols(text: str, language: str) -> list[Heading]:
    """Find lines that look like definitions in a language without a grammar.

    Args:
        text: Any text.
        language: Decides nothing but that build files and unknown text have no definitions.

    Returns:
        One entry a line, each ending where the next one of its indentation or less starts.
    """
    if language in _NO_CODE or language in _PROSE:
        return []
    lines = text.split("\n")
    last = len(lines) - 1 if lines[-1] == "" else len(lines)
    found: list[tuple[int, int, str, str]] = []
    for number, line in enumerate(lines, 1):
        match = _CODE.match(line[:_MAX_LINE_CHARS])
        if match is not None:
            kind = _KINDS.get(match["word"], "function")
            found.append((number, len(match["indent"]), match["name"], kind))
            if len(found) == _MOST:
                break
    return _ended(found, last)


def _ended(found: list[tuple[int, int, str, str]], last: int) -> list[Heading]:
    """Give every definition the line before the next one that is not deeper as its end."""
    ends = [last] * len(found)
    open_: list[int] = []
    for at, (line, indent, _, _) in enumerate(found):
        while open_ and found[open_[-1]][1] >= indent:
            ends[open_.pop()] = line - 1
        open_.append(at)
    return [(f[0], max(f[0], end), f[2], f[3], "") for f, end in zip(found, ends, strict=True)]
