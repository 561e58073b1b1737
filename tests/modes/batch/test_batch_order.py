from collections import Counter

from bathy.agent.modes.batch.budget import Budget
from bathy.agent.modes.batch.order import SMALL_ROUNDS, Queue
from bathy.agent.modes.batch.pace import Pace
from bathy.agent.modes.batch.tasks import BatchTask
from hypothesis import given, settings
from hypothesis import strategies as st


def tasks_of(groups: list[int]) -> list[BatchTask]:
    return [BatchTask(f"{at}", "why?", f"{group}", "r") for at, group in enumerate(groups)]


groups = st.lists(st.integers(0, 3), max_size=20)
choices = st.lists(st.integers(0, 100), min_size=200, max_size=200)


@settings(max_examples=50)
@given(groups=groups, choices=choices, is_gated=st.booleans())
def test_every_task_is_taken_and_a_cold_group_runs_one_at_a_time(
    groups: list[int], choices: list[int], is_gated: bool
) -> None:
    queue = Queue(tasks_of(groups), lambda task: task.repo, is_gated=is_gated)
    running: list[BatchTask] = []
    rounds, done, again, draw = Counter[str](), list[str](), set[str](), iter(choices)
    alone = ""
    while len(queue) or running:
        task = queue.take()
        if task is not None:
            if alone:
                assert not running
            if is_gated and rounds[task.repo] < SMALL_ROUNDS and not alone:
                assert all(other.repo != task.repo for other in running)
            running.append(task)
            continue
        assert running
        ended = running.pop(next(draw) % len(running))
        warmth = next(draw) % 3
        queue.end(ended, rounds=warmth)
        rounds[ended.repo] += warmth
        alone = ""
        if next(draw) % 4 == 0 and ended.id not in again:
            again.add(ended.id)
            is_alone = next(draw) % 2 == 0
            queue.put_back(ended, is_alone=is_alone)
            alone = ended.id if is_alone else ""
        else:
            done.append(ended.id)
    assert sorted(done, key=int) == [str(at) for at in range(len(groups))]


def test_what_is_put_back_first_comes_first() -> None:
    queue = Queue(tasks_of([0, 0, 0]), lambda task: task.repo, is_gated=False)
    first = queue.take()
    assert first is not None
    queue.end(first, rounds=0)
    queue.put_back(first, is_first=True)
    assert queue.take() == first


costs = st.lists(st.tuples(st.floats(0, 1), st.integers(1, 8), st.booleans()), max_size=60)


@given(limit=st.floats(0.01, 100), steps=costs)
def test_tasks_that_keep_to_their_sums_never_cost_more_than_the_limit(
    limit: float, steps: list[tuple[float, int, bool]]
) -> None:
    budget, open_sums = Budget(limit), list[float]()
    for part, slots, ends_one in steps:
        if ends_one and open_sums:
            cap = open_sums.pop(0)
            budget.settle(cap, cap * part)
        else:
            reserved = budget.reserve(slots)
            assert reserved is not None
            open_sums.append(reserved)
        assert budget.spent_usd + sum(open_sums) <= limit * (1 + 1e-9)
    for cap in open_sums:
        budget.settle(cap, 0.0)
    assert abs(budget.free_usd - (limit - budget.spent_usd)) < 1e-6 * limit


def test_without_a_limit_a_task_has_its_own_alone() -> None:
    budget = Budget(None)
    assert (budget.reserve(3), budget.reserve(3, 0.5)) == (None, 0.5)
    budget.settle(None, 2.0)
    assert (budget.spent_usd, budget.free_usd) == (2.0, float("inf"))


def test_a_task_with_a_limit_of_its_own_leaves_the_rest_to_others() -> None:
    budget = Budget(1.0)
    assert budget.reserve(2, 0.1) == 0.1
    assert budget.reserve(1) == 0.9


@given(most=st.integers(1, 64), ends=st.lists(st.booleans(), max_size=200))
def test_the_pace_stays_between_one_and_the_most(most: int, ends: list[bool]) -> None:
    pace = Pace(most)
    for is_throttled in ends:
        pace.note(is_throttled=is_throttled, running=0)
        assert 1 <= pace.allowed <= most


def test_a_storm_counts_once_and_calm_brings_all_of_it_back() -> None:
    pace = Pace(8)
    for running in range(7, -1, -1):
        pace.note(is_throttled=True, running=running)
    assert pace.allowed == 4
    pace.note(is_throttled=True, running=3)
    assert pace.allowed == 2
    for _ in range(40):
        pace.note(is_throttled=False, running=2)
    assert pace.allowed == 8
