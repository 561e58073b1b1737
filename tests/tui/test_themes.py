"""What is drawn in bathy's own themes can be read: contrast is measured on the screen itself."""

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import fields

import pytest
from bathy.agent.modes.tui.looks import Look
from bathy.agent.modes.tui.question import YesNo
from bathy.agent.modes.tui.themes import THEMES, theme_names
from bathy.agent.modes.tui.transcript.palette import Palette, make_palette
from rich.color import Color, ColorType
from rich.segment import Segment
from rich.style import Style
from textual.color import Color as ThemeColor
from textual.geometry import Region
from textual.pilot import Pilot
from textual.theme import BUILTIN_THEMES
from textual.widget import Widget
from tui_stage import Stage, pack_screen, review_screen, viewer_screen

LEAST = {"bathy-dark": 4.5, "bathy-light": 4.5, "bathy-contrast": 7.0}
LEAST_DRAWN = 3.0
DIM = 0.5
Drawn = dict[tuple[str, Style], str]


def luminance(color: Color) -> float:
    assert color.triplet is not None
    parts = [channel / 255 for channel in color.triplet]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(style: Style) -> float:
    """Of a style as a terminal shows it."""
    front, back = style.color, style.bgcolor
    assert front is not None
    assert back is not None
    assert front.type is back.type is ColorType.TRUECOLOR, style
    if style.reverse:
        front, back = back, front
    light, dark = sorted((luminance(front), luminance(back)), reverse=True)
    ratio = (light + 0.05) / (dark + 0.05)
    return ratio * DIM if style.dim else ratio


def is_drawing(text: str) -> bool:
    """Whether it is borders, bars and patterns alone."""
    return all("\u2500" <= char <= "\u259f" or "\u2800" <= char <= "\u28ff" for char in text)


def faults(segments: list[Segment], least: float) -> Iterator[str]:
    for text, style, _ in segments:
        shown = text.replace(" ", "")
        if shown and style is not None:
            ratio = contrast(style)
            if ratio < (LEAST_DRAWN if is_drawing(shown) else least):
                yield f"{ratio:.2f} {style}: {text.strip()!r}"


def segments_of(app: Stage) -> list[Segment]:
    return [segment for strip in app.screen._compositor.render_strips() for segment in strip]


