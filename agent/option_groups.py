"""The options that every command takes, in groups that the help shows under titles of their own."""

import argparse
from collections.abc import Callable, Collection, Mapping

from bathy.agent.config import CONTEXTS, EFFORTS

READ = frozenset({"folder", "rev", "include", "exclude", "workers"})
WRITTEN = frozenset({"output_format", "output"})
ASKED = frozenset({"model", "base_url", "effort", "context", "env_file", "offline", "budget"})
LIMITS = frozenset({"max_turns", "max_cost", "max_tokens", "time_limit"})
EDITS = frozenset({"apply", "apply_all"})
_ALWAYS = frozenset({"quiet", "verbose", "no_color"})
_OF_A_COMMAND = {
    "output_format": "text (default) or json",
    "workers": "processes for new files (default: up to 4)",
}
"""Help of options that mean less for a command than for all."""

_Add = Callable[..., None]


class _Once(argparse.Action):
    """Takes a value, and no second one that would silently replace it."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        """Keep the value."""
        if hasattr(namespace, self.dest):
            parser.error(f"{option_string} is a second question; a run answers one")
        setattr(namespace, self.dest, values)


_NO_WORDS: Mapping[str, str] = {}


def add_common_options(
    parser: argparse.ArgumentParser,
    heeds: Collection[str] | None = None,
    words: Mapping[str, str] = _NO_WORDS,
) -> None:
    """Add the options that stand before or after a command's name alike.

    Defaults are left out, so that a command's parser does not undo what stood before its name.

    Args:
        parser: Gets them; those that are added later have no defaults either.
        heeds: Names of those that the command's help shows, beside those of every command; None
            for all. The others are taken, too, and refused or left alone by the command.
        words: Help of some, by name, in the words of the command.
    """
    parser.argument_default = argparse.SUPPRESS
    told = {**(_OF_A_COMMAND if heeds is not None else {}), **words}

    def group(title: str = "") -> _Add:
        place = parser.add_argument_group(title) if title else parser

        def add(*names: str, **options: object) -> None:
            action = place.add_argument(*names, **options)  # type: ignore[arg-type]
            action.help = told.get(action.dest, action.help)
            if heeds is not None and action.dest not in _ALWAYS and action.dest not in heeds:
                action.help = argparse.SUPPRESS

        return add

    _add_reading(group("what to read"))
    _add_asking(group())
    _add_model(group("the model"))
    _add_edits(group("edits (proposed, unless --apply)"))
    _add_limits(group("limits (exit 3, what there is is printed)"))
    _add_sessions(group("sessions"))
    _add_screen(group("the full screen (also [tui] in config.toml)"))


def _add_reading(add: _Add) -> None:
    add(
        "-C",
        "--repo",
        dest="folder",
        metavar="DIR",
        help="the repository (default: the one of the current folder); a plain folder works",
    )
    add(
        "--rev",
        metavar="REV",
        help="read that commit's objects instead of the working tree; bare repositories too",
    )
    add(
        "--include",
        action="append",
        metavar="GLOB",
        help="read only these; gitignore syntax, repeatable",
    )
    add("--exclude", action="append", metavar="GLOB", help="leave these out; likewise")
    add(
        "--budget",
        metavar="TOKENS|max",
        help="size of the pack, such as 200k; default: all of the repository if it fits "
        "the window, else the best 500k",
    )


def _add_asking(add: _Add) -> None:
    add(
        "-p",
        "--task",
        "--print",
        dest="task",
        action=_Once,
        metavar="TEXT",
        help="answer one question; - reads it from stdin, piped text is added to it",
    )
    add(
        "--offline", action="store_true", help="no model: evidence from the index, quoted and cited"
    )
    add(
        "--dry-run",
        action="store_true",
        help="show what would be sent, to whom and at what price, and send nothing; -o FILE "
        "writes the exact request",
    )
    add(
        "--output-format",
        choices=("text", "json", "stream-json", "markdown"),
        metavar="FORMAT",
        help="text (default), json, or stream-json: an event a line; markdown is for triage",
    )
    add(
        "-o",
        dest="output",
        metavar="FILE",
        help="write the pack, the answer or the results to a file",
    )
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


def _add_model(add: _Add) -> None:
    add(
        "--model",
        metavar="ID",
        help="deepseek-flash (default, cheap, sees images), "
        "deepseek-v4-pro (dearer: 4 times for new text, 7 for cached), or one of config.toml",
    )
    add("--base-url", metavar="URL", help="any server that speaks Chat Completions")
    add("--effort", choices=EFFORTS, help="how hard it thinks; auto lets the model decide")
    add(
        "--context",
        type=_contexts,
        metavar="|".join(CONTEXTS),
        help="what it is shown first: the whole pack, outlines alone, or nothing but tools; eval"
        " answers takes several, with commas",
    )
    add("--diff", metavar="REV", help="the change since that commit goes with the question")
    add(
        "--image",
        dest="images",
        action="append",
        metavar="FILE",
        help="a picture that goes with the question; repeatable",
    )
    add("--output-schema", metavar="FILE", help="the answer is JSON that fits this JSON Schema")
    add("--strict-citations", action="store_true", help="exit 4 if a citation cannot be verified")
    add(
        "--env-file",
        metavar="FILE",
        help="settings from a dotenv file; the repository's own .env never is one",
    )


def _add_edits(add: _Add) -> None:
    add("--apply", action="store_true", help="let the model's edits be written; bathy undo")
    add(
        "--apply-all",
        action="store_true",
        help="those, too, of workflows, hooks, CI, lock files, and outside of --include",
    )
    add("--patch-out", metavar="FILE", help="write the edits as a diff that git apply takes")


def _add_limits(add: _Add) -> None:
    add("--max-turns", type=count, metavar="N", help="requests to the model (default: 100)")
    add("--max-cost", type=amount, metavar="USD", help="US dollars, by prediction as well")
    add("--max-tokens", metavar="N", help="tokens of all prompts and replies, such as 500k")
    add("--time-limit", type=amount, metavar="S", help="seconds")


def _add_sessions(add: _Add) -> None:
    add(
        "--continue",
        dest="continue_last",
        action="store_true",
        help="go on with the last session about this repository",
    )
    add("--resume", metavar="ID", help="go on with that one: its name, or how its id begins")
    add("--fork-session", dest="fork", action="store_true", help="go on in a copy")
    add("--no-session", dest="keep_session", action="store_false", help="keep no log")


def _add_screen(add: _Add) -> None:
    add(
        "--plain",
        action="store_true",
        help="instead of it, a conversation in plain lines, for screen readers and logs; "
        "ACCESSIBLE in the environment does the same",
    )
    add(
        "--theme",
        metavar="NAME",
        help="bathy-dark (default), bathy-light, bathy-contrast (high contrast), or one of "
        "Textual's colours; /theme lists them all",
    )
    add(
        "--ascii",
        action="store_true",
        help="draw with ASCII alone; chosen by itself where the locale is not UTF-8",
    )
    add("--no-motion", dest="motion", action="store_false", help="words in place of a spinner")
    add(
        "--slow",
        action="store_true",
        help="for a slow line: drawn 4 times a second at most, no side panel",
    )
    add(
        "--no-mouse",
        dest="mouse",
        action="store_false",
        help="leave the mouse to the terminal, so that it selects as ever; F6 changes it",
    )


def _contexts(text: str) -> str:
    names = text.split(",")
    if unknown := [name for name in names if name not in CONTEXTS]:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(CONTEXTS)}")
    return ",".join(dict.fromkeys(names))


def count(text: str) -> int:
    """Read a number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 on")
    return int(text)


def amount(text: str) -> float:
    """Read a number over 0."""
    try:
        value = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is not a number") from error
    if not 0 < value < 1e9:
        raise argparse.ArgumentTypeError(f"{text} is not over 0")
    return value


def _workers(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 to 64")
    return int(text)
