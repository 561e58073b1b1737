import pytest
from bathy.agent.loop.guard import CallGuard, RepetitionDetector
from hypothesis import given
from hypothesis import strategies as st


def feed(text: str, size: int = 50) -> bool:
    detector = RepetitionDetector()
    return any([detector.push(text[at : at + size]) for at in range(0, len(text), size)])


@pytest.mark.parametrize("piece", ["ab", "the same line again\n", "x = f(y)\n" * 7 + "\n"])
def test_a_piece_without_end_is_noticed(piece: str) -> None:
    assert feed(piece * (6000 // len(piece)))


@pytest.mark.parametrize(
    "text",
    [
        "-" * 5000,
        " " * 5000,
        "".join(f"line {n} of a long list\n" for n in range(1000)),
        "the same line again\n" * 20,
        "".join(f"| {n} | value | 0 |\n" for n in range(2000)),
    ],
)
def test_rules_lists_and_short_repeats_are_text_like_any_other(text: str) -> None:
    assert not feed(text)


@given(st.text(max_size=30), st.integers(1, 200))
def test_the_size_of_the_pieces_does_not_matter_much(piece: str, size: int) -> None:
    text = piece * 40
    if len(text) < 1000:
        assert not feed(text, size)


def test_other_calls_and_other_results_are_counted_apart() -> None:
    guard = CallGuard()
    for n in range(20):
        assert guard.note("grep", f"{n}", "same") == "same"
        assert guard.note("read", "a", f"other {n}") == f"other {n}"
    assert not guard.must_stop


def test_a_cycle_is_caught_through_its_members() -> None:
    guard = CallGuard()
    for _ in range(7):
        for name in ("a", "b", "c"):
            assert not guard.refuses(name, "{}")
            guard.note(name, "{}", "same")
    assert guard.refuses("a", "{}")


def test_a_long_result_is_not_given_a_third_time() -> None:
    guard = CallGuard()
    results = [guard.note("read", "a", "x" * 10_000) for _ in range(3)]
    assert len(results[1]) == 10_000
    assert len(results[2]) < 200
