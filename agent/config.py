"""Flags, environment and configuration file -> the settings of one run.

Flags beat the environment, which beats dotenv files, which beat `config.toml`. Files are read from
the user's configuration folder and from where the user says; the target repository is never asked.
"""

import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from bathy.agent.errors import ConfigError
from bathy.agent.toml_rules import (
    COUNT,
    FLAG,
    TABLE,
    TEXT,
    Rule,
    check,
    is_number,
    is_texts,
    is_whole,
    toml_key,
)

OutputFormat = Literal["text", "json", "stream-json", "markdown"]
Effort = Literal["auto", "off", "low", "high", "max"]
Context = Literal["pack", "map", "tools"]

Thinking = Literal["deepseek", "template", "none"]
"""How a server is told whether to think: DeepSeek's own fields, arguments of the chat template (as
self-hosted servers take them), or not at all."""

EFFORTS: tuple[Effort, ...] = get_args(Effort)
CONTEXTS: tuple[Context, ...] = get_args(Context)

DEFAULT_MODEL = "deepseek-flash"

IDLE_TIMEOUT_S = 300.0
"""No data event for so long means that a stream is dead."""

_DEFAULT_BASE_URL = "https://api.deepseek.com"
_MAX_RETRIES = 5
_LEAST_IDLE_S = 0.1
_LEAST_WINDOW = 8_192


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
        apply: Write the edits of the model.
        apply_all: Write those, too, that ask separately.
        patch_out: File that gets the edits as a unified diff, or None.
        dry_run: Show what would be sent, and send nothing.
        theme: Name of the colours of the full screen, or None for the configured ones.
        ascii: Draw the full screen with ASCII alone, whatever is configured.
        motion: The full screen may move, if nothing else forbids it.
        slow: Draw it seldom, and less of it, for a slow line.
        mouse: It takes the mouse, if nothing else forbids it.
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
    apply: bool = False
    apply_all: bool = False
    patch_out: Path | None = None
    dry_run: bool = False
    theme: str | None = None
    ascii: bool = False
    motion: bool = True
    slow: bool = False
    mouse: bool = True

    @property
    def needs_model(self) -> bool:
        """Whether something was asked for that only a model can give."""
        asked = (self.output_schema, self.model, self.base_url, self.resume, self.patch_out)
        wanted = any(value is not None for value in asked)
        return wanted or bool(self.images) or self.apply or self.apply_all

    @property
    def needs_more_than_triage(self) -> bool:
        """Whether something was asked for that a triage does not do."""
        asked = (self.output_schema, self.resume, self.patch_out)
        wanted = any(value is not None for value in asked)
        return wanted or bool(self.images) or self.apply or self.apply_all


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
    folder = config_folder()
    file = read_config_file()
    values = {
        **_read_dotenv(folder / "env", must_exist=False),
        **(_read_dotenv(settings.env_file, must_exist=True) if settings.env_file else {}),
        **{name: value for name, value in environment.items() if value},
    }

    def chosen(flag: str | None, variable: str, key: str, default: object) -> tuple[str, str]:
        """The value, and what set it."""
        if flag:
            return flag, f"--{key.replace('_', '-')}"
        if variable in values:
            return values[variable], variable
        return str(file.get(key, default)), f"config.toml: {key}"

    effort, origin = chosen(settings.effort, "BATHY_EFFORT", "effort", "auto")
    if effort not in EFFORTS:
        raise ConfigError(f"{origin} must be one of {', '.join(EFFORTS)}, not {effort!r}")
    url = chosen(settings.base_url, "DEEPSEEK_BASE_URL", "base_url", _DEFAULT_BASE_URL)
    idle = chosen(None, "BATHY_IDLE_TIMEOUT_S", "idle_timeout_s", IDLE_TIMEOUT_S)
    retries = chosen(None, "BATHY_MAX_RETRIES", "max_retries", _MAX_RETRIES)
    return Service(
        _checked_key(values.get("DEEPSEEK_API_KEY", "").strip()),
        _checked_url(*url).rstrip("/"),
        chosen(settings.model, "BATHY_MODEL", "model", DEFAULT_MODEL)[0],
        effort,
        _number(*idle, least=_LEAST_IDLE_S),
        int(_number(*retries, least=0, is_whole=True)),
        file.get("models", {}),
    )


def _checked_key(key: str) -> str:
    """The key, fit to be sent. What is said of it never shows it."""
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise ConfigError(
            "DEEPSEEK_API_KEY holds a space, a line break or a letter that no key has;"
            " copy the key anew"
        )
    return key


