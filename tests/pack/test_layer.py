from collections.abc import Sequence

from bathy.agent.pack.layer import SIZE_POWER, SPAN_POWER, Place, order_places, order_whole
from bathy.agent.pack.ranking import RankedFile, RankedSpan, Ranking
from hypothesis import given
from hypothesis import strategies as st


def a_file(path: str, score: float, *scores: float) -> RankedFile:
    spans = tuple(RankedSpan(n * 10, n * 10 + 5, score, "") for n, score in enumerate(scores, 1))
    return RankedFile(path, score, spans, (), {}, 1.0)


def ordered(*files: RankedFile) -> list[tuple[str, int]]:
    return [(place.path, place.span.start_line) for place in order_places(Ranking(files))]


def test_a_good_place_of_a_lesser_file_comes_before_a_poor_one_of_the_best() -> None:
    found = ordered(a_file("a.py", 10.0, 8.0, 0.01), a_file("b.py", 6.0, 3.0))
    assert found == [("a.py", 10), ("b.py", 10), ("a.py", 20)]
    assert 10.0 * (0.01 / 8.0) ** SPAN_POWER < 6.0


def test_the_second_place_of_the_best_file_comes_before_a_much_lesser_file() -> None:
    found = ordered(a_file("a.py", 10.0, 8.0, 4.0), a_file("b.py", 6.0, 99.0))
    assert found == [("a.py", 10), ("a.py", 20), ("b.py", 10)]
    assert 10.0 * 0.5**SPAN_POWER > 6.0


def test_equal_places_stay_in_the_order_of_the_ranking() -> None:
    files = (a_file("b.py", 2.0, 1.0, 1.0), a_file("a.py", 2.0, 7.0))
    assert ordered(*files) == [("b.py", 10), ("b.py", 20), ("a.py", 10)]
    assert ordered(*reversed(files)) == [("a.py", 10), ("b.py", 10), ("b.py", 20)]


def test_files_without_places_lead_to_none_and_places_without_a_score_come_last() -> None:
    assert ordered() == []
    assert ordered(a_file("a.py", 9.0), a_file("b.py", 1.0, 1.0)) == [("b.py", 10)]
    named_only = a_file("a.py", 9.0, 0.0, -1.0)
    assert ordered(named_only, a_file("b.py", 1.0, 1.0)) == [
        ("b.py", 10), ("a.py", 10), ("a.py", 20),
    ]  # fmt: skip
    assert ordered(a_file("a.py", 9.0, 1.0, -1.0)) == [("a.py", 10), ("a.py", 20)]


FILES = st.lists(
    st.tuples(st.floats(0, 100), st.lists(st.floats(0, 50), max_size=5)), max_size=6
).map(lambda given: [a_file(f"{n}.py", score, *spans) for n, (score, spans) in enumerate(given)])


@given(FILES)
def test_each_place_comes_once_and_no_file_turns_its_own_around(
    files: Sequence[RankedFile],
) -> None:
    best_first = [
        RankedFile(f.path, f.score, tuple(sorted(f.spans, key=lambda s: -s.score)), (), {}, 1.0)
        for f in files
    ]
    found = order_places(Ranking(tuple(best_first)))
    for file in best_first:
        assert [at for at in found if at.path == file.path] == [
            Place(file.path, span) for span in file.spans
        ]


def test_whole_files_come_by_their_score_for_their_size() -> None:
    ranking = Ranking((a_file("long.py", 2.0), a_file("short.py", 1.5), a_file("mid.py", 1.0)))
    assert order_whole(ranking, {"long.py": 10_000, "short.py": 100, "mid.py": 100}) == [
        "short.py", "mid.py", "long.py",
    ]  # fmt: skip
    assert 2.0 / 10_000**SIZE_POWER < 1.0 / 100**SIZE_POWER
    equal = dict.fromkeys(("long.py", "short.py", "mid.py"), 500)
    assert order_whole(ranking, equal) == ["long.py", "short.py", "mid.py"]


def test_equal_whole_files_come_by_their_paths_and_empty_ones_count_as_one() -> None:
    ranking = Ranking((a_file("b.py", 1.0), a_file("a.py", 1.0), a_file("c.py", 1.0)))
    assert order_whole(ranking, {"a.py": 1, "b.py": 0, "c.py": 2}) == ["a.py", "b.py", "c.py"]
    assert order_whole(Ranking(()), {}) == []
