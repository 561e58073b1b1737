"""A result -> a page: what was found, how deep one must look, and what was missed worst."""

from collections.abc import Iterator

from bathy.agent.modes.evaluate.intervals import CONFIDENCE, DRAWS, SEED
from bathy.agent.modes.evaluate.judge import Outcome
from bathy.agent.modes.evaluate.measures import DEEPEST
from bathy.agent.modes.evaluate.methods import METHODS, OURS, SHOWN_SPANS
from bathy.agent.modes.evaluate.result import Result
from bathy.agent.modes.evaluate.table import figures_of, interval, percent
from bathy.agent.modes.evaluate.totals import Group, Miss, curve_of, sure_curve_of, worst_misses
from bathy.agent.modes.page.drawing import Words
from bathy.agent.modes.page.page import (
    Cell,
    Code,
    Figure,
    Heading,
    Page,
    Section,
    Table,
    render_page,
)
from bathy.agent.modes.page.plot import Bar, BarPlot, Line, LinePlot, bar_plot, line_plot
from bathy.tools.redact import redact
from bathy.tools.workspace import quote_path

MOST_MISSES = 20
_MOST_TITLE = 160

_MEANING = (
    "In percent. recall@k is the share of the right files among the first k; all@10 says how often"
    " every right file is among the first ten; MRR is 1 by the rank of the first right file. in"
    " 32k, in 128k: the share that fits a prompt of so many tokens, if files go in whole, by their"
    " score for their size. lines@10: how much of the places that were changed the first ten spans"
    " show; lines 32k: how much of them 32,000 tokens show, of spans in order, or of whole files"
    " for methods without spans."
)
_HOW = {
    "history": "Each commit's message was the question, the source files that it changed the"
    " answer, and its first parent what was searched. Messages are written by people who know the"
    " change, so they are easier than reports of strangers.",
    "ranking": "Each question was asked of its commit. Files that the commit lacks count as not"
    " found.",
}
_COMPARED = (
    "All methods rank the same text files. Words in the path: the rare words of the question that"
    " stand in a file's path. BM25 of whole files: the usual score of words, whatever kind of file"
    " it is. Random order: what chance is expected to give. Figures of different repositories do"
    " not compare."
)


def result_page(result: Result) -> str:
    """Return a result as one HTML document."""
    groups, outcomes = result.groups, result.outcomes
    total = next(group for group in groups if group.name == "all")
    what = "commits of its own history" if result.what == "history" else "questions"
    stopped = " The measurement was stopped before its end." if result.was_stopped else ""
    lead = f"How well bathy's index finds files, measured on {len(outcomes)} {what}.{stopped}"
    missed = worst_misses(outcomes, MOST_MISSES)
    by_group = [Figure(_bars(groups))] if len(groups) > 1 else []
    sections = [
        Section("What was found", [_table(groups), _MEANING, *by_group]),
        Section("How deep one must look", [Figure(_curves(result), _caption(total))]),
        Section("The worst misses", _misses(missed)),
        Section("How this was measured", [*_notes(result)]),
    ]
    return render_page(Page(f"Retrieval in {result.subject}", lead, sections))


def _table(groups: list[Group]) -> Table:
    shown, rows = figures_of(groups), list[list[str] | Heading]()
    for group in groups:
        rows.append(Heading(f"{group.name}, n = {group.n}"))
        for method in METHODS:
            means = [group.rows[method][name] for name in shown]
            rows.append([method, *(percent(mean) for mean in means)])
            if method == OURS and group.n > 1:
                rows.append([f"{100 * CONFIDENCE:.0f} % interval", *map(interval, means)])
    return Table("Measures by group and method", ["", *shown.values()], rows)


def _curves(result: Result) -> str:
    outcomes, lines = result.outcomes, list[Line]()
    for method in METHODS:
        points = [(at, 100 * mean) for at, mean in enumerate(curve_of(outcomes, method), 1)]
        has_band = method == OURS and len(outcomes) > 1
        means = sure_curve_of(outcomes, method) if has_band else ()
        band = [(at, 100 * mean.low, 100 * mean.high) for at, mean in enumerate(means, 1)]
        lines.append(Line(method, points, band))
    words = Words(
        "Recall by the number of files looked at",
        "; ".join(
            f"{one.label}: {one.points[0][1]:.0f} % at 1, {one.points[9][1]:.0f} % at 10,"
            f" {one.points[-1][1]:.0f} % at {DEEPEST}"
            for one in lines
        ),
        "recall",
    )
    label = "first files of the ranking"
    return line_plot(LinePlot(words, label, "right files among them, in %", lines, (0, 100)))


def _caption(total: Group) -> str:
    sure = f"{100 * CONFIDENCE:.0f} %"
    if total.n < 2:
        return ""
    return f"The band around {OURS} holds the means of {sure} of resamples of the {total.n} items."


def _bars(groups: list[Group]) -> str:
    bars = list[Bar]()
    for group in groups:
        mean = group.rows[OURS]["recall@10"]
        if mean is not None:
            ends = (100 * mean.low, 100 * mean.high) if mean.n > 1 else None
            bars.append(Bar(f"{group.name} ({group.n})", round(100 * mean.value, 1), ends))
    told = "; ".join(f"{bar.label}: {bar.value} %" for bar in bars)
    words = Words(f"Recall among the first ten files, {OURS}", told, "groups")
    return bar_plot(BarPlot(words, "recall@10, in %", bars, 100.0))


def _misses(missed: list[Miss]) -> list[str | Table]:
    if not missed:
        return ["Every question has a right file among its first ten."]
    rows: list[list[Cell]] = [
        [
            _title(miss.outcome),
            Code(quote_path(miss.path)),
            Code(quote_path(next(iter(miss.outcome.judged[OURS].top), "nothing"))),
            "not ranked" if miss.rank is None else f"{miss.rank:,}",
        ]
        for miss in missed
    ]
    columns = ["question", "right file, the best placed", "stood on top", "its rank"]
    intro = "Questions none of whose right files is among the first ten, the worst first."
    return [intro, Table("The worst misses", columns, rows, figures=3)]


def _title(outcome: Outcome) -> str:
    title = redact(outcome.title).text
    return title if len(title) <= _MOST_TITLE else title[: _MOST_TITLE - 3] + "..."


def _notes(result: Result) -> Iterator[str | Table]:
    yield _HOW[result.what]
    yield _COMPARED
    if result.left_out:
        reasons = sorted(result.left_out.items(), key=lambda pair: (-pair[1], pair[0]))
        rows = [[reason, f"{n:,}"] for reason, n in reasons]
        yield Table("Commits that were left out", ["commits left out", "n"], rows)
    if result.failed:
        failed: list[list[Cell]] = [
            [Code(quote_path(id_)), why] for id_, why in result.failed.items()
        ]
        yield Table("Not measured", ["not measured", "why"], failed, figures=2)
    settings = [(name.replace("_", " "), value) for name, value in result.settings.items()]
    more = [("resamples", DRAWS), ("seed of the resamples", SEED), ("spans looked at", SHOWN_SPANS)]
    told = [[name, str(value)] for name, value in (*settings, *more) if value is not None]
    yield Table("Settings", ["setting", "value"], told)
