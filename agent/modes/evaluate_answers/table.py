"""A report -> lines for people: a table of contexts, their differences, and what to know."""

from collections.abc import Iterator, Sequence

from bathy.agent.modes.evaluate_answers.report import Compared, Report, Row
from bathy.agent.modes.evaluate_answers.scoring import STATUSES
from bathy.agent.modes.terminal import printable

_HEADS = (
    "context", "n", "score", "scored", *STATUSES, "gold", "$/question", "cached", "s", "turns",
)  # fmt: skip
_WORDS = {
    "score": "score",
    "verified": "citations verified or repaired",
    "gold_files": "gold files cited",
    "cost_usd": "$ a question",
}


def report_lines(report: Report) -> Iterator[str]:
    """Show a report; shares in percent, "-" where there is nothing to average."""
    model = report.by.model
    by = f"answered by {model}" if model else "answered from the index alone"
    yield printable(f"{report.items} questions ({report.format}), {by}")
    yield ""
    yield from _table([_HEADS, *map(_cells, report.rows)])
    for row in report.rows:
        yield from _remarks(row)
    if report.compared:
        yield ""
        yield "paired differences, second minus first, with 95 % intervals (bootstrap)"
        yield from _table(
            [("", "first", "second", "n", "mean", "low", "high"), *map(_compared, report.compared)]
        )
    yield ""
    yield from map(printable, _notes(report))


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.context,
        str(row.answered),
        _percent(row.score),
        str(row.scored),
        *(_percent(row.citation_share(status)) for status in STATUSES),
        _percent(row.gold),
        "-" if row.cost_usd is None else f"{row.cost_usd:.4f}",
        _percent(row.hit_share),
        "-" if row.seconds is None else f"{row.seconds:.1f}",
        "-" if row.turns is None else f"{row.turns:.1f}",
    )


def _compared(one: Compared) -> tuple[str, ...]:
    scale, digits = (1, 4) if one.measure == "cost_usd" else (100, 1)
    found = one.difference
    ends = (f"{scale * value:+.{digits}f}" for value in (found.mean, found.low, found.high))
    return (_WORDS[one.measure], one.first, one.second, str(found.n), *ends)


def _remarks(row: Row) -> Iterator[str]:
    """What the table has no column for."""
    if row.criteria:
        points = ", ".join(f"{name} {value:.1f}" for name, value in row.criteria.items())
        yield f"{row.context}: {sum(row.criteria.values()):.1f} points in all; {points}"
    for why, count in row.unscored.items():
        yield printable(f"{row.context}: {count} unscored: {why}")
    if row.uncited:
        yield f"{row.context}: {row.uncited} cite nothing"
    if row.failed:
        yield f"{row.context}: {row.failed} failed; they are tried again by the next start"
    if left := row.asked - row.answered - row.failed:
        yield f"{row.context}: {left} not asked yet"


def _notes(report: Report) -> Iterator[str]:
    model, judge = report.by.model, report.by.judge
    if report.by.is_same:
        yield f"judged by {judge}, the model that answered: such scores flatter; see --judge"
    elif judge is not None:
        yield f"judged by {judge}; the scores are its opinion, by prompts of our own"
    elif model is None:
        yield "no judge without a model: only citations and gold files are scored"
    if model is not None:
        yield f"spent so far, failures and judge included: ${report.spent_usd:.4f}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns: the first one to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        yield "  ".join((row[0].ljust(widths[0]), *cells)).rstrip()
