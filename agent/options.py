"""The command line that bathy understands: commands, options, and what they are for."""

import argparse
import re
from collections.abc import Sequence
from typing import NoReturn

from bathy.agent.commands import COMMANDS, Command
from bathy.agent.option_groups import add_common_options

_DESCRIPTION = """\
Ask a whole repository. Answers quote the code and cite it as [path:start-end].

  bathy                                        the full screen, in the repository of this folder
  bathy --task "How are requests retried?"     one question, answer on stdout
  bathy pack                                   what goes into a model's window, by folder and file
  bathy search "where are cookies parsed"      ranked files and spans for a question
  bathy triage 1234                            labels, duplicates and suspects of an issue

Without a key and without a network, answers come from the index alone: the best spans, quoted and
cited. The repository is only read; nothing of it is run, and its .env is never used as settings.
"""
_EPILOG = """\
exit codes: 0 answered, 1 failed for good, 2 usage or configuration, 3 stopped by a limit,
4 a citation could not be verified (--strict-citations), 75 failed, worth trying again later,
130 interrupted, 141 reader went away, 143 terminated.
The index is cached in the user's cache folder; XDG_CACHE_HOME is respected.
"""


_CHOICE = re.compile(
    r"argument (?P<what>[^:]+): invalid choice: '(?P<word>[^']*)' \(choose from (?P<all>.*)\)"
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
        self.exit(2, f"bathy: {_meant(message)}; see '{self.prog} --help'\n")


def _meant(message: str) -> str:
    """The message; of a word that is none of several, with the one that is like it alone."""
    found = _CHOICE.fullmatch(message)
    if found is None:
        return message
    import difflib

    near = difflib.get_close_matches(found["word"], re.findall(r"[\w-]+", found["all"]), 1)
    if not near:
        return message
    what = "command" if found["what"] == "COMMAND" else found["what"]
    return f"there is no {what} {found['word']!r}; did you mean {near[0]}?"


class _CommandParser(_Parser):
    """A command's parser; it gets its options once it is chosen, since all of them take time."""

    command: Command | None = None

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse, as it is inherited."""
        if (command := self.command) is not None:
            self.command = None
            command.add(self)
            add_common_options(self, command.heeds, command.words)
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of bathy's command line."""
    parser = _Parser(
        prog="bathy",
        usage="bathy [COMMAND] [OPTIONS]",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    add_common_options(parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_CommandParser)
    for name, command in COMMANDS.items():
        sub = commands.add_parser(
            name,
            help=command.text,
            prog=f"bathy {name}",
            usage=f"bathy {name} {command.usage}",
            description=command.teaches,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.command = command
    return parser
