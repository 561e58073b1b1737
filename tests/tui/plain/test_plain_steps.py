"""Long work is told at its quarters, thinking seldom, and nothing by a clock of its own."""

from collections.abc import Sequence

from bathy.agent.model.messages import ReasoningDelta, TextDelta
from bathy.agent.modes.tui.events import TurnBegan, UiEvent, Working
from bathy.agent.modes.tui.plain.steps import THINKING_EVERY_S, Steps
from hypothesis import given, settings
from hypothesis import strategies as st


def told(*timed: tuple[float, UiEvent]) -> list[str]:
    clock = [0.0]
    steps, found = Steps(lambda: clock[0]), list[str]()
    for now_s, event in timed:
        clock[0] = now_s
        found += steps.lines_of(event)
    return found


def work(done: Sequence[int], total: int) -> list[tuple[float, UiEvent]]:
    return [
        (0.0, Working("packing")),
        *((0.0, Working("packing", each, total)) for each in done),
        (0.0, Working("packing", total, total, is_done=True)),
    ]


def test_work_is_told_at_its_quarters() -> None:
    assert told(*work(range(101), 100)) == [
        "packing: 25 %", "packing: 50 %", "packing: 75 %", "packing: done",
    ]  # fmt: skip


def test_what_is_over_at_once_is_not_told() -> None:
    assert told(*work([], 0)) == told(*work([3, 20], 100)) == []


@settings(deadline=None)
@given(st.lists(st.integers(0, 1000), max_size=60), st.integers(0, 1000))
def test_no_work_is_told_more_than_four_times(done: list[int], total: int) -> None:
    assert len(told(*work(done, total))) <= 4


def test_work_of_the_same_kind_is_told_anew() -> None:
    assert told(*work([50], 100), *work([50], 100)) == ["packing: 50 %", "packing: done"] * 2


def test_thinking_is_one_line_once_it_is_over() -> None:
    thinking = [(float(at), ReasoningDelta("x" * 36)) for at in range(10)]
    assert told(*thinking, (10.0, TextDelta("So"))) == ["thought for 10 seconds, about 100 tokens"]


def test_thinking_that_goes_on_is_told_every_fifteen_seconds_at_most() -> None:
    thinking = [(float(at), ReasoningDelta("x" * 36)) for at in range(65)]
    lines = told(*thinking)
    assert len(lines) == 64 // THINKING_EVERY_S
    assert lines[0] == "thinking: 15 seconds, about 160 tokens so far"
    assert lines[-1].startswith("thinking: 1 minute 0 seconds, ")


def test_nothing_is_thought_where_no_thinking_came() -> None:
    assert told((0.0, ReasoningDelta("")), (9.0, TurnBegan("why?"))) == []
