"""Judges what a pack holds before anybody asks: how much of what was changed next stands in it.

  python benchmarks/priority.py EVAL_DIR REPOS_DIR [--cache DIR] [--workers N]

EVAL_DIR and REPOS_DIR as for ranking.py. For each localization item, the files of its commit are
ranked without its text, and put in whole until 32k, 128k or 1M tokens are full; or as outlines. It
prints the share of the changed files that are there: by our order, and by small source files first.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from bathy.agent.index.build import SourceFile, build_index
from bathy.agent.index.files import FileClass
from bathy.agent.index.repo import read_snapshot
from bathy.agent.index.store import Store
from bathy.agent.pack.fit import SIZE_EXPONENT, TOKENS_AN_OUTLINE_LINE
from bathy.agent.pack.priority import rank_files
from bathy.tools.git import find_repo
from ranking import Item, commit_of, find_clone, read_items

BUDGETS = {"32k": 32_000, "128k": 128_000, "1M": 1_000_000}


def main() -> None:
    """Judge all localization items."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("eval_dir", type=Path)
    parser.add_argument("repos_dir", type=Path)
    parser.add_argument("--cache", type=Path, help="keep the indexes here between runs")
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    by_repo = {
        name: [item for item in items if "gold_files" in item]
        for name, items in read_items(args.eval_dir).items()
    }
    with tempfile.TemporaryDirectory() as scratch, ProcessPoolExecutor(args.workers) as pool:
        cache = args.cache or Path(scratch)
        cache.mkdir(parents=True, exist_ok=True)
        jobs = [
            (find_clone(args.repos_dir, name), items, cache / f"{name.replace('/', '+')}.store")
            for name, items in sorted(by_repo.items(), key=lambda pair: -len(pair[1]))
            if items
        ]
        futures = [pool.submit(judge_repo, *job) for job in jobs]
        rows = [row for future in futures for row in future.result()]
    print(f"n = {len(rows)}; share of the changed files within " + ", ".join(BUDGETS), "tokens")
    for name in rows[0]:
        means = (statistics.mean(row[name][at] for row in rows) for at in range(len(BUDGETS)))
        print(f"  {name:32s}" + "".join(f"{100 * mean:7.1f}" for mean in means))


def judge_repo(
    clone: Path, items: Sequence[Item], database: Path
) -> list[dict[str, tuple[float, ...]]]:
    """Judge the items of one repository; runs in a process of its own."""
    repo = find_repo(clone)
    assert repo is not None
    rows = []
    with Store(database) as store:
        for item in sorted(items, key=lambda i: (commit_of(i), i["id"])):
            snapshot = read_snapshot(repo, repo.root, rev=commit_of(item), known={})
            index = build_index(snapshot, store, workers=1, progress=lambda _done, _total: None)
            rows.append(judge(index, set(item["gold_files"])))
            print(".", end="", file=sys.stderr, flush=True)
    return rows


def judge(index: Any, gold: set[str]) -> dict[str, tuple[float, ...]]:
    """Return the shares within the budgets, by the name of an order."""
    ranked = rank_files(index)
    files: list[SourceFile] = [index.by_path[p.path] for p in ranked]
    worth = {
        p.path: p.score / max(1, index.by_path[p.path].facts.tokens) ** SIZE_EXPONENT
        for p in ranked
    }
    ours = sorted(files, key=lambda f: (-worth[f.path], f.path))
    small = sorted(files, key=lambda f: (f.facts.file_class is not FileClass.SOURCE, f.size_bytes))
    whole, outlined = lambda f: f.facts.tokens, outline_tokens
    return {
        "ours, whole": shares(ours, gold, whole),
        "ours, outlined": shares(ours, gold, outlined),
        "small source first, whole": shares(small, gold, whole),
        "small source first, outlined": shares(small, gold, outlined),
    }


def outline_tokens(file: SourceFile) -> int:
    """Tokens of a file's outline, estimated by its lines."""
    lines = sum(last - first + 1 for first, last in file.facts.symbols.outline)
    return TOKENS_AN_OUTLINE_LINE * lines + 15


def shares(order: Sequence[SourceFile], gold: set[str], tokens: Any) -> tuple[float, ...]:
    """Return the share of the gold files that end within each budget."""
    used, ends = 0, {}
    for file in order:
        used += tokens(file)
        ends[file.path] = used
    return tuple(
        sum(ends.get(path, budget + 1) <= budget for path in gold) / len(gold)
        for budget in BUDGETS.values()
    )


if __name__ == "__main__":
    main()
