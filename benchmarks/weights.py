"""Checks the weights of retrieval: fits them anew, cross-validates, and takes each signal away.

  python benchmarks/weights.py EVAL_DIR REPOS_DIR SIGNALS.jsonl [--cache DIR] [--workers N]

EVAL_DIR and REPOS_DIR as for ranking.py. The signals of every item's best files are written to
SIGNALS.jsonl first, or read from there (remove it when the code changes). Then it prints recall@1,
@5, @10, MRR and all@10 in percent: of the weights as they stand; fitted to all items;
cross-validated, each repository scored with weights that were fitted to the others; and with each
signal left out.

A fit begins with the same weight for every signal, knowing nothing, and moves one at a time as long
as that helps by more than a little. What is not fitted, and so not held out: the parts of the
words' score, the priors of classes among each other, and the constants of the second hop, which
starts from the files of the weights as they stand.
"""

import argparse
import json
import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from bathy.agent.pack.question import parse_question
from bathy.agent.pack.retrieve import retrieve
from bathy.agent.pack.signals.hop import lift
from bathy.agent.pack.signals.weights import ISSUE, QUESTION, weights_for
from ranking import Item, commit_of, corpora, find_clone, read_items

KEPT = 200
"""Files of each item that are looked at, from the best on; the right ones are always kept."""

ENOUGH = 0.04
"""A move must help so much, in points of the mean of all measures."""

PAST = ("old messages", "changed often", "changed together")
NEUTRAL = 0.15
"""What every signal counts at first."""

MOVES, ROUNDS = (0.25, 0.67, 1.5, 3.0), 4

HOP = ("leads here", "comes from here")
COLUMNS = ("recall@1", "recall@5", "recall@10", "MRR", "all@10")
Weights = Mapping[str, float]


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("eval_dir", type=Path)
    parser.add_argument("repos_dir", type=Path)
    parser.add_argument("signals", type=Path)
    parser.add_argument("--cache", type=Path, help="keep the indexes here between runs")
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    if not args.signals.exists():
        write_signals(args)
    items = [json.loads(line) for line in args.signals.read_text(encoding="utf-8").splitlines()]
    now = stored()
    print("| | " + " | ".join(f"issues {c}" for c in COLUMNS), end=" | ")
    print(" | ".join(f"questions {c}" for c in COLUMNS) + " |")
    print("|---" * (1 + 2 * len(COLUMNS)) + "|")
    show("as they stand", items, {item["id"]: now for item in items})
    show("all weights alike", items, without(items, alike()))
    fitted = fit(items)
    show("fitted to all", items, {item["id"]: fitted for item in items})
    held_out = cross_validate(items)
    show("cross-validated", items, held_out)
    for repo in sorted({item["repo"] for item in items}):
        own = [item for item in items if item["repo"] == repo]
        show(f"{repo}, as they stand", own, dict.fromkeys(held_out, now))
        show(f"{repo}, cross-validated", own, held_out)
    for name in sorted(now):
        show(f"without {name}", items, without(items, now, name))
    show("without the second hop", items, without(items, now, *HOP))
    show("without history", items, without(items, now, *PAST))


def without(
    items: Sequence[Mapping[str, Any]], weights: Weights, *names: str
) -> dict[str, Weights]:
    """Return weights for all items without some signals."""
    left = {**weights, **dict.fromkeys(names, 0.0)}
    return {item["id"]: left for item in items}


def stored() -> dict[str, float]:
    """Return the weights of both kinds of text as one: what questions count less is kept apart."""
    return {**ISSUE.signals, "prior": 1.0}


def write_signals(args: Any) -> None:
    """Rank all items and keep the signals of their best files."""
    by_repo = read_items(args.eval_dir)
    with tempfile.TemporaryDirectory() as scratch, ProcessPoolExecutor(args.workers) as pool:
        cache = args.cache or Path(scratch)
        cache.mkdir(parents=True, exist_ok=True)
        jobs = [
            (find_clone(args.repos_dir, name), items, cache / f"{name.replace('/', '+')}.sqlite")
            for name, items in sorted(by_repo.items(), key=lambda pair: -len(pair[1]))
        ]
        futures = [pool.submit(signals_of, *job) for job in jobs]
        rows = [row for future in futures for row in future.result()]
    args.signals.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def signals_of(clone: Path, items: Sequence[Item], database: Path) -> list[dict[str, Any]]:
    """Rank the items of one repository; runs in a process of its own."""
    return [
        _row(item, retrieve(parse_question(_text(item)), corpus, detailed=0).files)
        for item, corpus in corpora(clone, items, database)
    ]


