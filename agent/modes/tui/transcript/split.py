"""A growing Markdown text -> finished parts that never change, and a live rest.

Parts are cut at the boundaries of top-level blocks, lists also between their items, fenced code
after some lines. A line is looked at once, when its line feed has come, so the parts do not depend
on the chunks in which the text comes. Where a cut is doubtful, none is made: parts that are too
long are right, parts that are too short are not.

Source: CommonMark 0.31; the rules for what may interrupt a paragraph are its sections 4 and 5.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from typing import Literal

FENCE_LINES = 10
"""Lines of code in a part: what is highlighted again while the code grows."""

Kind = Literal["text", "item", "code"]

_FENCE = re.compile(r"^( {0,3})(`{3,}(?=[^`]*$)|~{3,})(.*)$")
_HEADING = re.compile(r"^ {0,3}#{1,6}(?:[ \t]|$)")
_RULE = re.compile(r"^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
_UNDERLINE = re.compile(r"^ {0,3}(?:=+|-+)[ \t]*$")
_ITEM = re.compile(r"^( {0,3})([-*+]|(\d{1,9})[.)])([ \t]+|$)(.*)$")
_QUOTE = re.compile(r"^ {0,3}>")
_MOST_BLANKS = 4
"""More blanks behind the marker of an item belong to an indented block in it."""


_MOST_CHARS = 200
"""Of a line that are looked at for what it is made of."""


@dataclass(frozen=True, slots=True)
class Fence:
    """How a fenced block opens; `id` tells it from others of the same text."""

    id: int
    indent: int
    mark: str
    info: str

    def is_closed_by(self, line: str) -> bool:
        """Tell whether a line closes the block."""
        bare = line.strip()
        is_mark = len(bare) >= len(self.mark) and not bare.strip(self.mark[0])
        return is_mark and _indent(line) <= 3


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text.

    Attributes:
        text: Source, with the empty lines around it.
        kind: What it is; "text" is anything that is neither an item of a list nor fenced.
        gap: Whether it stands apart from what is above it.
        fence: Of code.
        part: Of code: 0 for the lines with which the block opens.
    """

    text: str
    kind: Kind
    gap: bool
    fence: Fence | None = None
    part: int = 0


