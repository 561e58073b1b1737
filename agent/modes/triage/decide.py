"""What is known and what a model said -> the report, every claim of it checked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bathy.agent.modes.compose import Bench
from bathy.agent.modes.triage.finding.duplicates import find_duplicates
from bathy.agent.modes.triage.finding.hypothesis import judge_hypothesis
from bathy.agent.modes.triage.finding.labels import find_labels
from bathy.agent.modes.triage.finding.missing import find_missing
from bathy.agent.modes.triage.finding.suspects import find_suspects
from bathy.agent.modes.triage.ground import Ground
from bathy.agent.modes.triage.opinion import NO_OPINION, Opinion, without_words
from bathy.agent.modes.triage.repeated import issue_info
from bathy.agent.modes.triage.report import (
    NO_TRACKER,
    Classification,
    Missing,
    RepoInfo,
    Report,
    RunInfo,
    Security,
    Status,
    Warning,
)
from bathy.agent.modes.triage.untrusted.flags import is_security, is_spam


@dataclass(frozen=True, slots=True)
class Judged:
    """The report before anything is said or written, and what the model would reply."""

    report: Report
    draft: str


def judge(bench: Bench, ground: Ground, opinion: Opinion, run: RunInfo) -> Judged:
    """Put the report together.

    Args:
        bench: The repository at the commit.
        ground: What is known of the issue.
        opinion: Of a model; nothing of it is believed unseen.
        run: The run.
    """
    blank = blank_report(ground, run)
    if is_spam(ground.flags):
        return Judged(replace(blank, status="spam", skip_reason="it looks like advertising"), "")
    if is_security(ground.flags):
        # Logs and summaries are public, too: whoever may know can search the code for themselves.
        return Judged(replace(blank, status="security_private"), "")
    if ground.is_steering:
        opinion = without_words(opinion, [label.name for label in ground.dossier.labels])
    dossier, target = ground.dossier, ground.dossier.target
    suspects = find_suspects(
        bench, ground.text, target.host, blank.repo.full_name, opinion.suspects
    )
    duplicates = find_duplicates(dossier, opinion.duplicates)
    missing = find_missing(
        dossier.issue, dossier.comments, dossier.own_comment, ground.templates,
        opinion.missing_info,
    )  # fmt: skip
    classification, labels = find_labels(
        dossier,
        ground.rules,
        similar=[(one.number, one.score) for one in ground.similar],
        suspect_paths=[suspect.path for suspect in suspects],
        template_labels=ground.template.labels if ground.template else (),
        opinions=opinion.labels,
        flags=ground.flags,
        needs_info=any(one.blocking for one in missing),
        has_duplicate=any(one.relation == "duplicate" for one in duplicates),
    )
    hypothesis = judge_hypothesis(opinion.hypothesis, suspects, is_flagged=ground.is_flagged)
    report = replace(
        blank,
        status=_status(opinion, missing),
        classification=_with(classification, opinion),
        labels=labels,
        duplicates=duplicates,
        missing_info=missing,
        suspects=suspects,
        hypothesis=hypothesis,
    )
    return Judged(report, opinion.reply)


def skipped(ground: Ground, run: RunInfo, why: str) -> Report:
    """Return the report of an issue that is not looked at."""
    return replace(blank_report(ground, run), status="skipped", skip_reason=why)


def blank_report(ground: Ground, run: RunInfo) -> Report:
    """Return a report that says what is known of issue and repository, and finds nothing."""
    dossier, target = ground.dossier, ground.dossier.target
    codes = {code for code, _ in dossier.notes}
    is_cut = bool(codes & {"oversize", "comments_cut"})
    return Report(
        run=run,
        repo=RepoInfo(
            target.full_name or NO_TRACKER, target.host, ground.commit, dossier.visibility
        ),
        issue=replace(issue_info(target, dossier), truncated=is_cut),
        status="triaged",
        security=Security(flags=ground.flags),
        warnings=tuple(Warning(code, message) for code, message in _notes(ground)),
    )


def _notes(ground: Ground) -> Sequence[tuple[str, str]]:
    dossier = ground.dossier
    notes = list(dossier.notes)
    if dossier.issue.number == 0:
        notes.append(("no_number", "the issue has no number; 1 stands for it"))
    if not dossier.target.full_name:
        notes.append(("no_name", "the repository's name is not known; give --repo-name OWNER/NAME"))
    return notes


def _status(opinion: Opinion, missing: Sequence[Missing]) -> Status:
    if any(one.blocking for one in missing):
        return "needs_info"
    if opinion is NO_OPINION or opinion.status in ("triaged", "needs_info"):
        return "triaged"
    # A model alone does not call a report spam, where that means silence.
    return "out_of_scope" if opinion.status == "out_of_scope" else "needs_human"


def _with(found: Classification, opinion: Opinion) -> Classification:
    """Add what only a reader can tell to what the text itself says."""
    regression = found.regression if opinion.regression is None else opinion.regression
    return replace(found, regression=regression)
