"""The commands: what each is for, by example, its options, and the common ones that it heeds."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bathy.agent.eval_options import EVAL, add_eval
from bathy.agent.option_groups import (
    ASKED,
    EDITS,
    LIMITS,
    READ,
    WRITTEN,
    count,
)

_TOOLS = (
    "list_files", "read_file", "grep", "find_symbol", "history", "edit_file", "apply_patch",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Command:
    """What the parser is told of a command.

    Attributes:
        usage: What stands behind its name.
        text: What it is for, in a line.
        teaches: The text above its options; its first line says what it is for.
        heeds: Names of the common options that its help shows.
        add: Adds its own options.
        words: Help of some common options in words of its own.
    """

    usage: str
    text: str
    teaches: str
    heeds: frozenset[str]
    add: Callable[[argparse.ArgumentParser], None]
    words: Mapping[str, str] = field(default_factory=dict)


_PACK = """\
Show or write the pack of the files as they are: tokens by folder and class, and the largest files.
A question is sent the pack of a commit that other clones share, and behind it what has changed
since; `bathy -p TEXT --dry-run` shows that, and its price.

  bathy pack                                   what is in, what is not, and why
  bathy pack --budget 200k --exclude 'docs/**' what fits into less
  bathy pack --output-format json              the manifest: each file, its level and why
  bathy pack -o pack.txt                       the text itself, secrets redacted
"""
_SEARCH = """\
Rank files and spans for a question, from the index alone: no model, no network.

  bathy search "where are cookies parsed"
  bathy search - < issue.txt                   a whole issue for a question
  bathy search --output-format json "retry"    scores and reasons, for scripts
"""
_CACHE = """\
Show what the service should have cached of this repository, what a question costs now, and what the
last ones have cost, predicted and billed.

  bathy cache
"""
_PATCH = """\
Apply a patch in any format that models write: unified diffs, blocks to search and replace, and
more. All of it is written, or nothing; `bathy undo` takes it back.

  bathy patch fix.diff
  bathy patch - < answer.md                    a patch in the middle of other text
  bathy patch --check fix.diff                 only say whether it applies
"""
_UNDO = """\
Take back what bathy wrote here last: all edits of one run, or a patch of yours; or the one patch
whose id begins with ID. All of it, or nothing if one of the files has changed since.

  bathy undo
"""
_SESSIONS = """\
List, show or export earlier sessions about this repository.

  bathy sessions                               the list
  bathy sessions show cookies                  one of them, by its name or the beginning of its id
  bathy sessions export 3fa9 -o talk.md        never over a file that is there
"""
_TOOL = """\
Run one of the model's tools: JSON arguments on stdin, its text on stdout. Edits are only shown.

  echo '{"pattern": "def main"}' | bathy tool grep
  echo '{"path": "README.md", "end_line": 20}' | bathy tool read_file --raw
"""
_TRIAGE = """\
Look at an issue: labels that the repository has, older issues that tell the same, what is missing
by its own template, suspect lines at one commit, a cause or "unknown", a draft reply. Nothing is
written unless asked for, and the report holds the literal list of requests.

  bathy triage 1234                            an issue of the origin
  bathy triage https://github.com/o/r/issues/7 --offline       without a model
  bathy triage 1234 --write labels,comment     set labels, keep one comment up to date
  bathy triage --open --limit 20 --suggest     the oldest open ones; goes on there next time
  bathy triage - < issue.json                  an issue from anywhere; "title" and "body" will do

GITHUB_TOKEN is the token; without one, public issues can be read. GITHUB_API_URL names an
Enterprise Server. exit codes: 0 done, 1 failed for good, 2 usage, 3 a limit, 75 may work later.
"""
_BATCH = """\
Work a file of tasks off, and write a result for each as it ends.

  bathy batch tasks.jsonl -o results.jsonl --max-cost 5 --workers 8
  bathy batch tasks.jsonl -o results.jsonl --resume-batch          go on where it stopped
  bathy batch tasks.jsonl -o results.jsonl --retry-failed          and do again what failed
  bathy batch swe.jsonl -o predictions.jsonl --format swe-bench --repos ~/mirrors

A task is a line of JSON, such as

  {"id": "q1", "task": "How are cookies signed?", "repo": "flask.git", "rev": "3.0.0"}

and may set context, effort, model, budget, include, exclude, diff, apply, max_turns, max_cost,
max_tokens and time_limit for itself. The flags hold for all tasks that do not; --max-cost is for
all of them together. The repositories are not written to: with --apply, edits are made in a copy of
the commit, and the result holds the patch. Every worker takes the key from its own environment.

