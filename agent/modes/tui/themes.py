"""The colours of bathy's own themes: dark, light, and one of high contrast.

Text has a contrast of at least 4.5 to 1 with every ground that a widget puts it on, and of 7 to 1
in the theme of high contrast (WCAG 2.2, 1.4.3 and 1.4.6). A test measures what is drawn.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from textual.theme import BUILTIN_THEMES, Theme

DEFAULT_THEME = "bathy-dark"


@dataclass(frozen=True, slots=True)
class _Hue:
    """A colour for text, and one for the ground below text of that colour."""

    text: str
    ground: str


@dataclass(frozen=True, slots=True)
class _Colours:
    """What a theme is made of.

    Attributes:
        background: Of most of the screen.
        surface: Of code and lists.
        panel: Of bars.
        foreground: Text.
        muted: Text that is less important.
        line: Borders and scrollbars.
        selection: Ground of what is selected.
        selected: Text on it.
        primary: Headings, links, names.
        accent: Titles, keys.
        success: What is well.
        warning: What is doubtful.
        error: What is wrong.
    """

    background: str
    surface: str
    panel: str
    foreground: str
    muted: str
    line: str
    selection: str
    selected: str
    primary: _Hue
    accent: _Hue
    success: _Hue
    warning: _Hue
    error: _Hue


_DARK = _Colours(
    background="#0e1621",
    surface="#152030",
    panel="#1d2b3e",
    foreground="#dbe4ee",
    muted="#a3b3c4",
    line="#5f7890",
    selection="#28507c",
    selected="#ffffff",
    primary=_Hue("#6cb6f5", "#16324d"),
    accent=_Hue("#c0a5f5", "#2f2850"),
    success=_Hue("#7fd39a", "#173a28"),
    warning=_Hue("#eabf6b", "#3a3018"),
    error=_Hue("#f79292", "#4a2228"),
)
_LIGHT = _Colours(
    background="#fbfcfe",
    surface="#f1f4f8",
    panel="#e2e8f0",
    foreground="#0f1822",
    muted="#4a5766",
    line="#71849a",
    selection="#b5d5f5",
    selected="#000000",
    primary=_Hue("#0a5a96", "#d3e5f5"),
    accent=_Hue("#6a34b4", "#e6dbf7"),
    success=_Hue("#13632f", "#d3edda"),
    warning=_Hue("#7d4a00", "#f5e6c8"),
    error=_Hue("#a91d1d", "#f8d9d9"),
)
_CONTRAST = _Colours(
    background="#000000",
    surface="#0a0a0a",
    panel="#1a1a1a",
    foreground="#ffffff",
    muted="#d0d0d0",
    line="#b0b0b0",
    selection="#ffffff",
    selected="#000000",
    primary=_Hue("#8fd0ff", "#0a2a44"),
    accent=_Hue("#e0c0ff", "#2c1c44"),
    success=_Hue("#90f0a8", "#0c3818"),
    warning=_Hue("#ffdd66", "#3a2c00"),
    error=_Hue("#ffb0b0", "#4a1414"),
)


def theme_names() -> tuple[str, ...]:
    """Return the names of all themes: bathy's own, then Textual's."""
    return (*(theme.name for theme in THEMES), *sorted(BUILTIN_THEMES))


def _theme(name: str, colours: _Colours, *, is_dark: bool) -> Theme:
    return Theme(
        name,
        primary=colours.primary.text,
        secondary=colours.accent.text,
        accent=colours.accent.text,
        success=colours.success.text,
        warning=colours.warning.text,
        error=colours.error.text,
        foreground=colours.foreground,
        background=colours.background,
        surface=colours.surface,
        panel=colours.panel,
        dark=is_dark,
        variables=dict(_variables(colours)),
    )


def _variables(colours: _Colours) -> Iterator[tuple[str, str]]:
    """What Textual would derive from the colours with less contrast, or with none to speak of."""
    for role in ("primary", "accent", "success", "warning", "error"):
        hue: _Hue = getattr(colours, role)
        yield f"text-{role}", hue.text
        yield f"{role}-muted", hue.ground
    for name in ("text-muted", "text-disabled", "foreground-muted", "scrollbar-hover"):
        yield name, colours.muted
    for name in ("border-blurred", "scrollbar"):
        yield name, colours.line
    yield "scrollbar-background", colours.surface
    for place in ("screen-selection", "input-selection", "block-cursor-blurred"):
        yield f"{place}-background", colours.selection
        yield f"{place}-foreground", colours.selected
    yield "block-cursor-background", colours.primary.text
    yield "block-cursor-foreground", colours.background


THEMES = (
    _theme("bathy-dark", _DARK, is_dark=True),
    _theme("bathy-light", _LIGHT, is_dark=False),
    _theme("bathy-contrast", _CONTRAST, is_dark=True),
)
"""bathy's own."""