def _text(item: Item) -> str:
    return str(item.get("query") or item["question"])


def _row(item: Item, ranked: Sequence[Any]) -> dict[str, Any]:
    gold = item.get("gold_files") or item["answer_files"]
    kept = [file for n, file in enumerate(ranked) if n < KEPT or file.path in gold]
    return {
        "id": item["id"],
        "repo": item["repo"],
        "commit": commit_of(item),
        "is_issue_set": "gold_files" in item,
        "is_core": bool(item.get("core", True)),
        "is_issue": weights_for(_text(item).strip()) is ISSUE,
        "gold": len(gold),
        "files": [(dict(f.signals), f.prior, f.path in gold) for f in kept],
    }


def measure(item: Mapping[str, Any], weights: Weights) -> list[float]:
    """Rank an item's files by some weights -> `COLUMNS`."""
    own = weights if item["is_issue"] else _of_questions(weights)
    first, gains = list[float](), list[float]()
    for signals, prior, _ in item["files"]:
        factor = prior ** own["prior"]
        total = signals.get("words", 0.0)
        total += sum(own[n] * s for n, s in signals.items() if n != "words" and n not in HOP)
        first.append(total * factor)
        gains.append(sum(own[name] * signals.get(name, 0.0) for name in HOP) * factor)
    scores = lift(first, gains)
    order = sorted(range(len(scores)), key=lambda at: -scores[at])
    ranks = [rank for rank, at in enumerate(order, 1) if item["files"][at][2]]
    gold = item["gold"]
    recalls = [sum(rank <= k for rank in ranks) / gold for k in (1, 5, 10)]
    return [*recalls, 1 / ranks[0] if ranks else 0.0, float(recalls[-1] == 1)]


def _of_questions(weights: Weights) -> Weights:
    """Scale the weights of issues as the stored ones of questions stand to those of issues."""
    return {
        name: weight * (QUESTION.signals[name] / ISSUE.signals[name] if name != "prior" else 1)
        for name, weight in weights.items()
    }


def means(items: Sequence[Mapping[str, Any]], weights: Mapping[str, Weights]) -> list[list[float]]:
    """Means of issues (those that are set) and of questions."""
    rows = [(item["is_issue_set"], measure(item, weights[item["id"]])) for item in items]
    return [
        [100 * statistics.mean(column) for column in zip(*chosen, strict=True)] if chosen else []
        for kind in (True, False)
        for chosen in [[row for is_issue, row in rows if is_issue == kind]]
    ]


def worth(items: Sequence[Mapping[str, Any]], weights: Weights) -> float:
    """What a fit makes large: the mean of all measures of both sets."""
    parts = [part for part in means(items, {item["id"]: weights for item in items}) if part]
    return statistics.mean(statistics.mean(part) for part in parts)


def alike() -> Weights:
    """Return the weights that a fit begins with."""
    return {**dict.fromkeys(ISSUE.signals, NEUTRAL), "prior": 1.0}


def fit(items: Sequence[Mapping[str, Any]]) -> Weights:
    """Move one weight at a time, around and around while that helps."""
    weights = dict(alike())
    best, reached = worth(items, weights), 0.0
    for _ in range(ROUNDS):
        before = best
        for name in sorted(weights):
            for factor in MOVES:
                moved = {**weights, name: weights[name] * factor}
                reached = worth(items, moved)
                if reached > best + ENOUGH:
                    best, weights = reached, moved
        if best == before:
            break
    return weights


def cross_validate(items: Sequence[Mapping[str, Any]]) -> dict[str, Weights]:
    """Fit weights for each repository on all others; by item."""
    found: dict[str, Weights] = {}
    for repo in sorted({item["repo"] for item in items}):
        weights = fit([item for item in items if item["repo"] != repo])
        found |= {item["id"]: weights for item in items if item["repo"] == repo}
    return found


def show(name: str, items: Sequence[Mapping[str, Any]], weights: Mapping[str, Weights]) -> None:
    """Print one row."""
    print(f"| {name} | " + " | ".join(_cells(means(items, weights))) + " |", flush=True)


def _cells(parts: Sequence[Sequence[float]]) -> Iterator[str]:
    for part in parts:
        yield from (f"{value:.1f}" for value in part) if part else ["-"] * len(COLUMNS)


if __name__ == "__main__":
    main()
