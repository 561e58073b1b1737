"""What becomes of tasks whose workers are lost, fail, or come back late; workers by script."""

import concurrent.futures
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from bathy.agent.config import Settings
from bathy.agent.errors import TryAgainError
from bathy.agent.modes.batch.budget import Budget
from bathy.agent.modes.batch.drive import MOST_ATTEMPTS, Drive
from bathy.agent.modes.batch.one import Order, failure
from bathy.agent.modes.batch.order import Queue
from bathy.agent.modes.batch.record import Record
from bathy.agent.modes.batch.tasks import BatchTask

Say = Callable[[Order, int], Mapping[str, Any] | BaseException]


class ScriptedPool:
    """Ends each order at once, as a function of it and of how often it was begun says."""

    def __init__(self, say: Say, size: int = 4) -> None:
        self.size, self._say = size, say
        self.begun: list[str] = []
        self.orders: list[Order] = []

    def submit(self, order: Order) -> "Future[dict[str, Any]]":
        self.begun.append(order.task.id)
        self.orders.append(order)
        said = self._say(order, self.begun.count(order.task.id))
        future: Future[dict[str, Any]] = Future()
        if isinstance(said, TryAgainError):
            raise said
        if isinstance(said, BaseException):
            future.set_exception(said)
        else:
            future.set_result(dict(said))
        return future

    def is_lost(self, future: "Future[dict[str, Any]]") -> bool:
        return isinstance(future.exception(), concurrent.futures.BrokenExecutor)

    def stop(self) -> None:
        pass

    def close(self) -> None:
        pass


def good(order: Order, **more: Any) -> dict[str, Any]:
    usage = {"prompt_tokens": 10, "cache_hit_tokens": 0, "completion_tokens": 2}
    fine = {"subtype": "success", "is_error": False, "exit_code": 0, "error": None}
    return {**failure(order, "", 0), **fine, "usage": usage, **more}


def drive_of(
    pool: ScriptedPool, count: int, limit_usd: float | None = None
) -> tuple[Drive, Record]:
    tasks = [BatchTask(f"t{n}", "why?", "/r", "r") for n in range(count)]
    record = Record(Path("r.jsonl"))
    drive = Drive(
        Settings(),
        "online",
        Queue(tasks, lambda task: task.repo, is_gated=False),
        pool,
        Budget(limit_usd),
        record.append,
        lambda _result, _running: None,
    )
    return drive, record


def run(drive: Drive, record: Record) -> dict[str, Mapping[str, Any]]:
    with record:
        drive.run()
        return dict(record.results)


def test_a_task_whose_worker_is_lost_is_begun_again_alone() -> None:
    def say(order: Order, time: int) -> Mapping[str, Any] | BaseException:
        is_lost = order.task.id == "t1" and time < MOST_ATTEMPTS
        return concurrent.futures.BrokenExecutor() if is_lost else good(order)

    pool = ScriptedPool(say)
    results = run(*drive_of(pool, 4))
    assert sorted(results) == ["t0", "t1", "t2", "t3"]
    assert {r["subtype"] for r in results.values()} == {"success"}
    assert pool.begun.count("t1") == MOST_ATTEMPTS


def test_one_that_loses_every_worker_is_a_failure_with_the_reason() -> None:
    def say(order: Order, _time: int) -> Mapping[str, Any] | BaseException:
        return concurrent.futures.BrokenExecutor() if order.task.id == "t1" else good(order)

    pool = ScriptedPool(say)
    results = run(*drive_of(pool, 3))
    assert "lost 3 times" in results["t1"]["error"]
    assert results["t1"]["exit_code"] == 75
    assert pool.begun.count("t1") == MOST_ATTEMPTS
    assert results["t2"]["subtype"] == "success"


def test_a_defect_is_the_failure_of_one_task() -> None:
    results = run(
        *drive_of(
            ScriptedPool(lambda o, _: ZeroDivisionError("by\n0") if o.task.id == "t0" else good(o)),
            2,
        )
    )
    assert results["t0"]["error"] == "a defect of bathy (ZeroDivisionError: by)"
    assert results["t1"]["subtype"] == "success"


def test_what_ten_tasks_in_a_row_fail_with_stops_the_rest() -> None:
    pool = ScriptedPool(lambda order, _: failure(order, "the key is refused", 1), size=1)
    drive, record = drive_of(pool, 40)
    results = run(drive, record)
    assert (drive.stopped, len(results), set(drive.row)) == ("failures", 10, {1})


def test_a_lost_cluster_leaves_its_tasks_for_later() -> None:
    pool = ScriptedPool(lambda o, _: TryAgainError("gone") if o.task.id == "t2" else good(o), 1)
    drive, record = drive_of(pool, 5)
    assert sorted(run(drive, record)) == ["t0", "t1"]
    assert drive.stopped == "cluster"
    assert len(drive.queue) == 3


def test_a_prompt_that_costs_more_than_its_share_has_all_that_is_left() -> None:
    def say(order: Order, _time: int) -> Mapping[str, Any]:
        assert order.cap_usd is not None
        if order.cap_usd < 0.3:
            return {**failure(order, "", 3), "subtype": "error_max_cost"}
        return good(order, total_cost_usd=0.3)

    pool = ScriptedPool(say)
    drive, record = drive_of(pool, 4, limit_usd=1.0)
    results = run(drive, record)
    # Three times 0.3 is what 1.0 pays for; nothing was sent for the fourth.
    assert (len(results), drive.stopped) == (3, "money")
    assert abs(drive.budget.spent_usd - 0.9) < 1e-9
    assert all(r["subtype"] == "success" for r in results.values())


def test_a_limit_of_its_own_is_the_failure_of_a_task() -> None:
    def say(order: Order, _time: int) -> Mapping[str, Any]:
        return {**failure(order, "over", 3), "subtype": "error_max_cost"}

    pool = ScriptedPool(say)
    drive, record = drive_of(pool, 0, limit_usd=1.0)
    task = BatchTask("own", "why?", "/r", "r", options={"max_cost": 0.001})
    drive.queue = Queue([task], lambda task: task.repo, is_gated=False)
    results = run(drive, record)
    assert (list(results), drive.stopped, pool.begun) == (["own"], "", ["own"])


def test_a_second_result_of_a_task_is_not_written() -> None:
    with Record(Path("r.jsonl")) as record:
        order = Order(BatchTask("a", "why?", "/r", "r"), Settings(), "online")
        assert record.append(good(order))
        assert not record.append(good(order, result="late"))
    assert Path("r.jsonl").read_text().count("\n") == 1
