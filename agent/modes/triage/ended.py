"""A run that ends before its issue was looked at -> its report: why, and what is known by then.

Nothing in it is made up: what the report's form demands and nobody knows is empty, or zeros that
belong to no commit and no text, and a warning says so.
"""

import uuid
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Literal

from bathy.agent.modes.triage.digest import input_digest
from bathy.agent.modes.triage.dossier import Dossier, Issue, Target, Trigger
from bathy.agent.modes.triage.plan import Wishes
from bathy.agent.modes.triage.repeated import issue_info
from bathy.agent.modes.triage.report import NO_TRACKER, RepoInfo, Report, RunInfo, Warning
from bathy.agent.modes.triage.untrusted.safe import safe_line

NO_COMMIT = "0" * 40
"""Where a commit belongs and no code was looked at; git has no object of this name."""

NO_DIGEST = "sha256:" + "0" * 64

Ended = Literal["skipped", "error"]

_HEADS: dict[str, str] = {"skipped": "Skipped", "error": "Could not be triaged"}
_NO_LOOK = ("no_commit", "no code was looked at; zeros stand for the commit")
_UNREAD = ("not_read", "the issue was not read; its texts are left empty, zeros are its digest")
_HALF_READ = ("not_read", "the issue's comments were not read; zeros stand for the digest")


def ended_report(
    status: Ended,
    why: str,
    target: Target,
    trigger: Trigger,
    wishes: Wishes,
    *,
    known: Issue | Dossier | None = None,
) -> Report:
    """Return the report of an issue that is not looked at.

    Args:
        status: Whether there was a reason not to, or something failed.
        why: One sentence.
        target: The issue that was meant.
        trigger: What started the run.
        wishes: What it might have written.
        known: What was read of the issue.
    """
    dossier = known if isinstance(known, Dossier) else None
    target = dossier.target if dossier else target
    notes = [_NO_LOOK]
    if dossier is None:
        notes.append(_UNREAD if known is None else _HALF_READ)
    run = RunInfo(
        id=uuid.uuid4().hex,
        mode=wishes.mode,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        input_digest=input_digest(dossier) if dossier else NO_DIGEST,
        tool_version=version("bathy"),
        trigger=trigger,
    )
    visibility = dossier.visibility if dossier else "unknown"
    return Report(
        run,
        RepoInfo(target.full_name or NO_TRACKER, target.host, NO_COMMIT, visibility),
        issue_info(target, known),
        status,
        skip_reason=why,
        warnings=tuple(Warning(code, said) for code, said in notes),
    )


def is_ended(report: Report) -> bool:
    """Whether a report is of an issue that was not looked at."""
    return report.repo.commit == NO_COMMIT


def ended_markdown(report: Report) -> str:
    """Return all that such a report has to say as Markdown: a heading and a sentence."""
    why = safe_line(report.skip_reason or "", 1_000)
    number = report.issue.number
    return f"# Triage of #{number}\n\n**{_HEADS.get(report.status, report.status)}**: {why}\n"
