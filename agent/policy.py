"""The user's configuration -> what may leave this machine, and to where.

Only the user's own configuration folder is read; nothing in a repository can loosen it.
"""

from dataclasses import dataclass
from typing import Literal, cast
from urllib.parse import urlsplit

from bathy.agent.config import read_config_file
from bathy.agent.errors import ConfigError

Upload = Literal["ask", "always", "never"]

_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Policy:
    """What may be sent.

    Attributes:
        upload: Whether a repository may be sent at all: "ask" before the first time, "always", or
            "never". None, which is the default: say what goes where before the first time.
        endpoints: Servers that may be talked to; None for any.
        denied_paths: Gitignore globs of files that nothing is ever sent of.
    """

    upload: Upload | None = None
    endpoints: tuple[str, ...] | None = None
    denied_paths: tuple[str, ...] = ()


def read_policy() -> Policy:
    """Read what config.toml says of it.

    Raises:
        ConfigError: The file cannot be read, or a value is none that could be meant.
    """
    file = read_config_file()
    endpoints = file.get("endpoints")
    return Policy(
        cast("Upload | None", file.get("upload")),
        None if endpoints is None else tuple(endpoints),
        tuple(file.get("denied_paths", ())),
    )


def check_endpoint(policy: Policy, base_url: str) -> None:
    """Make sure that a server may be talked to.

    Args:
        policy: `endpoints` allows an address and what lies below it.
        base_url: Address of the server.

    Raises:
        ConfigError: It is not among the allowed ones.
    """
    if policy.endpoints is None:
        return
    if any(_covers(allowed, base_url) for allowed in policy.endpoints):
        return
    raise ConfigError(
        f"{base_url} is not among the `endpoints` that config.toml allows"
        f" ({', '.join(policy.endpoints) or 'none'}); nothing was sent"
    )


def _covers(allowed: str, url: str) -> bool:
    one, other = _parts(allowed), _parts(url)
    if one is None or other is None or one[:3] != other[:3]:
        return False
    return other[3] == one[3] or other[3].startswith(f"{one[3].rstrip('/')}/")


def _parts(url: str) -> tuple[str, str, int, str] | None:
    """(scheme, host, port, path) of an address, as far as two of them are compared."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    host = (parts.hostname or "").removesuffix(".")
    if not host or "@" in parts.netloc or ".." in parts.path.split("/") or "%" in parts.path:
        return None
    return parts.scheme, host, port, parts.path.rstrip("/")
