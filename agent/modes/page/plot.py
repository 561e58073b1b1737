"""Series of numbers -> a plot as SVG: lines with bands, or bars with whiskers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bathy.agent.modes.page.drawing import (
    COLOURS,
    FONT,
    WIDTH,
    Words,
    legend,
    line,
    number,
    series,
    svg,
    text,
)
from bathy.agent.modes.page.markup import width_of
from bathy.agent.modes.page.ticks import number as told
from bathy.agent.modes.page.ticks import ticks

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """One series.

    Attributes:
        label: Stands in the legend.
        points: (x, y), x ascending; not empty.
        band: (x, low, high) around it, likewise; () for none.
    """

    label: str
    points: Sequence[Point]
    band: Sequence[tuple[float, float, float]] = ()


@dataclass(frozen=True, slots=True)
class LinePlot:
    """Series over one axis.

    Attributes:
        words: What is said of it.
        x_label: What the horizontal axis counts.
        y_label: What the vertical axis counts.
        lines: The first is the one that matters, and is drawn on top.
        y_range: Ends of the vertical axis; None for what the lines need, from 0 on.
    """

    words: Words
    x_label: str
    y_label: str
    lines: Sequence[Line]
    y_range: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Attributes:
        label: Stands before it.
        value: Its length, at least 0.
        interval: (low, high), drawn as a whisker; None for none.
    """

    label: str
    value: float
    interval: Point | None = None


@dataclass(frozen=True, slots=True)
class BarPlot:
    """Bars that lie, since their labels may be long.

    Attributes:
        words: What is said of it.
        label: What the axis counts.
        bars: From top to bottom.
        most: End of the axis; None for what the bars need.
    """

    words: Words
    label: str
    bars: Sequence[Bar]
    most: float | None = None


