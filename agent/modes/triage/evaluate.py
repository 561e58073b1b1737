"""`bathy eval triage`: labelled issues -> how well they are triaged without a model."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from bathy.agent.config import Settings
from bathy.agent.errors import BathyError, ConfigError
from bathy.agent.index.live import LiveView
from bathy.agent.index.repo import locate, read_snapshot
from bathy.agent.modes.progress import Progress
from bathy.agent.modes.triage.finding.permalinks import permalink, resolves
from bathy.agent.modes.triage.records import Record, read_records
from bathy.agent.modes.triage.report import Report
from bathy.agent.modes.triage.saying import log_progress
from bathy.agent.modes.triage.scores import ALL, Measures, Scores, add_up, measure

_BAR_WIDTH = 24

ReportOf = Callable[[Record], Report]
"""Triages one record. Raises BathyError if its repository cannot be read."""


def run_eval_triage(
    settings: Settings, file: Path, repos: Path, *, limit: int | None = None
) -> int:
    """Triage labelled issues at their commits, and print the scores.

    Args:
        settings: Of this run; no model is asked, whatever they say.
        file: The records, as `read_records` takes them.
        repos: Folder of clones.
        limit: Only the first so many records.

    Returns:
        The exit code: 1 if some record could not be triaged.

    Raises:
        ConfigError: The file holds no records, or the output has no such format.
    """
    if settings.output_format not in ("text", "json"):
        raise ConfigError("eval writes text or json; give --output-format one of them")
    records = read_records(file, repos)[:limit]
    if not records:
        raise ConfigError(f"{file} holds no records")
    progress = log_progress(settings)
    scores = evaluate(_told(records, progress), _triage(settings), progress.say)
    text = render(scores) if settings.output_format == "text" else _json(scores)
    sys.stdout.write(text)
    if settings.output is not None:
        settings.output.write_text(text, encoding="utf-8")
    return 1 if scores.failed else 0


def evaluate(
    records: Iterable[Record],
    report_of: ReportOf,
    say: Callable[[str], None] = lambda _text: None,
) -> Scores:
    """Score the reports of records.

    Args:
        records: In order.
        report_of: Makes the reports.
        say: Gets a sentence for each record that cannot be triaged.

    Returns:
        The scores of those that can.
    """
    measured, failed = list[tuple[str, Measures]](), list[str]()
    for record in records:
        try:
            report = report_of(record)
            resolving = _resolving(record, report)
        except BathyError as error:
            say(f"{record.id} is left out: {error}")
            failed.append(record.id)
            continue
        measured.append((record.repo, measure(report, record.gold, resolving)))
    return add_up(measured, failed)


def render(scores: Scores) -> str:
    """Return the scores as a table for people, in percent; "-" where there is no gold."""
    columns = scores.columns
    rows = [["repository", "n", *columns]]
    for name, row in scores.rows.items():
        values = (f"{100 * row[column]:.1f}" if column in row else "-" for column in columns)
        rows.append([name, str(scores.counts[name]), *values])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    text = "".join(f"{_aligned(row, widths)}\n" for row in rows)
    left_out = f"{len(scores.failed)} left out: {', '.join(scores.failed)}\n"
    return text + left_out * bool(scores.failed)


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = row
    cells = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
    return "  ".join((first.ljust(widths[0]), *cells))


def _json(scores: Scores) -> str:
    rows = {
        name: {"records": scores.counts[name], **{key: round(row[key], 4) for key in row}}
        for name, row in scores.rows.items()
    }
    value = {
        "schema_version": 1,
        "repositories": {name: row for name, row in rows.items() if name != ALL},
        "all": rows[ALL],
        "failed": scores.failed,
    }
    return json.dumps(value) + "\n"


def _triage(settings: Settings) -> ReportOf:
    """The whole of thinking, without a model, at the commit of a record."""
    from bathy.agent.modes.triage.think import think

    quiet = Progress(quiet=True, verbose=False)

    def report_of(record: Record) -> Report:
        if not record.folder.is_dir():
            kept = record.repo.replace("/", "+")
            raise ConfigError(f"there is no clone of it; give --repos DIR that holds {kept}")
        own = replace(settings, folder=record.folder, rev=record.commit, offline=True)
        return think(own, record.dossier, quiet).report

    return report_of


def _resolving(record: Record, report: Report) -> int:
    """Count the permalinks that lead where the suspects say."""
    repo, commit = locate(record.folder), report.repo.commit
    snapshot = read_snapshot(repo, record.folder, rev=commit, known={})
    with closing(LiveView(snapshot, lambda _path: ())) as view:
        return sum(
            resolves(view, one.path, one.start_line, one.end_line)
            and one.permalink
            == permalink(
                report.repo.host,
                report.repo.full_name,
                commit,
                one.path,
                one.start_line,
                one.end_line,
            )
            for one in report.suspects
        )


def _told(records: Sequence[Record], progress: Progress) -> Iterator[Record]:
    """Yield records, and draw a bar on a terminal."""
    for done, record in enumerate(records):
        filled = _BAR_WIDTH * done // len(records)
        bar = "#" * filled + "." * (_BAR_WIDTH - filled)
        progress.status(f"[{bar}] {done} of {len(records)} issues; {record.id}")
        yield record
    progress.clear()
