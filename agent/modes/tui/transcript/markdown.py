"""Markdown -> lines: headings, paragraphs, lists, quotes, rules, tables, code, links, citations.

HTML is text, and nothing is made a link that is not written as one: linkify takes `app.py:412`
for an address, because .py is a country.
"""

from collections.abc import Sequence

from bathy.agent.modes.tui.transcript.blocks import Citation
from bathy.agent.modes.tui.transcript.cells import (
    Line,
    Span,
    chop,
    clean,
    clean_lines,
    width_of,
    wrap,
)
from bathy.agent.modes.tui.transcript.highlight import highlighter, language_of
from bathy.agent.modes.tui.transcript.inline import Inline, url_of
from bathy.agent.modes.tui.transcript.nesting import show_deepest
from bathy.agent.modes.tui.transcript.palette import Glyphs, Palette
from bathy.agent.modes.tui.transcript.table import table_lines
from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.style import Style

_PARSER = show_deepest(
    MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
)
_LEAST_CELLS = 12
"""Of what is indented or quoted; deeper lists and quotes are not indented any more."""


class Markdown:
    """Renders Markdown with one palette and one set of signs."""

    def __init__(self, palette: Palette, glyphs: Glyphs) -> None:
        self._palette = palette
        self._glyphs = glyphs
        self._inline = Inline(palette, glyphs)

    def lines(self, text: str, width: int, citations: Sequence[Citation] = ()) -> list[Line]:
        """Render a text.

        Args:
            text: Markdown; a citation is one character, see `citing`.
            width: Cells, more than 0.
            citations: For these characters.

        Returns:
            Lines of at most `width` cells, but for what cannot be narrower.
        """
        tokens = _PARSER.parse(text)
        if not tokens and text.strip():
            # Nothing but definitions of links, which would leave nothing to be seen.
            return wrap([(clean_line, self._palette.text) for clean_line in _flat(text)], width)
        return self._blocks(tokens, width, citations, 0)

    def _blocks(
        self, tokens: Sequence[Token], width: int, citations: Sequence[Citation], depth: int
    ) -> list[Line]:
        lines, at = list[Line](), 0
        while at < len(tokens):
            end = _end_of(tokens, at)
            made = self._block(tokens[at : end + 1], width, citations, depth)
            if lines and made and not _is_tight(tokens, at):
                lines.append(Line([]))
            lines += made
            at = end + 1
        return lines

    def _block(
        self, tokens: Sequence[Token], width: int, citations: Sequence[Citation], depth: int
    ) -> list[Line]:
        """Lines of one block; `tokens` are all of its own."""
        first, inner, palette = tokens[0], tokens[1:-1], self._palette
        if first.type in ("fence", "code_block"):
            return self.code(first.content, first.info, width)
        if first.type == "hr":
            return [Line([(self._glyphs.rule * width, palette.muted)])]
        if first.type == "heading_open":
            return self._wrapped(inner, width, citations, palette.heading)
        if first.type == "blockquote_open":
            if width - 2 < _LEAST_CELLS:
                return self._blocks(inner, width, citations, depth)
            lead: Span = (f"{self._glyphs.quote} ", palette.muted)
            return _behind(self._blocks(inner, width - 2, citations, depth), lead)
        if first.type in ("bullet_list_open", "ordered_list_open"):
            return self._list(first, inner, width, citations, depth)
        if first.type == "table_open":
            return self._table(inner, width, citations)
        return self._wrapped(inner or tokens, width, citations, palette.text)

    def code(self, text: str, info: str, width: int) -> list[Line]:
        """Render a whole block of code with what its fence says of it."""
        name = language_of(info)
        language = highlighter(name)
        state, lines = language.start, self.code_head(name)
        for line in clean_lines(text) if text else ():
            tokens, state = language.highlight(line, state)
            lines += self.code_line(
                [(t, self._palette.of_token(kind)) for kind, t in tokens], width
            )
        return lines

    def code_head(self, name: str) -> list[Line]:
        """Render what stands above a block of code: its language, if it has one."""
        style = self._palette.muted
        return [Line([], lead=[(f"  {clean(name)}", style)])] if name else []

    def code_line(self, spans: Sequence[Span], width: int) -> list[Line]:
        """Render a line of code; what does not fit goes on below, with a sign in front."""
        palette = self._palette
        lines = chop([span for span in spans if span[0]], max(1, width - 2))
        for number, line in enumerate(lines):
            sign = "  " if not number else f"{self._glyphs.wrapped} "
            line.lead, line.fill = [(sign, palette.block)], palette.block
        return lines

    def _wrapped(
        self, tokens: Sequence[Token], width: int, citations: Sequence[Citation], base: Style
    ) -> list[Line]:
        children = [child for token in tokens for child in token.children or ()]
        return wrap(self._inline.spans(children, citations, base), width)

    def _list(
        self,
        opening: Token,
        tokens: Sequence[Token],
        width: int,
        citations: Sequence[Citation],
        depth: int,
    ) -> list[Line]:
        lines, at, number = list[Line](), 0, int(opening.attrs.get("start", 1))
        is_loose = any(t.type == "paragraph_open" and not t.hidden for t in tokens)
        while at < len(tokens):
            end = _end_of(tokens, at)
            sign = f"{number}. "
            if opening.type == "bullet_list_open":
                sign = f"{self._glyphs.bullets[depth % len(self._glyphs.bullets)]} "
            indent = len(sign) if width - len(sign) >= _LEAST_CELLS else 0
            inner = self._blocks(tokens[at + 1 : end], width - indent, citations, depth + 1)
            if lines and is_loose:
                lines.append(Line([]))
            lines += self._item(inner or [Line([])], sign, indent, width)
            at, number = end + 1, number + 1
        return lines

    def _item(self, lines: list[Line], sign: str, indent: int, width: int) -> list[Line]:
        """Put the sign of an item in front of its first line, blanks in front of the others.

        Where there is no indent, and so no room, it has a line of its own.
        """
        first, *rest = lines
        lead = (" " * indent, self._palette.text)
        if indent:
            _behind(rest, lead)
        shown = (sign, self._palette.muted)
        if not indent and width_of([shown, *first.lead, *first.spans]) > width:
            return [Line([shown]), *lines]
        if first.lead:
            first.lead.insert(0, shown)
        else:
            first.spans.insert(0, shown)
        return lines

    def _table(
        self, tokens: Sequence[Token], width: int, citations: Sequence[Citation]
    ) -> list[Line]:
        rows = list[list[list[Span]]]()
        aligned = list[str]()
        for at, token in enumerate(tokens):
            if token.type == "tr_open":
                rows.append([])
            elif token.type in ("th_open", "td_open"):
                is_head = token.type == "th_open"
                base = self._palette.strong if is_head else self._palette.text
                spans = self._inline.spans(tokens[at + 1].children or (), citations, base)
                rows[-1].append(spans)
                if is_head:
                    aligned.append(str(token.attrs.get("style", "")).removeprefix("text-align:"))
        return table_lines(rows, aligned, width, (self._palette, self._glyphs))


