"""A request -> what GitHub answers to it, and what that changes."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlencode

from github_state import State
from github_templates import Account, IssueState, RepoState, Templates
from github_wire import NO_JSON, Call, RefusedError, Reply, lost


class Answers(State, ABC):
    """Every request of the API that triage may make, and those that it must not make."""

    def __init__(self, *, links_by_id: bool) -> None:
        super().__init__()
        self._by_id = links_by_id

    @property
    @abstractmethod
    def api_url(self) -> str:
        """Root of the API, without a slash at its end."""

    def judged(self, call: Call) -> Reply:
        try:
            if call.token and call.token not in self._tokens:
                raise RefusedError(401, "Bad credentials")
            if call.body is NO_JSON:
                raise RefusedError(400, "Problems parsing JSON")
            for method, pattern, handle in _ROUTES:
                found = pattern.fullmatch(call.path)
                if method == call.method and found:
                    named = found.groupdict().items()
                    call.names = {name: unquote(text) for name, text in named if text}
                    return handle(self, call)
        except RefusedError as error:
            return error.reply
        return lost()

    def _get_user(self, call: Call) -> Reply:
        token = self._tokens.get(call.token)
        if token is None:
            raise RefusedError(401, "Requires authentication")
        if token.is_app:
            raise RefusedError(403, "Resource not accessible by integration")
        return Reply(200, self._templates.private_user(token.account))

    def _get_repo(self, call: Call) -> Reply:
        return Reply(200, self._templates.repo(self._repo(call)))

    def _get_labels(self, call: Call) -> Reply:
        repo = self._repo(call)
        return self._page(call, [self._templates.label(repo, name) for name in repo.labels])

    def _get_issues(self, call: Call) -> Reply:
        repo, state = self._repo(call), call.query.get("state", "open")
        found = [i for i in repo.issues.values() if not i.is_deleted and not i.moved_to]
        found = [i for i in found if state in ("all", i.state)]
        by_update = call.query.get("sort", "created") == "updated"
        found.sort(
            key=lambda i: (i.updated_at if by_update else i.created_at, i.number),
            reverse=call.query.get("direction", "desc") == "desc",
        )
        return self._page(call, found, lambda i: self._templates.issue(repo, i))

    def _get_issue(self, call: Call) -> Reply:
        repo, issue = self._found(call)
        return Reply(200, self._templates.issue(repo, issue))

    def _patch_issue(self, call: Call) -> Reply:
        repo, issue = self._found(call, writes=True)
        if "labels" in call.field:
            issue.labels = [self._known(repo, _name(one)) for one in call.field["labels"]]
        for name in ("title", "body", "state", "state_reason"):
            if name in call.field:
                setattr(issue, name, call.field[name])
        return Reply(200, self._templates.issue(repo, issue))

    def _get_comments(self, call: Call) -> Reply:
        repo, issue = self._found(call)
        return self._page(call, issue.comments, lambda c: self._templates.comment(repo, issue, c))

    def _post_comment(self, call: Call) -> Reply:
        repo, issue = self._found(call, writes=True)
        body = _comment_body(call)
        author = self._tokens[call.token].account
        comment = self.add_comment(repo.full_name, issue.number, author.login, body)
        issue.updated_at = comment.created_at
        return Reply(201, self._templates.comment(repo, issue, comment))

    def _one_comment(self, call: Call) -> Reply:
        is_write = call.method != "GET"
        repo = self._repo(call, writes=is_write)
        both = ((i, c) for i in repo.issues.values() for c in i.comments)
        found = next(((i, c) for i, c in both if str(c.id) == call.names["comment"]), None)
        if found is None:
            raise RefusedError(404, "Not Found")
        if is_write:
            found[1].body, found[1].updated_at = _comment_body(call), self._moment()
        return Reply(200, self._templates.comment(repo, *found))

    def _get_issue_labels(self, call: Call) -> Reply:
        repo, issue = self._found(call)
        return self._page(call, [self._templates.label(repo, name) for name in issue.labels])

    def _post_labels(self, call: Call) -> Reply:
        repo, issue = self._found(call, writes=True)
        actor = self._tokens[call.token].account
        for wanted in _wanted_labels(call):
            name = _name(wanted)
            is_suggested = isinstance(wanted, dict) and wanted.get("suggest") is True
            if is_suggested and repo.suggestions == "off":
                raise RefusedError(422, "Validation Failed: suggestions are not enabled")
            if is_suggested and repo.suggestions == "on":
                self._suggest(repo, issue, wanted, actor)
            elif (known := self._known(repo, name)) not in issue.labels:
                issue.labels.append(known)
                self._note(issue, known, actor, is_added=True)
        return self._labels_left(repo, issue)

    def _put_labels(self, call: Call) -> Reply:
        repo, issue = self._found(call, writes=True)
        issue.labels = [self._known(repo, _name(one)) for one in _wanted_labels(call)]
        return self._labels_left(repo, issue)

    def _delete_labels(self, call: Call) -> Reply:
        _, issue = self._found(call, writes=True)
        issue.labels = []
        return Reply(204)

    def _delete_label(self, call: Call) -> Reply:
        repo, issue = self._found(call, writes=True)
        name = next((n for n in issue.labels if n.lower() == call.names["label"].lower()), None)
        if name is None:
            raise RefusedError(404, "Label does not exist")
        issue.labels.remove(name)
        self._note(issue, name, self._tokens[call.token].account, is_added=False)
        return self._labels_left(repo, issue)

    def _get_events(self, call: Call) -> Reply:
        repo, issue = self._found(call)
        return self._page(call, issue.events, lambda e: self._templates.event(repo, e))

    def _get_suggestions(self, call: Call) -> Reply:
        repo, issue = self._found(call)
        if repo.suggestions != "on":
            raise RefusedError(404, "Not Found")
        state = call.query.get("state", "pending")
        found = [one for one in issue.suggestions if state in ("all", one["state"])]
        return self._page(call, found)

    def _search(self, call: Call) -> Reply:
        name = re.search(r"\brepo:(\S+)", call.query.get("q", ""))
        repo = self._repos.get(name[1].lower()) if name else None
        if repo is None or not self._may_read(repo, call.token):
            raise RefusedError(422, "Validation Failed")
        text = re.sub(r"\b\w+:\S+|\bOR\b", " ", call.query["q"])
        words = set(re.findall(r"\w+", text.lower()))
        found = [i for i in repo.issues.values() if not i.is_pull_request and not i.is_deleted]
        scored = [(len(words & set(re.findall(r"\w+", i.title.lower()))), i) for i in found]
        hits = sorted((s for s in scored if s[0]), key=lambda s: (-s[0], s[1].number))
        items = [{**_without_no_body(self._templates.issue(repo, i)), "score": n} for n, i in hits]
        page = self._page(call, items)
        about = {"total_count": len(items), "incomplete_results": False, "search_type": "lexical"}
        return Reply(200, {**about, "items": page.value}, page.headers)

    def _rate_limit(self, _call: Call) -> Reply:
        one = {"limit": 5000, "used": 0, "remaining": 5000, "reset": 1_800_000_000}
        return Reply(200, {"resources": {"core": one, "search": one}, "rate": one})

    @property
    def _templates(self) -> Templates:
        return Templates(self.api_url, "https://double.test")

    def _repo(self, call: Call, *, writes: bool = False) -> RepoState:
        if number := call.names.get("id"):
            repo = next((r for r in self._repos.values() if str(r.id) == number), None)
        else:
            repo = self._repos.get(call.names["repo"].lower())
        if repo is None or not self._may_read(repo, call.token):
            raise RefusedError(404, "Not Found")
        asked = call.names.get("repo") or repo.full_name
        if asked.lower() != repo.full_name.lower():
            rest = call.path.removeprefix(f"/repos/{asked}")
            query = f"?{urlencode(call.query)}" if call.query else ""
            raise self._leads(repo, rest + query, 301 if call.method == "GET" else 307)
        if writes and not call.token:
            raise RefusedError(401, "Requires authentication")
        if writes and not self._tokens[call.token].can_write:
            raise RefusedError(403, "Resource not accessible by integration")
        return repo

    def _found(self, call: Call, *, writes: bool = False) -> tuple[RepoState, IssueState]:
        repo = self._repo(call, writes=writes)
        issue = repo.issues.get(int(call.names["number"]))
        if issue is None:
            raise RefusedError(404, "Not Found")
        if issue.is_deleted:
            raise RefusedError(410, "This issue was deleted")
        if issue.moved_to:
            raise self._leads(issue.moved_to[0], f"/issues/{issue.moved_to[1]}", 301)
        return repo, issue

    def _leads(self, repo: RepoState, rest: str, status: int) -> RefusedError:
        location = f"{self.api_url}/repositories/{repo.id}{rest}"
        return RefusedError(status, "Moved Permanently", {"Location": location})

    def _may_read(self, repo: RepoState, token: str) -> bool:
        return repo.visibility == "public" or bool(token)

    def _page(
        self, call: Call, whole: list[Any], shape: Callable[[Any], Any] = lambda one: one
    ) -> Reply:
        size = min(100, int(call.query.get("per_page", 30)))
        page = int(call.query.get("page", 1))
        last = max(1, -(-len(whole) // size))
        links = {"next": page + 1, "last": last} if page < last else {}
        links |= {"prev": page - 1, "first": 1} if page > 1 else {}
        path = call.path
        if self._by_id and "repo" in call.names:
            repo = self._repos[call.names["repo"].lower()]
            path = f"/repositories/{repo.id}{path.removeprefix('/repos/' + call.names['repo'])}"
        told = [
            f'<{self.api_url}{path}?{urlencode({**call.query, "page": at})}>; rel="{rel}"'
            for rel, at in links.items()
        ]
        shown = [shape(one) for one in whole[(page - 1) * size : page * size]]
        return Reply(200, shown, {"Link": ", ".join(told)} if told else {})

    def _labels_left(self, repo: RepoState, issue: IssueState) -> Reply:
        issue.updated_at = self._moment()
        return Reply(200, [self._templates.label(repo, name) for name in issue.labels])

    def _known(self, repo: RepoState, name: str) -> str:
        """Return a label as the repository writes it; GitHub creates one that is not there."""
        found = next((known for known in repo.labels if known.lower() == name.lower()), None)
        if found is None:
            repo.labels[name] = ""
        return found or name

    def _suggest(
        self, repo: RepoState, issue: IssueState, wanted: dict[str, Any], actor: Account
    ) -> None:
        if _name(wanted).lower() not in {known.lower() for known in repo.labels}:
            raise RefusedError(422, "Validation Failed: no such label")
        moment = self._moment()
        told = wanted.get("confidence")
        issue.suggestions.append(
            {
                "id": self._next(),
                "issue_id": issue.id,
                "action": "add_label",
                "state": "pending",
                "target_id": None,
                "target_value": wanted["name"],
                "rationale": wanted.get("rationale"),
                "confidence": told.upper() if told else None,
                "actor_id": actor.id,
                "issue_event_id": None,
                "resolved_by": None,
                "created_at": moment,
                "updated_at": moment,
            }
        )


def _without_no_body(issue: dict[str, Any]) -> dict[str, Any]:
    """GitHub's description of what a search finds has no place for a body of null."""
    return {key: value for key, value in issue.items() if key != "body" or value is not None}


