"""Options of `bathy triage` -> what is wanted, checked before anything is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bathy.agent.errors import ConfigError
from bathy.agent.modes.triage.plan import Wishes

Step = Literal["all", "fetch", "think", "write"]

MOST_AT_ONCE = 100
"""Issues of one batch at most; each costs requests, and maybe money."""

DEFAULT_LIMIT = 10

DEFAULT_PER_AUTHOR = 5
"""Half of a run, so that nobody can take all of it, nor have all of it paid for what they open."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one call is to do.

    Attributes:
        target: As given; "" with `is_open`.
        wishes: What may be written; nothing by default.
        step: All of them, or one of the three.
        is_open: All open issues, oldest first, `limit` of them.
        limit: Issues of a batch.
        per_author: Of them, those of one author who does not belong to the repository.
        name: OWNER/NAME, or "".
        is_again: Even if the same text was answered before.
        signature: Of a webhook's event, or "".
        delivery: Its delivery id, or "".
        issue: Number that a report to be written must be about; 0 for any.
    """

    target: str
    wishes: Wishes
    step: Step = "all"
    is_open: bool = False
    limit: int = DEFAULT_LIMIT
    name: str = ""
    is_again: bool = False
    signature: str = ""
    delivery: str = ""
    issue: int = 0
    per_author: int = DEFAULT_PER_AUTHOR


def wanted_of(values: Mapping[str, Any]) -> Wanted:
    """Read the parsed command line.

    Raises:
        ConfigError: Things that do not go together, or nothing to triage.
    """
    target, is_open = values.get("target") or "", bool(values.get("open"))
    step: Step = values.get("step") or "all"
    wishes = Wishes(
        **{name: True for name in _writes(values.get("write"))}, suggest=bool(values.get("suggest"))
    )
    if values.get("task") is not None:
        raise ConfigError("--task asks a question of its own, and triage has one: leave it out")
    if is_open == bool(target):
        raise ConfigError("give one TARGET (a number, an address, an event file, -), or --open")
    for name in ("limit", "per_author"):
        if values.get(name) is not None and not is_open:
            raise ConfigError(f"--{name.replace('_', '-')} goes with --open")
    if is_open and step != "all":
        raise ConfigError("--open does all steps; leave out --step")
    if target == "-" and (wishes or step == "write"):
        raise ConfigError("an issue on stdin is only looked at; name its number to write")
    if step in ("fetch", "think") and wishes:
        raise ConfigError(
            f"--step {step} writes nothing; give --write and --suggest to --step write"
        )
    if step == "write" and not wishes:
        raise ConfigError("--step write needs --write labels,comment or --suggest")
    if wishes.suggest and wishes.labels:
        raise ConfigError("labels are either suggested (--suggest) or set (--write labels)")
    if values.get("issue") and step != "write":
        raise ConfigError("--issue goes with --step write")
    if (values.get("signature") or values.get("delivery")) and not Path(target).is_file():
        raise ConfigError("--signature and --delivery go with the file of an event")
    return Wanted(
        target,
        wishes,
        step,
        is_open,
        values.get("limit") or DEFAULT_LIMIT,
        values.get("repo_name") or "",
        bool(values.get("again")),
        values.get("signature") or "",
        values.get("delivery") or "",
        values.get("issue") or 0,
        values.get("per_author") or DEFAULT_PER_AUTHOR,
    )


def _writes(text: str | None) -> tuple[str, ...]:
    names = tuple(part.strip() for part in (text or "").split(",") if part.strip())
    known = {"labels": "labels", "comment": "comment", "comments": "comment"}
    if text is not None and (not names or any(name not in known for name in names)):
        raise ConfigError("--write takes labels, comment, or labels,comment")
    return tuple(known[name] for name in names)
