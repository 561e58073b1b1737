"""One thin function for each request that triage makes of GitHub, and no others."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from bathy.agent.modes.triage.dossier import Comment, Issue, Label, LabelEvent, Target
from bathy.agent.modes.triage.github.client import GitHub
from bathy.agent.modes.triage.github.failures import GitHubError
from bathy.agent.modes.triage.github.shapes import (
    Repo,
    comment_of,
    issue_of,
    label_event_of,
    label_of,
    login_of,
    repo_name_of,
    repo_of,
)

ACTIONS_LOGIN = "github-actions[bot]"
"""Who writes with the token of a workflow, which may not ask for its own name."""

MOST_COMMENT_PAGES, MOST_LABEL_PAGES, MOST_EVENT_PAGES, MOST_OPEN_PAGES = 100, 20, 50, 20
"""Of 100 entries each; the third is as many as bots that relabel an issue for years fill."""


@dataclass(frozen=True, slots=True)
class Found:
    """Issues, without pull requests; `is_cut` says that there were more."""

    issues: tuple[Issue, ...]
    is_cut: bool = False


async def read_repo(github: GitHub, target: Target) -> Repo:
    """Read the repository, which may have another name by now."""
    return repo_of((await github.get(_repo_path(target))).value)


async def read_issue(github: GitHub, target: Target) -> Issue:
    """Read the issue.

    Raises:
        GitHubError: It was moved to another repository (301), was deleted (410), and as for `get`.
    """
    answer = await github.get(_issue_path(target))
    found = issue_of(answer.value, target)
    name = repo_name_of(answer.value)
    is_elsewhere = name.lower() != target.full_name.lower() if name else False
    if found.number and (is_elsewhere or found.number != target.number):
        place = f"https://{target.host}/{name or target.full_name}/issues/{found.number}"
        raise GitHubError(f"the issue was moved; run bathy triage {place}", 301)
    if not found.number:
        raise GitHubError("GitHub gives no issue where one belongs; check GITHUB_API_URL")
    return found


async def read_comments(
    github: GitHub, target: Target, *, most_pages: int = MOST_COMMENT_PAGES
) -> AsyncIterator[Comment]:
    """Read the comments under the issue one by one, oldest first."""
    async for page in github.pages(f"{_issue_path(target)}/comments", most=most_pages):
        for one in page:
            yield comment_of(one)


async def read_labels(github: GitHub, target: Target) -> list[Label]:
    """Read the labels that the repository has."""
    pages = github.pages(f"{_repo_path(target)}/labels", most=MOST_LABEL_PAGES)
    return [label async for page in pages for one in page if (label := label_of(one)).name]


async def read_label_events(github: GitHub, target: Target) -> list[LabelEvent]:
    """Read who put which label on the issue or took it off, oldest first."""
    pages = github.pages(f"{_issue_path(target)}/events", most=MOST_EVENT_PAGES)
    return [event async for page in pages for one in page if (event := label_event_of(one))]


async def read_login(github: GitHub, *, in_actions: bool) -> str:
    """Read whose token it is; "" if nobody's or if GitHub does not tell, as it tells no App.

    Args:
        github: The connection.
        in_actions: Whether this runs in a workflow, so that an App's token is the workflow's own.
    """
    if not github.has_token:
        return ""
    try:
        return login_of((await github.get("/user")).value)
    except GitHubError as error:
        if error.status not in (403, 404):
            raise
        return ACTIONS_LOGIN if in_actions else ""


async def read_issues(github: GitHub, target: Target, *, most_pages: int) -> Found:
    """Read open and closed issues, the ones that changed last first."""
    order = {"state": "all", "sort": "updated", "direction": "desc"}
    issues: list[Issue] = []
    is_cut = False
    async for answer in github.walk(f"{_repo_path(target)}/issues", most=most_pages, **order):
        issues += _issues_in(answer.value, target)
        is_cut = bool(answer.next_path)
    return Found(tuple(issues), is_cut)


async def search_issues(github: GitHub, target: Target, words: Sequence[str]) -> list[Issue]:
    """Search the repository's issues for any of some words, the best ones first, 100 at most.

    Args:
        github: The connection.
        target: Of the repository.
        words: Of letters and digits alone, so that none is taken for a qualifier; up to 6, for
            GitHub takes no more operators than join these.
    """
    query = f"repo:{target.full_name} is:issue ({' OR '.join(words)})"
    value = (await github.get("/search/issues", q=query, per_page=100)).value
    items = value.get("items") if isinstance(value, dict) else None
    if not isinstance(items, list):
        raise GitHubError("GitHub gives no list where one belongs; check GITHUB_API_URL")
    own = target.full_name.lower()
    # A server that reads the query otherwise than it is meant would answer for all of GitHub.
    return _issues_in([one for one in items if repo_name_of(one).lower() == own], target)


async def list_open(github: GitHub, target: Target, *, limit: int) -> Found:
    """Read open issues, oldest first, `limit` at most."""
    order = {"state": "open", "sort": "created", "direction": "asc"}
    issues: list[Issue] = []
    is_cut = False
    async for answer in github.walk(f"{_repo_path(target)}/issues", most=MOST_OPEN_PAGES, **order):
        issues += _issues_in(answer.value, target)
        is_cut = bool(answer.next_path) or len(issues) > limit
        if len(issues) >= limit:
            break
    return Found(tuple(issues[:limit]), is_cut)


async def can_suggest(github: GitHub, target: Target) -> bool:
    """Whether the server and the repository know suggestions, and the token may read them."""
    try:
        answer = await github.get(f"{_issue_path(target)}/suggestions")
    except GitHubError as error:
        if error.status not in (403, 404, 410, 422):
            raise
        return False
    return isinstance(answer.value, list)


def _repo_path(target: Target) -> str:
    return f"/repos/{target.full_name}"


def _issue_path(target: Target) -> str:
    return f"/repos/{target.full_name}/issues/{target.number}"


def _issues_in(values: Sequence[object], target: Target) -> list[Issue]:
    found = (issue_of(one, target) for one in values)
    return [issue for issue in found if issue.number and not issue.is_pull_request]
