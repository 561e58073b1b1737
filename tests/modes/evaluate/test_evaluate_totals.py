from collections.abc import Mapping

import pytest
from bathy.agent.modes.evaluate.judge import Judged, Outcome
from bathy.agent.modes.evaluate.measures import DEEPEST, MEASURES, measure, random_measures
from bathy.agent.modes.evaluate.methods import METHODS, OURS, RANDOM
from bathy.agent.modes.evaluate.table import render_table
from bathy.agent.modes.evaluate.totals import (
    curve_of,
    history_groups,
    ranking_groups,
    sure_curve_of,
    worst_misses,
)


def outcome(
    name: str, ranks: Mapping[str, int | None], *, repo: str = "a/b", named: bool = False
) -> Outcome:
    """One item whose files stand at some ranks in every method."""
    ranking = [f"filler{n}" for n in range(60)]
    for path, rank in ranks.items():
        if rank is not None:
            ranking[rank - 1] = path
    measured = measure(ranking, tuple(ranks), dict.fromkeys(ranking, 1))
    found = sum(rank is not None for rank in ranks.values())
    expected, chance = random_measures(len(ranks), found, 60)
    curve = tuple(
        sum(r is not None and r <= k for r in ranks.values()) / len(ranks)
        for k in range(1, DEEPEST + 1)
    )
    judged = {method: Judged(ranks, measured, curve, tuple(ranking[:3])) for method in METHODS}
    judged[RANDOM] = Judged({}, expected, chance)
    return Outcome(name, repo, "c", f"title of {name}", tuple(ranks), named, 60, judged)


def test_groups_of_a_history_tell_apart_what_names_its_file() -> None:
    some = [outcome("x", {"p": 1}), outcome("y", {"q": 2}, named=True), outcome("z", {"r": None})]
    assert [(g.name, g.n) for g in history_groups(some)] == [
        ("all", 3), ("names no file", 2), ("names the file", 1),
    ]  # fmt: skip
    assert [(g.name, g.n) for g in history_groups(some[:1])] == [("all", 1)]
    assert [(g.name, g.n) for g in history_groups(some[1:2])] == [("all", 1)]
    mean = history_groups(some)[0].rows[OURS]["mrr"]
    assert mean is not None
    assert mean.value == pytest.approx((1 + 1 / 2 + 0) / 3)


def test_groups_of_questions_are_repositories_and_all_of_them() -> None:
    some = [outcome("x", {"p": 1}, repo="z/z"), outcome("y", {"p": 1}, repo="a/a")]
    assert [(g.name, g.n) for g in ranking_groups(some)] == [("a/a", 1), ("z/z", 1), ("all", 2)]
    assert [(g.name, g.n) for g in ranking_groups(some[:1])] == [("all", 1)]


def test_the_curve_goes_through_the_measures() -> None:
    some = [outcome("x", {"p": 1, "q": 7}), outcome("y", {"q": 40}), outcome("z", {"r": None})]
    group = history_groups(some)[0]
    for method in METHODS:
        curve = curve_of(some, method)
        assert len(curve) == DEEPEST
        assert curve == sorted(curve)
        sure = sure_curve_of(some, method)
        assert [mean.value for mean in sure] == pytest.approx(curve)
        assert all(mean.low <= mean.value <= mean.high for mean in sure)
        for k in (1, 5, 10):
            mean = group.rows[method][f"recall@{k}"]
            assert mean is not None
            assert mean.value == pytest.approx(curve[k - 1])


def test_misses_are_those_whose_best_file_stands_far_down_worst_first() -> None:
    some = [
        outcome("found", {"p": 10, "far": None}),
        outcome("down", {"p": 30, "q": 20}),
        outcome("lost", {"p": None, "b": None}),
        outcome("near", {"p": 11}),
    ]
    misses = worst_misses(some, 9)
    assert [(m.outcome.id, m.path, m.rank) for m in misses] == [
        ("lost", "b", None), ("down", "q", 20), ("near", "p", 11),
    ]  # fmt: skip
    assert worst_misses(some, 1) == misses[:1]


def test_a_table_is_aligned_and_leaves_out_what_nobody_can_say() -> None:
    text = render_table(
        ranking_groups([outcome("x", {"p": 1}, repo="a\x1b[1m/b"), outcome("y", {"p": 2})])
    )
    lines = [line for line in text.split("\n") if line]
    assert len({len(line) for line in lines}) == 1
    assert "lines@10" not in text
    assert "\x1b" not in text
    # One item has no interval.
    assert [line.startswith("    95 %") for line in lines].count(True) == 1
    assert "lines@10" in MEASURES
