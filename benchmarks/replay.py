"""What the rule for a new base costs: the last commits of a repository, replayed one by one.

  python benchmarks/replay.py /mirrors/flask /mirrors/sympy [--commits 800]

At each first-parent commit the base is chosen and the overlay made as for a question about it, with
the product's own code. Uncached are the whole base and overlay where the base is a new one, else the
blocks of the overlay that were not sent at the commit before; questions and evidence are left out.
"""

import argparse
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, quantiles


@dataclass(frozen=True)
class Step:
    """One commit of the line: its base, and the blocks on it with their tokens."""

    base: str
    level: int
    base_tokens: int
    blocks: tuple[tuple[str, int], ...]

    @property
    def overlay_tokens(self) -> int:
        """Tokens of all blocks."""
        return sum(tokens for _, tokens in self.blocks)


def replay(repo: Path, commits: int) -> list[Step]:
    """Choose base and overlay at each of the last commits, oldest first."""
    from bathy.agent.config import Settings
    from bathy.agent.index.mainline import read_line
    from bathy.agent.index.repo import locate
    from bathy.agent.loop.ledger import Ledger
    from bathy.agent.model.catalog import find_model
    from bathy.agent.modes.basis import BasisFinder
    from bathy.agent.modes.compose import open_bench
    from bathy.agent.modes.progress import Progress

    found, model, place = [], find_model("deepseek-flash", {}), locate(repo)
    assert place is not None
    line = read_line(place, "HEAD")[:commits][::-1]
    progress = Progress(quiet=True, verbose=False)
    with Ledger(None) as ledger:
        for at, commit in enumerate(line):
            with open_bench(Settings(folder=repo, rev=commit), progress) as bench:
                basis = BasisFinder(bench, model, ledger).find()
            blocks = tuple((block.text, block.tokens) for block in basis.overlay.blocks)
            manifest = basis.base.manifest
            found.append(Step(basis.base.commit, basis.base.level, manifest.tokens, blocks))
            print(f"\r{at + 1}/{len(line)}", end="", file=sys.stderr)
    print(file=sys.stderr)
    return found


def uncached(steps: Sequence[Step], questions: int) -> float:
    """Share of the tokens of all prompts that were not cached, after the first step."""
    missed = sent = 0
    for before, now in itertools.pairwise(steps):
        whole = now.base_tokens + now.overlay_tokens
        if now.base != before.base:
            new = whole
        else:
            same = 0
            for old_block, block in zip(before.blocks, now.blocks, strict=False):
                if old_block != block:
                    break
                same += 1
            new = sum(tokens for _, tokens in now.blocks[same:])
        missed += new
        sent += questions * whole
    return missed / sent


def row(name: str, steps: Sequence[Step]) -> str:
    """The row of the table for one repository."""
    changes = sum(a.base != b.base for a, b in itertools.pairwise(steps))
    shares = [step.overlay_tokens / step.base_tokens for step in steps]
    p90 = quantiles(shares, n=10)[-1]
    levels = {level: sum(s.level == level for s in steps) for level in (32, 16, 8, 0)}
    told = ", ".join(f"{n}: {count}" for n, count in levels.items() if count)
    size = mean(step.base_tokens for step in steps) / 1000
    every = f"1 in {(len(steps) - 1) / changes:.0f}" if changes else "never"
    return (
        f"| {name}, {size:,.0f}k | {told} | {every} | {mean(shares):.0%} ({p90:.0%}, most"
        f" {max(shares):.0%}) | {uncached(steps, 1):.1%} | {uncached(steps, 5):.1%} |"
    )


def main() -> None:
    """Replay and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("repos", nargs="+", type=Path)
    parser.add_argument("--commits", type=int, default=800)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(XDG_CACHE_HOME=home, XDG_STATE_HOME=home, XDG_CONFIG_HOME=home)
        head = (
            "| repository, base | commits by level | new base | overlay / base, mean (p90) "
            "| uncached, 1 question a commit | 5 questions |"
        )
        print(head + "\n|" + " --- |" * 6)
        for repo in options.repos:
            began = time.monotonic()
            name = repo.parent.name if repo.name in ("repo", ".git") else repo.name
            print(row(name, replay(repo.resolve(), options.commits)), flush=True)
            print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
