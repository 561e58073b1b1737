"""An item and its commit -> how well each method found what was right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bathy.agent.modes.evaluate.items import Item, Lines, names_gold
from bathy.agent.modes.evaluate.measures import (
    BUDGETS,
    DEEPEST,
    OF_WHOLE_FILES,
    Measured,
    Ranks,
    measure,
    random_measures,
    ranks_of,
    recall_at,
    shown_share,
    within,
)
from bathy.agent.modes.evaluate.methods import OURS, RANDOM, SHOWN_SPANS, Field

TOP = 3
"""Files of the top of a ranking that are kept to be shown."""


@dataclass(frozen=True, slots=True)
class Judged:
    """How one method did on one item.

    Attributes:
        ranks: Rank of each right file; {} for the random order, of which only what is expected is
            known.
        measured: The measures.
        curve: Recall at each rank from 1 to `DEEPEST`.
        top: First paths of its ranking.
    """

    ranks: Ranks
    measured: Measured
    curve: tuple[float, ...]
    top: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """One item, measured.

    Attributes:
        id: Of the item.
        repo: Likewise.
        commit: Likewise.
        title: First line of its question.
        gold: Paths of the files that would be right.
        names_gold: The question names one of them.
        files: How many files were ranked.
        judged: By method.
    """

    id: str
    repo: str
    commit: str
    title: str
    gold: tuple[str, ...]
    names_gold: bool
    files: int
    judged: Mapping[str, Judged]


def judge(item: Item, field: Field) -> Outcome:
    """Measure all methods on one item.

    Raises:
        BathyError: The files cannot be read.
    """
    found = field.rankings(item.question)
    judged = dict[str, Judged]()
    for method, order in found.orders.items():
        ranks = ranks_of(order, item.gold)
        packed = found.packed[method]
        as_packed = measure(packed, item.gold, field.tokens)
        measured = dict(measure(order, item.gold, field.tokens))
        measured |= {name: as_packed[name] for name in OF_WHOLE_FILES}
        places: Sequence[tuple[str, Lines]] = [(path, (1, field.lines[path])) for path in packed]
        if method == OURS:
            places = found.places
            measured["lines@10"] = shown_share(item.lines, places[:SHOWN_SPANS])
        room = within(places, BUDGETS["32k"], field.tokens, field.lines) if item.lines else ()
        measured["lines_32k"] = shown_share(item.lines, room)
        curve = tuple(recall_at(ranks, k) for k in range(1, DEEPEST + 1))
        judged[method] = Judged(ranks, measured, curve, tuple(order[:TOP]))
    present = sum(path in field.blobs for path in item.gold)
    judged[RANDOM] = Judged({}, *random_measures(len(item.gold), present, len(field.blobs)))
    return Outcome(
        item.id,
        item.repo,
        item.commit,
        item.title,
        item.gold,
        names_gold(item.question, item.gold),
        len(field.blobs),
        judged,
    )
