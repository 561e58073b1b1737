"""A report and the results behind it -> one HTML page that needs nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

from bathy.agent.modes.batch.report import Report, Row
from bathy.agent.modes.page.drawing import Words
from bathy.agent.modes.page.page import (
    Block,
    Code,
    Figure,
    Page,
    Section,
    Table,
    render_page,
)
from bathy.agent.modes.page.plot import Bar, BarPlot, Line, LinePlot, bar_plot, line_plot

MOST_FAILURES = 200
"""Failures that the page lists; all of them stand in the results."""

_ERROR_CHARS = 300
_COLUMNS = (
    "repository", "tasks", "answered", "failed", "left", "patches", "cost", "cached",
    "seconds each",
)  # fmt: skip

Result = Mapping[str, Any]


def report_page(report: Report, results: Sequence[Result]) -> str:
    """Write the page of a batch.

    Args:
        report: The sums.
        results: In the order in which they came.
    """
    total = report.total
    lead = (
        f"{total.answered} of {total.tasks} tasks answered, {total.failed} failed,"
        f" {total.outcomes['left']} left; ${total.cost_usd:.4f} in all,"
        f" {100 * total.hit_share:.0f} % of what was sent came from the service's cache."
    )
    blocks: list[Block] = [_table(report), *_plots(report, results)]
    sections = [Section("By repository", blocks), Section("How they ended", [_outcomes(total)])]
    if failed := [result for result in results if _has_failed(result)]:
        sections.append(Section("Failures", list(_failures(failed))))
    return render_page(Page("Batch", lead, sections))


def _table(report: Report) -> Table:
    rows = [_cells(row) for row in (*report.rows, report.total)]
    return Table("Tasks, cost and time by repository", _COLUMNS, rows)


def _cells(row: Row) -> Sequence[str | Code]:
    return (
        Code(row.name),
        f"{row.tasks:,}",
        f"{row.answered:,}",
        f"{row.failed:,}",
        f"{row.outcomes['left']:,}",
        f"{row.patches:,}",
        f"${row.cost_usd:.4f}",
        f"{100 * row.hit_share:.1f} %" if row.prompt_tokens else "-",
        f"{row.mean_s:.1f}",
    )


def _plots(report: Report, results: Sequence[Result]) -> Iterator[Figure]:
    bars = [Bar(row.name, row.mean_s) for row in report.rows]
    words = Words("Time of a task", "Mean seconds that a task of a repository took.", "time")
    yield Figure(bar_plot(BarPlot(words, "seconds, mean", bars)))
    if report.total.cost_usd > 0:
        yield Figure(line_plot(_cost_plot(results)), "Tasks in the order in which they ended.")


def _cost_plot(results: Sequence[Result]) -> LinePlot:
    """What was paid, task by task, and what would have been, had nothing been cached."""
    paid = [0.0, *accumulate(float(result["total_cost_usd"]) for result in results)]
    saved = [0.0, *accumulate(_saved(result) for result in results)]
    whole = [one + other for one, other in zip(paid, saved, strict=True)]
    return LinePlot(
        Words(
            "Cost so far",
            f"After {len(results)} tasks ${paid[-1]:.4f} were paid; without the service's cache it"
            f" would have been ${whole[-1]:.4f}.",
            "cost",
        ),
        "tasks that have ended",
        "US dollars",
        [
            Line("paid", [*enumerate(paid)]),
            Line("had nothing been cached", [*enumerate(whole)]),
        ],
    )


def _saved(result: Result) -> float:
    return float((result.get("cache") or {}).get("saved_usd", 0.0))


def _outcomes(total: Row) -> Table:
    rows = [(Code(name), f"{count:,}") for name, count in total.outcomes.most_common() if count]
    return Table("Tasks by how they ended", ("outcome", "tasks"), rows)


def _has_failed(result: Result) -> bool:
    return bool(result["is_error"]) and not result.get("is_left")


def _failures(failed: Sequence[Result]) -> Iterator[Block]:
    rows = [
        (Code(str(r["id"])), Code(str(r["subtype"])), str(r["error"] or "")[:_ERROR_CHARS])
        for r in failed[:MOST_FAILURES]
    ]
    yield Table("Tasks without an answer", ("task", "outcome", "what went wrong"), rows, 9)
    if len(failed) > MOST_FAILURES:
        yield f"and {len(failed) - MOST_FAILURES:,} more, in the file of results"
