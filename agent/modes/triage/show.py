"""Reports -> stdout, a file, and what GitHub Actions shows of a step."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bathy.agent.config import Settings
from bathy.agent.errors import BathyError
from bathy.agent.modes.terminal import printable
from bathy.agent.modes.triage.report import Report, dump_report
from bathy.agent.modes.triage.telling.markdown import report_markdown
from bathy.agent.modes.triage.telling.summary import append_outputs, append_summary, outputs

_JSON = ("json", "stream-json")


def show(settings: Settings, report: Report, *, is_first: bool = True) -> None:
    """Write a report to stdout, as JSON in one line or as Markdown, and to a step's files.

    Args:
        settings: Say how.
        report: What is told.
        is_first: Nothing was shown before.

    Raises:
        BathyError: A file of the step cannot be written.
    """
    text = _text(settings, report)
    if settings.output_format == "text" and sys.stdout.isatty():
        _draw(printable(text), color=settings.color)
    elif settings.output_format in _JSON:
        sys.stdout.write(text)
    else:
        sys.stdout.write(("" if is_first else "\n") + printable(text))
    sys.stdout.flush()
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        append_summary(report, Path(path))
    tell_outputs(outputs(report))


def tell_outputs(found: Mapping[str, str]) -> None:
    """Tell a workflow's later steps, if this is a step of one.

    Raises:
        BathyError: Its file cannot be written.
    """
    if path := os.environ.get("GITHUB_OUTPUT"):
        append_outputs(found, Path(path))


def save(settings: Settings, reports: Sequence[Report]) -> None:
    """Write reports to the file that was asked for, if any.

    They are JSON, one a line, in a file whose name says so, since a later step reads that.

    Raises:
        BathyError: It cannot be written.
    """
    path = settings.output
    if path is None:
        return
    is_json = path.suffix in (".json", ".jsonl")
    texts = [dump_report(one) + "\n" if is_json else _text(settings, one) for one in reports]
    try:
        path.write_text("".join(texts), encoding="utf-8")
    except OSError as error:
        raise BathyError(f"cannot write {path}: {error.strerror}") from error


def _text(settings: Settings, report: Report) -> str:
    is_json = settings.output_format in _JSON
    return dump_report(report) + "\n" if is_json else report_markdown(report)


def _draw(markdown: str, *, color: bool) -> None:
    """Show Markdown to a person: tables as wide as the terminal, links to follow with a click."""
    from rich.console import Console
    from rich.markdown import Markdown

    Console(no_color=not color, highlight=False).print(Markdown(markdown, hyperlinks=color))
