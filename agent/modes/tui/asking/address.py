"""An address that a model wrote -> what is shown of it, and whether it may be opened. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

_SCHEMES = ("http", "https")
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
"""What browsers take for a dot in the name of a host."""

# Browsers take a backslash for a slash, so that another host would be asked than the one shown.
_NEVER = frozenset(' \\"<>^`{|}')


@dataclass(frozen=True, slots=True)
class Address:
    """An address as people are shown it.

    Attributes:
        shown: All of it; characters that are not seen, or that turn others round, are escaped.
        host: Who is asked, in ASCII; "" if that cannot be told.
        problem: Why it is not opened; "" if it may be.
    """

    shown: str
    host: str
    problem: str


def read_address(url: str) -> Address:
    """Look at an address, which may be any text."""
    shown = escaped(url)
    if any(char in _NEVER or not char.isprintable() for char in url):
        return Address(shown, "", "it holds characters that no address may hold")
    try:
        parts = urlsplit(url)
        host, problem = _host_of(parts), _problem_of(parts)
    except ValueError:  # of a port, of IPv6, or of a host that no host is called
        return Address(shown, "", "it is no valid address")
    return Address(shown, host, problem)


def escaped(text: str) -> str:
    r"""Return a text with each character that is not seen as "\u202e"."""
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def _escape(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")


def _problem_of(parts: SplitResult) -> str:
    if parts.scheme not in _SCHEMES:
        return "only http and https addresses are opened"
    if not parts.hostname:
        return "it names no host"
    if "%" in parts.hostname:  # which browsers decode
        return "its host is not written as it is"
    if parts.username is not None:
        return "it holds a user's name, which can look like a host"
    return ""


def _host_of(parts: SplitResult) -> str:
    host = ".".join(map(_ascii, _DOTS.split(parts.hostname or "")))
    if parts.port is None:
        return host
    return f"[{host}]:{parts.port}" if ":" in host else f"{host}:{parts.port}"


def _ascii(label: str) -> str:
    """Return a part of a host's name as it goes over the wire."""
    name = unicodedata.normalize("NFKC", label).lower()
    return name if name.isascii() else f"xn--{name.encode('punycode').decode('ascii')}"
