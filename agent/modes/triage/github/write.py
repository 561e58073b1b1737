"""A report -> the requests that it asks for, made one by one, and what became of each.

The tracker is read again right before, under a lock, and the list is made anew from that: what was
planned earlier is never sent. What stands in the list is what is sent.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from bathy.agent.errors import ConfigError
from bathy.agent.modes.triage.dossier import Label, Target
from bathy.agent.modes.triage.github.calls import (
    ACTIONS_LOGIN,
    can_suggest,
    read_comments,
    read_issue,
    read_label_events,
    read_labels,
    read_login,
)
from bathy.agent.modes.triage.github.client import Answer, GitHub, GitHubBusyError, GitHubError
from bathy.agent.modes.triage.github.suggestions import read_suggested
from bathy.agent.modes.triage.lock import issue_lock
from bathy.agent.modes.triage.marker import is_ours, without_marker
from bathy.agent.modes.triage.plan import (
    NOT_THERE,
    ONE_OF_A_KIND,
    TrackerState,
    Wishes,
    plan_actions,
    plan_comment,
)
from bathy.agent.modes.triage.report import Action, RejectedLabel, Report
from bathy.agent.modes.triage.telling.comment import CHECKLIST, checklist_reply
from bathy.agent.modes.triage.untrusted.acting import acting_in
from bathy.agent.modes.triage.untrusted.inline import Links
from bathy.agent.modes.triage.untrusted.leaks import leak_in

NO_LOGIN = "GitHub does not say whose the token is, so an earlier comment of ours is not known"
NO_SUGGESTIONS = "suggestions are not there for this repository or this token"
STILL_THERE = "the label that it replaces could not be taken off"
LATER = "GitHub could not answer the request before this one; the next run makes both"

UNHEARD = "bathy was ended before GitHub answered; it may have been done"

_COMMENTS = ("create_comment", "update_comment")
_NO_SUCH_FEATURE = (404, 422)


async def write_report(
    github: GitHub,
    target: Target,
    report: Report,
    wishes: Wishes,
    *,
    note: Callable[[Action], object],
    in_actions: bool = False,
    secrets: Sequence[str] = (),
) -> Report:
    """Write what a report asks for, as far as it may be and still makes sense.

    Args:
        github: With a token that may write.
        target: The issue; the report must be about it.
        report: What to tell.
        wishes: What may be written; nothing is where nothing may.
        note: Gets each request twice: right before it is made, failed as `UNHEARD`, and with what
            became of it.
        in_actions: Whether this runs in a workflow.
        secrets: Texts that must not be written, besides what looks like a secret.

    Returns:
        The report with what became of each request. One that was refused does not keep those from
        being made that do not depend on it; one that could not be answered does, for a comment that
        is there would tell the next run that all is done.

    Raises:
        ConfigError: The report is about another issue.
        GitHubError: The issue cannot be read; nothing was written.
        TryAgainError: Likewise, for now; or another run does not end.
    """
    if (target.host, target.full_name.lower(), target.number) != _place(report):
        raise ConfigError(
            f"the report is not about {target.full_name}#{target.number}; make one that is"
        )
    async with issue_lock(target):
        login = await read_login(github, in_actions=in_actions)
        state, knows = await _read_state(github, target, login), True
        report = _of_repo(report, await read_labels(github, target))
        if wishes.suggest and not wishes.labels:
            knows = await can_suggest(github, target)
            suggested = await read_suggested(github, target) if knows else ()
            state = replace(state, suggested=suggested)
        check = _checker(report, tuple(secrets))
        writer = _Writer(github, note, check, state, knows_suggestions=knows)
        return await writer.write(report, wishes)


def _of_repo(report: Report, labels: Sequence[Label]) -> Report:
    """Leave out labels that the repository does not have: a request for one would make it."""
    names = {label.name for label in labels}
    adding = tuple(label for label in report.labels.add if label.name in names)
    gone = tuple(
        RejectedLabel(label.name, "not_in_repo")
        for label in report.labels.add
        if label.name not in names
    )
    rejected = (*report.labels.rejected, *gone)
    return replace(report, labels=replace(report.labels, add=adding, rejected=rejected))


def _place(report: Report) -> tuple[str, str, int]:
    return report.repo.host, report.repo.full_name.lower(), report.issue.number


async def _read_state(github: GitHub, target: Target, login: str) -> TrackerState:
    """Read what the list of requests depends on; the oldest of our comments is the one."""
    issue = await read_issue(github, target)
    marked = [one async for one in read_comments(github, target) if is_ours(one.body)]
    own = [one for one in marked if login and one.author.lower() == login.lower()]
    # In a workflow the login is a guess: a marked comment of another bot is likely our own.
    if not own and login == ACTIONS_LOGIN and any(one.is_bot for one in marked):
        login = ""
    return TrackerState(
        labels=issue.labels,
        label_events=tuple(await read_label_events(github, target)),
        login=login,
        own_comment=own[0].body if own else "",
        own_comment_id=own[0].id if own else 0,
        is_locked=issue.is_locked,
        is_pull_request=issue.is_pull_request,
        state=issue.state,
    )


@dataclass(frozen=True, slots=True)
class _Writer:
    """Makes requests about one issue, of which the state was read."""

    github: GitHub
    note: Callable[[Action], object]
    check: Callable[[Action], str]
    state: TrackerState
    knows_suggestions: bool

    async def write(self, report: Report, wishes: Wishes) -> Report:
        """Make the requests, labels first, and return the report with what became of them."""
        body = report.reply.markdown or ""
        planned = plan_actions(report, state=self.state, wishes=wishes, body=body)
        if not wishes:
            return replace(report, actions=planned)
        made = [one async for one in self._labels(report, planned)]
        comments = [action for action in planned if action.op in _COMMENTS]
        if refused := [one for one in made if is_unknown(one)]:
            comments = [*self._checklist(report, refused[0])]
        is_held = any(is_passing(one) for one in made)
        made += [_later(one) if is_held else await self._make(one) for one in comments]
        run = replace(report.run, mode=wishes.mode)
        return replace(report, run=run, actions=tuple(made))

    async def _labels(self, report: Report, planned: Sequence[Action]) -> AsyncIterator[Action]:
        is_stuck = is_held = False
        for action in planned:
            if action.op in _COMMENTS:
                continue
            parts = _apart(action, report) if is_stuck and action.op == "add_labels" else [action]
            for part in parts:
                made = _later(part) if is_held else await self._make(part)
                is_held |= is_passing(made)
                is_stuck |= made.state == "failed" and action.reason == "superseded_facet"
                yield made

    def _checklist(self, report: Report, refused: Action) -> Sequence[Action]:
        """The comment, with the labels that could not be suggested."""
        names = {one["name"] for one in refused.body["labels"]}
        adding = tuple(label for label in report.labels.add if label.name in names)
        shown = replace(report, labels=replace(report.labels, add=adding))
        body = checklist_reply(shown)
        is_listed = CHECKLIST in self.state.own_comment
        return plan_comment(report, state=self.state, body=body, is_answer=is_listed)

    async def _make(self, action: Action) -> Action:
        if action.state != "planned":
            return action
        if action.op == "create_comment" and not self.state.login:
            return replace(action, state="skipped", reason=NO_LOGIN)
        if action.op == "suggest_labels" and not self.knows_suggestions:
            return replace(action, state="failed", reason=NO_SUGGESTIONS)
        if reason := self.check(action):
            return replace(action, state="skipped", reason=reason)
        self.note(replace(action, state="failed", reason=UNHEARD))
        made = await self._sent(action)
        self.note(made)
        return made

    async def _sent(self, action: Action) -> Action:
        try:
            answer = await self.github.send(action.method, action.path, action.body or None)
        except (GitHubError, GitHubBusyError) as error:
            return _failed(action, error)
        return replace(
            action,
            state="done",
            http_status=answer.status,
            reason=_page_of(answer, action) or action.reason,
        )


def _checker(report: Report, secrets: Sequence[str]) -> Callable[[Action], str]:
    """Return what says why a request must not be made, or ""."""
    links = Links(report.repo.host, report.repo.full_name, report.repo.commit)
    numbers = [duplicate.number for duplicate in report.duplicates]

    def check(action: Action) -> str:
        # Our own marker is no secret.
        texts = [without_marker(text) for text in _texts(action.body)]
        if reason := next((why for text in texts if (why := leak_in(text, secrets))), ""):
            return reason
        acts = acting_in(action.body["body"], links, numbers) if action.op in _COMMENTS else ""
        return f"the comment is not one of ours: {acts}" if acts else ""

    return check


def _failed(action: Action, error: GitHubError | GitHubBusyError) -> Action:
    if action.op == "remove_label" and error.status == 404:
        return replace(action, state="skipped", reason=NOT_THERE, http_status=404)
    # GitHub says 403 of its limits, too, and a 403 alone is final.
    is_limit = isinstance(error, GitHubBusyError) and error.status == 403
    status = 429 if is_limit else error.status or None
    return replace(action, state="failed", reason=str(error), http_status=status)


def _later(action: Action) -> Action:
    is_planned = action.state == "planned"
    return replace(action, state="skipped", reason=LATER) if is_planned else action


def is_passing(made: Action) -> bool:
    """Whether a request failed in a way that passes."""
    status = made.http_status or 0
    is_told = status not in (0, 429) and status < 500
    return made.state == "failed" and not is_told and not is_unknown(made)


def is_unknown(made: Action) -> bool:
    """Whether suggestions were refused since they are not there; a list takes their place."""
    is_told = made.http_status in _NO_SUCH_FEATURE or made.reason == NO_SUGGESTIONS
    return made.op == "suggest_labels" and made.state == "failed" and is_told


def _apart(action: Action, report: Report) -> Sequence[Action]:
    """Cut labels that come in the place of one that is still there off from the others."""
    kinds = {label.name for label in report.labels.add if label.facet in ONE_OF_A_KIND}
    names = action.body["labels"]
    free, stuck = [n for n in names if n not in kinds], [n for n in names if n in kinds]
    parts = [replace(action, body={"labels": free})] if free else []
    if stuck and action.state == "planned":
        parts.append(replace(action, body={"labels": stuck}, state="skipped", reason=STILL_THERE))
    return parts if action.state == "planned" else [action]


def _page_of(answer: Answer, action: Action) -> str:
    """The path of a comment that was created; "" for anything else."""
    number = answer.value.get("id") if isinstance(answer.value, dict) else None
    if action.op != "create_comment" or not isinstance(number, int):
        return ""
    return f"{action.path.partition('/issues/')[0]}/issues/comments/{number}"


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
