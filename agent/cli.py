"""Command line -> settings -> one mode. No logic, and nothing heavy is imported."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from bathy.agent.config import Settings, parse_budget, wants_color
from bathy.agent.errors import BathyError, ConfigError

_DESCRIPTION = """\
Ask a whole repository. Answers quote the code and cite it as [path:start-end].

  bathy --task "How are requests retried?"     one question, answer on stdout
  bathy pack                                   what a model would be sent, by folder, class and file
  bathy search "where are cookies parsed"      ranked files and spans for a question

Without a key and without a network, answers come from the index alone: the best spans, quoted and
cited. The repository is only read; nothing of it is run, and its .env is never used as settings.
"""
_EPILOG = """\
exit codes: 0 answered, 1 failed, 2 usage or configuration, 130 interrupted, 141 reader went away,
143 terminated. The index is cached in the user's cache folder; XDG_CACHE_HOME is respected.
"""
_COMMANDS = {
    "pack": "show or write what a model would be sent: tokens by folder, class and file",
    "search": "rank files and spans for a question, from the index alone",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run bathy.

    Args:
        argv: Arguments without the program's name; None for those of the process.

    Returns:
        The exit code that `bathy --help` explains.
    """
    from bathy.agent.modes.signals import exit_code_of, guarded  # a few lines, after --help

    parser = _parser()
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
    )


class _Version(argparse.Action):
    """Prints the version; reading the metadata costs more than all other start-up."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import version

        print(f"bathy {version('bathy')}")  # noqa: T201
        parser.exit()


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence, as every other error is."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"bathy: {message}; see '{self.prog} --help'\n")


def _parser() -> _Parser:
    parser = _Parser(
        prog="bathy",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_options()],
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, text in _COMMANDS.items():
        sub = commands.add_parser(name, help=text, description=text, parents=[_options()])
        if name == "search":
            sub.add_argument(
                "question", metavar="QUESTION", help="the question; - reads it from stdin"
            )
    return parser


def _options() -> _Parser:
    """The options that stand before or after a command's name alike.

    Defaults are left out, so that a command's parser does not undo what stood before its name.
    """
    parser = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    add = parser.add_argument
    what = parser.add_argument_group("what to read")
    what.add_argument(
        "-C",
        "--repo",
        dest="folder",
        metavar="DIR",
        help="the repository (default: the one of the current folder); a plain folder works",
    )
    what.add_argument(
        "--rev",
        metavar="REV",
        help="read that commit's objects instead of the working tree; bare repositories too",
    )
    what.add_argument(
        "--include",
        action="append",
        metavar="GLOB",
        help="read only these; gitignore syntax, repeatable",
    )
    what.add_argument(
        "--exclude", action="append", metavar="GLOB", help="leave these out; likewise"
    )
    what.add_argument(
        "--budget",
        metavar="TOKENS|max",
        help="size of the pack, such as 200k; default: all of the repository if it fits "
        "the window, else the best 500k",
    )
    add(
        "-p",
        "--task",
        "--print",
        dest="task",
        metavar="TEXT",
        help="answer one question; - reads it from stdin, piped text is added to it",
    )
    add(
        "--offline", action="store_true", help="no model: evidence from the index, quoted and cited"
    )
    add("--output-format", choices=("text", "json", "stream-json"), help="how stdout is written")
    add("-o", dest="output", metavar="FILE", help="write the pack or the answer to a file as well")
    add("--workers", type=_workers, metavar="N", help="processes for new files (default: up to 4)")
    add("--quiet", action="store_true", help="no progress and no notices on stderr")
    add("--verbose", action="store_true", help="timings, and the traceback of an error")
    add(
        "--no-color",
        action="store_true",
        help="no colour; NO_COLOR in the environment does the same",
    )
    return parser


def _workers(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 to 64")
    return int(text)
