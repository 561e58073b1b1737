"""`bathy eval WHAT`: what each is for, by example, and its options."""

import argparse

from bathy.agent.option_groups import ASKED, LIMITS, READ, WRITTEN, add_common_options, count

EVAL = """\
Measure how well the index finds what should be found; and, with a model, how well it answers.

  bathy eval history                           this repository's own last 50 fit commits
  bathy eval history --limit 200 -o found.html the same of 200, as a page with plots and misses
  bathy eval history -C mirror.git --rev v2.0  from that commit back; bare repositories too
  bathy eval ranking questions.jsonl           questions of your own about this repository
  bathy eval ranking set.jsonl --repos clones  and about many, in clones/OWNER+NAME
  bathy eval answers set.jsonl --repos clones -o results.jsonl --dry-run
                                               what a published set would cost to be answered

`bathy eval WHAT --help` says more of each.
"""

_SCORES = """
It prints recall@k (share of the right files among the first k), all@10 (every one of them is), MRR
(1 by the rank of the first), recall within 32k and 128k tokens if files are put in whole, by score
for size, and, where the changed lines are known, lines@10 and lines 32k (how much of them the first
ten spans or 32,000 tokens show): in percent, with intervals, beside two plain methods and chance.
"""
_HISTORY = f"""\
Measure how well files are found by the messages of this repository's own commits.

  bathy eval history                           the last 50 fit commits
  bathy eval history --limit 200 -o found.html the same of 200, as a page with plots and misses
  bathy eval history -C mirror.git --rev v2.0  from that commit back; bare repositories too

Each commit's message is the question, the source files that it changed are the answer, and the
state before it is searched.
{_SCORES}"""
_RANKING = f"""\
Measure how well files are found by questions of your own.

  bathy eval ranking questions.jsonl           about this repository
  bathy eval ranking set.jsonl --repos clones  about many, in clones/OWNER+NAME

A line is such as
  {{"id": 1, "commit": "v2.0", "question": "Where are cookies signed?", "gold_files": ["a/b.py"]}}
with a "repo" (OWNER/NAME) where it is not the current one.
{_SCORES}"""
_TRIAGE = """\
Measure a triage without a model on labelled issues: suspects, duplicates and labels.

  bathy eval triage records.jsonl --repos clones
  bathy eval triage records.jsonl --limit 20 --output-format json
"""
_ANSWERED_TEXT = """\
Have the questions of a SWE-QA, SWE-QA-Pro, DeepCodeBench or LongCodeBench (LongCodeQA) file
answered in each --context (default: pack,map,tools), and score answers and citations.

  bathy eval answers set.jsonl --repos clones -o results.jsonl --dry-run
                                               what it would cost at most; nothing is sent
  bathy eval answers set.jsonl --repos clones -o results.jsonl --max-cost 20
  bathy eval answers set.jsonl -C flask --context pack,tools --limit 10 -o few.jsonl --max-cost 1
  bathy eval answers set.jsonl -C flask --offline -o index.jsonl
                                               the index's own answers: no key, no judge

An upper estimate is shown first. --max-cost holds for all starts with one file together, the other
limits for each question. Every answer is kept in the -o file, so that the same command goes on
after whatever ended it.
"""
_WHAT = {
    "history": ("commit messages of this repository, and the files that they changed", _HISTORY),
    "ranking": ("questions of a file, and the files that should be found", _RANKING),
    "triage": ("labelled issues of a file: suspects, duplicates and labels", _TRIAGE),
    "answers": ("questions of a published set, answered by a model", _ANSWERED_TEXT),
}
_FOUND = READ | WRITTEN | {"budget"}
_ANSWERED = READ | WRITTEN | ASKED | LIMITS | {"dry_run"}


def add_eval(parser: argparse.ArgumentParser) -> None:
    """Add what can be measured, each with options of its own."""
    commands = parser.add_subparsers(dest="what", metavar="WHAT", required=True, prog=parser.prog)
    for name, (text, teaches) in _WHAT.items():
        file = "" if name == "history" else "FILE.jsonl "
        sub = commands.add_parser(
            name,
            help=text,
            usage=f"{parser.prog} {name} {file}[OPTIONS]",
            description=teaches,
            formatter_class=parser.formatter_class,
        )
        if name == "history":
            _add_limit(sub, "so many commits (default: 50)")
            add_common_options(sub, _FOUND)
            continue
        sub.add_argument("records", metavar="FILE.jsonl", help="one JSON object a line")
        sub.add_argument(
            "--repos",
            metavar="DIR",
            default=".",
            help="folder of clones, OWNER+NAME each, for lines that name their repository",
        )
        _add_limit(sub, "only the first N lines")
        if name == "answers":
            sub.add_argument(
                "--judge",
                metavar="MODEL",
                help="who judges (default: the model that answers, which flatters itself)",
            )
        add_common_options(sub, _ANSWERED if name == "answers" else _FOUND)


def _add_limit(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument("--limit", type=count, metavar="N", help=text)