def _checked_url(url: str, origin: str) -> str:
    """An address that can be asked. It is not shown: people paste keys into it."""

    def wrong(why: str) -> ConfigError:
        return ConfigError(f"{origin} is no address of a server: {why}")

    if not url.isprintable() or " " in url:
        raise wrong("it holds a space or a control character")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise wrong("its host or its port cannot be read") from error
    if parts.scheme not in ("https", "http"):
        raise wrong("it must begin with https:// or http://")
    if "@" in parts.netloc:
        raise wrong("leave out the name and password; the key goes into DEEPSEEK_API_KEY")
    if not _is_host(host) or port == 0:
        raise wrong("its host or its port cannot be read")
    if "?" in url or "#" in url:
        raise wrong("it ends before any ? or #")
    return url


def _is_host(host: str) -> bool:
    is_number = bool(re.fullmatch(r"[\d.]+", host)) or ":" in host
    if not is_number:
        return all(0 < len(label) < 64 for label in host.removesuffix(".").split("."))
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def config_folder() -> Path:
    """Return the user's configuration folder, which need not be there."""
    from platformdirs import user_config_path

    return user_config_path("bathy", appauthor=False)


def read_config_file() -> dict[str, Any]:
    """Return config.toml of the user's configuration folder, checked; {} if there is none.

    Raises:
        ConfigError: It cannot be read, or a value is wrong.
    """
    return _read_toml(config_folder() / "config.toml")


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    check(values, _FILE_RULES)
    check(values.get("tui", {}), _TUI_RULES, "tui.")
    for number, url in enumerate(values.get("endpoints", ()), 1):
        _checked_url(url, f"config.toml: entry {number} of endpoints")
    for name, table in values.get("models", {}).items():
        where = f"models.{toml_key(name)}"
        check({where: table}, {where: TABLE})
        check(table, _MODEL_RULES, f"{where}.")
        if table.get("window_tokens", _LEAST_WINDOW) < _LEAST_WINDOW:
            raise ConfigError(
                f"config.toml: {where}.window_tokens must be at least {_LEAST_WINDOW:,};"
                " a smaller window holds no question"
            )
        for prices in ("prices", "peak_prices"):
            if prices in table:
                # All three are needed; one that is missing fails its rule.
                missing = dict.fromkeys(_PRICE_RULES)
                check({**missing, **table[prices]}, _PRICE_RULES, f"{where}.{prices}.")
    return values


_FILE_RULES: Mapping[str, Rule] = {
    "model": TEXT,
    "base_url": TEXT,
    "effort": (EFFORTS.__contains__, f"one of {', '.join(EFFORTS)}"),
    "idle_timeout_s": (
        lambda v: is_number(v, _LEAST_IDLE_S), f"a number, at least {_LEAST_IDLE_S}",
    ),
    "max_retries": (lambda v: is_whole(v, 0), "a whole number, at least 0"),
    "models": TABLE,
    "upload": (("ask", "always", "never").__contains__, 'one of "ask", "always", "never"'),
    "endpoints": (is_texts, "a list of addresses"),
    "denied_paths": (is_texts, "a list of gitignore patterns"),
    "tui": TABLE,
}  # fmt: skip
_TUI_RULES: Mapping[str, Rule] = {
    "theme": TEXT,
    **dict.fromkeys(("ascii", "motion", "slow", "mouse", "copy_on_select"), FLAG),
}
_MODEL_RULES: Mapping[str, Rule] = {
    "window_tokens": COUNT,
    "max_output_tokens": COUNT,
    "sees_images": FLAG,
    "prices": TABLE,
    "peak_prices": TABLE,
    "thinking": (get_args(Thinking).__contains__, f"one of {', '.join(get_args(Thinking))}"),
}
_PRICE_RULES: Mapping[str, Rule] = dict.fromkeys(
    ("hit", "miss", "output"),
    (lambda v: is_number(v, 0), "a number of US dollars, at least 0"),
)


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


def _number(text: str, origin: str, *, least: float, is_whole: bool = False) -> float:
    kind = "whole number" if is_whole else "number"
    try:
        value = int(text) if is_whole else float(text)
    except ValueError as error:
        raise ConfigError(f"{origin} must be a {kind}, not {text!r}") from error
    if not is_number(value, least):
        raise ConfigError(f"{origin} must be a {kind}, at least {least:g}")
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
