"""Outcomes of many items -> means by group, method and measure, and curves."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bathy.agent.modes.evaluate.intervals import Mean, mean_of
from bathy.agent.modes.evaluate.judge import Outcome
from bathy.agent.modes.evaluate.measures import MEASURES
from bathy.agent.modes.evaluate.methods import METHODS, OURS

Row = Mapping[str, Mean | None]
"""Means by measure."""


@dataclass(frozen=True, slots=True)
class Group:
    """Some of the items.

    Attributes:
        name: For people and for programs.
        n: How many, > 0.
        rows: Means by method.
    """

    name: str
    n: int
    rows: Mapping[str, Row]


@dataclass(frozen=True, slots=True)
class Miss:
    """An item whose right files all stand far down.

    Attributes:
        outcome: The item.
        path: The right file that stands highest.
        rank: Its rank; None if it was not ranked.
    """

    outcome: Outcome
    path: str
    rank: int | None


def history_groups(outcomes: Sequence[Outcome]) -> list[Group]:
    """Group items of one repository: all, then by whether the question names a right file."""
    naming = [one for one in outcomes if one.names_gold]
    others = [one for one in outcomes if not one.names_gold]
    apart = [("names no file", others), ("names the file", naming)] if naming and others else []
    return _groups([("all", outcomes), *apart])


def ranking_groups(outcomes: Sequence[Outcome]) -> list[Group]:
    """Group items by repository, in the order of the names; all come last."""
    names = sorted({one.repo for one in outcomes})
    by_repo = [(name, [one for one in outcomes if one.repo == name]) for name in names]
    return _groups([*(by_repo if len(names) > 1 else ()), ("all", outcomes)])


def _groups(parts: Iterable[tuple[str, Sequence[Outcome]]]) -> list[Group]:
    return [Group(name, len(chosen), _rows(chosen)) for name, chosen in parts if chosen]


def _rows(outcomes: Sequence[Outcome]) -> dict[str, Row]:
    return {
        method: {
            name: mean_of([one.judged[method].measured[name] for one in outcomes])
            for name in MEASURES
        }
        for method in METHODS
    }


def curve_of(outcomes: Sequence[Outcome], method: str) -> list[float]:
    """Return the mean recall at each rank from 1 to `DEEPEST`; `outcomes` is not empty."""
    curves = [one.judged[method].curve for one in outcomes]
    return [sum(column) / len(curves) for column in zip(*curves, strict=True)]


def sure_curve_of(outcomes: Sequence[Outcome], method: str) -> list[Mean]:
    """Return the same with intervals, which takes a hundred times as long."""
    curves = [one.judged[method].curve for one in outcomes]
    means = (mean_of(column) for column in zip(*curves, strict=True))
    return [mean for mean in means if mean is not None]


def worst_misses(outcomes: Sequence[Outcome], most: int, *, beyond: int = 10) -> list[Miss]:
    """Return items none of whose right files is among the first, worst first.

    Args:
        outcomes: Where to look.
        most: So many at most.
        beyond: Ranks up to this are no miss.
    """
    misses = list[Miss]()
    for one in outcomes:
        ranks = one.judged[OURS].ranks
        path, rank = min(ranks.items(), key=lambda pair: (_depth(pair[1]), pair[0]))
        if _depth(rank) > beyond:
            misses.append(Miss(one, path, rank))
    return sorted(misses, key=lambda miss: -_depth(miss.rank))[:most]


def _depth(rank: int | None) -> float:
    return float("inf") if rank is None else rank
