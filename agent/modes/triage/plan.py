"""A report and the tracker's state now -> the literal list of requests, without making any.

Each of them only adds, or takes back what we ourselves have added. Whatever people did since the
report was made is respected: a request that it stands against is listed as skipped, with a reason.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import quote

from bathy.agent.modes.triage.dossier import Dossier, LabelEvent
from bathy.agent.modes.triage.finding.facets import facet_of
from bathy.agent.modes.triage.finding.label_rules import LabelRules
from bathy.agent.modes.triage.marker import digest_of, with_marker, without_marker
from bathy.agent.modes.triage.report import Action, AddedLabel, Report
from bathy.agent.modes.triage.untrusted.safe import safe_line

LABEL_LESS = ("security_private", "spam", "skipped", "error")
"""What is found about such an issue is for people alone."""

ONE_OF_A_KIND = ("type", "priority")
"""Facets of which an issue has one label."""

TAKEN_OFF = "a person took it off"
CHOSEN = "a person has chosen another label of its kind"
SUGGESTED, DISMISSED = "it is suggested already", "a person dismissed the suggestion"
NOT_OURS = "a person has put it on, or nobody knows who did"
NOT_THERE = "the issue does not have it any more"
LOCKED, CLOSED = "the conversation is locked", "the issue is closed"
PULL_REQUEST, BOT = "it is a pull request", "a bot wrote the issue"
ANSWERED, NOTHING_NEW = "this text is answered already", "nothing new to say"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What may be written; where nothing may, a plan shows labels and comment.

    Attributes:
        labels: Labels are put on and taken off.
        comment: The comment is written.
        suggest: Labels are suggested, if they are not put on.
        again: A comment that answers the same input is compared by its text, too.
    """

    labels: bool = False
    comment: bool = False
    suggest: bool = False
    again: bool = False

    def __bool__(self) -> bool:
        """Whether anything may be written."""
        return self.labels or self.comment or self.suggest

    @property
    def mode(self) -> Literal["plan", "suggest", "apply"]:
        """What a run with them is called."""
        if self.labels or self.comment:
            return "apply"
        return "suggest" if self.suggest else "plan"


@dataclass(frozen=True, slots=True)
class TrackerState:
    """What the tracker says of the issue at the moment of writing.

    Attributes:
        labels: Names, in the tracker's order.
        label_events: Oldest first.
        login: Whose token it is; "" if unknown.
        own_comment: The comment of that login that ends with our marker; "" if there is none.
        own_comment_id: Its number; 0 for none.
        is_locked: Nobody without write access may comment.
        is_pull_request: It is no issue at all.
        is_bot: Its author is one.
        state: Of the issue.
        suggested: Labels that were suggested before, each with its suggestion's state.
    """

    labels: tuple[str, ...] = ()
    label_events: tuple[LabelEvent, ...] = ()
    login: str = ""
    own_comment: str = ""
    own_comment_id: int = 0
    is_locked: bool = False
    is_pull_request: bool = False
    is_bot: bool = False
    state: Literal["open", "closed"] = "open"
    suggested: tuple[tuple[str, str], ...] = ()


def state_of(dossier: Dossier) -> TrackerState:
    """Return the state as it was when the dossier was made."""
    issue = dossier.issue
    return TrackerState(
        labels=issue.labels,
        label_events=dossier.label_events,
        login=dossier.login,
        own_comment=dossier.own_comment,
        own_comment_id=dossier.own_comment_id,
        is_locked=issue.is_locked,
        is_pull_request=issue.is_pull_request,
        is_bot=issue.is_bot,
        state=issue.state,
    )


def plan_actions(
    report: Report, *, state: TrackerState, wishes: Wishes, body: str
) -> tuple[Action, ...]:
    """List what would be written, in the order in which it would be.

    Args:
        report: What is to be told.
        state: Of the tracker, now.
        wishes: What may be written.
        body: The comment, without marker; "" for none.

    Returns:
        Labels that go, labels that come, the comment; each "planned", or "skipped" with the reason.
        Labels that the issue has are not listed. The same for the same arguments.
    """
    wishes = wishes or replace(wishes, labels=True, comment=True)
    actions = list[Action]()
    if report.status in LABEL_LESS:
        wishes = replace(wishes, labels=False, suggest=False)
    if wishes.labels:
        actions += [*_removals(report, state), *_additions(report, state, suggest=False)]
    elif wishes.suggest:
        actions += _additions(report, state, suggest=True)
    if wishes.comment and report.reply.post:
        actions += plan_comment(report, state=state, body=body, is_answer=not wishes.again)
    return tuple(actions)


def plan_comment(
    report: Report, *, state: TrackerState, body: str, is_answer: bool = True
) -> tuple[Action, ...]:
    """List the one request that brings the comment about, or none without a text.

    Args:
        report: Whose digest the marker gets.
        state: Of the tracker, now.
        body: The comment, without marker.
        is_answer: A comment with the same digest says it all; otherwise its text is compared.
    """
    if not body.strip():
        return ()
    digest, old = report.run.input_digest, state.own_comment
    path = f"/repos/{report.repo.full_name}/issues/"
    if state.own_comment_id:
        path += f"comments/{state.own_comment_id}"
        action = Action("update_comment", "PATCH", path, {"body": with_marker(body, digest)})
    else:
        path += f"{report.issue.number}/comments"
        action = Action("create_comment", "POST", path, {"body": with_marker(body, digest)})
    if reason := _silence(state):
        return (_skip(action, reason),)
    if state.own_comment_id and is_answer and digest_of(old) == digest:
        return (_skip(action, ANSWERED),)
    if state.own_comment_id and without_marker(old) == without_marker(body):
        return (_skip(action, NOTHING_NEW),)
    return (action,)


