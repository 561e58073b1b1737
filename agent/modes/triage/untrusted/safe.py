"""What strangers or models write -> GitHub Markdown in which nothing acts.

The text is not cleaned but written anew from what it shows: words escaped, whatever GitHub would
act on put into code. So that no mistake of a parser matters, no piece of markup of the text is
ever copied.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from bathy.agent.modes.triage.untrusted.inert import inert_code_block, seen_end
from bathy.agent.modes.triage.untrusted.inline import Links, Rules, inline
from bathy.agent.modes.triage.untrusted.invisible import strip_invisible

__all__ = ["Links", "safe_line", "safe_text"]

_FENCE = re.compile(r"\s*(?P<mark>`{3,}(?=[^`]*$)|~{3,})[ \t]*(?P<lang>[\w+#-]{0,20})")
_FRONT = re.compile(r"\s*(?:>\s?|#{1,6}(?=\s))")
_ITEM = re.compile(r"(?P<indent>[ \t]*)(?:[-*+]|(?P<number>\d{1,9})[.)])[ \t]+(?=\S)")
_TICKS = re.compile(r"`+")
LANGUAGES = frozenset({
    "python", "py", "pycon", "pytb", "javascript", "js", "jsx", "typescript", "ts", "tsx", "text",
    "txt", "console", "shell", "sh", "bash", "zsh", "diff", "json", "yaml", "yml", "toml", "ini",
    "xml", "html", "css", "scss", "c", "cpp", "csharp", "cs", "java", "kotlin", "swift", "scala",
    "go", "rust", "rs", "ruby", "rb", "php", "perl", "lua", "r", "sql", "dockerfile", "makefile",
    "markdown", "md", "powershell", "vue", "svelte", "elixir", "erlang", "haskell",
})  # fmt: skip
"""Others are dropped: GitHub draws diagrams, maps and suggestions out of some."""

_MOST_INDENT = 8
_CUT = "…"


def safe_line(text: str, most: int = 280) -> str:
    """Write a text as one line of Markdown in which nothing acts.

    Args:
        text: Anything.
        most: Characters of the line, from 20 on.

    Returns:
        A line without links, also fit for a cell of a table, "" for a blank text. The same for the
        same arguments.
    """
    text = " ".join(strip_invisible(text[: most * 8])[0].split())
    return _Room.of(most).fit(inline(text, Rules(is_cell=True)))


def safe_text(text: str, links: Links, most: int = 4000, *, numbers: Collection[int] = ()) -> str:
    """Write a text as Markdown in which nothing acts.

    Paragraphs, lists, code spans and fenced code stay. There are no images, HTML, mentions, closing
    keywords, commands or references in it, and no links but to the repository's own pages.

    Args:
        text: Markdown, or anything.
        links: What may be linked to.
        most: Characters of the result, from 100 on.
        numbers: Issues of the repository that may be referred to.

    Returns:
        Markdown without an LF at its end; longer texts end with "…", after a closed fence.
    """
    room, out, before = _Room.of(most), list[str](), ""
    rules = Rules(links, frozenset(numbers))
    lines = strip_invisible(text[: most * 8])[0].split("\n")
    for block in _blocks(lines):
        if isinstance(block, _Code):
            part = _code(block, room)
        else:
            part = _prose(block, rules, room, before)
            # What is written, since entities of the text may hide what it says.
            before = seen_end(before, part)
        is_blank = not part
        if not (is_blank and (not out or not out[-1])):
            out.append(part)
            room.take(1)
        if room.is_full:
            break
    return "\n".join(out).strip("\n")


@dataclass(frozen=True, slots=True)
class _Code:
    language: str
    lines: tuple[str, ...]


@dataclass(slots=True)
class _Room:
    """Characters that are left; full from the first thing on that did not fit.

    A mark at the end, and the two LFs that may stand in front of it, are kept in reserve.
    """

    left: int
    is_full: bool = False

    @classmethod
    def of(cls, most: int) -> "_Room":
        return cls(most - len(_CUT) - 2)

    def take(self, count: int) -> None:
        self.left -= count

    def fit(self, words: Iterator[str], front: str = "") -> str:
        """Join words as long as they fit; a mark says that there were more."""
        parts, used = list[str](), len(front)
        for word in words:
            if used + len(word) > self.left:
                self.is_full = True
                front = front if parts else ""
                parts.append(_CUT)
                break
            parts.append(word)
            used += len(word) + 1
        line = front + " ".join(parts) if parts else ""
        self.left -= len(line)
        return line


def _blocks(lines: list[str]) -> Iterator["str | _Code"]:
    at = 0
    while at < len(lines):
        opened = _FENCE.match(lines[at])
        if opened is None:
            yield lines[at]
            at += 1
            continue
        mark, end = opened["mark"], at + 1
        while end < len(lines) and not _closes(lines[end], mark):
            end += 1
        language = opened["lang"].lower()
        known = language if language in LANGUAGES else ""
        yield _Code(known, tuple(lines[at + 1 : end]))
        at = end + 1


def _closes(line: str, mark: str) -> bool:
    bare = line.strip()
    return bare.startswith(mark) and not bare.strip(mark[0])


def _prose(line: str, rules: Rules, room: _Room, before: str) -> str:
    """Write a line; quotes and headings become plain, since they would hold more markup."""
    while found := _FRONT.match(line):
        line = line[found.end() :]
    front, item = "", _ITEM.match(line)
    if item:
        indent = min(len(item["indent"].expandtabs(4)), _MOST_INDENT)
        front = " " * indent + (f"{item['number']}. " if item["number"] else "- ")
        line = line[item.end() :]
    return room.fit(inline(line, rules, before), front)


def _code(block: _Code, room: _Room) -> str:
    lines = inert_code_block("\n".join(block.lines)).rstrip("\n").split("\n")
    longest = max((len(ticks) for line in lines for ticks in _TICKS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    room.take(2 * len(fence) + len(block.language) + 1)
    kept = list[str]()
    for line in lines:
        if len(line) + 1 > room.left:
            room.is_full = True
            break
        kept.append(line)
        room.take(len(line) + 1)
    if room.left < 0:
        room.is_full = True
        return _CUT
    behind = f"\n{_CUT}" if room.is_full else ""
    return "\n".join([fence + block.language, *kept, fence]) + behind