exit codes: 0 all answered, 1 some failed for good, 2 a flag or a line is wrong, 3 --max-cost is
reached, 75 what failed may work later, 130 interrupted
"""


def _add_nothing(_parser: argparse.ArgumentParser) -> None:
    """It has no options of its own."""


def _add_search(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("question", metavar="QUESTION", help="the question; - reads it from stdin")


def _add_patch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("patch", metavar="FILE", help="the patch; - reads it from stdin")
    parser.add_argument(
        "--check", action="store_true", help="only say whether it applies; write nothing"
    )


def _add_undo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "entry", nargs="?", default="", metavar="ID", help="beginning of the patch's id"
    )


def _add_sessions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        nargs="?",
        default="list",
        choices=("list", "show", "export"),
        help="list (if left out), show one for people, or export it",
    )
    parser.add_argument(
        "session", nargs="?", metavar="ID", help="its name, or the beginning of its id"
    )
    parser.add_argument("--all", action="store_true", help="of all repositories")


def _add_tool(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tool", metavar="NAME", help=f"one of {', '.join(_TOOLS)}")
    parser.add_argument(
        "--raw", action="store_true", help="for scripts: all of it, unredacted, no numbers"
    )


def _add_triage(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "target",
        metavar="TARGET",
        nargs="?",
        help="an issue's number, its address, a webhook event's file, or - for issue JSON on stdin",
    )
    add("--open", action="store_true", help="open issues instead, oldest first; goes on next time")
    add("--limit", type=count, metavar="N", help="of them, so many (default: 10)")
    add("--per-author", type=count, metavar="N", help="of one stranger, so many (default: 5)")
    add("--repo-name", metavar="OWNER/NAME", help="the tracker's repository (default: the origin)")
    add("--again", action="store_true", help="also where nothing was said since the last time")
    write = parser.add_argument_group("writing (nothing is, unless asked for)").add_argument
    write("--write", metavar="labels,comment", help="set labels, keep one comment up to date")
    write(
        "--suggest",
        action="store_true",
        help="suggest labels for people to accept; a list in the comment where GitHub cannot",
    )
    step = parser.add_argument_group("steps (for jobs with separate tokens)").add_argument
    step(
        "--step",
        choices=("fetch", "think", "write"),
        help="fetch: TARGET to a file (-o), no model; think: that file to a report, no GitHub"
        " token; write: a report's file to GitHub, no model",
    )
    step(
        "--issue",
        type=count,
        metavar="N",
        help="for write: refuse a report about any other issue",
    )
    step("--signature", metavar="sha256=HEX", help="of the event, for BATHY_WEBHOOK_SECRET")
    step("--delivery", metavar="ID", help="of the event; the same one is worked off once")


def _add_batch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tasks", metavar="TASKS.jsonl", help="one JSON object a line")
    add = parser.add_argument_group("the batch").add_argument
    add("--format", choices=("tasks", "swe-bench"), default="tasks", help="of the file of tasks")
    add(
        "--repos",
        metavar="DIR",
        help="folder of the repositories, OWNER+NAME for OWNER/NAME (default: that of the file)",
    )
    add("--resume-batch", action="store_true", help="leave out what has a result in the -o file")
    add("--retry-failed", action="store_true", help="likewise, but do again what failed")
    add(
        "--scheduler",
        default="",
        metavar="ADDRESS",
        help="threads (default with a model), processes (default without), or a Dask scheduler such"
        " as tcp://10.0.0.1:8786; --workers N is how many tasks run at a time",
    )
    add(
        "--clone-from",
        default="",
        metavar="PLACE",
        help="every worker clones PLACE/REPO into its cache: a folder or an https address",
    )
    add("--with-tests", action="store_true", help="leave edits of tests in SWE-bench predictions")
    add("--report", metavar="FILE.html", help="the page (default: beside the results)")


COMMANDS = {
    "pack": Command(
        "[OPTIONS]",
        "show or write the pack: tokens by folder, class and file, and what is not in",
        _PACK,
        READ | WRITTEN | {"budget", "model", "env_file"},
        _add_nothing,
    ),
    "tool": Command(
        "NAME [OPTIONS]",
        "run one of the model's tools: JSON arguments on stdin, its text on stdout",
        _TOOL,
        READ,
        _add_tool,
    ),
    "sessions": Command(
        "[list|show|export] [ID] [OPTIONS]",
        "list, show or export earlier sessions",
        _SESSIONS,
        WRITTEN | {"folder"},
        _add_sessions,
    ),
    "patch": Command(
        "FILE [OPTIONS]",
        "apply a patch in any format that models write: all of it, or nothing",
        _PATCH,
        frozenset({"folder", "output_format"}),
        _add_patch,
    ),
    "cache": Command(
        "[OPTIONS]",
        "show what the service should have cached, what a question costs, and what they cost",
        _CACHE,
        frozenset({"folder", "output_format", "model", "base_url", "env_file"}),
        _add_nothing,
    ),
    "triage": Command(
        "[TARGET] [OPTIONS]",
        "look at an issue: labels, duplicates, what is missing, suspect lines, a draft reply",
        _TRIAGE,
        READ | WRITTEN | ASKED | LIMITS | {"dry_run"},
        _add_triage,
        {"output_format": "text (default), json or markdown"},
    ),
    "batch": Command(
        "TASKS.jsonl -o RESULTS.jsonl [OPTIONS]",
        "work a file of tasks off, over repositories, within one sum of money",
        _BATCH,
        (READ - {"folder"})
        | WRITTEN
        | ASKED
        | LIMITS
        | EDITS
        | {"diff", "output_schema", "strict_citations", "keep_session"},
        _add_batch,
        {"workers": "tasks at a time"},
    ),
    "eval": Command(
        "history|ranking|triage|answers ... [OPTIONS]",
        "measure how well files are found, issues triaged, or questions answered",
        EVAL,
        frozenset(),
        add_eval,
    ),
    "undo": Command(
        "[ID] [OPTIONS]",
        "take back all that bathy wrote last, or the patch of an ID",
        _UNDO,
        frozenset({"folder", "output_format"}),
        _add_undo,
    ),
    "search": Command(
        "QUESTION [OPTIONS]",
        "rank files and spans for a question, from the index alone",
        _SEARCH,
        READ | WRITTEN,
        _add_search,
    ),
}
"""In the order of the help."""
