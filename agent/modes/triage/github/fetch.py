"""A target and a token -> the dossier: all that GitHub knows of an issue, cut to what is of use.

What was cut, or could not be read and can be done without, is noted in it.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bathy.agent.modes.triage.dossier import Comment, Dossier, Issue, Target, Trigger
from bathy.agent.modes.triage.github.calls import (
    read_comments,
    read_issue,
    read_label_events,
    read_labels,
    read_login,
    read_repo,
)
from bathy.agent.modes.triage.github.client import GitHub
from bathy.agent.modes.triage.github.failures import GitHubError
from bathy.agent.modes.triage.github.older import Notes, Resembling, follow_chains, read_older
from bathy.agent.modes.triage.github.shapes import Repo

MOST_BODY_CHARS = 200_000
"""What is kept of the issue's body; GitHub takes 65,536 characters, other servers more."""

MOST_COMMENT_CHARS = 65_536
"""What is kept of a comment's body: all that GitHub takes."""

FIRST_COMMENTS, LAST_COMMENTS = 20, 80
"""Comments of others that are kept where there are more."""


async def fetch_dossier(
    github: GitHub,
    target: Target,
    trigger: Trigger,
    *,
    marker: Callable[[str], bool],
    resembling: Resembling,
    in_actions: bool = False,
) -> Dossier:
    """Read an issue and what belongs to it; nothing is written.

    Args:
        github: The connection, to the target's API.
        target: The issue; if its repository was renamed, the dossier's target has the new name.
        trigger: What started the run.
        marker: Whether the body of a comment ends with our marker.
        resembling: Which of the older issues to follow chains from.
        in_actions: Whether this runs in a workflow of GitHub Actions.

    Returns:
        The dossier; of a pull request, the issue alone.

    Raises:
        GitHubError: There is no such issue, it was deleted or moved, or the token may not read it.
        TryAgainError: GitHub cannot answer now.
    """
    notes: Notes = []
    repo = await read_repo(github, target)
    target = _bound(target, repo, notes)
    issue = _cut(await read_issue(github, target), notes)
    dossier = Dossier(
        target,
        trigger,
        issue,
        default_branch=repo.default_branch,
        visibility=repo.visibility,
    )
    if issue.is_pull_request:
        return replace(dossier, notes=tuple(notes))
    login = await read_login(github, in_actions=in_actions)
    if github.has_token and not login:
        notes.append(("login_unknown", "GitHub does not say whose token it is"))
    dossier = await _with_thread(github, replace(dossier, login=login), marker, notes)
    return await _with_tracker(github, dossier, resembling, notes)


async def _with_thread(
    github: GitHub, dossier: Dossier, marker: Callable[[str], bool], notes: Notes
) -> Dossier:
    """Add what was said."""
    thread = await _read_thread(github, dossier.target, dossier.login, marker)
    notes += thread.notes
    return replace(
        dossier,
        comments=(*thread.first, *thread.last),
        comments_seen=thread.seen,
        own_comment=thread.own.body if thread.own else "",
        own_comment_id=thread.own.id if thread.own else 0,
    )


async def _with_tracker(
    github: GitHub, dossier: Dossier, resembling: Resembling, notes: Notes
) -> Dossier:
    """Add labels and older issues, and all notes."""
    target, issue = dossier.target, dossier.issue
    labels = await read_labels(github, target)
    events = await read_label_events(github, target)
    older = await read_older(github, target, issue, notes)
    chains = await follow_chains(older, issue, resembling)
    return replace(
        dossier,
        labels=tuple(labels),
        label_events=tuple(events),
        others=older.issues,
        chains=chains,
        notes=tuple(notes),
    )


@dataclass(slots=True)
class _Thread:
    """Comments of others, of which the middle ones are let go, and the oldest one of our own."""

    seen: int = 0
    first: list[Comment] = field(default_factory=list)
    last: deque[Comment] = field(default_factory=lambda: deque(maxlen=LAST_COMMENTS))
    own: Comment | None = None
    is_shortened: bool = False

    def add(self, comment: Comment) -> None:
        self.seen += 1
        self.is_shortened |= len(comment.body) > MOST_COMMENT_CHARS
        kept = replace(comment, body=comment.body[:MOST_COMMENT_CHARS])
        (self.first if len(self.first) < FIRST_COMMENTS else self.last).append(kept)

    @property
    def notes(self) -> Notes:
        notes = []
        kept = len(self.first) + len(self.last)
        if kept < self.seen:
            said = f"of {self.seen:,} comments, the first {FIRST_COMMENTS} and the last"
            notes.append(("comments_cut", f"{said} {LAST_COMMENTS} are used"))
        if self.is_shortened:
            said = f"comments were cut to {MOST_COMMENT_CHARS:,} characters"
            notes.append(("comments_shortened", said))
        return notes


async def _read_thread(
    github: GitHub, target: Target, login: str, marker: Callable[[str], bool]
) -> _Thread:
    thread = _Thread()
    async for comment in read_comments(github, target):
        is_ours = bool(login) and comment.author.lower() == login.lower()
        if is_ours and marker(comment.body):
            thread.own = thread.own or comment
        else:
            thread.add(comment)
    return thread


def _bound(target: Target, repo: Repo, notes: Notes) -> Target:
    """Return the target by the name that its repository has now, on the same host."""
    if not repo.full_name:
        raise GitHubError("GitHub gives no repository where one belongs; check GITHUB_API_URL")
    if repo.full_name.lower() != target.full_name.lower():
        notes.append(("renamed", f"{target.full_name} is called {repo.full_name} now"))
    return replace(target, full_name=repo.full_name)


def _cut(issue: Issue, notes: Notes) -> Issue:
    if len(issue.body) > MOST_BODY_CHARS:
        said = f"the body of {len(issue.body):,} characters was cut to {MOST_BODY_CHARS:,}"
        notes.append(("oversize", said))
    return replace(issue, body=issue.body[:MOST_BODY_CHARS])
