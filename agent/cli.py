"""Command line -> settings -> one mode. No logic, and nothing heavy is imported."""

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bathy.agent.config import (
    CONTEXTS,
    Context,
    Settings,
    parse_budget,
    parse_tokens,
    wants_color,
)
from bathy.agent.errors import BathyError, ConfigError
from bathy.agent.options import make_parser

GC_THRESHOLDS = (50_000, 20, 20)
"""For `gc.set_threshold`. Facts and postings are many small objects without cycles; looking for
cycles among them, as often as Python does by itself, takes a tenth of a search."""

_SILENT = ("patch", "undo")
"""Commands that are worth while though nobody reads what they say."""

_WITHOUT_MODEL = ("pack", "cache", "search", "patch", "undo", "sessions", "tool")
_MODEL_OPTIONS = {
    "task": "--task",
    "apply": "--apply",
    "apply_all": "--apply-all",
    "patch_out": "--patch-out",
    "dry_run": "--dry-run",
    "images": "--image",
    "output_schema": "--output-schema",
}

DUMB = ("dumb", "unknown")
"""Terminals, as TERM names them, that know no escape sequence: a shell in Emacs, a job of a CI."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run bathy.

    Args:
        argv: Arguments without the program's name; None for those of the process.

    Returns:
        The exit code that `bathy --help` explains.
    """
    from bathy.agent.modes.signals import exit_code_of, guarded  # a few lines, after --help
    from bathy.agent.modes.streams import open_streams

    is_heard = open_streams()
    gc.set_threshold(*GC_THRESHOLDS)
    parser = make_parser()
    try:
        values = vars(parser.parse_args(argv))
        settings = _settings(values)
        if not is_heard and settings.output is None and values.get("command") not in _SILENT:
            raise ConfigError("stdout is closed, so nobody would get what comes out; add -o FILE")
        return guarded(lambda: _run(parser, values, settings), verbose=settings.verbose)
    except BathyError as error:
        return exit_code_of(error, verbose=False)


def _run(parser: argparse.ArgumentParser, values: dict[str, Any], settings: Settings) -> int:
    command = values.get("command")
    if settings.output_format == "markdown" and command != "triage":
        raise ConfigError("--output-format markdown is for bathy triage")
    _check_heeded(command, values)
    if command != "batch" and values.get("what") != "answers":
        _check_targets(settings)
    if command is not None:
        return _COMMANDS[command](settings, values)
    if (task := values.get("task")) is not None and settings.dry_run:
        from bathy.agent.modes.dry_run import run_dry

        return run_dry(settings, _read_text(task))
    if settings.dry_run:
        raise ConfigError("--dry-run shows what a question would send; add --task TEXT")
    if task is not None:
        from bathy.agent.modes.headless import run_task

        return run_task(settings, _read_text(task))
    is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    is_plain = values.get("plain") or os.environ.get("ACCESSIBLE")
    if not (is_terminal or is_plain):
        parser.print_usage(sys.stderr)
        raise ConfigError("the full screen needs a terminal; ask with --task, or see --help")
    if not is_plain and os.environ.get("TERM") in DUMB:
        why = f"TERM={os.environ['TERM']} shows no full screen"
        print(f"bathy: {why}; going on as --plain does", file=sys.stderr)  # noqa: T201
        is_plain = True
    if is_plain:
        from bathy.agent.modes.tui.plain import run_plain

        return run_plain(settings)
    from bathy.agent.modes.tui.run import run_tui

    return run_tui(settings)


def _check_heeded(command: str | None, values: dict[str, Any]) -> None:
    """Refuse what would make somebody believe that a command does more than it does.

    Raises:
        ConfigError: An option asks for an answer or for edits, and the command gives none.
    """
    given = [option for name, option in _MODEL_OPTIONS.items() if values.get(name)]
    if command in _WITHOUT_MODEL and given:
        raise ConfigError(f"bathy {command} asks no model: leave out {', '.join(given)}")


def _check_targets(settings: Settings) -> None:
    """Refuse files for output that must not be written, before anything is done."""
    for option, path in (("-o", settings.output), ("--patch-out", settings.patch_out)):
        if path is not None:
            from bathy.agent.modes.saving import check_target

            check_target(option, path)


def _pack(settings: Settings, _values: dict[str, Any]) -> int:
    from bathy.agent.modes.pack import run_pack

    return run_pack(settings)


def _cache(settings: Settings, _values: dict[str, Any]) -> int:
    from bathy.agent.modes.cache import run_cache

    return run_cache(settings)


def _search(settings: Settings, values: dict[str, Any]) -> int:
    from bathy.agent.modes.search import run_search

    return run_search(settings, _read_text(values["question"]))


def _triage(settings: Settings, values: dict[str, Any]) -> int:
    from bathy.agent.modes.triage.run import run_triage
    from bathy.agent.modes.triage.wanted import wanted_of

    return run_triage(settings, wanted_of(values))


