"""A ranking and the files that would have been right -> figures from 0 to 1. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from math import comb

from bathy.agent.modes.evaluate.items import Lines

RECALLS = (1, 5, 10)
ALL_AT = 10
BUDGETS: Mapping[str, int] = {"32k": 32_000, "128k": 128_000}
"""Tokens of a prompt, by their name."""

OF_WHOLE_FILES = frozenset(f"recall_{name}" for name in BUDGETS)

DEEPEST = 50
"""How far the curves go."""

MEASURES = (
    *(f"recall@{k}" for k in RECALLS),
    f"all@{ALL_AT}",
    "mrr",
    *(f"recall_{name}" for name in BUDGETS),
    "lines@10",
    "lines_32k",
)
"""recall@k: share of the right files among the first k. all@k: 1 if all are. mrr: 1 by the rank of
the first right file, 0 if none is ranked. recall_32k: share of the right files that a prompt of so
many tokens holds, if files are put in whole, one after the other. lines@10: how much of the changed
places the first ten spans show. lines_32k: how much of them 32,000 tokens show: of spans, where a
method has spans, else of whole files."""

Ranks = Mapping[str, int | None]
"""Rank of each right file, from 1 on; None for one that was not ranked."""

Measured = Mapping[str, float | None]
"""By the names of `MEASURES`; None for what cannot be said."""


def ranks_of(ranking: Sequence[str], gold: Sequence[str]) -> dict[str, int | None]:
    """Look up at which rank each right file stands.

    Args:
        ranking: Paths, best first; of one that stands there twice, the first counts.
        gold: Paths of the right files.
    """
    places: dict[str, int] = {}
    for place, path in enumerate(ranking, 1):
        places.setdefault(path, place)
    return {path: places.get(path) for path in gold}


def recall_at(ranks: Ranks, k: int) -> float:
    """Return the share of the right files among the first k."""
    return sum(rank is not None and rank <= k for rank in ranks.values()) / len(ranks)


def measure(ranking: Sequence[str], gold: Sequence[str], tokens: Mapping[str, int]) -> Measured:
    """Measure one ranking.

    Args:
        ranking: Paths, best first, each once.
        gold: Paths of the right files, each once; not empty.
        tokens: Length of each file that is ranked.

    Returns:
        All measures but those of lines, which are None.
    """
    ranks = ranks_of(ranking, gold)
    found = [rank for rank in ranks.values() if rank is not None]
    figures: dict[str, float | None] = {f"recall@{k}": recall_at(ranks, k) for k in RECALLS}
    figures[f"all@{ALL_AT}"] = float(recall_at(ranks, ALL_AT) == 1)
    figures["mrr"] = 1 / min(found) if found else 0.0
    ends = _ends(ranking, ranks, tokens)
    for name, budget in BUDGETS.items():
        figures[f"recall_{name}"] = sum(end <= budget for end in ends) / len(gold)
    return {**figures, "lines@10": None, "lines_32k": None}


def _ends(ranking: Sequence[str], ranks: Ranks, tokens: Mapping[str, int]) -> list[int]:
    """Tokens until the end of each right file, if files are put in whole and in order."""
    used, ends = 0, list[int]()
    for path in ranking:
        used += tokens[path]
        if path in ranks:
            ends.append(used)
    return ends


def within(
    places: Sequence[tuple[str, Lines]],
    budget: int,
    tokens: Mapping[str, int],
    lines: Mapping[str, int],
) -> list[tuple[str, Lines]]:
    """Take places in order while they fit; what is too long is passed over.

    Args:
        places: Path and lines of each.
        budget: In tokens.
        tokens: Length of each file.
        lines: Number of lines of each file; all are taken to be of equal length.
    """
    left, taken = float(budget), list[tuple[str, Lines]]()
    for path, (start, end) in places:
        cost = tokens[path] * (min(end, lines[path]) - start + 1) / max(1, lines[path])
        if cost <= left:
            taken.append((path, (start, end)))
            left -= cost
    return taken


def shown_share(
    changed: Mapping[str, Sequence[Lines]], shown: Sequence[tuple[str, Lines]]
) -> float | None:
    """Say how much of what was changed some spans show.

    Args:
        changed: Ranges of lines by path.
        shown: Path and lines of each span; they may overlap.

    Returns:
        Mean over the ranges of the share of their lines that is shown; None without ranges.
    """
    lines = dict[str, list[Lines]]()
    for path, at in shown:
        if path in changed:
            lines.setdefault(path, []).append(at)
    merged = {path: _merged(ranges) for path, ranges in lines.items()}
    shares = [
        sum(max(0, min(end, last) - max(start, first) + 1) for first, last in merged.get(path, ()))
        / (end - start + 1)
        for path, ranges in changed.items()
        for start, end in ranges
    ]
    return sum(shares) / len(shares) if shares else None


def _merged(ranges: Iterable[Lines]) -> list[Lines]:
    """Return ranges that hold the same lines, each line once; in time by their number alone."""
    merged = list[Lines]()
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def random_measures(gold: int, present: int, files: int) -> tuple[Measured, tuple[float, ...]]:
    """Say what putting the files in a random order is expected to give.

    Args:
        gold: Number of right files, > 0.
        present: How many of them are among the files.
        files: Number of files.

    Returns:
        The measures, exactly, without those that depend on lengths and lines; and the recall at
        each rank from 1 to `DEEPEST`.
    """
    curve = tuple(min(k, files) / files * present / gold if files else 0.0 for k in _RANKS)
    figures: dict[str, float | None] = dict.fromkeys(MEASURES)
    for k in RECALLS:
        figures[f"recall@{k}"] = curve[k - 1]
    most = min(ALL_AT, files)
    complete = present == gold and most >= gold
    figures[f"all@{ALL_AT}"] = comb(most, gold) / comb(files, gold) if complete else 0.0
    figures["mrr"] = _expected_reciprocal(present, files)
    return figures, curve


_RANKS = range(1, DEEPEST + 1)


def _expected_reciprocal(present: int, files: int) -> float:
    """Sum over all ranks of 1 / rank times the chance that the first right file stands there."""
    if not present:
        return 0.0
    total, chance = 0.0, present / files
    for rank in range(1, files - present + 2):
        total += chance / rank
        # The chance that none of the first `rank` is right and the next one is.
        if rank < files:
            chance *= (files - present - rank + 1) / (files - rank)
    return total
