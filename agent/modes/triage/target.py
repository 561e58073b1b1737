"""A command line's TARGET -> the one issue that it means, checked before anything is asked."""

import re
from urllib.parse import urlsplit

from bathy.agent.errors import ConfigError
from bathy.agent.modes.triage.dossier import Target

DEFAULT_API = "https://api.github.com"

_NUMBER = re.compile(r"#?([1-9][0-9]{0,8})")
_NAME = re.compile(r"(?!\.{1,2}/)[A-Za-z0-9_.-]{1,100}/(?!\.{1,2}\Z)[A-Za-z0-9_.-]{1,100}")
_PAGE = re.compile(r"/([^/]+/[^/]+)/(issues|pull)/([0-9]+)/?")
_ORIGIN = re.compile(
    r"(?:https?://|ssh://|git://)?(?:[^/@\s]{1,1000}@)?[\w.-]+(?::\d+)?[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?"
)
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def checked_api(url: str) -> str:
    """Return the root of an API without a slash at its end.

    Raises:
        ConfigError: It is no address that a token may be sent to.
    """
    text = (url or DEFAULT_API).rstrip("/")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    odd = "@" in parts.netloc or parts.query or parts.fragment or not text.isprintable()
    if not host or not is_safe or odd:
        raise ConfigError(
            "GITHUB_API_URL must be an https address such as https://ghe.example.com/api/v3"
        )
    return text


def host_of(api_url: str) -> str:
    """Return the host of the pages that belong to an API, with its port if it has one."""
    host = urlsplit(api_url).netloc.lower()
    # The cloud serves its API under a host of its own, an Enterprise Server under a path.
    return host.removeprefix("api.") if urlsplit(api_url).path in ("", "/") else host


def checked_name(text: str, origin: str) -> str:
    """Return a repository's OWNER/NAME.

    Raises:
        ConfigError: It is none; `origin` says where it came from.
    """
    if not _NAME.fullmatch(text):
        raise ConfigError(f"{origin} must be OWNER/NAME, such as pallets/flask")
    return text


def name_of_origin(url: str) -> str:
    """Return OWNER/NAME of the address that a clone came from; "" if it holds none."""
    found = _ORIGIN.fullmatch(url.strip())
    return found[1] if found and _NAME.fullmatch(found[1]) else ""


def is_number(text: str) -> bool:
    """Whether a target is an issue's number."""
    return bool(_NUMBER.fullmatch(text))


def target_of(text: str, *, api_url: str, name: str) -> Target:
    """Read a number or the address of an issue's page.

    Args:
        text: As given.
        api_url: From `checked_api`.
        name: OWNER/NAME that a number belongs to, or "".

    Raises:
        ConfigError: It is neither, or belongs to another host than the API's.
    """
    host = host_of(api_url)
    if found := _NUMBER.fullmatch(text):
        if not name:
            raise ConfigError(
                f"issue {text} of which repository? give --repo-name OWNER/NAME, or its address"
            )
        return Target(host, api_url, name, int(found[1]))
    return _target_of_page(text, api_url, host, name)


def _target_of_page(text: str, api_url: str, host: str, name: str) -> Target:
    wrong = ConfigError(
        "TARGET must be an issue's number, its address (https://HOST/OWNER/NAME/issues/N), the file"
        " of a webhook event, or - for JSON on stdin"
    )
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise wrong from error
    page = _PAGE.fullmatch(parts.path)
    if parts.scheme != "https" and not parts.netloc.startswith(_LOOPBACK):
        raise wrong
    if "@" in parts.netloc or not page or not text.isprintable():
        raise wrong
    if parts.netloc.lower() != host:
        raise ConfigError(
            f"that issue is on another host than {host}, whose API is asked; set GITHUB_API_URL"
        )
    found = checked_name(page[1], "the address's repository")
    if name and found.lower() != name.lower():
        raise ConfigError(f"that issue belongs to {found}, not to {name} as --repo-name says")
    if not _NUMBER.fullmatch(page[3]):
        raise wrong
    return Target(host, api_url, found, int(page[3]))