def _batch(settings: Settings, values: dict[str, Any]) -> int:
    from bathy.agent.modes.batch.run import run_batch
    from bathy.agent.modes.batch.wanted import wanted_of

    return run_batch(settings, wanted_of(values))


def _eval(settings: Settings, values: dict[str, Any]) -> int:
    if values.get("task") is not None:
        raise ConfigError("--task asks one question, and bathy eval has its own: leave it out")
    if values["what"] == "answers":
        return _eval_answers(settings, values)
    limit = values.get("limit")
    if values["what"] == "history":
        from bathy.agent.modes.evaluate.run import run_eval_history

        return run_eval_history(settings, limit=limit)
    files = Path(values["records"]), Path(values["repos"])
    if values["what"] == "ranking":
        from bathy.agent.modes.evaluate.run import run_eval_ranking

        return run_eval_ranking(settings, *files, limit=limit)
    from bathy.agent.modes.triage.evaluate import run_eval_triage

    return run_eval_triage(settings, *files, limit=limit)


def _eval_answers(settings: Settings, values: dict[str, Any]) -> int:
    from bathy.agent.modes.evaluate_answers.run import run_eval_answers
    from bathy.agent.modes.evaluate_answers.work import Wanted

    contexts = tuple(values.get("context", ",".join(CONTEXTS)).split(","))
    files = Path(values["records"]), Path(values["repos"])
    wanted = Wanted(*files, contexts, values.get("judge"), values.get("limit"))
    return run_eval_answers(settings, wanted)


def _patch(settings: Settings, values: dict[str, Any]) -> int:
    from bathy.agent.modes.patch import run_patch

    return run_patch(settings, values["patch"], check=values["check"])


def _undo(settings: Settings, values: dict[str, Any]) -> int:
    from bathy.agent.modes.patch import run_undo

    return run_undo(settings, values["entry"])


def _sessions(settings: Settings, values: dict[str, Any]) -> int:
    from bathy.agent.modes.sessions import run_sessions

    return run_sessions(settings, values["action"], values["session"], of_all=values["all"])


def _tool(settings: Settings, values: dict[str, Any]) -> int:
    from bathy.agent.modes.tool import run_tool_command

    return run_tool_command(settings, values["tool"], _read_text("-"), raw=values["raw"])


_COMMANDS: dict[str, Callable[[Settings, dict[str, Any]], int]] = {
    "pack": _pack,
    "cache": _cache,
    "search": _search,
    "triage": _triage,
    "batch": _batch,
    "eval": _eval,
    "patch": _patch,
    "undo": _undo,
    "sessions": _sessions,
    "tool": _tool,
}


def _read_text(text: str) -> str:
    data = sys.stdin.buffer.read() if text == "-" else os.fsencode(text)
    return data.decode("utf-8", "replace")


def _settings(values: dict[str, Any]) -> Settings:
    budget = values.get("budget")
    output = values.get("output")
    tokens = values.get("max_tokens")
    resume = _session_of(values)
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
        context=_context_of(values),
        diff=values.get("diff"),
        images=tuple(Path(path) for path in values.get("images", ())),
        output_schema=_path(values.get("output_schema")),
        strict_citations=values.get("strict_citations", False),
        max_turns=values.get("max_turns"),
        max_cost_usd=values.get("max_cost"),
        max_tokens=None if tokens is None else parse_tokens("--max-tokens", tokens),
        time_limit_s=values.get("time_limit"),
        resume=resume,
        fork=values.get("fork", False),
        keep_session=values.get("keep_session", True),
        env_file=_path(values.get("env_file")),
        apply=values.get("apply", False),
        apply_all=values.get("apply_all", False),
        patch_out=_path(values.get("patch_out")),
        dry_run=values.get("dry_run", False),
        theme=values.get("theme"),
        ascii=values.get("ascii", False),
        motion=values.get("motion", True),
        slow=values.get("slow", False),
        mouse=values.get("mouse", True),
    )


def _session_of(values: dict[str, Any]) -> str | None:
    """Which session to go on with: an id, "" for the last one, None for none."""
    goes_on, resume = values.get("continue_last", False), values.get("resume")
    if goes_on and resume is not None:
        raise ConfigError("give --continue, or --resume with an ID, not both")
    if resume is not None and not resume.strip():
        raise ConfigError("--resume needs the ID of a session; --continue goes on with the last")
    if values.get("fork") and not goes_on and resume is None:
        raise ConfigError("--fork-session goes with --continue or --resume")
    return "" if goes_on else resume


def _context_of(values: dict[str, Any]) -> Context:
    """The one context of a run; `eval answers` has several, and reads them itself."""
    first, *others = values.get("context", "pack").split(",")
    if others and values.get("what") != "answers":
        raise ConfigError("--context takes one of them; several are for bathy eval answers")
    context: Context = first
    return context


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)
