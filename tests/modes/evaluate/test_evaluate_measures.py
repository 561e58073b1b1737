import math
from itertools import permutations

import pytest
from bathy.agent.modes.evaluate.items import names_gold
from bathy.agent.modes.evaluate.measures import (
    MEASURES,
    measure,
    random_measures,
    ranks_of,
    recall_at,
    shown_share,
    within,
)
from hypothesis import given
from hypothesis import strategies as st

PATHS = "abcdefghijklmnop"


def test_measures_are_those_computed_by_hand() -> None:
    tokens = dict.fromkeys(PATHS, 8_000)
    found = measure(
        list("xyabz" + "cdefgh"), ("a", "z", "n"), {**tokens, "x": 100, "y": 100, "z": 1}
    )
    assert found == {
        "recall@1": 0.0,
        "recall@5": 2 / 3,
        "recall@10": 2 / 3,
        "all@10": 0.0,
        "mrr": 1 / 3,
        "recall_32k": 2 / 3,
        "recall_128k": 2 / 3,
        "lines@10": None,
        "lines_32k": None,
    }
    assert tuple(found) == MEASURES


def test_a_file_counts_within_a_budget_if_it_ends_there() -> None:
    tokens = {"a": 31_999, "b": 1, "c": 1, "d": 200_000}
    assert measure(list("abcd"), ("b",), tokens)["recall_32k"] == 1
    assert measure(list("abcd"), ("c",), tokens)["recall_32k"] == 0
    assert measure(list("abcd"), ("c", "d"), tokens)["recall_128k"] == 0.5


def test_nothing_found_scores_nothing() -> None:
    found = measure([], ("a",), {})
    assert set(found.values()) == {0.0, None}


@given(
    st.lists(st.sampled_from(PATHS), unique=True),
    st.lists(st.sampled_from(PATHS), unique=True, min_size=1),
    st.lists(st.integers(0, 60_000), min_size=len(PATHS), max_size=len(PATHS)),
)
def test_measures_agree_with_counting_one_by_one(
    ranking: list[str], gold: list[str], lengths: list[int]
) -> None:
    tokens = dict(zip(PATHS, lengths, strict=True))
    found = measure(ranking, gold, tokens)
    for k in (1, 5, 10):
        assert found[f"recall@{k}"] == len(set(gold) & set(ranking[:k])) / len(gold)
    assert found["all@10"] == float(set(gold) <= set(ranking[:10]))
    places = [place for place, path in enumerate(ranking, 1) if path in gold]
    assert found["mrr"] == (1 / places[0] if places else 0)
    for name, budget in (("32k", 32_000), ("128k", 128_000)):
        held = [
            p
            for p in gold
            if p in ranking and sum(tokens[q] for q in ranking[: ranking.index(p) + 1]) <= budget
        ]
        assert found[f"recall_{name}"] == len(held) / len(gold)
    ranks = ranks_of(ranking, gold)
    assert [recall_at(ranks, k) for k in range(1, 17)] == sorted(
        recall_at(ranks, k) for k in range(1, 17)
    )


def test_the_first_of_two_places_counts() -> None:
    assert ranks_of(["a", "b", "a"], ["a", "c"]) == {"a": 1, "c": None}


@pytest.mark.parametrize(("files", "gold"), [(1, 1), (4, 1), (5, 2), (6, 6), (7, 3)])
def test_a_random_order_gives_the_mean_over_all_orders(files: int, gold: int) -> None:
    paths, right = PATHS[:files], PATHS[:gold]
    tokens = dict.fromkeys(paths, 1)
    rows = [measure(order, right, tokens) for order in permutations(paths)]
    expected, curve = random_measures(gold, gold, files)
    for name in ("recall@1", "recall@5", "recall@10", "all@10", "mrr"):
        mean = sum(row[name] or 0 for row in rows) / len(rows)
        assert expected[name] == pytest.approx(mean)
    assert curve[0] == expected["recall@1"]
    assert curve[-1] == 1
    assert expected["recall_32k"] is None


def test_a_random_order_finds_nothing_that_is_not_there() -> None:
    expected, curve = random_measures(2, 1, 50)
    assert expected["all@10"] == 0
    assert expected["recall@10"] == curve[9] == pytest.approx(0.1)
    none, flat = random_measures(1, 0, 0)
    assert (none["mrr"], none["all@10"], max(flat)) == (0, 0, 0)
    assert random_measures(12, 12, 20)[0]["all@10"] == 0
    assert random_measures(2, 2, 10_000)[0]["all@10"] == pytest.approx(
        math.comb(10, 2) / math.comb(10_000, 2)
    )


def test_shown_lines_are_a_share_of_each_place_alike() -> None:
    changed = {"a": [(1, 10), (20, 20)], "b": [(5, 6)]}
    assert (
        shown_share(changed, [("a", (6, 30)), ("a", (8, 20)), ("c", (1, 99))]) == (0.5 + 1 + 0) / 3
    )
    assert shown_share(changed, []) == 0
    assert shown_share({}, [("a", (1, 2))]) is None


RANGES = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 9)), max_size=6)


@given(RANGES, RANGES)
def test_shown_lines_are_those_counted_one_by_one(
    changed: list[tuple[int, int]], shown: list[tuple[int, int]]
) -> None:
    wanted = [(start, start + more) for start, more in changed]
    given = [(start, start + more) for start, more in shown]
    seen = {line for start, end in given for line in range(start, end + 1)}
    shares = [len(seen & set(range(start, end + 1))) / (end - start + 1) for start, end in wanted]
    found = shown_share({"a": wanted}, [("a", lines) for lines in given])
    assert found == (pytest.approx(sum(shares) / len(shares)) if shares else None)


def test_a_range_of_very_many_lines_is_measured_at_once() -> None:
    assert shown_share({"a": [(1, 10**12)]}, [("a", (1, 10**11)), ("a", (5, 10**11))]) == 0.1


@pytest.mark.parametrize(
    ("question", "is_named"),
    [
        ("cart.py counts wrong", True),
        ("in shop/cart.py.", True),
        (r"in shop\cart.py: line 3", True),
        ("`cart.py`", True),
        ("the cart counts wrong", False),
        ("old_cart.py counts wrong", False),
        ("cart.pyi counts wrong", False),
        ("cart.py.orig", False),
        ("", False),
    ],
)
def test_a_question_names_a_file_by_its_path_or_whole_name(question: str, is_named: bool) -> None:
    assert names_gold(question, ["x/y.py", "shop/cart.py"]) is is_named


def test_places_are_taken_while_they_fit_and_long_ones_are_passed_over() -> None:
    places = [("a.py", (1, 10)), ("b.py", (1, 100)), ("a.py", (11, 20)), ("a.py", (95, 200))]
    tokens, lines = {"a.py": 1_000, "b.py": 5_000}, {"a.py": 100, "b.py": 100}
    taken = within(places, 260, tokens, lines)
    assert taken == [("a.py", (1, 10)), ("a.py", (11, 20)), ("a.py", (95, 200))]
    assert within(places, 259, tokens, lines) == taken[:2]
    assert within(places, 10_000, tokens, lines) == places
