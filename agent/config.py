"""Flags and environment -> the settings of one run. The target repository is never asked."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bathy.agent.errors import ConfigError

OutputFormat = Literal["text", "json", "stream-json"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What one run was asked for.

    Attributes:
        folder: Repository or folder to read.
        rev: Commit to read instead of the working tree, or None.
        include: Gitignore globs of what to read; () for everything.
        exclude: Gitignore globs of what to leave out.
        budget: Tokens of the pack, "max", or None for the default rule.
        offline: Answer without a model.
        output_format: How stdout is written.
        output: File that gets the pack or the answer as well, or None.
        quiet: No progress, no notices.
        verbose: Tracebacks and timings.
        color: Colour on a terminal.
        workers: Processes to examine new files with, or None to suit the machine.
    """

    folder: Path = field(default_factory=Path)
    rev: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    budget: int | Literal["max"] | None = None
    offline: bool = False
    output_format: OutputFormat = "text"
    output: Path | None = None
    quiet: bool = False
    verbose: bool = False
    color: bool = True
    workers: int | None = None


def parse_budget(text: str) -> int | Literal["max"]:
    """Read a budget: "max", or tokens with an optional k or m ("500k", "1m", "200_000").

    Raises:
        ConfigError: It is neither, or not over 0.
    """
    if text == "max":
        return "max"
    scale = {"k": 1_000, "m": 1_000_000}.get(text[-1:].lower(), 1)
    digits = text[:-1] if scale > 1 else text
    try:
        value = float(digits) * scale if "." in digits else int(digits) * scale
    except ValueError as error:
        raise ConfigError(f"--budget {text}: give tokens, such as 500k, or max") from error
    if not 0 < value < 1e12:
        raise ConfigError(f"--budget {text}: it must be over 0")
    return int(value)


def has_key(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a key for the model's service is set."""
    return bool(environment.get("DEEPSEEK_API_KEY", "").strip())


def wants_color(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the environment allows colour (see no-color.org)."""
    return not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