def _comment_body(call: Call) -> str:
    body = call.field.get("body")
    if not isinstance(body, str) or not body.strip() or len(body) > 65_536:
        raise RefusedError(422, "Validation Failed: body is blank or too long")
    return body


def _wanted_labels(call: Call) -> list[Any]:
    wanted = call.field.get("labels") if isinstance(call.body, dict) else call.body
    if not isinstance(wanted, list) or not wanted:
        raise RefusedError(422, "Invalid request: labels is not an array of at least one item")
    for one in wanted:
        told = one.get("confidence", "low") if isinstance(one, dict) else "low"
        if not _name(one) or len(_name(one)) > 50 or told not in ("low", "medium", "high"):
            raise RefusedError(422, "Validation Failed: a label has no good name or confidence")
    return wanted


def _name(label: Any) -> str:
    found = label.get("name") if isinstance(label, dict) else label
    return found if isinstance(found, str) else ""


_REPO = r"/(?:repos/(?P<repo>[\w.-]+/[\w.-]+)|repositories/(?P<id>\d+))"
_ISSUE = _REPO + r"/issues/(?P<number>\d+)"
_ROUTES: list[tuple[str, re.Pattern[str], Callable[[Answers, Call], Reply]]] = [
    (method, re.compile(pattern), handle)
    for method, pattern, handle in (
        ("GET", "/user", Answers._get_user),
        ("GET", "/rate_limit", Answers._rate_limit),
        ("GET", "/search/issues", Answers._search),
        ("GET", _REPO, Answers._get_repo),
        ("GET", _REPO + "/labels", Answers._get_labels),
        ("GET", _REPO + "/issues", Answers._get_issues),
        ("GET", _REPO + r"/issues/comments/(?P<comment>\d+)", Answers._one_comment),
        ("PATCH", _REPO + r"/issues/comments/(?P<comment>\d+)", Answers._one_comment),
        ("GET", _ISSUE, Answers._get_issue),
        ("PATCH", _ISSUE, Answers._patch_issue),
        ("GET", _ISSUE + "/comments", Answers._get_comments),
        ("POST", _ISSUE + "/comments", Answers._post_comment),
        ("GET", _ISSUE + "/labels", Answers._get_issue_labels),
        ("POST", _ISSUE + "/labels", Answers._post_labels),
        ("PUT", _ISSUE + "/labels", Answers._put_labels),
        ("DELETE", _ISSUE + "/labels/?", Answers._delete_labels),
        ("DELETE", _ISSUE + "/labels/(?P<label>[^/]+)", Answers._delete_label),
        ("GET", _ISSUE + "/events", Answers._get_events),
        ("GET", _ISSUE + "/timeline", Answers._get_events),
        ("GET", _ISSUE + "/suggestions", Answers._get_suggestions),
    )
]
