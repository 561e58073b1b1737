"""What stands in a line of Markdown -> clean spans; links and citations carry where they lead.

A click finds it in the style's meta: `citation` as (path, first line, last line, number), `url`.
"""

from collections.abc import Iterator, Sequence

from bathy.agent.modes.tui.transcript.blocks import Citation
from bathy.agent.modes.tui.transcript.cells import NO_BREAK, Span, clean
from bathy.agent.modes.tui.transcript.citing import MARKS, citation_of
from bathy.agent.modes.tui.transcript.palette import Glyphs, Palette
from markdown_it.token import Token
from rich.cells import cell_len
from rich.style import Style

_BOLD, _ITALIC, _STRUCK = Style(bold=True), Style(italic=True), Style(strike=True)
_OPENING = {"strong_open": _BOLD, "em_open": _ITALIC, "s_open": _STRUCK}
_LABEL_CELLS = 48
"""Of a citation's place; what is longer is shown without what stands in the middle of it."""

_URL_CHARS = 2_000
"""Of a link; what is longer is not one that a person has written."""


def url_of(token: Token) -> str:
    """Return where the opening token of a link leads, as it is shown and followed."""
    return clean(str(token.attrs.get("href", ""))[:_URL_CHARS])


class Inline:
    """Renders inline tokens with one palette and one set of signs."""

    def __init__(self, palette: Palette, glyphs: Glyphs) -> None:
        self._palette = palette
        self._glyphs = glyphs

    def spans(
        self, tokens: Sequence[Token], citations: Sequence[Citation], base: Style
    ) -> list[Span]:
        """Render the children of an inline token."""
        spans, styles, link = list[Span](), [base], None
        for token in tokens:
            if token.type in _OPENING:
                styles.append(styles[-1] + _OPENING[token.type])
            elif token.type == "link_open":
                link = (str(token.attrs.get("href", ""))[:_URL_CHARS], len(spans))
                meta = Style.from_meta({"url": url_of(token)})
                styles.append(styles[-1] + self._palette.link + meta)
            elif token.type.endswith("_close"):
                styles = styles[:-1] or [base]
                if token.type == "link_close" and link:
                    spans += self._target(spans[link[1] :], link[0], base)
            else:
                spans += self._leaf(token, citations, styles[-1])
        return spans

    def _leaf(self, token: Token, citations: Sequence[Citation], style: Style) -> Iterator[Span]:
        if token.type == "softbreak":
            yield " ", style
        elif token.type == "hardbreak":
            yield "\n", style
        elif token.type == "image":
            yield f"[image: {clean(token.content)}]", style
            yield from self._target([], str(token.attrs.get("src", ""))[:_URL_CHARS], style)
        else:
            is_code = token.type == "code_inline"
            yield from self._text(token.content, citations, style, is_code=is_code)

    def _text(
        self, text: str, citations: Sequence[Citation], style: Style, *, is_code: bool
    ) -> Iterator[Span]:
        at = 0
        plain = style + self._palette.code if is_code else style
        for found in MARKS.finditer(text):
            if found.start() > at:
                yield clean(text[at : found.start()].replace("\n", " ")), plain
            citation = citation_of(found[0], citations)
            yield self.citation(citation) if citation else (clean(found[0]), plain)
            at = found.end()
        if at < len(text):
            yield clean(text[at:].replace("\n", " ")), plain

    def citation(self, citation: Citation) -> Span:
        """Render a citation: its number, a sign and a word for what is doubtful, its place."""
        palette, glyphs, status = self._palette, self._glyphs, citation.status
        styles = {"unverified": palette.warn, "invalid": palette.bad}
        signs = {
            "repaired": glyphs.repaired,
            "unverified": glyphs.unverified,
            "invalid": glyphs.invalid,
        }
        word = f" {status}" if status in styles else ""
        label = _fitted(clean(citation.label), glyphs.ellipsis)
        text = f"[{citation.number}{signs.get(status, '')} {label}{word}]"
        text = text.replace(" ", NO_BREAK)
        place = (citation.path, citation.start_line, citation.end_line, citation.number)
        return text, styles.get(status, palette.cited) + Style.from_meta({"citation": place})

    def _target(self, label: Sequence[Span], url: str, base: Style) -> Iterator[Span]:
        """Where a link leads, unless its label says so: a link must not seem to be another."""
        shown = clean(url)
        said = "".join(text for text, _ in label).strip()
        if shown and shown.removeprefix("mailto:") not in (
            said,
            f"http://{said}",
            f"https://{said}",
        ):
            yield f" ({shown})", base + self._palette.muted


def _fitted(label: str, ellipsis: str) -> str:
    folders = label.split("/")
    if len(folders) < 3 or cell_len(label) <= _LABEL_CELLS:
        return label
    return f"{folders[0]}/{ellipsis}/{folders[-1]}"
