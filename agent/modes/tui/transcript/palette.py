"""A theme's variables -> the styles and signs of the transcript.

Colour says nothing that a sign, a word or an attribute does not say as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal

from bathy.agent.modes.tui.transcript.contrast import legible
from pygments.token import Token, _TokenType  # type: ignore[import-untyped]
from rich.style import Style
from textual.color import Color, ColorParseError

GlyphSet = Literal["unicode", "ascii"]

_MUTED_SHARE = 0.66
"""Of the foreground in muted text: 6:1 against the background in Textual's own dark theme."""


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The signs. None is wider than a cell in the Unicode set."""

    prompt: str = "\N{HEAVY RIGHT-POINTING ANGLE QUOTATION MARK ORNAMENT}"
    folded: str = "▸"
    opened: str = "▾"
    done: str = "✔"
    failed: str = "✖"
    running: str = "…"
    notice: str = "·"
    patch: str = "±"
    repaired: str = "~"
    unverified: str = "?"
    invalid: str = "✖"
    bullets: tuple[str, ...] = ("•", "◦", "▪")
    bar: str = "│"
    quote: str = "▌"
    rule: str = "─"
    cross: str = "┼"
    ellipsis: str = "…"
    wrapped: str = "↪"
    cursor: str = "▌"
    minus: str = "\N{MINUS SIGN}"
    about: str = "≈"


UNICODE = Glyphs()
ASCII = Glyphs(
    prompt=">",
    folded="+",
    opened="-",
    done="ok",
    failed="x",
    running="..",
    notice="-",
    patch="+-",
    invalid="x",
    bullets=("-", "*", "+"),
    bar="|",
    quote="|",
    rule="-",
    cross="+",
    ellipsis="...",
    wrapped="\\",
    cursor="|",
    minus="-",
    about="~",
)
GLYPHS: Mapping[GlyphSet, Glyphs] = {"unicode": UNICODE, "ascii": ASCII}


@dataclass(frozen=True, slots=True)
class Palette:
    """Styles, each with its background, so that a segment can be drawn as it is."""

    text: Style
    muted: Style
    strong: Style
    prompt: Style
    heading: Style
    code: Style
    block: Style
    quote: Style
    link: Style
    cited: Style
    good: Style
    warn: Style
    bad: Style
    found: Style
    found_now: Style
    cursor: Style
    keyword: Style
    string: Style
    comment: Style
    number: Style
    name: Style

    def of_token(self, kind: _TokenType) -> Style:
        """Return the style of a Pygments token in a block of code."""
        while kind is not None:
            if kind in _TOKENS:
                return getattr(self, _TOKENS[kind])  # type: ignore[no-any-return]
            kind = kind.parent
        return self.block


_TOKENS: Mapping[_TokenType, str] = {
    Token.Keyword: "keyword",
    Token.Operator.Word: "keyword",
    Token.Name.Tag: "keyword",
    Token.Name.Builtin.Pseudo: "keyword",
    Token.Literal.String: "string",
    Token.Literal.Number: "number",
    Token.Comment: "comment",
    Token.Name.Function: "name",
    Token.Name.Class: "name",
    Token.Name.Decorator: "name",
    Token.Name.Attribute: "name",
    Token.Name.Namespace: "name",
    Token.Generic.Inserted: "string",
    Token.Generic.Heading: "keyword",
    Token.Generic.Subheading: "name",
}

PLAIN = Palette(
    text=Style(),
    muted=Style(dim=True),
    strong=Style(bold=True),
    prompt=Style(bold=True),
    heading=Style(bold=True, underline=True),
    code=Style(bold=True),
    block=Style(),
    quote=Style(italic=True),
    link=Style(underline=True),
    cited=Style(underline=True),
    good=Style(),
    warn=Style(bold=True),
    bad=Style(bold=True),
    found=Style(reverse=True),
    found_now=Style(reverse=True, bold=True, underline=True),
    cursor=Style(bold=True),
    keyword=Style(bold=True),
    string=Style(),
    comment=Style(italic=True),
    number=Style(),
    name=Style(),
)
"""Without any colour."""

_COLOURS: Mapping[str, str] = {
    "prompt": "text-primary",
    "heading": "text-primary",
    "code": "text-accent",
    "link": "text-primary",
    "cited": "text-success",
    "good": "text-success",
    "warn": "text-warning",
    "bad": "text-error",
    "cursor": "text-primary",
    "keyword": "text-primary",
    "string": "text-success",
    "number": "text-warning",
    "name": "text-accent",
}
_ON_BLOCK = ("code", "block", "keyword", "string", "comment", "number", "name")
_MUTED = ("muted", "comment", "quote")


def make_palette(variables: Mapping[str, str], page: Style, *, is_coloured: bool = True) -> Palette:
    """Take the colours of a theme.

    Args:
        variables: Of the theme, as Textual's CSS has them.
        page: Foreground and background of the widget.
        is_coloured: Whether there is colour at all.

    Returns:
        Styles with foreground and background, changed where a theme's text could hardly be read
        on them; `PLAIN` on the page's style if there is no colour.
    """
    if not is_coloured:
        return _on(PLAIN, page)
    styles = _on(replace(PLAIN, code=Style(), heading=Style(bold=True)), page)
    muted = _muted(variables, page)
    block = _parse(variables.get("surface", ""))
    paint = {name: Style(color=muted.rich_color) for name in _MUTED} if muted else {}
    for name, variable in _COLOURS.items():
        colour = _parse(variables.get(variable, ""))
        if colour is not None:
            paint[name] = Style(color=colour.rich_color)
    if muted:
        styles = replace(styles, muted=page)
    if block is not None and block.a == 1 and block.ansi is None:
        ground = Style(bgcolor=block.rich_color)
        for name in _ON_BLOCK:
            paint[name] = paint.get(name, Style()) + ground
    styles = replace(styles, **{name: getattr(styles, name) + add for name, add in paint.items()})
    return Palette(
        **{field.name: _legible(getattr(styles, field.name)) for field in fields(styles)}
    )


def _on(palette: Palette, page: Style) -> Palette:
    styles = {field.name: page + getattr(palette, field.name) for field in fields(palette)}
    return Palette(**styles)


def _legible(style: Style) -> Style:
    """The style with a colour that can be read; as it is where the terminal has its own."""
    if not (style.color and style.bgcolor):
        return style
    text, ground = map(Color.from_rich_color, (style.color, style.bgcolor))
    if text.ansi is not None or ground.ansi is not None:
        return style
    return style + Style(color=legible(text, ground).rich_color)


def _muted(variables: Mapping[str, str], page: Style) -> Color | None:
    """The colour of muted text; None where the terminal's own colours are used."""
    told = _parse(variables.get("text-muted", ""))
    front, back = _parse(variables.get("foreground", "")), _parse(variables.get("background", ""))
    if told is not None or front is None or back is None:
        return told
    if front.ansi is not None or back.ansi is not None:
        return None
    return back.blend(front, _MUTED_SHARE, alpha=1.0)


def _parse(text: str) -> Color | None:
    try:
        return Color.parse(text) if text else None
    except ColorParseError:
        return None
