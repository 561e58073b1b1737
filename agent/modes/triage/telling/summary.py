"""A report -> a step's summary and its outputs in GitHub Actions."""

import json
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from bathy.agent.errors import BathyError
from bathy.agent.modes.triage.report import Report
from bathy.agent.modes.triage.telling.markdown import report_markdown
from bathy.agent.modes.triage.untrusted.logs import output_block

MOST_BYTES = 900_000
"""Of a summary file; GitHub drops a step's whole summary from 1 MiB on."""

_CUT = "\n\nThe rest was left out: a summary may not be longer.\n"


def append_summary(report: Report, path: Path) -> bool:
    """Write a report behind what the step's summary holds.

    Args:
        report: What is told.
        path: From GITHUB_STEP_SUMMARY.

    Returns:
        Whether all of it was written; what goes beyond `MOST_BYTES` for the file is left out.

    Raises:
        BathyError: The file cannot be written.
    """
    try:
        room = MOST_BYTES - (path.stat().st_size if path.exists() else 0)
        text = report_markdown(report) + "\n"
        data = _cut(text, room)
        with path.open("ab") as file:
            file.write(data)
    except OSError as error:
        raise BathyError(
            f"the summary cannot be written to {path}: {error.strerror}; check GITHUB_STEP_SUMMARY"
        ) from error
    return data == text.encode("utf-8", "replace")


def _cut(text: str, room: int) -> bytes:
    """As many whole lines as there is room for, with a line that says so."""
    data, end = text.encode("utf-8", "replace"), _CUT.encode()
    if len(data) <= room:
        return data
    if room < len(end):
        return b""
    return data[: room - len(end)].rpartition(b"\n")[0] + end


def outputs(report: Report) -> dict[str, str]:
    """Return the outputs of a step by name.

    A list is JSON in one line, since a label may hold a comma. `comment_url` is that of the comment
    as it stands after the run, "" if the run wrote none.
    """
    done = [action for action in report.actions if action.state == "done"]
    labels, hypothesis = report.labels, report.hypothesis
    return {
        "status": report.status,
        "mode": report.run.mode,
        "labels": json.dumps([label.name for label in labels.add]),
        "removed_labels": json.dumps([label.name for label in labels.remove]),
        "duplicates": json.dumps(
            [one.number for one in report.duplicates if one.relation == "duplicate"]
        ),
        "missing_info": json.dumps([one.field for one in report.missing_info]),
        "suspects": json.dumps([one.permalink for one in report.suspects]),
        "hypothesis": hypothesis.state,
        "writes": str(len(done)),
        "failed_writes": str(sum(action.state == "failed" for action in report.actions)),
        "comment_url": comment_url(report),
        "input_digest": report.run.input_digest,
    }


def comment_url(report: Report) -> str:
    """Return the page of the comment that the run wrote; "" if it wrote none."""
    for action in report.actions:
        if action.state == "done" and action.op in ("create_comment", "update_comment"):
            is_new = action.op == "create_comment"
            number = ((action.reason or "") if is_new else action.path).rpartition("/")[2]
            issue = f"{report.repo.host}/{report.repo.full_name}/issues/{report.issue.number}"
            return f"https://{issue}#issuecomment-{number}" if number.isdecimal() else ""
    return ""


def append_outputs(
    found: Mapping[str, str], path: Path, draw: Callable[[], str] = lambda: secrets.token_hex(16)
) -> None:
    """Write a step's outputs behind what the file holds.

    Args:
        found: Outputs by name.
        path: From GITHUB_OUTPUT.
        draw: Gives a delimiter that nobody can guess.

    Raises:
        BathyError: The file cannot be written.
    """
    blocks = [output_block(name, value, draw) for name, value in found.items()]
    try:
        with path.open("ab") as file:
            file.write("".join(blocks).encode("utf-8", "replace"))
    except OSError as error:
        raise BathyError(
            f"the outputs cannot be written to {path}: {error.strerror}; check GITHUB_OUTPUT"
        ) from error
