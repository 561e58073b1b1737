import pytest
from bathy.agent.model.retry import LONGEST_S, wait_s
from hypothesis import given
from hypothesis import strategies as st


def test_waits_double_up_to_a_limit() -> None:
    waits = [wait_s(n, None, lambda: 1.0) for n in range(1, 8)]
    assert waits == [0.5, 1, 2, 4, 8, 10, 10]


@given(st.integers(1, 1000), st.floats(0, 1))
def test_jitter_stays_within_half_a_step(attempt: int, random: float) -> None:
    longest, found = wait_s(attempt, None, lambda: 1.0), wait_s(attempt, None, lambda: random)
    assert longest is not None
    assert found is not None
    assert longest / 2 <= found <= longest <= LONGEST_S


@pytest.mark.parametrize(("asked", "found"), [(0.0, 0.0), (30.0, 30.0), (3600.0, None)])
def test_a_server_is_waited_for_as_it_asks_within_reason(asked: float, found: float | None) -> None:
    assert wait_s(1, asked, lambda: 1.0) == found