def code_in(text: str) -> list[str]:
    """Return the blocks of code in a text, without what is around them."""
    tokens = _PARSER.parse(text)
    return [t.content.removesuffix("\n") for t in tokens if t.type in ("fence", "code_block")]


def links_in(text: str) -> list[str]:
    """Return the web addresses that the links of a text lead to, in order."""
    children = (child for token in _PARSER.parse(text) for child in token.children or ())
    urls = [url_of(child) for child in children if child.type == "link_open"]
    return [url for url in urls if url.lower().startswith(("http://", "https://"))]


def _behind(lines: list[Line], lead: Span) -> list[Line]:
    for line in lines:
        line.lead.insert(0, lead)
    return lines


def _end_of(tokens: Sequence[Token], at: int) -> int:
    """The token that closes the one at `at`; itself if it opens nothing."""
    depth = 0
    for end in range(at, len(tokens)):
        depth += tokens[end].nesting
        if depth <= 0:
            return end
    return len(tokens) - 1


def _is_tight(tokens: Sequence[Token], at: int) -> bool:
    """Whether a block follows the paragraph of a tight item, or is one that follows another."""
    return tokens[at - 1].hidden or tokens[at].hidden


def _flat(text: str) -> list[str]:
    lines = clean_lines(text.strip())
    return [line if not number else f"\n{line}" for number, line in enumerate(lines)]
