"""Reports -> stdout, a file, and what GitHub Actions shows of a step."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bathy.agent.config import Settings
from bathy.agent.errors import BathyError
from bathy.agent.modes.terminal import printable
from bathy.agent.modes.triage.ended import NO_DIGEST, ended_markdown, is_ended
from bathy.agent.modes.triage.report import Report, dump_report
from bathy.agent.modes.triage.telling.markdown import report_markdown
from bathy.agent.modes.triage.telling.summary import (
    MOST_BYTES,
    append_outputs,
    append_summary,
    outputs,
)

_JSON = ("json", "stream-json")

_FAILURES = ("write", "model")
"""Codes of the warnings that say why a triage is less than was asked for."""


def show(settings: Settings, report: Report, *, is_first: bool = True) -> None:
    """Write a report to stdout, as JSON in one line or as Markdown, and to a step's files.

    Of an issue that was not looked at people are told in a sentence on stderr, and no more.

    Args:
        settings: Say how.
        report: What is told.
        is_first: Nothing was shown before.

    Raises:
        BathyError: A file of the step cannot be written.
    """
    text, is_json = _text(settings, report), settings.output_format in _JSON
    if is_json:
        sys.stdout.write(text)
    elif not is_ended(report):
        if settings.output_format == "text" and sys.stdout.isatty():
            _draw(printable(text), color=settings.color)
        else:
            sys.stdout.write(("" if is_first else "\n") + printable(text))
    sys.stdout.flush()
    tell_step(report)


def tell_step(report: Report) -> None:
    """Tell the summary and the later steps of a workflow, if this is a step of one.

    Raises:
        BathyError: A file of the step cannot be written.
    """
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        if is_ended(report):
            _append_end(report, Path(path))
        else:
            append_summary(report, Path(path))
    if path := os.environ.get("GITHUB_OUTPUT"):
        append_outputs(step_outputs(report), Path(path))


def step_outputs(report: Report) -> dict[str, str]:
    """Return the outputs of a step by name; `reason` says why nothing, or not all, was done."""
    failed = [one.message for one in report.warnings if one.code in _FAILURES]
    digest = report.run.input_digest
    return {
        **outputs(report),
        "input_digest": "" if digest == NO_DIGEST else digest,
        "reason": report.skip_reason or "; ".join(failed),
    }


def _append_end(report: Report, path: Path) -> None:
    """Write a heading and a sentence behind what a step's summary holds, if there is room.

    Raises:
        BathyError: The file cannot be written.
    """
    data = (ended_markdown(report) + "\n").encode("utf-8", "replace")
    try:
        with path.open("ab") as file:
            if file.tell() + len(data) <= MOST_BYTES:
                file.write(data)
    except OSError as error:
        raise BathyError(
            f"the summary cannot be written to {path}: {error.strerror}; check GITHUB_STEP_SUMMARY"
        ) from error


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
    if settings.output_format in _JSON:
        return dump_report(report) + "\n"
    return ended_markdown(report) if is_ended(report) else report_markdown(report)


def _draw(markdown: str, *, color: bool) -> None:
    """Show Markdown to a person: tables as wide as the terminal, links to follow with a click."""
    from rich.console import Console
    from rich.markdown import Markdown

    Console(no_color=not color, highlight=False).print(Markdown(markdown, hyperlinks=color))
