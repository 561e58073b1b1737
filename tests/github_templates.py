"""State of a double of GitHub -> whole JSON objects, with all that GitHub's description requires."""

from dataclasses import dataclass, field
from typing import Any, Literal

Suggestions = Literal["on", "off", "ignored"]
"""Stored for review; refused; or, as a server does that does not know them, put on at once."""


@dataclass
class Account:
    login: str
    id: int
    type: str = "User"


@dataclass
class CommentState:
    id: int
    author: Account | None
    body: str
    association: str
    created_at: str
    updated_at: str


@dataclass
class EventState:
    id: int
    label: str
    actor: Account
    is_added: bool
    created_at: str


@dataclass
class IssueState:
    id: int
    number: int
    title: str
    body: str | None
    author: Account | None
    created_at: str
    updated_at: str
    labels: list[str] = field(default_factory=list)
    state: str = "open"
    state_reason: str | None = None
    association: str = "NONE"
    is_locked: bool = False
    is_pull_request: bool = False
    is_deleted: bool = False
    moved_to: tuple["RepoState", int] | None = None
    comments: list[CommentState] = field(default_factory=list)
    events: list[EventState] = field(default_factory=list)
    suggestions: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class RepoState:
    id: int
    full_name: str
    visibility: str = "public"
    default_branch: str = "main"
    suggestions: Suggestions = "on"
    labels: dict[str, str] = field(default_factory=dict)
    issues: dict[int, IssueState] = field(default_factory=dict)


