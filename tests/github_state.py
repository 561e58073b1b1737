"""What the double of GitHub holds: accounts, repositories, issues; and what tests put there."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from github_templates import (
    Account,
    CommentState,
    EventState,
    IssueState,
    RepoState,
    Suggestions,
)

_START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Token:
    account: Account
    can_write: bool
    is_app: bool


class State:
    """Repositories by name and who may see them; each thing gets a number and a time of its own."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}
        self._accounts: dict[str, Account] = {}
        self._repos: dict[str, RepoState] = {}
        self._lock, self._count = threading.RLock(), 0

    def add_token(
        self, token: str, login: str, *, can_write: bool = True, is_app: bool = False
    ) -> None:
        """Let a token in; that of an app may not ask for its own name."""
        self._tokens[token] = Token(self._account(login), can_write, is_app)

    def add_repo(
        self,
        full_name: str,
        *,
        labels: Iterable[str] | Mapping[str, str] = (),
        visibility: str = "public",
        default_branch: str = "main",
        suggestions: Suggestions = "on",
    ) -> RepoState:
        """Add a repository; labels are names, or descriptions by name."""
        described = dict(labels) if isinstance(labels, Mapping) else dict.fromkeys(labels, "")
        repo = RepoState(
            self._next(), full_name, visibility, default_branch, suggestions, described
        )
        self._repos[full_name.lower()] = repo
        return repo

    def add_issue(
        self, repo: str, title: str, body: str | None = "", *, number: int = 0, **more: Any
    ) -> IssueState:
        """Add an issue; `more` are `author` (a login, None for a deleted one) and its fields."""
        there = self._repos[repo.lower()]
        author = more.pop("author", "reporter")
        for name in more.get("labels", ()):
            there.labels.setdefault(name, "")
        number = number or max(there.issues, default=0) + 1
        moment = self._moment()
        account = self._account(author) if author else None
        issue = IssueState(self._next(), number, title, body, account, moment, moment)
        for name, value in more.items():
            assert hasattr(issue, name), name
            setattr(issue, name, value)
        there.issues[number] = issue
        return issue

    def add_comment(
        self, repo: str, number: int, author: str | None, body: str, association: str = "NONE"
    ) -> CommentState:
        """Add a comment; its author is None for a deleted account."""
        account, moment = self._account(author) if author else None, self._moment()
        comment = CommentState(self._next(), account, body, association, moment, moment)
        self.issue(repo, number).comments.append(comment)
        return comment

    def add_label_event(
        self, repo: str, number: int, label: str, actor: str, *, is_added: bool = True
    ) -> None:
        """Add an event alone; the issue's labels stay."""
        self._note(self.issue(repo, number), label, self._account(actor), is_added=is_added)

    def rename(self, old: str, new: str) -> None:
        """Give a repository another name; what asks for the old one is led on."""
        self._repos[old.lower()].full_name = new
        self._repos[new.lower()] = self._repos[old.lower()]

    def transfer(self, repo: str, number: int, to: str, to_number: int) -> None:
        """Move an issue to another repository."""
        issue = self.issue(repo, number)
        self.add_issue(to, issue.title, issue.body, number=to_number)
        issue.moved_to = (self._repos[to.lower()], to_number)

    def issue(self, repo: str, number: int) -> IssueState:
        """Return the state of an issue, to be looked at or changed."""
        return self._repos[repo.lower()].issues[number]

    def _note(self, issue: IssueState, label: str, actor: Account, *, is_added: bool) -> None:
        event = EventState(self._next(), label, actor, is_added, self._moment())
        issue.events.append(event)

    def _account(self, login: str) -> Account:
        kind = "Bot" if login.endswith("[bot]") else "User"
        return self._accounts.setdefault(login, Account(login, self._next(), kind))

    def _next(self) -> int:
        with self._lock:
            self._count += 1
            return self._count

    def _moment(self) -> str:
        """A time later than all before."""
        return (_START + timedelta(seconds=self._next())).strftime("%Y-%m-%dT%H:%M:%SZ")
