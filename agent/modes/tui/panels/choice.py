"""Files and folders left out or put back -> the globs of the settings; pure.

A key names a file by its path and a folder by its path with a "/" at the end.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

_SPECIAL = frozenset("\\*?[]")


class Rule(NamedTuple):
    """What was decided for a key and all below it."""

    key: str
    is_in: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """Globs, in gitignore syntax.

    Attributes:
        include: Read only these; () for all.
        exclude: Leave these out, as the settings said.
        rules: What was decided since; a rule stands after those for folders above it.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()

    @property
    def globs(self) -> tuple[str, ...]:
        """Everything to exclude, the settings' own globs first."""
        return (*self.exclude, *("!" * rule.is_in + glob_of(rule.key) for rule in self.rules))

    def leave_out(self, key: str) -> "Choice":
        """Return the choice without a file or folder; the same one if that changes nothing."""
        return self._decide(key, is_in=False)

    def put_back(self, key: str) -> "Choice":
        """Return the choice with all of a file or folder; the same one if that changes nothing."""
        return self._decide(key, is_in=True)

    def is_left_out(self, key: str) -> bool:
        """Whether the rules keep a file or folder out."""
        return _is_out(self.rules, key)

    def _decide(self, key: str, *, is_in: bool) -> "Choice":
        kept = tuple(rule for rule in self.rules if not _covers(key, rule.key))
        if _is_out(kept, key) == is_in:
            kept = (*kept, Rule(key, is_in))
        return self if kept == self.rules else replace(self, rules=kept)


def glob_of(key: str) -> str:
    """Return a glob for one file, or for all below one folder.

    A folder is written with "/**", since of patterns that end in "/" pathspec lets others win. A
    character that is not printable becomes "?", which stands for any one character.
    """
    glob = "/" + "".join(_escaped(key.removesuffix("/")))
    if key.endswith("/"):
        return f"{glob}/**"
    return glob[:-1] + "\\ " if glob.endswith(" ") else glob


def _escaped(path: str) -> Iterable[str]:
    for char in path:
        yield "?" if not char.isprintable() else "\\" * (char in _SPECIAL) + char


def _covers(outer: str, key: str) -> bool:
    return key == outer or (outer.endswith("/") and key.startswith(outer))


def _is_out(rules: Iterable[Rule], key: str) -> bool:
    covering = [rule for rule in rules if _covers(rule.key, key)]
    return bool(covering) and not covering[-1].is_in
