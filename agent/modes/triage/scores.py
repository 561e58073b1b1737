"""Reports and what would have been right -> how right they are, by repository and in all."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bathy.agent.modes.triage.report import MOST_SUSPECTS, Report

HITS, RECALLS = (1, 3, 5, 10), (1, 3)
"""How many suspects, and how many older issues, are looked at."""

ALL = "all"


@dataclass(frozen=True, slots=True)
class Gold:
    """What would be right about an issue; None for what nobody has said.

    Attributes:
        files: Paths that its fix changed.
        labels: Names that people gave it.
        duplicates: Numbers of the issues that it repeats; none if it repeats none.
    """

    files: frozenset[str] | None = None
    labels: frozenset[str] | None = None
    duplicates: frozenset[int] | None = None


Measures = Mapping[str, tuple[float, float]]
"""(right, of) by column. Sums of both give the score of several records."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of many reports.

    Attributes:
        rows: Scores from 0 to 1 by repository and column; `ALL` last. A column without gold is
            missing.
        counts: Records by row.
        failed: Ids of the records that have no report.
    """

    rows: Mapping[str, Mapping[str, float]]
    counts: Mapping[str, int]
    failed: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Names, in order."""
        return tuple(self.rows[ALL])


def measure(report: Report, gold: Gold, resolving: int) -> Measures:
    """Score one report.

    Args:
        report: Of one issue.
        gold: What would be right.
        resolving: How many of its permalinks lead to lines.

    Returns:
        hit@k: a file to blame is among the first k. MRR: 1 by the rank of the first such file, 0
        if none is there. duplicates@k: share of the repeated issues among the first k, whatever
        they are called. false duplicate: another one is called a duplicate. labels right: share of
        those given; labels found: share of those wanted. links: share that resolves. unknown: no
        cause is named.
    """
    return dict(
        [
            *_of_files(report, gold.files),
            *_of_duplicates(report, gold.duplicates),
            *_of_labels(report, gold.labels),
            ("links", (resolving, len(report.suspects))),
            ("unknown", (report.hypothesis.state == "unknown", 1)),
        ]
    )


def add_up(measured: Sequence[tuple[str, Measures]], failed: Sequence[str] = ()) -> Scores:
    """Sum up what was measured.

    Args:
        measured: (repository, measures) of each record.
        failed: Ids of records without a report.

    Returns:
        Repositories in the order of their names, then all.
    """
    names = [*sorted({repo for repo, _ in measured}), ALL]
    rows, counts = dict[str, Mapping[str, float]](), dict[str, int]()
    for name in names:
        chosen = [one for repo, one in measured if name in (repo, ALL)]
        rows[name], counts[name] = _row(chosen), len(chosen)
    return Scores(rows, counts, tuple(failed))


def _row(measured: Sequence[Measures]) -> dict[str, float]:
    sums = dict[str, tuple[float, float]]()
    for column, (right, of) in (pair for one in measured for pair in one.items()):
        so_far = sums.get(column, (0.0, 0.0))
        sums[column] = so_far[0] + right, so_far[1] + of
    return {column: right / of for column, (right, of) in sums.items() if of}


def _of_files(
    report: Report, files: frozenset[str] | None
) -> Iterator[tuple[str, tuple[float, float]]]:
    if not files:
        return
    ranks = [rank for rank, one in enumerate(report.suspects, 1) if one.path in files]
    first = min(ranks, default=MOST_SUSPECTS + 1)
    for k in HITS:
        yield f"hit@{k}", (first <= k, 1)
    yield "MRR", (1 / first if ranks else 0, 1)


def _of_duplicates(
    report: Report, numbers: frozenset[int] | None
) -> Iterator[tuple[str, tuple[float, float]]]:
    if numbers is None:
        return
    told = [one.number for one in report.duplicates]
    for k in RECALLS:
        yield f"duplicates@{k}", (len(numbers.intersection(told[:k])), len(numbers))
    called = {one.number for one in report.duplicates if one.relation == "duplicate"}
    yield "false duplicate", (bool(called - numbers), 1)


def _of_labels(
    report: Report, labels: frozenset[str] | None
) -> Iterator[tuple[str, tuple[float, float]]]:
    if labels is None:
        return
    given = {one.name for one in report.labels.add}
    right = len(given & labels)
    yield "labels right", (right, len(given))
    yield "labels found", (right, len(labels))
