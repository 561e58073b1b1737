"""Flags, environment and configuration file -> the settings of one run.

Flags beat the environment, which beats dotenv files, which beat `config.toml`. Files are read from
the user's configuration folder and from where the user says; the target repository is never asked.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from bathy.agent.errors import ConfigError

OutputFormat = Literal["text", "json", "stream-json"]
Effort = Literal["auto", "off", "low", "high", "max"]
Context = Literal["pack", "map", "tools"]

EFFORTS: tuple[Effort, ...] = get_args(Effort)
CONTEXTS: tuple[Context, ...] = get_args(Context)

_DEFAULT_MODEL = "deepseek-flash"
_DEFAULT_BASE_URL = "https://api.deepseek.com"
_IDLE_TIMEOUT_S, _MAX_RETRIES = 300.0, 5
_FILE_KEYS = frozenset({"model", "base_url", "effort", "idle_timeout_s", "max_retries", "models"})


@dataclass(frozen=True, slots=True)
class Settings:
    """What one run was asked for, by flags.

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
        model: Id of the model, or None for the configured one.
        base_url: Address of its server, likewise.
        effort: How hard it thinks, likewise.
        context: What of the repository goes into the prompt.
        diff: Commit since which the change goes with the question, or None.
        images: Picture files that go with it.
        output_schema: JSON Schema file that the answer must fit, or None.
        strict_citations: A citation that cannot be verified is a failure.
        max_turns: Requests that the run may make, or None.
        max_cost_usd: US dollars that it may cost, or None.
        max_tokens: Tokens that it may take, prompts and replies together, or None.
        time_limit_s: Seconds that it may take, or None.
        resume: Id of the session to go on with, "" for the last one, None for a new one.
        fork: Go on in a copy.
        keep_session: Write a log.
        env_file: Dotenv file with more settings, or None.
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
    model: str | None = None
    base_url: str | None = None
    effort: Effort | None = None
    context: Context = "pack"
    diff: str | None = None
    images: tuple[Path, ...] = ()
    output_schema: Path | None = None
    strict_citations: bool = False
    max_turns: int | None = None
    max_cost_usd: float | None = None
    max_tokens: int | None = None
    time_limit_s: float | None = None
    resume: str | None = None
    fork: bool = False
    keep_session: bool = True
    env_file: Path | None = None

    @property
    def needs_model(self) -> bool:
        """Whether something was asked for that only a model can give."""
        asked = (self.output_schema, self.model, self.base_url, self.resume)
        return any(value is not None for value in asked) or bool(self.images)


@dataclass(frozen=True, slots=True)
class Service:
    """Which model is asked, where, and how.

    Attributes:
        api_key: Bearer token; "" if there is none.
        base_url: Address of the server.
        model: Id of the model.
        effort: How hard it thinks.
        idle_timeout_s: Seconds without data after which a stream is dead.
        max_retries: Times that a request is made again.
        own_models: The user's own tables of models by id.
    """

    api_key: str
    base_url: str
    model: str
    effort: Effort
    idle_timeout_s: float
    max_retries: int
    own_models: Mapping[str, Mapping[str, Any]]


def read_service(settings: Settings, environment: Mapping[str, str] = os.environ) -> Service:
    """Find out which model to ask.

    Raises:
        ConfigError: A file or value cannot be used; names it.
    """
    folder = _config_folder()
    file = _read_toml(folder / "config.toml")
    values = {
        **_read_dotenv(folder / "env", must_exist=False),
        **(_read_dotenv(settings.env_file, must_exist=True) if settings.env_file else {}),
        **{name: value for name, value in environment.items() if value},
    }

    def chosen(flag: str | None, variable: str, key: str, default: str) -> str:
        return str(flag or values.get(variable) or file.get(key) or default)

    effort = chosen(settings.effort, "BATHY_EFFORT", "effort", "auto")
    if effort not in EFFORTS:
        raise ConfigError(f"effort {effort!r} is none of {', '.join(EFFORTS)}")
    base_url = chosen(settings.base_url, "DEEPSEEK_BASE_URL", "base_url", _DEFAULT_BASE_URL)
    if not base_url.startswith(("https://", "http://")):
        raise ConfigError(f"the base URL {base_url!r} must begin with https:// or http://")
    idle = chosen(None, "BATHY_IDLE_TIMEOUT_S", "idle_timeout_s", str(_IDLE_TIMEOUT_S))
    retries = chosen(None, "BATHY_MAX_RETRIES", "max_retries", str(_MAX_RETRIES))
    return Service(
        values.get("DEEPSEEK_API_KEY", "").strip(),
        base_url.rstrip("/"),
        chosen(settings.model, "BATHY_MODEL", "model", _DEFAULT_MODEL),
        effort,
        _number("BATHY_IDLE_TIMEOUT_S", idle, least=0.1),
        int(_number("BATHY_MAX_RETRIES", retries, least=0)),
        file.get("models", {}),
    )


def _config_folder() -> Path:
    from platformdirs import user_config_path

    return user_config_path("bathy", appauthor=False)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    if unknown := set(values) - _FILE_KEYS:
        raise ConfigError(
            f"{path}: {', '.join(sorted(unknown))} is no setting;"
            f" there are {', '.join(sorted(_FILE_KEYS))}"
        )
    if not all(isinstance(table, dict) for table in values.get("models", {}).values()):
        raise ConfigError(f"{path}: every entry of [models] must be a table")
    return values


def _read_dotenv(path: Path, *, must_exist: bool) -> dict[str, str]:
    if not path.is_file():
        if must_exist:
            raise ConfigError(f"--env-file: there is no file {path}")
        return {}
    from dotenv import dotenv_values

    try:
        found = dotenv_values(path, interpolate=False, encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    return {name: value for name, value in found.items() if value}


def _number(name: str, text: str, *, least: float) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise ConfigError(f"{name}: {text!r} is no number") from error
    if not least <= value < 1e9:
        raise ConfigError(f"{name}: {text} must be at least {least:g}")
    return value


def parse_budget(text: str) -> int | Literal["max"]:
    """Read a budget: "max", or tokens with an optional k or m ("500k", "1m", "200_000").

    Raises:
        ConfigError: It is neither, or not over 0.
    """
    if text == "max":
        return "max"
    return parse_tokens("--budget", text)


def parse_tokens(flag: str, text: str) -> int:
    """Read a number of tokens with an optional k or m.

    Raises:
        ConfigError: It is none, or not over 0.
    """
    scale = {"k": 1_000, "m": 1_000_000}.get(text[-1:].lower(), 1)
    digits = text[:-1] if scale > 1 else text
    try:
        value = float(digits) * scale if "." in digits else int(digits) * scale
    except ValueError as error:
        raise ConfigError(f"{flag} {text}: give tokens, such as 500k") from error
    if not 0 < value < 1e12:
        raise ConfigError(f"{flag} {text}: it must be over 0")
    return int(value)


def wants_color(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the environment allows colour (see no-color.org)."""
    return not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
