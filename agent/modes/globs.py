"""The choice of files that settings or a session's log hold."""

import shlex
from collections.abc import Mapping
from typing import Any

from bathy.agent.config import Settings

Globs = tuple[tuple[str, ...], tuple[str, ...]]
"""What to read alone, () for all; and what to leave out of it."""


def globs_in(header: Mapping[str, Any]) -> Globs | None:
    """Return the choice that a session began with, as its log says first; None if unknown."""
    if "include" not in header or "exclude" not in header:
        return None
    return tuple(map(str, header["include"])), tuple(map(str, header["exclude"]))


def globs_words(globs: Globs) -> str:
    """Say a choice, as flags of the command line say it."""
    flags = [
        *(f"--include {shlex.quote(glob)}" for glob in globs[0]),
        *(f"--exclude {shlex.quote(glob)}" for glob in globs[1]),
    ]
    return " ".join(flags) or "all files"


def globs_of(settings: Settings) -> Globs:
    """Return the choice that settings make."""
    return settings.include, settings.exclude
