"""An issue as it was read -> what a report repeats of it."""

from bathy.agent.modes.triage.dossier import Dossier, Issue, Target
from bathy.agent.modes.triage.report import IssueInfo
from bathy.agent.modes.triage.untrusted.visible import visible

_MOST_TITLE = 400


def issue_info(target: Target, known: Issue | Dossier | None) -> IssueInfo:
    """Return what is known of an issue, its title as people see it.

    Args:
        target: The issue that was meant.
        known: What was read of it; None for nothing.
    """
    if known is None:
        return IssueInfo(max(1, target.number), "", "")
    issue = known.issue if isinstance(known, Dossier) else known
    return IssueInfo(
        number=max(1, issue.number),
        title=" ".join(visible(issue.title).text.split())[:_MOST_TITLE],
        updated_at=issue.updated_at,
        url=issue.url,
        state=issue.state,
        author=issue.author or None,
        author_association=issue.association,
        existing_labels=issue.labels,
        comments_read=len(known.comments) if isinstance(known, Dossier) else 0,
    )
