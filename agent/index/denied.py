"""The user's `denied_paths` -> which paths nothing is ever read of, whatever else would allow it.

What is denied is a promise, so this fails closed. A pattern that could deny nothing anywhere is an
error; "!" lifts no more than git lets it; case and Unicode form keep no path from being denied.
"""

import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from bathy.agent.errors import ConfigError

_MOST_FOLDERS = 1 << 16
_TOKEN = re.compile(
    r"(?P<stars>\*)|(?P<one>\?)|\\(?P<escaped>.)|\[(?P<not>[!^]?+)(?P<set>\]?+(?:\\.|[^\\\]])*+)\]"
    r"|(?P<wrong>[\[\\])|(?P<plain>.)"
)
_MEMBER = re.compile(r"\\?(.)(?:-\\?([^\]]))?")


def denier(globs: Sequence[str]) -> Callable[[str], bool]:
    """Return whether a path is denied; a path that ends in "/" is that of a folder.

    Args:
        globs: As in a .gitignore file at the top of the repository, see gitignore(5); without
            character classes such as [:digit:].

    Raises:
        ConfigError: A pattern cannot be read, or could deny nothing.
    """
    return _denier(tuple(globs))


@lru_cache(maxsize=8)
def _denier(globs: tuple[str, ...]) -> Callable[[str], bool]:
    if not globs:
        return lambda _: False
    for number, glob in enumerate(globs):
        _check(glob, is_first=number == 0)
    as_written, folded = _Rules(globs), _Rules(tuple(map(_folded, globs)))
    return lambda path: as_written.deny(path) or folded.deny(_folded(path))


def _wrong(glob: str, why: str) -> ConfigError:
    return ConfigError(f"config.toml: denied_paths: {glob!r} {why}")


def _check(glob: str, *, is_first: bool) -> None:
    """Refuse a pattern that a person could believe in, and that git would find no file with."""
    if not glob.isprintable() or glob != glob.strip():
        raise _wrong(glob, "holds a control character, or a space at an end")
    if glob.startswith("#"):
        raise _wrong(glob, r"is a comment; write \# for the character itself")
    if glob.startswith("!") and is_first:
        raise _wrong(glob, "takes back what no pattern before it denies")
    segments = _segments(glob)
    if any(segment in ("", ".", "..") for segment in segments) or glob.startswith("~/"):
        raise _wrong(glob, "names no path below the top of a repository, as secrets/ or *.pem do")
    if any("**" in segment and segment != "**" for segment in segments):
        raise _wrong(glob, "holds ** beside other characters; write * or **/")


def _segments(glob: str) -> list[str]:
    return glob.removeprefix("!").removeprefix("/").removesuffix("/").split("/")


class _Rules:
    """Patterns; the last one that fits a path decides, unless a folder above it is denied."""

    def __init__(self, globs: Sequence[str]) -> None:
        # Of neighbours that all deny or all lift, the order says nothing.
        runs = itertools.groupby(globs, key=lambda glob: not glob.startswith("!"))
        self._rules = [(denies, _compile(run)) for denies, run in runs]
        self._denies_folder = lru_cache(maxsize=_MOST_FOLDERS)(self._judge)

    def deny(self, path: str) -> bool:
        return any(map(self._denies_folder, _folders_above(path))) or self._judge(path)

    def _judge(self, path: str) -> bool:
        is_denied = False
        for denies, pattern in self._rules:
            if is_denied != denies and pattern.fullmatch(path):
                is_denied = denies
        return is_denied


def _compile(globs: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(_translated, globs)), re.DOTALL)


def _translated(glob: str) -> str:
    """Return a pattern as git's wildmatch reads it; a folder has its "/" at the end.

    Raises:
        ConfigError: It cannot be read.
    """
    *folders, name = _segments(glob)
    is_anchored = folders or glob.removeprefix("!").startswith("/")
    parts = ["" if is_anchored else "(?:.*/)?"]
    parts += ["(?:.*/)?" if part == "**" else f"{_segment(glob, part)}/" for part in folders]
    # The "/" at the end of a folder begins no name below it.
    parts.append(".+" if name == "**" else f"(?=[^/]){_segment(glob, name)}")
    found = "".join((*parts, "/" if glob.endswith("/") else "/?"))
    try:
        re.compile(found)
    except re.error as error:
        raise _wrong(glob, f"cannot be read: {error}") from error
    return found


def _segment(glob: str, segment: str) -> str:
    """What stands between two "/", as a regular expression."""
    parts = []
    for token in _TOKEN.finditer(segment):
        if token["wrong"] or "[:" in (token["set"] or ""):
            raise _wrong(glob, r"holds a bracket or backslash that stands for nothing; write \[")
        if token["set"] is not None:
            parts.append(_set_of(token["set"], is_not=bool(token["not"])))
        elif literal := token["escaped"] or token["plain"]:
            parts.append(re.escape(literal))
        else:
            parts.append("[^/]*" if token["stars"] else "[^/]")
    return "".join(parts)


def _set_of(members: str, *, is_not: bool) -> str:
    """One character of a set, or none of it; never "/"."""
    ranges = (
        re.escape(m[1]) + (f"-{re.escape(m[2])}" if m[2] else "") for m in _MEMBER.finditer(members)
    )
    return f"(?!/)[{'^' * is_not}{''.join(ranges)}]"


def _folders_above(path: str) -> Iterator[str]:
    """The folders that a path lies in, each with its "/", from the top."""
    at = path.find("/")
    while 0 <= at < len(path) - 1:
        yield path[: at + 1]
        at = path.find("/", at + 1)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()
