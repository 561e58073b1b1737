"""Parts that all plots are made of: frame, colours, texts, legend. SVG that needs nothing else."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bathy.agent.modes.page.markup import escape, shorten, width_of

WIDTH = 900
"""Of every plot, in units of its own; the page scales it."""

FONT = 13
COLOURS = 6
"""How many there are, and how many kinds of dashes, so that nobody needs to see colours."""

_LEGEND_ROW, _SAMPLE, _GAP = 22, 30, 22
_LIGHT = ("#0b62b8", "#c2410c", "#0f766e", "#6d28d9", "#a16207", "#be185d")
_DARK = ("#6cb6ff", "#ff9d5c", "#45d0bf", "#c4a5ff", "#e6c245", "#ff8fbf")
_DASHES = ("none", "7 4", "2 4", "9 3 2 3", "5 2", "1 3")


def _palette(colours: Sequence[str]) -> str:
    return "".join(
        f".pl-line{n}{{stroke:{c}}}.pl-fill{n}{{fill:{c}}}" for n, c in enumerate(colours)
    )


_STYLE = (
    f".pl text{{font:{FONT}px system-ui,'Segoe UI','DejaVu Sans',sans-serif;fill:#24292f}}"
    ".pl .pl-dim{fill:#57606a}"
    ".pl-back{fill:#ffffff}.pl-grid{stroke:#d8dee4;stroke-width:1}"
    ".pl-axis{stroke:#8c959f;stroke-width:1}.pl-band{opacity:.16}.pl-bar{opacity:.55}.pl-whisker{stroke:#24292f}"
    ".pl-series{fill:none;stroke-width:2.2;stroke-linejoin:round;stroke-linecap:round}"
    + "".join(f".pl-dash{n}{{stroke-dasharray:{d}}}" for n, d in enumerate(_DASHES))
    + _palette(_LIGHT)
    + "@media (prefers-color-scheme:dark){.pl text{fill:#e6edf3}.pl .pl-dim{fill:#9ea7b3}"
    ".pl-back{fill:#161b22}.pl-grid{stroke:#30363d}.pl-axis{stroke:#6e7681}.pl-band{opacity:.22}"
    ".pl-whisker{stroke:#e6edf3}" + _palette(_DARK) + "}"
)


@dataclass(frozen=True, slots=True)
class Words:
    """What is said of a plot.

    Attributes:
        title: Stands above it.
        description: What it shows, in a sentence or two, for those who do not see it.
        key: Unlike that of any other plot of a page: letters, digits and "-".
    """

    title: str
    description: str
    key: str


def svg(words: Words, height: float, parts: Iterable[str]) -> str:
    """Put the parts of a plot together."""
    key = escape(words.key)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="pl" role="img" width="{WIDTH}"'
        f' height="{number(height)}" viewBox="0 0 {WIDTH} {number(height)}"'
        f' aria-labelledby="{key}-title {key}-desc"><title id="{key}-title">{escape(words.title)}'
        f'</title><desc id="{key}-desc">{escape(words.description)}</desc><style>{_STYLE}</style>'
        f'<rect class="pl-back" width="{WIDTH}" height="{number(height)}" rx="8"/>'
        + text(16, 28, words.title, style="font-weight:600;font-size:15px", most=(WIDTH - 32) / 18)
        + "".join(parts)
        + "</svg>"
    )


def series(at: int) -> str:
    """Return the classes of the line of a series, 0-based; 36 of them look unlike each other."""
    return f"pl-series pl-line{at % COLOURS} pl-dash{(at + at // COLOURS) % COLOURS}"


def text(
    x: float,
    y: float,
    said: str,
    *,
    anchor: str = "start",
    kind: str = "",
    style: str = "",
    most: float = 60,
) -> str:
    """Return a text; one wider than `most`, in parts of the font's size, is cut in the middle."""
    shown = shorten(said, most)
    whole = f"<title>{escape(said)}</title>" if shown != said else ""
    more = (f' class="{kind}"' if kind else "") + (f' style="{style}"' if style else "")
    place = f'x="{number(x)}" y="{number(y)}" text-anchor="{anchor}"'
    return f"<text {place}{more}>{whole}{escape(shown)}</text>"


def line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    """Return a straight line."""
    ends = f'x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}"'
    return f'<line class="{kind}" {ends}/>'


def number(value: float) -> str:
    """Return a length for an attribute, to a hundredth."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def legend(labels: Sequence[str], top: float) -> tuple[list[str], float]:
    """Name the series, with a sample of each, in as many rows as they need.

    Args:
        labels: In order.
        top: Where it begins.

    Returns:
        Its parts, and where it ends.
    """
    parts, x, y, left = list[str](), 16.0, top, 16.0
    most = (WIDTH - 2 * left - _SAMPLE) / FONT
    for at, label in enumerate(labels):
        width = _SAMPLE + min(width_of(label), most) * FONT
        if x > left and x + width > WIDTH - left:
            x, y = left, y + _LEGEND_ROW
        parts.append(line(series(at), x, y + 8, x + _SAMPLE - 7, y + 8))
        parts.append(text(x + _SAMPLE, y + 12.5, label, most=most))
        x += width + _GAP
    return parts, y + _LEGEND_ROW