class Reader:
    """Looks at one screen after another, and keeps what cannot be read and what was seen."""

    def __init__(self, app: Stage, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot
        self.bad: dict[str, None] = {}
        self.seen = ""

    async def look(self) -> None:
        await self.pilot.pause()
        await self.pilot.pause()
        segments = segments_of(self.app)
        self.seen += "".join(text for text, *_ in segments)
        self.bad |= dict.fromkeys(faults(segments, LEAST[self.app.look.theme]))

    async def until(self, word: str) -> None:
        """Look on when something is there that comes in its own time."""
        await self._wait_for(word)
        await self.look()

    async def look_in_front(self, word: str) -> None:
        """Look at a dialogue alone: what is behind it is dim, since it does not count."""
        await self._wait_for(word)
        for widget in self.app.screen.walk_children(Widget):
            if widget.display and widget.visible:
                for strip in widget.render_lines(Region(0, 0, *widget.outer_size)):
                    found = faults(list(strip), LEAST[self.app.look.theme])
                    self.bad |= dict.fromkeys(found)

    async def _wait_for(self, word: str) -> None:
        async with asyncio.timeout(30):
            while word not in "".join(text for text, *_ in segments_of(self.app)):
                await self.pilot.pause()


async def read_main(app: Stage, reader: Reader) -> None:
    shown = app.transcript
    app.tell()
    await reader.until("Thinking")
    for at in range(len(shown.content.blocks)):
        shown.viewport.go_to(at)
        shown.place()
        await reader.look()
        shown.select_block(at)
        await reader.look()
    app.screen.selections = {}
    shown.focus()
    shown.action_block(-1)
    shown.find("map")
    await reader.look()
    app.side.focus()
    await reader.look()
    app.hint.notice("no picture goes with this model")
    app.offer()
    await reader.look()
    for severity in ("information", "warning", "error"):
        app.notify(f"told {severity}", title="A title", severity=severity)
    await reader.until("told error")


async def read_others(app: Stage, reader: Reader) -> None:
    pilot, clock = reader.pilot, itertools.count(0.0, 10.0)
    await app.push_screen(pack_screen(app.look))
    await reader.look()
    await pilot.press("tab", "down", "right", "down")
    await reader.look()
    app.pop_screen()
    await app.push_screen(viewer_screen(app.look))
    await reader.until("import")
    await pilot.press("slash", *"item", "enter")
    await reader.look()
    await pilot.press("slash")
    await reader.until("Search (no")
    app.pop_screen()
    await app.push_screen(review_screen(app.look, clock))
    await pilot.press("a", "r", "c")
    await reader.until("Comment for")
    app.pop_screen()
    await app.push_screen(YesNo("Send it?", clock.__next__))
    await reader.look_in_front("Send it?")
    app.pop_screen()
    app.action_command_palette()
    await reader.look_in_front("Show help")


SEEN = (
    "✔ grep", "✖ read_file", "… history", "❯ Where", "unverified]", "invalid]", "[1 app.py", "[2~ app",
    "proposed, not written", "written, undo", "def add", "Evidence", "≈ ", "repaired", "under way",
    "stopped", "waiting 1", "/copy", "ctx", "esc stop", "told error", "◒ mixed", "not read",
    "✔ accepted", "● open", "/ search", "PACK", "两个线程",
)  # fmt: skip


@pytest.mark.parametrize("theme", list(LEAST))
def test_all_that_is_drawn_can_be_read(theme: str) -> None:
    async def go() -> None:
        app = Stage(Look(theme=theme))
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            reader = Reader(app, pilot)
            await read_main(app, reader)
            await read_others(app, reader)
            assert [word for word in SEEN if word not in reader.seen] == []
            assert list(reader.bad) == []

    asyncio.run(go())


def test_a_screen_that_cannot_be_read_is_found_out() -> None:
    grey, black = Color.parse("#767676"), Color.parse("#ffffff")
    found = list(faults([Segment("x", Style(color=grey, bgcolor=black))], 4.6))
    assert found[0].startswith("4.54 ")
    assert not list(faults([Segment("x", Style(color=grey, bgcolor=black))], 4.5))
    assert list(faults([Segment("x", Style(color=grey, bgcolor=black, dim=True))], 4.5))
    assert not list(faults([Segment("─", Style(color=grey, bgcolor=black))], 7.0))


@pytest.mark.parametrize("name", [name for name, theme in BUILTIN_THEMES.items() if not theme.ansi])
def test_a_transcript_can_be_read_in_the_themes_of_others_too(name: str) -> None:
    theme = BUILTIN_THEMES[name]
    variables = {**theme.to_color_system().generate(), **theme.variables}
    front, back = (ThemeColor.parse(variables[part]) for part in ("foreground", "background"))
    page = Style(color=front.rich_color, bgcolor=back.rich_color)
    palette = make_palette(variables, page)
    ratios = {field.name: contrast(getattr(palette, field.name)) for field in fields(Palette)}
    assert {part: ratio for part, ratio in ratios.items() if ratio < 4.5} == {}


def test_a_palette_keeps_the_colours_that_can_be_read() -> None:
    variables = {"foreground": "#ffffff", "background": "#000000", "text-success": "#00ff00"}
    page = Style.parse("#ffffff on #000000")
    palette = make_palette({**variables, "text-muted": "#a0a0a0", "text-error": "#200000"}, page)
    assert palette.good.color == Color.parse("#00ff00")
    assert palette.muted.color == Color.parse("#a0a0a0")
    assert palette.bad.color != Color.parse("#200000")
    assert contrast(palette.bad) >= 4.5


def test_themes_have_names_and_others_stay() -> None:
    names = theme_names()
    assert names[:3] == ("bathy-dark", "bathy-light", "bathy-contrast")
    assert [theme.name for theme in THEMES] == list(names[:3])
    assert set(BUILTIN_THEMES) < set(names)