@dataclass(frozen=True, slots=True)
class _Scale:
    """Numbers from `low` to `high` -> lengths from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        inside = min(max(value, self.low), self.high)
        part = (inside - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)


_TOP, _PLOT_HEIGHT, _SIDE = 74, 320, 26
_BAR_ROW, _MOST_LABEL = 28, 300


def line_plot(plot: LinePlot) -> str:
    """Draw lines.

    Returns:
        One SVG element, the same for the same plot; text in it is escaped.
    """
    xs = [x for one in plot.lines for x, _ in one.points]
    low, high = plot.y_range or _range(plot.lines)
    marks = ticks(low, high)
    left = 24 + FONT * max((width_of(told(mark)) for mark in marks), default=0)
    bottom = _TOP + _PLOT_HEIGHT
    x = _Scale(min(xs), max(max(xs), min(xs) + 1), left, WIDTH - _SIDE)
    y = _Scale(low, high, bottom, _TOP)
    names, end = legend([one.label for one in plot.lines], bottom + 58)
    parts = [
        text(16, 50, plot.y_label, kind="pl-dim"),
        *_rows(y, marks, left),
        *_columns(x, bottom),
        text((left + WIDTH - _SIDE) / 2, bottom + 42, plot.x_label, anchor="middle", kind="pl-dim"),
        *(part for at, one in reversed([*enumerate(plot.lines)]) for part in _line(one, at, x, y)),
        *names,
    ]
    return svg(plot.words, end + 10, parts)


def _range(lines: Sequence[Line]) -> Point:
    values = [value for one in lines for _, value in one.points]
    values += [end for one in lines for _, low, high in one.band for end in (low, high)]
    low, high = min(0.0, *values), max(0.0, *values)
    return (low, high) if high > low else (low, low + 1)


def _rows(y: _Scale, marks: Sequence[float], left: float) -> Iterator[str]:
    for mark in marks:
        yield line("pl-grid", left, y.at(mark), WIDTH - _SIDE, y.at(mark))
        yield text(left - 8, y.at(mark) + 4.5, told(mark), anchor="end", kind="pl-dim")


def _columns(x: _Scale, bottom: float) -> Iterator[str]:
    yield line("pl-axis", x.start, bottom, x.end, bottom)
    for mark in _marks(x):
        yield line("pl-axis", x.at(mark), bottom, x.at(mark), bottom + 5)
        yield text(x.at(mark), bottom + 20, told(mark), anchor="middle", kind="pl-dim")


def _marks(x: _Scale) -> list[float]:
    """Numbers below a horizontal axis: so many that they do not run into each other."""
    marks, room = list[float](), 0.0
    for most in (11, 8, 6, 4, 2):
        marks = ticks(x.low, x.high, most)
        room = max((width_of(told(mark)) for mark in marks), default=0.0) * FONT + 12
        if all(x.at(after) - x.at(before) >= room for before, after in pairwise(marks)):
            break
    # The left end is where a count begins, so it is named even if it is not round.
    return [x.low, *(mark for mark in marks if x.at(mark) - x.start >= room)]


def _line(one: Line, at: int, x: _Scale, y: _Scale) -> Iterator[str]:
    colour = at % COLOURS
    if one.band:
        upper = [(x.at(place), y.at(high)) for place, _, high in one.band]
        lower = [(x.at(place), y.at(low)) for place, low, _ in reversed(one.band)]
        yield f'<polygon class="pl-band pl-fill{colour}" points="{_points(upper + lower)}"/>'
    points = [(x.at(place), y.at(value)) for place, value in one.points]
    yield f'<polyline class="{series(at)}" points="{_points(points)}"/>'


def _points(points: Sequence[Point]) -> str:
    return " ".join(f"{number(x)},{number(y)}" for x, y in points)


def bar_plot(plot: BarPlot) -> str:
    """Draw bars.

    Returns:
        One SVG element, the same for the same plot; text in it is escaped.
    """
    ends = [end for bar in plot.bars for end in (bar.value, *(bar.interval or ()))]
    most = plot.most if plot.most is not None else max(ends, default=0.0)
    widest = max((width_of(bar.label) for bar in plot.bars), default=0.0)
    left = 28 + min(widest * FONT, _MOST_LABEL)
    top, bottom = 50, 50 + _BAR_ROW * len(plot.bars)
    right = 24 + FONT * max((width_of(_value(bar)) for bar in plot.bars), default=0.0)
    x = _Scale(0.0, most if most > 0 else 1.0, left, WIDTH - right)
    grid = (line("pl-grid", x.at(mark), top, x.at(mark), bottom) for mark in _marks(x))
    middle = (x.start + x.end) / 2
    parts = [
        *grid,
        *_columns(x, bottom),
        text(middle, bottom + 42, plot.label, anchor="middle", kind="pl-dim"),
        *(
            part
            for at, bar in enumerate(plot.bars)
            for part in _bar(bar, top + _BAR_ROW * (at + 0.5), x)
        ),
    ]
    return svg(plot.words, bottom + 58, parts)


def _bar(bar: Bar, middle: float, x: _Scale) -> Iterator[str]:
    yield text(x.start - 10, middle + 4.5, bar.label, anchor="end", most=_MOST_LABEL / FONT)
    place = f'x="{number(x.start)}" y="{number(middle - 8)}"'
    size = f'width="{number(x.at(bar.value) - x.start)}" height="16"'
    yield f'<rect class="pl-bar pl-fill0" {place} {size} rx="2"/>'
    end = x.at(bar.value)
    if bar.interval is not None:
        low, high = x.at(bar.interval[0]), x.at(bar.interval[1])
        yield line("pl-whisker", low, middle, high, middle)
        for side in (low, high):
            yield line("pl-whisker", side, middle - 4, side, middle + 4)
        end = max(end, high)
    yield text(end + 8, middle + 4.5, _value(bar))


def _value(bar: Bar) -> str:
    return told(round(bar.value, 2))