def unwritten(report: Report, why: str) -> Report:
    """Return a report of which nothing is written, each planned request with the reason."""
    actions = tuple(
        _skip(action, why) if action.state == "planned" else action for action in report.actions
    )
    reply = replace(report.reply, markdown=None, post=False, withheld_reason=why)
    return replace(report, reply=reply, actions=actions)


def _nobody(state: TrackerState) -> str:
    """Why there is nobody to write to, or ""."""
    return PULL_REQUEST if state.is_pull_request else BOT if state.is_bot else ""


def _silence(state: TrackerState) -> str:
    """Why there must be no comment, or ""."""
    reasons = (
        (_nobody(state), bool(_nobody(state))),
        (LOCKED, state.is_locked),
        (CLOSED, state.state == "closed"),
    )
    return next((reason for reason, holds in reasons if holds), "")


def _removals(report: Report, state: TrackerState) -> Sequence[Action]:
    actions = []
    for label in report.labels.remove:
        path = f"{_labels_path(report)}/{quote(label.name, safe='')}"
        action = Action("remove_label", "DELETE", path, reason=label.reason)
        if label.name not in state.labels:
            action = _skip(action, NOT_THERE)
        elif reason := _nobody(state):
            action = _skip(action, reason)
        elif not _is_own(label.name, state):
            action = _skip(action, NOT_OURS)
        actions.append(action)
    return actions


def _additions(report: Report, state: TrackerState, *, suggest: bool) -> Sequence[Action]:
    """One request for all labels that may come, one skipped for each that may not."""
    coming, skipped = list[AddedLabel](), list[Action]()
    for label in report.labels.add:
        if label.name in state.labels:
            continue
        if reason := _objection(label, report, state, suggest=suggest):
            skipped.append(_skip(_adding(report, [label], suggest=suggest), reason))
        else:
            coming.append(label)
    return [*([_adding(report, coming, suggest=suggest)] if coming else []), *skipped]


def _adding(report: Report, labels: Sequence[AddedLabel], *, suggest: bool) -> Action:
    if not suggest:
        body: dict[str, Any] = {"labels": [label.name for label in labels]}
        return Action("add_labels", "POST", _labels_path(report), body)
    body = {"labels": [_suggestion(label) for label in labels]}
    return Action("suggest_labels", "POST", _labels_path(report), body)


def _suggestion(label: AddedLabel) -> dict[str, Any]:
    return {
        "name": label.name,
        "rationale": safe_line(label.rationale),
        "confidence": label.confidence,
        "suggest": True,
    }


def _objection(label: AddedLabel, report: Report, state: TrackerState, *, suggest: bool) -> str:
    """What people did that stands against a label, or ""."""
    if reason := _nobody(state):
        return reason
    last = _last_event(label.name, state)
    if last and not last.is_added and not _is_me(last.actor, state):
        return TAKEN_OFF
    if _is_settled(label, report, state):
        return CHOSEN
    told = [how for name, how in state.suggested if name == label.name] if suggest else []
    if "dismissed" in told:
        return DISMISSED
    return SUGGESTED if "pending" in told else ""


def _is_settled(label: AddedLabel, report: Report, state: TrackerState) -> bool:
    """Whether people have chosen a label of the same kind that the report does not know of."""
    if label.facet not in ONE_OF_A_KIND:
        return False
    leaving = {one.name for one in report.labels.remove}
    known = set(report.issue.existing_labels) - leaving
    rivals = (name for name in state.labels if name not in known and not _is_own(name, state))
    return any(_is_of_a_kind(label, name) for name in rivals)


def _is_of_a_kind(label: AddedLabel, other: str) -> bool:
    # The repository's own rules are not at hand, so a common prefix counts as well.
    scope, mark, _ = re.split(r"([:/])", label.name.lower() + ":", maxsplit=1)
    is_near = mark and len(scope) < len(label.name) and other.lower().startswith(scope + mark)
    return bool(is_near) or facet_of(other, LabelRules()) == label.facet


def _is_own(name: str, state: TrackerState) -> bool:
    """Whether it was our login that put a label on last; not so where nobody knows."""
    last = _last_event(name, state)
    return bool(last and last.is_added and _is_me(last.actor, state))


def _is_me(actor: str, state: TrackerState) -> bool:
    return bool(state.login) and actor.lower() == state.login.lower()


def _last_event(name: str, state: TrackerState) -> LabelEvent | None:
    return next((event for event in reversed(state.label_events) if event.label == name), None)


def _labels_path(report: Report) -> str:
    return f"/repos/{report.repo.full_name}/issues/{report.issue.number}/labels"


def _skip(action: Action, reason: str) -> Action:
    return Action(action.op, action.method, action.path, action.body, "skipped", reason)
