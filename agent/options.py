"""The command line that bathy understands: commands, options, and what they are for."""

import argparse
from typing import NoReturn

from bathy.agent.option_groups import (
    add_batch_options,
    add_eval_options,
    add_model_options,
    add_screen_options,
    add_triage_options,
)

_DESCRIPTION = """\
Ask a whole repository. Answers quote the code and cite it as [path:start-end].

  bathy                                        the full screen, in the repository of this folder
  bathy --task "How are requests retried?"     one question, answer on stdout
  bathy pack                                   what a model would be sent, by folder, class and file
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
_TOOLS = (
    "list_files", "read_file", "grep", "find_symbol", "history", "edit_file", "apply_patch",
)  # fmt: skip
_COMMANDS = {
    "pack": "show or write what a model would be sent: tokens by folder, class and file",
    "tool": "run one of the model's tools: JSON arguments on stdin, its text on stdout",
    "sessions": "list, show or export earlier sessions",
    "patch": "apply a patch in any format that models write: all of it, or nothing",
    "cache": "show what the service should have cached, what a question costs, and what they cost",
    "triage": "look at an issue: labels, duplicates, what is missing, suspect lines, a draft reply",
    "batch": "work a file of tasks off, over repositories, within one sum of money",
    "eval": "measure how well files are found, issues triaged, or questions answered",
    "undo": "take back the last patch that bathy wrote, or the one of an ID",
    "search": "rank files and spans for a question, from the index alone",
}


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


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of bathy's command line."""
    common = _options()
    parser = _Parser(
        prog="bathy",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[common],
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, text in _COMMANDS.items():
        sub = commands.add_parser(name, help=text, description=text, parents=[common])
        if name == "tool":
            sub.add_argument("tool", metavar="NAME", help=f"one of {', '.join(_TOOLS)}")
            sub.add_argument(
                "--raw", action="store_true", help="for scripts: all of it, unredacted, no numbers"
            )
        if name == "sessions":
            sub.add_argument(
                "action",
                nargs="?",
                default="list",
                choices=("list", "show", "export"),
                help="list (if left out), show one for people, or export it",
            )
            sub.add_argument(
                "session", nargs="?", metavar="ID", help="its name, or the beginning of its id"
            )
            sub.add_argument("--all", action="store_true", help="of all repositories")
        if name == "patch":
            sub.add_argument("patch", metavar="FILE", help="the patch; - reads it from stdin")
            sub.add_argument(
                "--check", action="store_true", help="only say whether it applies; write nothing"
            )
        if name == "undo":
            sub.add_argument(
                "entry", nargs="?", default="", metavar="ID", help="beginning of the patch's id"
            )
        if name == "triage":
            add_triage_options(sub)
        if name == "batch":
            add_batch_options(sub)
        if name == "eval":
            add_eval_options(sub, common)
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
    add(
        "--dry-run",
        action="store_true",
        help="show what --task would send, to whom and at what price, and send nothing; -o FILE "
        "writes the exact request",
    )
    add(
        "--output-format",
        choices=("text", "json", "stream-json", "markdown"),
        help="how stdout is written; markdown is for triage",
    )
    add(
        "-o",
        dest="output",
        metavar="FILE",
        help="write the pack, the answer or the results to a file",
    )
    add_model_options(parser)
    add_screen_options(parser)
    add(
        "--workers",
        type=_workers,
        metavar="N",
        help="processes for new files (default: up to 4); of a batch, tasks at a time",
    )
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