@dataclass(frozen=True)
class Templates:
    """Builds objects whose addresses begin with that of the API and that of the pages."""

    api: str
    pages: str

    def user(self, account: Account) -> dict[str, Any]:
        url = f"{self.api}/users/{account.login}"
        lists = {
            f"{name}_url": f"{url}/{name}"
            for name in (
                "followers",
                "following",
                "gists",
                "starred",
                "subscriptions",
                "repos",
                "events",
                "received_events",
            )
        }
        return {
            "login": account.login,
            "id": account.id,
            "node_id": f"U_{account.id}",
            "avatar_url": f"{self.pages}/avatars/{account.id}",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{self.pages}/{account.login}",
            "organizations_url": f"{url}/orgs",
            "type": account.type,
            "site_admin": False,
            **lists,
        }

    def private_user(self, account: Account) -> dict[str, Any]:
        blank = dict.fromkeys(("bio", "blog", "company", "email", "hireable", "location", "name"))
        counts = (
            "followers following public_gists public_repos collaborators disk_usage"
            " owned_private_repos private_gists total_private_repos"
        )
        return {
            **self.user(account),
            **blank,
            **dict.fromkeys(counts.split(), 0),
            "created_at": "2020-01-01T00:00:00Z",
            "updated_at": "2020-01-01T00:00:00Z",
            "two_factor_authentication": True,
        }

    def repo(self, repo: RepoState) -> dict[str, Any]:
        owner, name = repo.full_name.split("/")
        url = f"{self.api}/repos/{repo.full_name}"
        page = f"{self.pages}/{repo.full_name}"
        return {
            "id": repo.id,
            "node_id": f"R_{repo.id}",
            "name": name,
            "full_name": repo.full_name,
            "owner": self.user(Account(owner, 10_000 + repo.id)),
            "private": repo.visibility != "public",
            "visibility": repo.visibility,
            "default_branch": repo.default_branch,
            "url": url,
            "html_url": page,
            **{f"{one}_url": f"{url}/{one}" for one in _REPO_LISTS.split()},
            "issues_url": f"{url}/issues{{/number}}",
            "clone_url": f"{page}.git",
            "svn_url": page,
            "git_url": f"git://double.test/{repo.full_name}.git",
            "ssh_url": f"git@double.test:{repo.full_name}.git",
            **dict.fromkeys(("description", "homepage", "language", "mirror_url", "license")),
            **dict.fromkeys(_REPO_COUNTS.split(), 0),
            **dict.fromkeys(_REPO_HAS.split(), True),
            **dict.fromkeys(("fork", "archived", "disabled", "is_template"), False),
            **dict.fromkeys(("created_at", "updated_at", "pushed_at"), "2020-01-01T00:00:00Z"),
        }

    def label(self, repo: RepoState, name: str) -> dict[str, Any]:
        at = list(repo.labels).index(name) + 1
        return {
            "id": repo.id * 1000 + at,
            "node_id": f"LA_{repo.id}_{at}",
            "url": f"{self.api}/repos/{repo.full_name}/labels/{at}",
            "name": name,
            "description": repo.labels[name] or None,
            "color": "ededed",
            "default": False,
        }

    def issue(self, repo: RepoState, issue: IssueState) -> dict[str, Any]:
        url = f"{self.api}/repos/{repo.full_name}/issues/{issue.number}"
        kind = "pull" if issue.is_pull_request else "issues"
        page = f"{self.pages}/{repo.full_name}/{kind}/{issue.number}"
        found = {
            "id": issue.id,
            "node_id": f"I_{issue.id}",
            "url": url,
            "repository_url": f"{self.api}/repos/{repo.full_name}",
            "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "timeline_url": f"{url}/timeline",
            "html_url": page,
            "number": issue.number,
            "state": issue.state,
            "state_reason": issue.state_reason,
            "title": issue.title,
            "body": issue.body,
            "user": self.user(issue.author) if issue.author else None,
            "labels": [self.label(repo, name) for name in issue.labels],
            "assignee": None,
            "assignees": [],
            "milestone": None,
            "locked": issue.is_locked,
            "active_lock_reason": None,
            "comments": len(issue.comments),
            "closed_at": issue.updated_at if issue.state == "closed" else None,
            "created_at": issue.created_at,
            "updated_at": issue.updated_at,
            "author_association": issue.association,
            "reactions": self._reactions(url),
            "performed_via_github_app": None,
        }
        if issue.is_pull_request:
            pull = f"{self.api}/repos/{repo.full_name}/pulls/{issue.number}"
            found["pull_request"] = {
                "url": pull,
                "html_url": page,
                "diff_url": f"{page}.diff",
                "patch_url": f"{page}.patch",
                "merged_at": None,
            }
        return found

    def comment(self, repo: RepoState, issue: IssueState, comment: CommentState) -> dict[str, Any]:
        url = f"{self.api}/repos/{repo.full_name}/issues/comments/{comment.id}"
        page = f"{self.pages}/{repo.full_name}/issues/{issue.number}"
        return {
            "id": comment.id,
            "node_id": f"IC_{comment.id}",
            "url": url,
            "html_url": f"{page}#issuecomment-{comment.id}",
            "issue_url": f"{self.api}/repos/{repo.full_name}/issues/{issue.number}",
            "user": self.user(comment.author) if comment.author else None,
            "body": comment.body,
            "created_at": comment.created_at,
            "updated_at": comment.updated_at,
            "author_association": comment.association,
            "reactions": self._reactions(url),
            "performed_via_github_app": None,
        }

    def event(self, repo: RepoState, event: EventState) -> dict[str, Any]:
        return {
            "id": event.id,
            "node_id": f"LE_{event.id}",
            "url": f"{self.api}/repos/{repo.full_name}/issues/events/{event.id}",
            "actor": self.user(event.actor),
            "event": "labeled" if event.is_added else "unlabeled",
            "label": {"name": event.label, "color": "ededed"},
            "commit_id": None,
            "commit_url": None,
            "created_at": event.created_at,
            "performed_via_github_app": None,
        }

    def _reactions(self, url: str) -> dict[str, Any]:
        kinds = "total_count +1 -1 laugh confused heart hooray eyes rocket"
        return {"url": f"{url}/reactions", **dict.fromkeys(kinds.split(), 0)}


_REPO_LISTS = (
    "archive assignees blobs branches collaborators comments commits compare contents contributors"
    " deployments downloads events forks git_commits git_refs git_tags hooks issue_comment"
    " issue_events issues keys labels languages merges milestones notifications pulls releases"
    " stargazers statuses subscribers subscription tags teams trees"
)
_REPO_COUNTS = (
    "forks forks_count open_issues open_issues_count size stargazers_count watchers watchers_count"
    " network_count subscribers_count"
)
_REPO_HAS = "has_issues has_projects has_wiki has_pages has_discussions has_downloads"
