from collections.abc import Iterator, Sequence
from math import log, sqrt
from pathlib import Path

import pytest
from bathy.agent.index.past import Past
from bathy.agent.index.postings import Postings
from bathy.agent.pack.corpus import OpenCorpus
from bathy.agent.pack.question import parse_question
from bathy.agent.pack.signals.past import (
    BEST_CHANGES,
    SEEDS,
    WIDEST,
    changed_often,
    changed_together,
    match_messages,
)
from corpora import corpus_of, past_of

A, B, C = 0, 1, 2


@pytest.fixture
def postings(tmp_path: Path) -> Iterator[Postings]:
    with Postings(tmp_path / "postings.sqlite") as opened:
        yield opened


def opened(postings: Postings, past: Past, names: Sequence[str] = "abc") -> OpenCorpus:
    return corpus_of(postings, {f"{name}.py": f"{name}\n" for name in names}, past=past).open()


def messages(corpus: OpenCorpus, question: str) -> dict[int, float]:
    return match_messages(parse_question(question), corpus)


def test_files_gain_by_the_messages_of_their_changes_and_share_those_of_several(
    postings: Postings,
) -> None:
    past = past_of(("gizmo", ["a.py", "b.py"]), ("gizmo gizmo", ["a.py"]))
    found = messages(opened(postings, past), "gizmo")
    # Mean length 1.5; the factors that both changes share cancel out.
    one = 1 / (1 + 1.5 * (0.25 + 0.75 * 1 / 1.5))
    other = 2 / (2 + 1.5 * (0.25 + 0.75 * 2 / 1.5))
    assert found == pytest.approx({A: 1.0, B: (one / sqrt(2)) / (one / sqrt(2) + other)})


def test_rare_words_of_messages_tell_more(postings: Postings) -> None:
    past = past_of(
        ("rare gizmo", ["a.py"]), ("usual gizmo", ["b.py"]), *[("usual wall", ["c.py"])] * 3
    )
    found = messages(opened(postings, past), "rare usual")
    assert found[A] == 1.0
    assert found[B] < 0.7


def test_words_of_nearly_all_messages_tell_nothing(postings: Postings) -> None:
    for times, is_found in ((29, True), (30, False)):
        corpus = opened(postings, past_of(*[("gizmo", ["a.py"])] * times))
        assert bool(messages(corpus, "gizmo")) is is_found


def test_only_the_best_changes_count_the_newest_of_equal_ones(postings: Postings) -> None:
    names = [f"n{number:03}" for number in range(150)]
    past = past_of(*((("gizmo" if n < 40 else "wall"), [f"{names[n]}.py"]) for n in range(150)))
    found = messages(opened(postings, past, names), "gizmo")
    assert found == {place: 1.0 for place in range(BEST_CHANGES)}


def test_without_a_past_nothing_is_said(postings: Postings) -> None:
    corpus = opened(postings, past_of())
    assert messages(corpus, "gizmo") == {}
    assert changed_often(corpus) == {}
    assert changed_together({A: 1.0}, corpus) == {}


def test_files_that_have_gone_do_not_count(postings: Postings) -> None:
    gone = past_of(("gizmo", ["gone.py"]), ("gizmo", ["gone.py", "gone too.py"]))
    corpus = opened(postings, gone)
    assert messages(corpus, "gizmo") == changed_often(corpus) == {}
    assert changed_together({A: 1.0}, corpus) == {}
    partly = opened(postings, past_of(("gizmo", ["gone.py", "a.py"]), ("wall", ["gone.py"])))
    without = opened(postings, past_of(("gizmo", ["a.py"])))
    assert messages(partly, "gizmo") == messages(without, "gizmo") == {A: 1.0}
    assert changed_often(partly) == changed_often(without)
    assert changed_together({A: 1.0}, partly) == {}
    many = past_of(*[("gizmo", ["a.py"])] * 29, *[("gizmo", ["gone.py"])] * 9)
    assert messages(opened(postings, many), "gizmo") == {A: 1.0}


def test_how_often_a_file_was_changed_counts_by_its_logarithm(postings: Postings) -> None:
    past = past_of(*[("x", ["a.py"])] * 2, ("x", ["a.py", "b.py"]))
    assert changed_often(opened(postings, past)) == pytest.approx({A: 1.0, B: log(2) / log(4)})


def test_companions_of_the_best_files_gain_and_the_best_themselves_do_not(
    postings: Postings,
) -> None:
    past = past_of(("x", ["a.py", "b.py"]), ("x", ["a.py", "b.py", "c.py"]), ("x", ["c.py"]))
    found = changed_together({A: 0.4}, opened(postings, past))
    # Each of the two changes weighs 1/5 for a file that was changed twice, shared by its files.
    assert found == pytest.approx({B: 1.0, C: (1 / sqrt(3)) / (1 / sqrt(2) + 1 / sqrt(3))})


def test_companions_of_better_files_gain_more(postings: Postings) -> None:
    past = past_of(("x", ["a.py", "c.py"]), ("x", ["b.py", "d.py"]))
    corpus = opened(postings, past, "abcd")
    assert changed_together({A: 1.0, B: 0.25}, corpus) == pytest.approx({2: 1.0, 3: 0.25})


def test_wide_changes_say_nothing_of_pairs(postings: Postings) -> None:
    names = [f"n{number:02}" for number in range(WIDEST + 1)]
    paths = [f"{name}.py" for name in names]
    assert changed_together({0: 1.0}, opened(postings, past_of(("x", paths)), names)) == {}
    narrow = opened(postings, past_of(("x", paths[:WIDEST])), names)
    assert set(changed_together({0: 1.0}, narrow)) == set(range(1, WIDEST))


def test_only_so_many_best_files_are_followed_and_none_without_a_score(postings: Postings) -> None:
    names = "abcdefgh"
    last = SEEDS
    past = past_of(("x", [f"{names[last]}.py", "h.py"]))
    corpus = opened(postings, past, names)
    scores = {place: 1.0 - place / 10 for place in range(SEEDS + 1)}
    assert changed_together(scores, corpus) == {}
    assert changed_together({last: 0.0}, corpus) == {}
    assert changed_together({last: 0.1}, corpus) == {7: 1.0}
