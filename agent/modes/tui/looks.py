"""Flags, configuration and environment -> how the full screen looks, and an app that looks so."""

import os
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from bathy.agent.config import Settings, wants_color
from bathy.agent.errors import ConfigError
from bathy.agent.modes.tui.themes import DEFAULT_THEME, THEMES, theme_names
from textual.app import App
from textual.events import DescendantFocus
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.types import AnimationLevel
from textual.widgets import Input, TextArea

_FPS, _SLOW_FPS = 10.0, 4.0
_TICK_S, _SLOW_TICK_S = 1.0, 3.0

CSS = """
Toast { background: $panel; }
.-ascii Toast { border-left: ascii $foreground; }
.-ascii Input, .-ascii Input:focus, .-ascii OptionList, .-ascii OptionList:focus {
    border: ascii $border;
}
.-ascii SidePanel { border-left: ascii $border-blurred; }
.-ascii CommandPalette #--input, .-ascii CommandList { border: ascii $border; }
.-ascii CommandPalette CommandInput, .-ascii CommandPalette CommandInput:focus { border: none; }
.-ascii SearchIcon { display: none; }
CommandPalette > .command-palette--help-text { text-style: not bold; }
CommandPalette #--input { border: hkey $border; }
CommandList { border-bottom: hkey $border; }
SearchIcon { color: $foreground; }
Input:nocolor > .input--cursor { text-style: reverse; }
Input:nocolor > .input--selection { text-style: reverse; }
OptionList:nocolor > .option-list--option-highlighted { text-style: reverse; }
Screen:nocolor > .screen--selection { text-style: reverse; }
"""
"""For `App.CSS`, in front of its own: what Textual's widgets draw that a look does without."""


@dataclass(frozen=True, slots=True)
class Look:
    """How the full screen looks.

    Attributes:
        theme: Name of its colours.
        is_ascii: Nothing but ASCII is drawn, but for what files and models say.
        has_motion: Things may move by themselves.
        is_slow: The line is slow, so that little is drawn.
        has_color: There is colour at all.
        takes_mouse: Clicks and the wheel come to bathy.
        copies_on_select: What is selected by mouse is copied at once.
    """

    theme: str = DEFAULT_THEME
    is_ascii: bool = False
    has_motion: bool = True
    is_slow: bool = False
    has_color: bool = True
    takes_mouse: bool = True
    copies_on_select: bool = False

    @property
    def fps(self) -> float:
        """How often what streams in is drawn at most, per second."""
        return _SLOW_FPS if self.is_slow else _FPS

    @property
    def tick_s(self) -> float:
        """Seconds between two looks at the clock, while something is going on."""
        return _SLOW_TICK_S if self.is_slow else _TICK_S

    @property
    def shows_side(self) -> bool:
        """Whether there is a side panel where there is room for one."""
        return not self.is_slow

    @property
    def animation_level(self) -> AnimationLevel:
        """What of Textual's animations is to be seen."""
        return "full" if self.has_motion and not self.is_slow else "none"


def read_look(settings: Settings, file: Mapping[str, Any], environ: Mapping[str, str]) -> Look:
    """Find out how the full screen is to look.

    Args:
        settings: Of the command line; what they ask for beats the rest.
        file: config.toml as `read_config_file` gives it.
        environ: Says whether there is colour or motion, and what the terminal can show.

    Raises:
        ConfigError: There is no such theme.
    """
    table = file.get("tui", {})
    origin = "--theme" if settings.theme else "config.toml: tui.theme"
    moves = settings.motion and environ.get("TEXTUAL_ANIMATIONS", "").lower() != "none"
    return Look(
        theme=_checked_theme(settings.theme or table.get("theme", DEFAULT_THEME), origin),
        is_ascii=settings.ascii or table.get("ascii", not _shows_unicode(environ)),
        has_motion=moves and table.get("motion", True),
        is_slow=settings.slow or table.get("slow", False),
        has_color=settings.color and wants_color(environ),
        takes_mouse=settings.mouse and table.get("mouse", True),
        copies_on_select=table.get("copy_on_select", False),
    )


def _checked_theme(name: str, origin: str) -> str:
    if name not in theme_names():
        raise ConfigError(
            f"{origin}: there is no theme {name!r}; there are {', '.join(theme_names())}"
        )
    return name


def _shows_unicode(environ: Mapping[str, str]) -> bool:
    """Whether the terminal is told to; where nothing is told, today's terminals do."""
    told = [environ.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")]
    locale = next(filter(None, told), "UTF-8")
    # The Linux console has a font of 512 signs at most.
    return "utf8" in locale.lower().replace("-", "") and environ.get("TERM") != "linux"


@contextmanager
def colored(look: Look, environ: MutableMapping[str, str] = os.environ) -> Iterator[bool | None]:
    """While an app is made, let the environment say of colour what the look does.

    Textual decides by `NO_COLOR` when an app is made, even if it is empty; a flag that asks for no
    colour is not in the environment. Afterwards it is as it was, for git and the user's editor.

    Yields:
        `ansi_color` for the app. Without colour it keeps Textual from making everything grey.
    """
    before = environ.pop("NO_COLOR", None)
    if not look.has_color:
        environ["NO_COLOR"] = "1"
    try:
        yield None if look.has_color else True
    finally:
        environ.pop("NO_COLOR", None)
        if before is not None:
            environ["NO_COLOR"] = before


def dress(app: App[Any], look: Look) -> None:
    """Make an app look so, before it runs."""
    for theme in THEMES:
        app.register_theme(theme)
    app.theme = look.theme
    app.animation_level = look.animation_level
    app.set_class(look.is_ascii, "-ascii")
    app.set_class(look.is_slow, "-slow")
    ScrollBar.renderer = _BlankBar if look.is_ascii else ScrollBarRender


def hold_cursor(event: DescendantFocus) -> None:
    """Keep the cursor of a field from blinking, for which a timer would never rest."""
    if isinstance(event.widget, Input | TextArea):
        event.widget.cursor_blink = False


class _BlankBar(ScrollBarRender):
    """A scrollbar of blanks; its handle ends where a cell does."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "]
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "]
