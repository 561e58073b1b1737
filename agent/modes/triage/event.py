"""A webhook event's JSON -> the issue to look at, or why there is nothing to do.

Only the number, the repository's name, who did it and what are read; each is checked. No address in
it is ever asked.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bathy.agent.errors import ConfigError
from bathy.agent.modes.triage.dossier import MEMBERS, Target, Trigger
from bathy.agent.modes.triage.target import checked_name, host_of

COMMAND = "/triage"
"""First word of a comment that asks for triage."""

MOST_BYTES = 25 << 20
"""What the service itself sends at most."""

_ACTIONS = frozenset(("opened", "reopened", "edited", "transferred"))


@dataclass(frozen=True, slots=True)
class Order:
    """What a command line or an event asks for; `skip` says why nothing is to be done, or ""."""

    target: Target
    trigger: Trigger
    skip: str = ""
    is_again: bool = False


def check_signature(data: bytes, signature: str, secret: str) -> None:
    """Make sure that an event comes from who knows the secret (HMAC-SHA256).

    Raises:
        ConfigError: It does not.
    """
    made = hmac.new(secret.encode(), data, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(f"sha256={made}".encode(), signature.strip().encode()):
        raise ConfigError("the event's signature does not fit BATHY_WEBHOOK_SECRET; it is dropped")


def read_event(data: bytes, *, api_url: str, name: str) -> Order:
    """Read an `issues` or `issue_comment` event.

    Args:
        data: The event, as it was delivered.
        api_url: From `checked_api`; the event's own addresses are not used.
        name: OWNER/NAME that it must be of, or "" for any.

    Raises:
        ConfigError: It is no event of an issue, or of another repository.
    """
    if len(data) > MOST_BYTES:
        raise ConfigError(f"the event is over {MOST_BYTES >> 20} MiB; it is dropped")
    try:
        event = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"the event is no JSON: {error}") from error
    issue, repo = _table(event, "issue"), _table(event, "repository")
    number = issue.get("number")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 10**9:
        if isinstance(event, dict) and "title" in event:
            raise ConfigError("the file holds an issue, not an event; give it on stdin (-)")
        raise ConfigError("the event names no issue")
    found = checked_name(str(repo.get("full_name", "")), "the event's repository")
    if name and found.lower() != name.lower():
        raise ConfigError(f"the event is of {found}, not of {name}; it is dropped")
    target = Target(host_of(api_url), api_url, found, number)
    return Order(target, "event", _why_not(event, issue), _is_command(event))


def number_of_event(data: bytes) -> int:
    """Return the number of the issue that an event is about; 0 if it is about none."""
    try:
        event = json.loads(data)
    except (ValueError, RecursionError):
        return 0
    number = _table(event, "issue").get("number")
    return number if isinstance(number, int) and not isinstance(number, bool) else 0


def _why_not(event: Any, issue: Mapping[str, Any]) -> str:  # noqa: ANN401 - JSON
    action = str(event.get("action", ""))
    if issue.get("pull_request") is not None:
        return "it is a pull request, not an issue"
    if _is_bot(_table(event, "sender")):
        return "a bot did it"
    if "comment" in event:
        return _why_no_command(action, _table(event, "comment"))
    if action not in _ACTIONS:
        return f"nothing is to be done on {action[:30]!r}"
    changes = _table(event, "changes")
    if action == "edited" and not ({"title", "body"} & changes.keys()):
        return "neither title nor body was edited"
    return ""


def _why_no_command(action: str, comment: Mapping[str, Any]) -> str:
    if action != "created" or not _starts_with_command(comment):
        return f"the comment does not begin with {COMMAND}"
    if _is_bot(_table(comment, "user")):
        return "a bot wrote the comment"
    if comment.get("author_association") not in MEMBERS:
        return f"{COMMAND} is for members and collaborators of the repository"
    return ""


def _is_command(event: Any) -> bool:  # noqa: ANN401 - JSON
    return "comment" in event and _starts_with_command(_table(event, "comment"))


def _starts_with_command(comment: Mapping[str, Any]) -> bool:
    return str(comment.get("body") or "").split(None, 1)[:1] == [COMMAND]


def _is_bot(user: Mapping[str, Any]) -> bool:
    return user.get("type") == "Bot" or str(user.get("login", "")).endswith("[bot]")


def _table(value: Any, key: str) -> Mapping[str, Any]:  # noqa: ANN401 - JSON
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}
