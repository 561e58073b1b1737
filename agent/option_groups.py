"""Groups of options that the help shows under titles of their own."""

import argparse

from bathy.agent.config import CONTEXTS, EFFORTS


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add what a question to a model may be asked with, its edits, its limits, and sessions."""
    model = parser.add_argument_group("the model").add_argument
    model(
        "--model",
        metavar="ID",
        help="deepseek-flash (default, cheap, sees images), "
        "deepseek-v4-pro (dearer: 4 times for new text, 7 for cached), or one of config.toml",
    )
    model("--base-url", metavar="URL", help="any server that speaks Chat Completions")
    model("--effort", choices=EFFORTS, help="how hard it thinks; auto lets the model decide")
    model(
        "--context",
        type=_contexts,
        metavar="|".join(CONTEXTS),
        help="what it is shown first: the whole pack, outlines alone, or nothing but tools; eval"
        " answers takes several, with commas",
    )
    model("--diff", metavar="REV", help="the change since that commit goes with the question")
    model(
        "--image",
        dest="images",
        action="append",
        metavar="FILE",
        help="a picture that goes with the question; repeatable",
    )
    model("--output-schema", metavar="FILE", help="the answer is JSON that fits this JSON Schema")
    model("--strict-citations", action="store_true", help="exit 4 if a citation cannot be verified")
    model(
        "--env-file",
        metavar="FILE",
        help="settings from a dotenv file; the repository's own .env never is one",
    )
    edit = parser.add_argument_group("edits (proposed, unless --apply)").add_argument
    edit("--apply", action="store_true", help="let the model's edits be written; bathy undo")
    edit(
        "--apply-all",
        action="store_true",
        help="those, too, of workflows, hooks, CI, lock files, and outside of --include",
    )
    edit("--patch-out", metavar="FILE", help="write the edits as a diff that git apply takes")
    limit = parser.add_argument_group("limits (exit 3, what there is is printed)").add_argument
    limit("--max-turns", type=_turns, metavar="N", help="requests to the model (default: 100)")
    limit("--max-cost", type=_amount, metavar="USD", help="US dollars, by prediction as well")
    limit("--max-tokens", metavar="N", help="tokens of all prompts and replies, such as 500k")
    limit("--time-limit", type=_amount, metavar="S", help="seconds")
    session = parser.add_argument_group("sessions").add_argument
    session(
        "--continue",
        dest="continue_last",
        action="store_true",
        help="go on with the last session about this repository",
    )
    session("--resume", metavar="ID", help="go on with that one: its name, or how its id begins")
    session("--fork-session", dest="fork", action="store_true", help="go on in a copy")
    session("--no-session", dest="keep_session", action="store_false", help="keep no log")


def add_screen_options(parser: argparse.ArgumentParser) -> None:
    """Add how the full screen looks."""
    screen = parser.add_argument_group("the full screen (also [tui] in config.toml)").add_argument
    screen(
        "--plain",
        action="store_true",
        help="instead of it, a conversation in plain lines, for screen readers and logs; "
        "ACCESSIBLE in the environment does the same",
    )
    screen(
        "--theme",
        metavar="NAME",
        help="bathy-dark (default), bathy-light, bathy-contrast (high contrast), or one of "
        "Textual's colours; /theme lists them all",
    )
    screen(
        "--ascii",
        action="store_true",
        help="draw with ASCII alone; chosen by itself where the locale is not UTF-8",
    )
    screen("--no-motion", dest="motion", action="store_false", help="words in place of a spinner")
    screen(
        "--slow",
        action="store_true",
        help="for a slow line: drawn 4 times a second at most, no side panel",
    )
    screen(
        "--no-mouse",
        dest="mouse",
        action="store_false",
        help="leave the mouse to the terminal, so that it selects as ever; F6 changes it",
    )


def add_triage_options(parser: argparse.ArgumentParser) -> None:
    """Add what `bathy triage` takes: which issue, which step, and what may be written."""
    add = parser.add_argument
    add(
        "target",
        metavar="TARGET",
        nargs="?",
        help="an issue's number, its address, a webhook event's file, or - for issue JSON on stdin",
    )
    add("--open", action="store_true", help="open issues instead, oldest first; goes on next time")
    add("--limit", type=_turns, metavar="N", help="of them, so many (default: 10)")
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
    step("--signature", metavar="sha256=HEX", help="of the event, for BATHY_WEBHOOK_SECRET")
    step("--delivery", metavar="ID", help="of the event; the same one is worked off once")


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


def add_batch_options(parser: argparse.ArgumentParser) -> None:
    """Add what `bathy batch` takes, and show an example."""
    parser.description = _BATCH
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
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


def add_eval_options(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add what `bathy eval` takes: a command for each thing that is measured.

    Args:
        parser: Of `bathy eval`.
        common: Has the options that every command takes.
    """
    parser.description, parser.formatter_class = _EVAL, argparse.RawDescriptionHelpFormatter
    parser.usage = "bathy eval history|ranking|triage|answers ... [OPTIONS]"
    commands = parser.add_subparsers(dest="what", metavar="WHAT", required=True, prog=parser.prog)
    for name, text in _WHAT.items():
        sub = commands.add_parser(name, help=text, description=text, parents=[common])
        if name == "history":
            sub.add_argument(
                "--limit", type=_turns, metavar="N", help="so many commits (default: 50)"
            )
            continue
        sub.add_argument("records", metavar="FILE.jsonl", help="one JSON object a line")
        sub.add_argument(
            "--repos",
            metavar="DIR",
            default=".",
            help="folder of clones, OWNER+NAME each, for lines that name their repository",
        )
        sub.add_argument("--limit", type=_turns, metavar="N", help="only the first N lines")
        if name == "answers":
            _add_answers_options(sub)


def _add_answers_options(parser: argparse.ArgumentParser) -> None:
    """Add what `bathy eval answers` takes beside that."""
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


def _contexts(text: str) -> str:
    names = text.split(",")
    if unknown := [name for name in names if name not in CONTEXTS]:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(CONTEXTS)}")
    return ",".join(dict.fromkeys(names))


def _turns(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 on")
    return int(text)


def _amount(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is not a number") from error
    if not 0 < value < 1e9:
        raise argparse.ArgumentTypeError(f"{text} is not over 0")
    return value
