"""What GitHub answered -> whether and when to ask again, and the error that says what to do.

Pure: the time is given. Nothing that was sent, and so no token, ever stands in what is said.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from bathy.agent.errors import BathyError, TryAgainError

UNTOLD_LIMIT_S = 60.0
"""Wait for a rate limit that names no time: a minute, as the documentation of the API asks for."""

_LONGEST_S = 7 * 86_400.0
_MOST_CHARS = 200
_RIGHTS = "check its rights to this repository (issues: read, and write for --suggest and --write)"
_MOVED = "this has moved; run bathy again, which asks for its new name"
_ADVICE = {
    301: _MOVED,
    307: _MOVED,
    308: _MOVED,
    400: "GitHub does not understand the request; check GITHUB_API_URL",
    401: "GitHub refuses the token; check GITHUB_TOKEN",
    403: f"the token may not do this; {_RIGHTS}",
    404: "GitHub knows no such thing, and a private repository without a token looks like this too;"
    " check the name and the number, and that GITHUB_TOKEN may read the repository",
    410: "the issue was deleted, or the repository has no issues; there is nothing to triage",
    422: "GitHub refuses what it was sent",
    451: "GitHub may not show this for legal reasons; there is nothing to triage",
}


class GitHubError(BathyError):
    """GitHub refused for good. `status` is the HTTP status, 0 if the answer makes no sense."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class TooLargeError(GitHubError):
    """An answer is larger than what is read of one."""


class GitHubBusyError(TryAgainError):
    """GitHub cannot answer now. `status` is the HTTP status, 0 if there was no answer."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


def refusal(status: int, value: object, *, has_token: bool) -> GitHubError:
    """Word an answer that asking again would not change.

    Args:
        status: HTTP status, from 300 on.
        value: Body of the answer; GitHub's own words are taken from it.
        has_token: One was sent.
    """
    advice = _ADVICE.get(status, "GitHub refuses the request")
    if status in (401, 403) and not has_token:
        advice = "GitHub wants to know who asks; set GITHUB_TOKEN"
    words = message_of(value)
    if status == 403 and "archived" in words.lower():
        advice = "the repository is archived, so nothing can be written to it"
    return GitHubError(f"{advice} ({status}: {words})" if words else f"{advice} ({status})", status)


def is_limit(status: int, headers: Mapping[str, str], value: object) -> bool:
    """Whether a refusal is one of the rate limits, of which the request was not taken."""
    if status == 429:
        return True
    is_told = headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers
    return status == 403 and (is_told or "rate limit" in message_of(value).lower())


def asked_wait_s(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that an answer asks to wait, from 0 to a week; None if it names none.

    Args:
        headers: Names in lower case.
        now: Seconds since 1970, to which x-ratelimit-reset compares.
    """
    text = headers.get("retry-after", "").strip()
    if text:
        wait = _number(text)
        return _bounded(wait if wait is not None else _until(text, now))
    reset = _number(headers.get("x-ratelimit-reset", ""))
    if headers.get("x-ratelimit-remaining") == "0" and reset is not None:
        # The clocks of both sides are not the same; a second more saves a request in vain.
        return _bounded(reset - now + 1)
    return None


def come_back(wait_s: float, now: float, status: int, *, has_token: bool) -> GitHubBusyError:
    """Word a wait that is longer than a run may take."""
    moment = datetime.fromtimestamp(now, UTC) + timedelta(seconds=wait_s)
    more = "" if has_token else ", or set GITHUB_TOKEN, with which the limit is higher"
    said = f"GitHub asks to wait until {moment:%Y-%m-%d %H:%M:%S} UTC; run bathy again then{more}"
    return GitHubBusyError(said, status)


def message_of(value: object) -> str:
    """Return GitHub's own words of an error in one printable line, "" if there are none."""
    found = value.get("message") if isinstance(value, dict) else None
    text = found[: 4 * _MOST_CHARS] if isinstance(found, str) else ""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _MOST_CHARS else line[: _MOST_CHARS - 1] + "…"


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _until(date: str, now: float) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp() - now
    except (ValueError, OverflowError):
        return None


def _bounded(wait_s: float | None) -> float | None:
    return None if wait_s is None else min(_LONGEST_S, max(0.0, wait_s))
