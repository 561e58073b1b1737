import pytest
from bathy.agent.modes.evaluate.intervals import DRAWS, Mean, mean_of
from hypothesis import given, settings
from hypothesis import strategies as st


@settings(max_examples=30)
@given(st.lists(st.none() | st.floats(0, 1), max_size=30))
def test_an_interval_holds_its_mean_and_lies_among_the_figures(figures: list[float | None]) -> None:
    known = [figure for figure in figures if figure is not None]
    found = mean_of(figures)
    if found is None:
        assert not known
        return
    assert found.n == len(known)
    assert found.value == pytest.approx(sum(known) / len(known))
    assert min(known) - 1e-9 <= found.low <= found.high <= max(known) + 1e-9


def test_the_same_figures_give_the_same_interval() -> None:
    figures = [0.0, 1.0, 0.5, 0.25] * 10
    assert mean_of(figures) == mean_of(figures)
    assert mean_of([None, *figures, None]) == mean_of(figures)


def test_an_interval_is_about_two_standard_errors_wide() -> None:
    found = mean_of([0.0, 1.0] * 50)
    assert found is not None
    # The standard error of a hundred halves is a twentieth.
    assert found.low == pytest.approx(0.4, abs=0.02)
    assert found.high == pytest.approx(0.6, abs=0.02)
    assert DRAWS >= 1_000


def test_one_figure_is_its_own_interval_and_none_has_no_mean() -> None:
    assert mean_of([0.3]) == Mean(0.3, 0.3, 0.3, 1)
    assert mean_of([None]) is None
    assert mean_of([]) is None


def test_equal_figures_leave_no_doubt() -> None:
    assert mean_of([1.0] * 7) == Mean(1.0, 1.0, 1.0, 7)