class Splitter:
    """Takes a text in chunks and gives its parts."""

    def __init__(self, fence_ids: Iterator[int] | None = None) -> None:
        self._ids = fence_ids or count(1)
        self._lines: list[str] = []
        self._rest = ""
        self._kind: Kind | Literal[""] = ""
        self._is_quote = self._is_indented = False
        self._offset = 0
        self._is_hollow = self._is_over = self._has_paragraph = False
        self._inner: Fence | None = None
        self._fence = Fence(0, 0, "", "")
        self._part = 0
        self._blank_above = True
        self._done: list[Piece] = []

    def feed(self, text: str) -> list[Piece]:
        """Take more text; return the parts that are finished by it."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._take(line)
        done, self._done = self._done, []
        return done

    def end(self) -> list[Piece]:
        """Return what is left, as finished: one part or none."""
        piece = self.tail
        self._lines, self._rest, self._kind = [], "", ""
        return [piece] if piece else []

    @property
    def tail(self) -> Piece | None:
        """What is not finished yet; None if that is nothing."""
        text = "".join(self._lines) + self._rest
        return self._piece(text) if text else None

    def _take(self, line: str) -> None:
        bare = line.removesuffix("\r")
        if self._kind == "code":
            self._take_code(line, bare)
        elif self._kind == "item" and self._stays_in_item(bare):
            self._lines.append(line + "\n")
        elif self._kind == "text" and self._stays_in_text(bare):
            self._lines.append(line + "\n")
            if (not bare.strip() and not self._is_indented) or self._is_underline(bare):
                self._cut()
        else:
            if self._kind:
                self._cut()
            self._open(line, bare)

    def _open(self, line: str, bare: str) -> None:
        self._lines.append(line + "\n")
        if not bare.strip():
            return
        if fence := self._opening(bare):
            self._kind, self._fence, self._part = "code", fence, 0
        elif _HEADING.match(bare) or _RULE.match(bare):
            self._kind = "text"
            self._cut()
        elif item := _ITEM.match(bare):
            self._kind = "item"
            blanks = len(item[4].expandtabs(4))
            is_plain = item[5] and blanks <= _MOST_BLANKS
            self._offset = len(item[1]) + len(item[2]) + (blanks if is_plain else 1)
            self._inner = self._opening(item[5].lstrip())
            self._is_hollow, self._is_over = not item[5].strip(), False
            self._has_paragraph = _leaves_paragraph(item[5])
        else:
            self._kind, self._is_quote = "text", bool(_QUOTE.match(bare))
            self._is_indented, self._inner = _indent(bare) > 3, None
            if self._is_quote:
                self._quote(bare)

    def _take_code(self, line: str, bare: str) -> None:
        self._lines.append(line + "\n")
        if self._fence.is_closed_by(bare):
            self._cut()
        elif len(self._lines) > FENCE_LINES:
            part, fence = self._part + 1, self._fence
            self._cut()
            self._kind, self._fence, self._part = "code", fence, part

    def _stays_in_text(self, bare: str) -> bool:
        if not bare.strip():
            return True
        if self._is_quote:
            return self._stays_in_quote(bare)
        if self._is_indented or _indent(bare) > 3:
            return _indent(bare) > 3
        if _is_fence(bare) or _HEADING.match(bare) or _QUOTE.match(bare):
            return False
        if _RULE.match(bare) or _UNDERLINE.match(bare):
            return True
        return not (_ITEM.match(bare) if self._is_table() else _interrupts(bare))

    def _is_underline(self, bare: str) -> bool:
        """Whether a line makes a heading of the lines above it, or is a rule below them."""
        is_heading = _UNDERLINE.match(bare) and not self._is_table()
        return not self._is_quote and bool(is_heading or _RULE.match(bare))

    def _is_table(self) -> bool:
        lines = list(islice((line for line in self._lines if line.strip()), 2))
        rule = lines[1].strip() if len(lines) > 1 else ""
        return "|" in rule and "-" in rule and not rule.strip("|:- \t") and "|" in lines[0]

    def _stays_in_quote(self, bare: str) -> bool:
        if _QUOTE.match(bare):
            self._quote(bare)
            return True
        starts = _is_fence(bare) or _HEADING.match(bare) or _RULE.match(bare) or _ITEM.match(bare)
        return self._has_paragraph and not starts

    def _quote(self, bare: str) -> None:
        """Note what a line of a quote leaves open."""
        text = bare.lstrip()[1:]
        if self._inner:
            self._inner = None if self._inner.is_closed_by(text.lstrip()) else self._inner
            return
        self._inner = self._opening(text.lstrip())
        self._has_paragraph = _leaves_paragraph(text)

    def _stays_in_item(self, bare: str) -> bool:
        if not bare.strip():
            # An item without a text on its first two lines has none.
            self._is_over = self._is_over or self._is_hollow
            return True
        self._is_hollow = False
        indent = _indent(bare)
        is_inside = indent >= self._offset and not self._is_over
        is_after_blank = not self._lines[-1].strip()
        if self._inner and is_inside:
            if self._inner.is_closed_by(bare.lstrip()):
                self._inner = None
            return True
        if is_inside:
            self._inner = self._opening(bare.lstrip())
            is_code = is_after_blank and indent >= self._offset + 4
            self._has_paragraph = not is_code and _leaves_paragraph(bare)
            return True
        is_lazy = self._has_paragraph and not self._inner and not is_after_blank
        starts = _is_fence(bare) or _HEADING.match(bare) or _QUOTE.match(bare)
        return is_lazy and not (starts or _RULE.match(bare) or _ITEM.match(bare))

    def _opening(self, bare: str) -> Fence | None:
        found = _FENCE.match(bare)
        if not found:
            return None
        return Fence(next(self._ids), len(found[1]), found[2], found[3].strip())

    def _cut(self) -> None:
        piece = self._piece("".join(self._lines))
        self._done.append(piece)
        self._blank_above = not self._lines[-1].strip()
        self._lines, self._kind = [], ""

    def _piece(self, text: str) -> Piece:
        kind: Kind = self._kind or "text"
        if kind == "code":
            return Piece(text, kind, self._part == 0, self._fence, self._part)
        is_apart = self._blank_above or not text.split("\n", 1)[0].strip()
        return Piece(text, kind, is_apart or kind == "text")


def code_lines(text: str, fence: Fence, *, is_first: bool, is_live: bool = False) -> list[str]:
    """Return the lines of code in a part of a fenced block, without fences and their indent."""
    lines = text.removesuffix("\n").split("\n") if text else []
    if is_first:
        while lines and not lines[0].strip():
            lines.pop(0)
        lines = lines[1:]
    if lines and (
        fence.is_closed_by(lines[-1].removesuffix("\r"))
        or (is_live and lines[-1] and not lines[-1].strip().strip(fence.mark[0]))
    ):
        lines.pop()
    return [line[min(fence.indent, _indent(line)) :].removesuffix("\r") for line in lines]


def _is_fence(bare: str) -> bool:
    return bool(_FENCE.match(bare))


def _interrupts(bare: str) -> bool:
    """Whether a line starts a list in the middle of a paragraph."""
    item = _ITEM.match(bare)
    return bool(item and item[5].strip() and item[3] in (None, "1"))


def _leaves_paragraph(bare: str) -> bool:
    """Whether a line in an item ends with a paragraph, which lines without indent may continue."""
    text = bare.lstrip()[:_MOST_CHARS]
    while (item := _ITEM.match(text)) or _QUOTE.match(text):
        if _RULE.match(text):
            return False
        text = (item[5] if item else text[1:]).lstrip()
    return bool(text) and not (_HEADING.match(text) or _is_fence(text) or _RULE.match(text))


def _indent(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip(" "))
