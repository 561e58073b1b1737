"""Issue JSON on stdin -> a dossier, without asking anybody."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bathy.agent.errors import ConfigError
from bathy.agent.modes.triage.dossier import Comment, Dossier, Target
from bathy.agent.modes.triage.github.fetch import (
    FIRST_COMMENTS,
    LAST_COMMENTS,
    MOST_BODY_CHARS,
    MOST_COMMENT_CHARS,
)
from bathy.agent.modes.triage.github.shapes import comment_of, issue_of, label_of
from bathy.agent.modes.triage.target import checked_name, host_of

MOST_BYTES = 50 << 20

GIVEN = "given"
"""Code of the note that keeps a report from being written: nobody knows which issue it is about."""
_PAGE = re.compile(r"https://([\w.:-]+)/([\w.-]+/[\w.-]+)/issues/\d+\Z")


def read_given(data: bytes, *, api_url: str, name: str) -> Dossier:
    """Read an issue as the API gives it, or as `gh issue view --json` does.

    Args:
        data: A JSON object: `title`, and whatever there is of `body`, `number`, `labels`, a list
            of `comments`, `repository` (OWNER/NAME or an object), and, as lists in the same
            shapes, `repo_labels` and `issues`: all labels of the repository and its other issues.
        api_url: Tells which host links lead to; it is not asked.
        name: OWNER/NAME, or "" if the JSON says it or nobody does.

    Raises:
        ConfigError: It is no issue.
    """
    if len(data) > MOST_BYTES:
        raise ConfigError(f"stdin holds more than {MOST_BYTES >> 20} MiB")
    if not data.strip():
        raise ConfigError("stdin is empty; give the issue as one JSON object")
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"stdin holds no JSON of an issue: {error}") from error
    if not isinstance(value, dict) or not isinstance(value.get("title"), str):
        raise ConfigError('stdin must hold one JSON object with at least a "title"')
    said = _name_in(value)
    if name and said and name.lower() != said.lower():
        raise ConfigError(f"the issue on stdin belongs to {said}, not to {name}")
    target = Target(host_of(api_url), "", name or said, _number_in(value))
    body = value.get("body")
    notes = [(GIVEN, "the issue was given, not fetched, so nothing is written about it")]
    if isinstance(body, str) and len(body) > MOST_BODY_CHARS:
        notes.append(("oversize", f"the body was cut to {MOST_BODY_CHARS:,} characters"))
        value["body"] = body[:MOST_BODY_CHARS]
    issue = issue_of(value, target)
    comments = tuple(map(_comment, _kept(_list(value, "comments"))))
    others = (issue_of(one, target) for one in _list(value, "issues"))
    return Dossier(
        target,
        "cli",
        issue,
        comments=comments,
        comments_seen=len(_list(value, "comments")),
        labels=tuple(label_of(one) for one in _list(value, "repo_labels")),
        others=tuple(o for o in others if 0 < o.number < issue.number and not o.is_pull_request),
        notes=tuple(notes),
    )


def _kept(comments: Sequence[Any]) -> Sequence[Any]:
    """The first and the last ones, as of an issue that is fetched."""
    if len(comments) <= FIRST_COMMENTS + LAST_COMMENTS:
        return comments
    return [*comments[:FIRST_COMMENTS], *comments[-LAST_COMMENTS:]]


def _comment(value: object) -> Comment:
    found = comment_of(value)
    return replace(found, body=found.body[:MOST_COMMENT_CHARS])


def _name_in(value: Mapping[str, Any]) -> str:
    found = value.get("repository")
    if isinstance(found, dict):
        found = found.get("full_name") or found.get("nameWithOwner")
    if isinstance(found, str) and found:
        return checked_name(found, "the issue's repository")
    page = _PAGE.match(str(value.get("html_url") or value.get("url") or ""))
    return checked_name(page[2], "the issue's address") if page else ""


def _number_in(value: Mapping[str, Any]) -> int:
    number = value.get("number")
    is_one = isinstance(number, int) and not isinstance(number, bool) and 0 < number < 10**9
    return int(number) if is_one and number is not None else 0


def _list(value: Mapping[str, Any], key: str) -> Sequence[Any]:
    found = value.get(key)
    return [one for one in found if isinstance(one, dict | str)] if isinstance(found, list) else []
