"""Command line -> settings -> one mode. No logic, and nothing heavy is imported."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bathy.agent.config import Settings, parse_budget, parse_tokens, wants_color
from bathy.agent.errors import BathyError, ConfigError
from bathy.agent.options import make_parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run bathy.

    Args:
        argv: Arguments without the program's name; None for those of the process.

    Returns:
        The exit code that `bathy --help` explains.
    """
    from bathy.agent.modes.signals import exit_code_of, guarded  # a few lines, after --help

    parser = make_parser()
    try:
        values = vars(parser.parse_args(argv))
        settings = _settings(values)
        return guarded(lambda: _run(parser, values, settings), verbose=settings.verbose)
    except BathyError as error:
        return exit_code_of(error, verbose=False)


def _run(parser: argparse.ArgumentParser, values: dict[str, Any], settings: Settings) -> int:
    command = values.get("command")
    if command == "pack":
        from bathy.agent.modes.pack import run_pack

        return run_pack(settings)
    if command == "search":
        from bathy.agent.modes.search import run_search

        return run_search(settings, _read_text(values["question"]))
    if command == "sessions":
        from bathy.agent.modes.sessions import run_sessions

        return run_sessions(settings, values["action"], values["session"], of_all=values["all"])
    if command == "tool":
        from bathy.agent.modes.tool import run_tool_command

        return run_tool_command(settings, values["tool"], _read_text("-"), raw=values["raw"])
    if (task := values.get("task")) is not None:
        from bathy.agent.modes.headless import run_task

        return run_task(settings, _read_text(task))
    parser.print_usage(sys.stderr)
    raise ConfigError("the full-screen mode is not built yet; ask with --task, or see --help")


def _read_text(text: str) -> str:
    if text != "-":
        return text
    return sys.stdin.buffer.read().decode("utf-8", "replace")


def _settings(values: dict[str, Any]) -> Settings:
    budget = values.get("budget")
    output = values.get("output")
    tokens = values.get("max_tokens")
    return Settings(
        folder=Path(values.get("folder", ".")),
        rev=values.get("rev"),
        include=tuple(values.get("include", ())),
        exclude=tuple(values.get("exclude", ())),
        budget=None if budget is None else parse_budget(budget),
        offline=values.get("offline", False),
        output_format=values.get("output_format", "text"),
        output=None if output is None else Path(output),
        quiet=values.get("quiet", False),
        verbose=values.get("verbose", False),
        color=wants_color() and not values.get("no_color", False),
        workers=values.get("workers"),
        model=values.get("model"),
        base_url=values.get("base_url"),
        effort=values.get("effort"),
        context=values.get("context", "pack"),
        diff=values.get("diff"),
        images=tuple(Path(path) for path in values.get("images", ())),
        output_schema=_path(values.get("output_schema")),
        strict_citations=values.get("strict_citations", False),
        max_turns=values.get("max_turns"),
        max_cost_usd=values.get("max_cost"),
        max_tokens=None if tokens is None else parse_tokens("--max-tokens", tokens),
        time_limit_s=values.get("time_limit"),
        resume="" if values.get("continue_last") else values.get("resume"),
        fork=values.get("fork", False),
        keep_session=values.get("keep_session", True),
        env_file=_path(values.get("env_file")),
    )


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)
