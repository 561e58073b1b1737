"""Paths of the API <-> addresses under its root: the only ones that a token is sent to."""

import re
from collections.abc import Mapping
from urllib.parse import unquote

import httpx2
from bathy.agent.modes.triage.github.failures import GitHubError

_PLAIN = re.compile(r"(?:/[A-Za-z0-9_.-]+)+")
_NEXT = re.compile(r'<([^<>\s]{1,2000})>;[^<,]{0,200}\brel="next"')


def address_of(root: httpx2.URL, path: str, params: Mapping[str, str | int]) -> httpx2.URL:
    """Return where a path is asked for.

    Args:
        root: Of the API.
        path: From "/" on; names in it are percent-encoded.
        params: Of the query; a path that has a query takes none.

    Raises:
        GitHubError: A part of the path is "." or "..": a client or a server that tidied it up would
            ask for something else, and delete all labels in place of the one named ".".
    """
    names = unquote(path.partition("?")[0]).split("/")
    if not path.startswith("/") or _has_dots(names):
        raise GitHubError("a name in the request would change where it goes; it is not sent")
    url = httpx2.URL(str(root).rstrip("/") + path)
    return url.copy_merge_params(params) if params else url


def led_to(root: httpx2.URL, url: httpx2.URL, location: str) -> httpx2.URL:
    """Return the address that an answer leads to.

    Args:
        root: Of the API.
        url: That was asked.
        location: An address as a header holds it, whole or relative.

    Raises:
        GitHubError: It is not under the root.
    """
    try:
        found = url.join(location)
    except httpx2.InvalidURL:
        found = httpx2.URL("")
    is_ours = (found.scheme, found.host, found.port) == (root.scheme, root.host, root.port)
    path = found.raw_path.decode("ascii").partition("?")[0]
    is_below = path.startswith(root.path.rstrip("/") + "/")
    is_plain = bool(_PLAIN.fullmatch(path)) and not _has_dots(path.split("/"))
    if not (location and is_ours and is_below and is_plain) or found.userinfo:
        raise GitHubError(
            "GitHub leads to an address outside of its API, which is not followed; check"
            " GITHUB_API_URL"
        )
    return found.copy_with(fragment=None)


def next_in(link: str) -> str:
    """Return the address of the next page that a Link header holds, "" if there is none."""
    found = _NEXT.search(link)
    return found[1] if found else ""


def path_of(root: httpx2.URL, url: httpx2.URL) -> str:
    """Return the path under the root of an address there, with its query."""
    return url.raw_path.decode("ascii").removeprefix(root.path.rstrip("/"))


def _has_dots(names: list[str]) -> bool:
    return "." in names or ".." in names
