"""The commands: what each is for, by example, its options, and the common ones that it heeds."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from bathy.agent.option_groups import (
    ASKED,
    EDITS,
    LIMITS,
    READ,
    WRITTEN,
    add_common_options,
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
    """

    usage: str
    text: str
    teaches: str
    heeds: frozenset[str]
    add: Callable[[argparse.ArgumentParser], None]


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


_EVAL = """\
Measure how well the index finds what should be found; and, with a model, how well it answers.

  bathy eval history                           this repository's own last 50 fit commits
  bathy eval history --limit 200 -o found.html the same of 200, as a page with plots and misses
  bathy eval history -C mirror.git --rev v2.0  from that commit back; bare repositories too
  bathy eval ranking questions.jsonl           questions of your own about this repository
  bathy eval ranking set.jsonl --repos clones  and about many, in clones/OWNER+NAME
  bathy eval answers set.jsonl --repos clones -o results.jsonl --dry-run
                                               what a published set would cost to be answered

history takes each commit's message for a question and the source files that it changed for the
answer, and searches the state before it. ranking takes lines such as
  {"id": 1, "commit": "v2.0", "question": "Where are cookies signed?", "gold_files": ["a/b.py"]}
with a "repo" (OWNER/NAME) where it is not the current one.

Both print recall@k (share of the right files among the first k), all@10 (every one of them is),
MRR (1 by the rank of the first), recall within 32k and 128k tokens if files are put in whole, by
score for size, and, where the changed lines are known, lines@10 and lines 32k (how much of them the
first ten spans or 32,000 tokens show): in percent, with intervals, beside two plain methods and
chance.
"""
_WHAT = {
    "history": "commit messages of this repository, and the files that they changed",
    "ranking": "questions of a file, and the files that should be found",
    "triage": "labelled issues of a file: suspects, duplicates and labels",
    "answers": "questions of a published set, answered by a model in up to three contexts",
}


_FOUND = READ | WRITTEN | {"budget"}
_ANSWERED = READ | WRITTEN | ASKED | LIMITS | {"dry_run"}


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


def _add_eval(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="what", metavar="WHAT", required=True, prog=parser.prog)
    for name, text in _WHAT.items():
        sub = commands.add_parser(
            name, help=text, description=text, formatter_class=parser.formatter_class
        )
        if name == "history":
            sub.add_argument(
                "--limit", type=count, metavar="N", help="so many commits (default: 50)"
            )
            add_common_options(sub, _FOUND)
            continue
        sub.add_argument("records", metavar="FILE.jsonl", help="one JSON object a line")
        sub.add_argument(
            "--repos",
            metavar="DIR",
            default=".",
            help="folder of clones, OWNER+NAME each, for lines that name their repository",
        )
        sub.add_argument("--limit", type=count, metavar="N", help="only the first N lines")
        if name == "answers":
            _add_answers(sub)
        add_common_options(sub, _ANSWERED if name == "answers" else _FOUND)


def _add_answers(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "eval answers",
        "Asks the questions of a SWE-QA, SWE-QA-Pro, DeepCodeBench or LongCodeBench (LongCodeQA)"
        " file in each --context (default: pack,map,tools) and scores the answers. It shows an"
        " upper estimate first, needs --max-cost USD, which holds for all starts with one file"
        " together, and keeps every answer in -o RESULTS.jsonl, so that the same command goes on"
        " after whatever ended it. --max-turns, --max-tokens and --time-limit hold for each"
        " question. --dry-run stops after the estimate; --offline scores the index's own answers.",
    )
    group.add_argument(
        "--judge",
        metavar="MODEL",
        help="who judges (default: the model that answers, which flatters itself)",
    )


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
    ),
    "eval": Command(
        "history|ranking|triage|answers ... [OPTIONS]",
        "measure how well files are found, issues triaged, or questions answered",
        _EVAL,
        frozenset(),
        _add_eval,
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
