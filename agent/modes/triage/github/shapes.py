"""JSON of an issue, a comment or a label -> a record; what is missing or odd becomes a default.

The API's names are read, and those of `gh issue view --json`. Addresses are built, never taken.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bathy.agent.modes.triage.dossier import Comment, Issue, Label, LabelEvent, Target

Visibility = Literal["public", "private", "internal", "unknown"]

_SURROGATE = re.compile("[\ud800-\udfff]")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z")
_REPO_URL = re.compile(r"/repos/([A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100})\Z")
_NAME = re.compile(r"(?!\.{1,2}/)[A-Za-z0-9_.-]{1,100}/(?!\.{1,2}\Z)[A-Za-z0-9_.-]{1,100}")
_MOST_ID = 2**63
_REASONS = ("completed", "not_planned", "duplicate", "reopened")
_ASSOCIATIONS = frozenset(
    ("OWNER", "MEMBER", "COLLABORATOR", "CONTRIBUTOR", "FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR")
)
_VISIBILITIES: tuple[Visibility, ...] = ("public", "private", "internal")


@dataclass(frozen=True, slots=True)
class Repo:
    """A repository; its name as GitHub writes it now, "" if it gives none that can be one."""

    full_name: str
    default_branch: str = ""
    visibility: Visibility = "unknown"


def issue_of(value: Any, target: Target) -> Issue:  # noqa: ANN401 - JSON
    """Read an issue.

    Args:
        value: Any JSON; its number is 0 if it holds none.
        target: Of its repository, from which the address of its page is built.
    """
    found = _table(value)
    number = number_in(found)
    author, is_bot = _author(found)
    is_closed = _word(found, "state") == "closed"
    reason = _word(found, "state_reason", "stateReason")
    is_linked = bool(number and target.host and target.full_name)
    return Issue(
        number,
        _text(found, "title"),
        _text(found, "body"),
        state="closed" if is_closed else "open",
        state_reason=reason if reason in _REASONS else "",
        author=author,
        association=_association(found),
        created_at=_moment(found, "created_at", "createdAt"),
        updated_at=_moment(found, "updated_at", "updatedAt"),
        labels=tuple(name for one in _list(found, "labels") if (name := label_of(one).name)),
        url=f"https://{target.host}/{target.full_name}/issues/{number}" if is_linked else "",
        is_locked=found.get("locked") is True,
        is_pull_request=found.get("pull_request") is not None,
        is_bot=is_bot,
    )


def comment_of(value: Any) -> Comment:  # noqa: ANN401 - JSON
    """Read a comment; its id is 0 if it holds none."""
    found = _table(value)
    author, is_bot = _author(found)
    return Comment(
        _integer(found, "id"),
        author,
        _text(found, "body"),
        _association(found),
        _moment(found, "created_at", "createdAt"),
        is_bot,
    )


def label_of(value: Any) -> Label:  # noqa: ANN401 - JSON
    """Read a label, or its bare name; the name is "" if it has none."""
    if isinstance(value, str):
        return Label(_clean(value))
    found = _table(value)
    return Label(_text(found, "name"), _text(found, "description"))


def label_event_of(value: Any) -> LabelEvent | None:  # noqa: ANN401 - JSON
    """Read an event of an issue; None if it is not about a label."""
    found = _table(value)
    kind, label = found.get("event"), _text(_table(found.get("label")), "name")
    if kind not in ("labeled", "unlabeled") or not label:
        return None
    actor = _text(_table(found.get("actor")), "login")
    return LabelEvent(label, actor, kind == "labeled", _moment(found, "created_at"))


def repo_of(value: Any) -> Repo:  # noqa: ANN401 - JSON
    """Read a repository."""
    found = _table(value)
    name = _text(found, "full_name")
    return Repo(
        name if _NAME.fullmatch(name) else "", _text(found, "default_branch"), _visibility(found)
    )


def login_of(value: Any) -> str:  # noqa: ANN401 - JSON
    """Read the login of an account, "" if there is none."""
    return _text(_table(value), "login")


def repo_name_of(value: Any) -> str:  # noqa: ANN401 - JSON
    """Read which repository an issue belongs to, "" if it does not say."""
    found = _REPO_URL.search(_text(_table(value), "repository_url")[-300:])
    return found[1] if found and _NAME.fullmatch(found[1]) else ""


def number_in(value: Any) -> int:  # noqa: ANN401 - JSON
    """Read the number of an issue, 0 if it holds none."""
    number = _integer(_table(value), "number")
    return number if number < 10**9 else 0


def _visibility(repo: Mapping[str, Any]) -> Visibility:
    found = next((one for one in _VISIBILITIES if one == repo.get("visibility")), None)
    if found is None and isinstance(repo.get("private"), bool):
        return "private" if repo["private"] else "public"
    return found or "unknown"


def _author(value: Mapping[str, Any]) -> tuple[str, bool]:
    user = _table(value.get("user") or value.get("author"))
    login = _text(user, "login")
    is_told = user.get("type") == "Bot" or user.get("is_bot") is True
    return login, is_told or login.endswith("[bot]")


def _association(value: Mapping[str, Any]) -> str:
    found = _word(value, "author_association", "authorAssociation").upper()
    return found if found in _ASSOCIATIONS else "NONE"


def _moment(value: Mapping[str, Any], *keys: str) -> str:
    found = next((text for key in keys if (text := _text(value, key))), "")
    return found if _MOMENT.fullmatch(found) else ""


def _word(value: Mapping[str, Any], *keys: str) -> str:
    return next((text for key in keys if (text := _text(value, key))), "").lower()


def _text(value: Mapping[str, Any], key: str) -> str:
    found = value.get(key)
    return _clean(found) if isinstance(found, str) else ""


def _clean(text: str) -> str:
    # JSON can hold halves of characters, which no file can.
    return _SURROGATE.sub("�", text)


def _integer(value: Mapping[str, Any], key: str) -> int:
    found = value.get(key)
    # True is an int, and is no number.
    return found if type(found) is int and 0 < found < _MOST_ID else 0


def _list(value: Mapping[str, Any], key: str) -> list[Any]:
    found = value.get(key)
    return found if isinstance(found, list) else []


def _table(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 - JSON
    return value if isinstance(value, dict) else {}
