"""Text of any origin -> characters that a terminal only shows, measured and wrapped by cells.

Model text, file contents and tool output may hold escape sequences, which would drive the
terminal, and invisible characters, which would make one text look like another.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from rich.cells import cell_len, split_graphemes
from rich.style import Style

Span = tuple[str, Style]
"""Text of one line, already clean, and how it looks."""

NO_BREAK = "\N{NO-BREAK SPACE}"
TAB_CELLS = 4
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_JOINER, _NON_JOINER, _EMOJI_FORM = "\u200d", "\u200c", "\ufe0f"
_WIDE_SPACES = f"{NO_BREAK}\u3000"
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_NO_START, _NO_END = ("Pe", "Pf", "Po"), ("Ps", "Pi")
"""Categories of characters that no line starts or ends with, next to wide ones."""

_PARTS = re.compile(r"\n| +|[^ \n]+")


@dataclass(slots=True)
class Line:
    """A line on its way to the screen.

    Attributes:
        spans: What can be selected and found.
        joint: What stands between the line before and this one in the text: a line feed, or what
            was left out where the text was wrapped.
        lead: Drawn in front of it: bars, indents, line numbers.
        fill: How the rest of the row looks; as the page if None.
    """

    spans: list[Span]
    joint: str = "\n"
    lead: list[Span] = field(default_factory=list)
    fill: Style | None = None


def clean(text: str) -> str:
    """Return a text of one line as it may be shown.

    Control characters become U+FFFD, bidirectional controls are written out, a tab is a blank.
    Joiners stay where they join emoji; between letters they are left out.
    """
    if text.isprintable() and not text.startswith(_EMOJI_FORM):
        return text
    last = len(text) - 1
    shown = (
        c if c.isprintable() else _show(c, text[at - 1 : at], text[at + 1] if at < last else "")
        for at, c in enumerate(text)
    )
    return "".join(shown).lstrip(_EMOJI_FORM)


def clean_lines(text: str) -> list[str]:
    """Split a text into lines that may be shown, with tabs expanded."""
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    return [clean(expand_tabs(line)) for line in lines]


def expand_tabs(line: str) -> str:
    """Replace tabs by blanks up to the next multiple of `TAB_CELLS` cells."""
    if "\t" not in line:
        return line
    if line.isascii():
        return line.expandtabs(TAB_CELLS)
    shown, used = list[str](), 0
    for part in line.split("\t"):
        used += cell_len(part)
        blanks = TAB_CELLS - used % TAB_CELLS
        shown += [part, " " * blanks]
        used += blanks
    return "".join(shown[:-1])


def _show(character: str, before: str, after: str) -> str:
    if character in _BIDI:
        return f"\\u{ord(character):04x}"
    if character == "\t" or (unicodedata.category(character) == "Zs"):
        return character if character in _WIDE_SPACES else " "
    if character == _JOINER and _is_emoji(before) and _is_emoji(after):
        return character
    if character in (_JOINER, _NON_JOINER) and _is_letter(before) and _is_letter(after):
        return ""
    return REPLACEMENT


def _is_emoji(character: str) -> bool:
    if not character or character == _EMOJI_FORM:
        return bool(character)
    return unicodedata.category(character) == "So" or "\U0001f3fb" <= character <= "\U0001f3ff"


def _is_letter(character: str) -> bool:
    return character > "\x7f" and unicodedata.category(character)[0] in "LM"


def wrap(spans: Iterable[Span], width: int) -> list[Line]:
    """Break clean text into lines of at most `width` cells; at least one, maybe empty.

    Lines break at blanks, around wide characters, at line feeds, and anywhere in what is longer
    than a line; never inside a grapheme.
    """
    wrapper = _Wrapper(max(1, width))
    for text, style in spans:
        wrapper.add(text, style)
    return wrapper.end()


def chop(line: Sequence[Span], width: int) -> list[Line]:
    """Cut one clean line into lines of at most `width` cells, wherever that is: code."""
    if all(text.isascii() for text, _ in line) and sum(len(text) for text, _ in line) <= width:
        return [Line(list(line))]
    lines, used = [Line([])], 0
    for text, style in line:
        for part, cells in _graphemes(text):
            if used and used + cells > width:
                lines.append(Line([], joint=""))
                used = 0
            _put(lines[-1].spans, part, style)
            used += cells
    return lines


def shorten(text: str, width: int, ellipsis: str) -> str:
    """Cut a clean text so that it takes at most `width` cells, the ellipsis included."""
    if cell_len(text) <= width:
        return text
    kept, used = list[str](), cell_len(ellipsis)
    for part, cells in _graphemes(text):
        used += cells
        if used > width:
            break
        kept.append(part)
    return ("".join(kept) + ellipsis) if cell_len(ellipsis) <= width else ""


def width_of(spans: Iterable[Span]) -> int:
    """Measure spans as Textual does: each for itself."""
    return sum(cell_len(text) for text, _ in spans)


def _graphemes(text: str) -> Iterable[tuple[str, int]]:
    if text.isascii():
        return ((character, 1) for character in text)
    return ((text[start:end], cells) for start, end, cells in split_graphemes(text)[0])


def _put(spans: list[Span], text: str, style: Style) -> None:
    if spans and spans[-1][1] is style:
        spans[-1] = (spans[-1][0] + text, style)
    else:
        spans.append((text, style))


@lru_cache(maxsize=4096)
def _is_in(character: str, categories: tuple[str, ...]) -> bool:
    return unicodedata.category(character) in categories


class _Wrapper:
    """Takes text bit by bit; a word may be made of several spans."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._lines = [Line([])]
        self._used = 0
        self._blank: Span | None = None
        self._word: list[Span] = []
        self._word_cells = 0
        self._before, self._is_after_wide = " ", False

    def add(self, text: str, style: Style) -> None:
        for part in _PARTS.findall(text):
            if part == "\n":
                self._end_word()
                self._break("\n")
            elif part[0] == " ":
                self._end_word()
                self._blank = ((self._blank[0] if self._blank else "") + part, style)
            elif part.isascii():
                self._may_break(part[0], is_wide=False)
                self._grow(part, len(part), style)
                self._is_after_wide = False
            else:
                for grapheme, cells in _graphemes(part):
                    self._may_break(grapheme[0], cells > 1)
                    self._grow(grapheme, cells, style)

    def end(self) -> list[Line]:
        self._end_word()
        return self._lines

    def _may_break(self, character: str, is_wide: bool) -> None:
        is_at_edge = self._word and (is_wide or self._is_after_wide)
        if is_at_edge and not (_is_in(character, _NO_START) or _is_in(self._before, _NO_END)):
            self._end_word()

    def _grow(self, text: str, cells: int, style: Style) -> None:
        _put(self._word, text, style)
        self._word_cells += cells
        self._before, self._is_after_wide = text[0], cells > 1

    def _end_word(self) -> None:
        if not self._word:
            return
        blank = self._blank[0] if self._blank else ""
        if self._used + len(blank) + self._word_cells <= self._width:
            self._place()
        elif self._word_cells <= self._width:
            self._break(blank)
            self._place()
        else:
            if self._used or blank:
                self._break(blank)
            self._place_long()
        self._word, self._word_cells, self._is_after_wide = [], 0, False

    def _place(self) -> None:
        if self._blank:
            _put(self._lines[-1].spans, *self._blank)
            self._used += len(self._blank[0])
            self._blank = None
        for text, style in self._word:
            _put(self._lines[-1].spans, text, style)
        self._used += self._word_cells

    def _place_long(self) -> None:
        for text, style in self._word:
            for grapheme, cells in _graphemes(text):
                if self._used and self._used + cells > self._width:
                    self._break("")
                _put(self._lines[-1].spans, grapheme, style)
                self._used += cells

    def _break(self, joint: str) -> None:
        self._lines.append(Line([], joint))
        self._used, self._blank = 0, None
