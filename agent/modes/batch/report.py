"""Tasks and their results -> cost, cache hits, time and outcome, by repository."""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bathy.agent.modes.batch.tasks import BatchTask
from bathy.agent.modes.terminal import printable

_NAME_CHARS = 36


@dataclass
class Row:
    """Sums over the tasks of one repository, or of all.

    Attributes:
        name: As the file of tasks calls it.
        tasks: In the file.
        outcomes: Tasks by how they ended: a subtype of a result, or "left".
        cost_usd: Of all.
        prompt_tokens: Likewise.
        hit_tokens: Of these, found in the cache.
        duration_ms: Time of all tasks, one after the other.
        patches: Tasks with a patch.
    """

    name: str
    tasks: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    cost_usd: float = 0.0
    prompt_tokens: int = 0
    hit_tokens: int = 0
    duration_ms: int = 0
    patches: int = 0

    def add(self, result: Mapping[str, Any] | None) -> None:
        """Take a task in; None for one that is left."""
        self.tasks += 1
        if result is None:
            self.outcomes["left"] += 1
            return
        # One that is left may have cost something all the same.
        self.outcomes["left" if result.get("is_left") else result["subtype"]] += 1
        self.cost_usd += result["total_cost_usd"]
        self.prompt_tokens += result["usage"]["prompt_tokens"]
        self.hit_tokens += result["usage"]["cache_hit_tokens"]
        self.duration_ms += result["duration_ms"]
        self.patches += bool(result["patch"])

    @property
    def answered(self) -> int:
        """Tasks with an answer."""
        return self.outcomes["success"]

    @property
    def failed(self) -> int:
        """Tasks without one."""
        return self.tasks - self.answered - self.outcomes["left"]

    @property
    def hit_share(self) -> float:
        """Part of the prompts that was cached, 0 to 1."""
        return self.hit_tokens / self.prompt_tokens if self.prompt_tokens else 0.0

    @property
    def mean_s(self) -> float:
        """Seconds that a task took."""
        done = self.tasks - self.outcomes["left"]
        return self.duration_ms / 1000 / done if done else 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """How a batch went.

    Attributes:
        rows: By repository, in the order of the file.
        total: Of all.
        elapsed_s: Time that this run took.
    """

    rows: tuple[Row, ...]
    total: Row
    elapsed_s: float


def report_of(
    tasks: Sequence[BatchTask], results: Mapping[str, Mapping[str, Any]], elapsed_s: float
) -> Report:
    """Sum results up."""
    rows, total = dict[str, Row](), Row("all")
    for task in tasks:
        for row in (rows.setdefault(task.name, Row(task.name)), total):
            row.add(results.get(task.id))
    return Report(tuple(rows.values()), total, elapsed_s)


def show_report(report: Report, *, is_json: bool) -> None:
    """Write the summary to stdout."""
    if is_json:
        sys.stdout.write(json.dumps(report_json(report)) + "\n")
    else:
        sys.stdout.write("\n".join(table_lines(report)) + "\n")
    sys.stdout.flush()


def report_json(report: Report) -> dict[str, Any]:
    """Return the summary as JSON."""

    def row_json(row: Row) -> dict[str, Any]:
        return {
            **asdict(row),
            "outcomes": dict(row.outcomes),
            "cost_usd": round(row.cost_usd, 6),
            "cache_hit_share": round(row.hit_share, 4),
        }

    return {
        "type": "batch",
        "schema_version": 1,
        "total": row_json(report.total),
        "repositories": [row_json(row) for row in report.rows],
        "elapsed_s": round(report.elapsed_s, 3),
    }


def table_lines(report: Report) -> Iterator[str]:
    """Yield the summary as a table."""
    rows = [*report.rows, report.total] if len(report.rows) > 1 else [report.total]
    width = min(_NAME_CHARS, max(len("repository"), *(len(row.name) for row in rows)))
    yield (
        f"{'repository':<{width}}  {'tasks':>6}  {'answered':>8}  {'failed':>6}  {'left':>5}"
        f"  {'cost':>10}  {'cached':>6}  {'s each':>7}"
    )
    for row in rows:
        name = printable(row.name).replace("\n", " ").replace("\t", " ")
        shown = name if len(name) <= width else f"…{name[len(name) - width + 1 :]}"
        cached = f"{100 * row.hit_share:.0f} %" if row.prompt_tokens else "-"
        yield (
            f"{shown:<{width}}  {row.tasks:>6}  {row.answered:>8}  {row.failed:>6}"
            f"  {row.outcomes['left']:>5}  {f'${row.cost_usd:.4f}':>10}  {cached:>6}"
            f"  {row.mean_s:>7.1f}"
        )
