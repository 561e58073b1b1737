"""Groups of means -> a table in text."""

from collections.abc import Iterator, Mapping, Sequence

from bathy.agent.modes.evaluate.intervals import CONFIDENCE, Mean
from bathy.agent.modes.evaluate.measures import MEASURES
from bathy.agent.modes.evaluate.methods import METHODS, OURS
from bathy.agent.modes.evaluate.totals import Group
from bathy.agent.modes.terminal import printable

HEADINGS = ("recall@1", "@5", "@10", "all@10", "MRR", "in 32k", "in 128k", "lines@10", "lines 32k")
"""Of `MEASURES`, short."""

INTERVAL = f"{100 * CONFIDENCE:.0f} % of resamples"


def render_table(groups: Sequence[Group]) -> str:
    """Return a table in percent; "-" where there is nothing to say.

    Under the row of our own ranking stands its interval.
    """
    shown = figures_of(groups)
    rows = [row for group in groups for row in _rows(group, shown)]
    widths = [max(map(len, column)) for column in zip(*(row for row in rows if row), strict=True)]
    return "".join(_aligned(row, widths) if row else "\n" for row in rows[1:])


def figures_of(groups: Sequence[Group]) -> dict[str, str]:
    """Return the headings, by measure, of the measures that say something in some group."""
    rows = [row for group in groups for row in group.rows.values()]
    pairs = zip(MEASURES, HEADINGS, strict=True)
    return {name: heading for name, heading in pairs if any(row[name] for row in rows)}


def _rows(group: Group, shown: Mapping[str, str]) -> Iterator[list[str]]:
    yield []
    yield [f"{printable(group.name)}, n = {group.n}", *shown.values()]
    for method in METHODS:
        row = [group.rows[method][name] for name in shown]
        yield [f"  {method}", *(percent(mean) for mean in row)]
        if method == OURS and group.n > 1:
            yield [f"    {INTERVAL}", *(interval(mean) for mean in row)]


def percent(mean: Mean | None) -> str:
    """Return a mean in percent, to a tenth."""
    return "-" if mean is None else f"{100 * mean.value:.1f}"


def interval(mean: Mean | None) -> str:
    """Return the ends of a mean's interval in percent; "-" where one figure is all there is."""
    if mean is None or mean.n < 2:
        return "-"
    return f"{100 * mean.low:.0f}-{100 * mean.high:.0f}"


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = row
    cells = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
    return "  ".join((first.ljust(widths[0]), *cells)) + "\n"
