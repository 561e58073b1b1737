"""`.github/bathy-triage.toml` of the default branch -> which labels may be given, and their facets.

```toml
[labels]
allow = ["*"]                  # globs; no other label is given
protected = ["security*"]      # globs; never given, never taken off, whatever `allow` says
most = 4                       # labels of ours on one issue, 10 at most
least_confidence = "medium"    # "low", "medium" or "high"

[facets]                       # only what the names do not tell
type = ["flavour/*"]
priority = ["when/*"]
area = ["team/*"]
status = ["step/*"]
needs_info = "needs-info"
duplicate = "duplicate"
```

A `protected` of the file takes the place of `PROTECTED`. Globs are compared with lower-cased names.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, get_args

from bathy.agent.errors import ConfigError
from bathy.agent.modes.triage.report import MOST_LABELS, Confidence
from bathy.agent.toml_rules import TABLE, TEXT, Rule, is_texts, is_whole, toml_key

RULES_PATH = ".github/bathy-triage.toml"
"""Where the file stands in a repository."""

_ACTING = """
approve merge release deploy publish shipit backport cherry?pick
blocker blocking run?ci run?tests ok?to?test safe?to?test autofix auto?fix fix?me claude copilot
codex openhands
"""
_URGENT = "critical urgent showstopper highest immediate emergency"
_OF_SECURITY = "security vulnerab cve- exploit embargo"
_WHOLE = """
trigger wontfix won?t?fix won't?fix invalid spam rejected declined accepted confirmed verified
lgtm by?design works?as?intended not?a?bug good?first?issue good?first?bug help?wanted
up?for?grabs beginner bounty hacktoberfest breaking?change roadmap off?topic stale no?stale
keep?open pinned locked frozen on?hold cla cla?signed cla?yes cla?no cla?required
code?of?conduct p0 sev0 sev?0 s0
"""


def _protected() -> Iterator[str]:
    for words in (_ACTING, _URGENT, _OF_SECURITY):
        yield from (f"*{word}*" for word in words.split())
    for word in _WHOLE.split():
        yield from (word, f"{word}[:/ _-]*", f"*[:/ _-]{word}")


PROTECTED = tuple(dict.fromkeys(_protected()))
"""What no run gives unless the repository says so: labels that set something going (merging,
releasing, CI, other agents), that speak for the maintainers (outcomes, invitations, contracts), the
highest urgency, and security, which must not be told in public."""

_FACETS = ("type", "priority", "area", "status")
_GLOBS: Rule = (is_texts, "a list of texts, none of them empty")
_LABEL_RULES: Mapping[str, Rule] = {
    "allow": _GLOBS,
    "protected": _GLOBS,
    "most": (
        lambda v: is_whole(v, 0) and v <= MOST_LABELS,
        f"a whole number from 0 to {MOST_LABELS}",
    ),
    "least_confidence": (
        lambda v: isinstance(v, str) and v in get_args(Confidence),
        f"one of {', '.join(get_args(Confidence))}",
    ),
}
_FACET_RULES: Mapping[str, Rule] = {
    **dict.fromkeys(_FACETS, _GLOBS),
    "needs_info": TEXT,
    "duplicate": TEXT,
}
_TABLES: Mapping[str, Mapping[str, Rule]] = {"labels": _LABEL_RULES, "facets": _FACET_RULES}


@dataclass(frozen=True, slots=True)
class LabelRules:
    """What a repository says of its labels.

    Attributes:
        allow: Globs; a label that matches none of them is not given.
        protected: Globs; a label that matches one of them is neither given nor taken off.
        most: Labels of ours that may stand on an issue.
        least_confidence: What is less sure is not given.
        type: Globs of labels that say what kind of issue it is; likewise the next three.
        priority: How much it matters.
        area: Which part of the project it is about.
        status: How far it has come.
        needs_info: Label for issues that lack something.
        duplicate: Label for issues that an older one tells already.
    """

    allow: tuple[str, ...] = ("*",)
    protected: tuple[str, ...] = PROTECTED
    most: int = 4
    least_confidence: Confidence = "medium"
    type: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    area: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    needs_info: str = "needs-info"
    duplicate: str = "duplicate"

    def is_protected(self, label: str) -> bool:
        """Whether the label is for people alone."""
        return matches(label, self.protected)

    def is_open(self, label: str) -> bool:
        """Whether a run may give the label and take off its own."""
        return matches(label, self.allow) and not self.is_protected(label)


def read_rules(text: str | None) -> LabelRules:
    """Read the file.

    Args:
        text: Of the file; None where there is none.

    Raises:
        ConfigError: It is no TOML, or a key or value is wrong; names the file and the key.
    """
    try:
        tables = tomllib.loads(text or "")
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{RULES_PATH} is no TOML: {error}") from error
    _check(tables, dict.fromkeys(_TABLES, TABLE))
    values: dict[str, Any] = {}
    for name, table in tables.items():
        _check(table, _TABLES[name], f"{name}.")
        values |= table
    values = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
    return LabelRules(**values)


def matches(label: str, globs: Iterable[str]) -> bool:
    """Whether the label's name, in lower case, matches one of the globs at least."""
    name = label.lower()
    return any(fnmatchcase(name, glob.lower()) for glob in globs)


def _check(table: Mapping[str, object], rules: Mapping[str, Rule], where: str = "") -> None:
    for key, value in table.items():
        if key not in rules:
            raise ConfigError(
                f"{RULES_PATH}: {where}{toml_key(key)} is no setting;"
                f" there are {', '.join(sorted(rules))}"
            )
        is_right, words = rules[key]
        if not is_right(value):
            raise ConfigError(f"{RULES_PATH}: {where}{key} must be {words}")
