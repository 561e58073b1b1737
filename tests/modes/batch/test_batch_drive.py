"""What becomes of tasks whose workers are lost, fail, or come back late; workers by script."""

import concurrent.futures
import signal
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from bathy.agent.config import Settings
from bathy.agent.errors import TryAgainError
from bathy.agent.modes.batch.budget import Budget
from bathy.agent.modes.batch.drive import MOST_ATTEMPTS, Drive
from bathy.agent.modes.batch.one import Order, failure
from bathy.agent.modes.batch.order import Queue
from bathy.agent.modes.batch.record import Record
from bathy.agent.modes.batch.streak import MOST_IN_A_ROW
from bathy.agent.modes.batch.tasks import BatchTask
from bathy.agent.modes.signals import Terminated

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
        lambda _result, _running, _cost_usd: None,
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
    def say(order: Order, _time: int) -> Mapping[str, Any]:
        return {**failure(order, "the key is refused", 1), "model": "m"}

    drive, record = drive_of(ScriptedPool(say, size=1), 40)
    results = run(drive, record)
    assert (drive.stopped, len(results)) == ("failures", MOST_IN_A_ROW)
    assert set(drive.streak.codes) == {1}


def test_the_bad_tasks_of_one_repository_stop_no_others() -> None:
    def say(order: Order, _time: int) -> Mapping[str, Any]:
        return good(order) if order.task.repo == "/good" else failure(order, "no commit", 1)

    drive, record = drive_of(ScriptedPool(say, size=1), 0)
    bad = [BatchTask(f"b{n}", "why?", "/bad", "bad") for n in range(15)]
    fine = [BatchTask(f"g{n}", "why?", "/good", "good") for n in range(5)]
    drive.queue = Queue([*bad, *fine], lambda task: task.repo, is_gated=False)
    results = run(drive, record)
    assert (drive.stopped, len(results)) == ("", 20)
    # Where two of them fail, it is no matter of one.
    worse = [BatchTask(f"w{n}", "why?", f"/bad{n % 2}", "bad") for n in range(15)]
    drive, record = drive_of(ScriptedPool(say, size=1), 0)
    drive.queue = Queue(worse, lambda task: task.repo, is_gated=False)
    with record:
        drive.run()
    assert drive.stopped == "failures"


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


def cut_off(order: Order, cost_usd: float) -> dict[str, Any]:
    over = {"subtype": "error_max_cost", "total_cost_usd": cost_usd, "model": "m"}
    return {**failure(order, "over --max-cost 0.25", 3), **over}


def test_a_task_that_its_share_cut_off_is_done_again_with_all_that_is_left() -> None:
    def say(order: Order, time: int) -> Mapping[str, Any]:
        is_cut = order.task.id == "t1" and time == 1
        return cut_off(order, 0.2) if is_cut else good(order, total_cost_usd=0.1)

    pool = ScriptedPool(say)
    drive, record = drive_of(pool, 2, limit_usd=1.0)
    results = run(drive, record)
    # Two tasks are left, so two shares, however many could run.
    assert [order.cap_usd for order in pool.orders] == [0.5, 0.5, pytest.approx(0.7)]
    assert (drive.stopped, results["t1"]["subtype"]) == ("", "success")
    assert results["t1"]["total_cost_usd"] == pytest.approx(0.3)
    assert results["t1"]["earlier_cost_usd"] == pytest.approx(0.2)
    assert drive.budget.spent_usd == pytest.approx(0.4)


def test_one_for_which_the_money_is_too_little_is_left_with_what_it_did_cost() -> None:
    pool = ScriptedPool(lambda order, _: cut_off(order, 0.4))
    drive, record = drive_of(pool, 1, limit_usd=1.0)
    results = run(drive, record)
    # With what is left it would get no further than before.
    assert (drive.stopped, drive.ended, pool.begun) == ("money", set(), ["t0"])
    assert results["t0"]["is_left"]
    assert results["t0"]["total_cost_usd"] == pytest.approx(0.4)
    assert "0.25" not in results["t0"]["error"]


def test_attempts_that_nobody_heard_of_cost_all_that_they_could() -> None:
    def say(order: Order, _time: int) -> Mapping[str, Any] | BaseException:
        return concurrent.futures.BrokenExecutor() if order.task.id == "t0" else good(order)

    pool = ScriptedPool(say, size=1)
    drive, record = drive_of(pool, 1, limit_usd=1.0)
    results = run(drive, record)
    assert (drive.stopped, drive.budget.spent_usd) == ("money", 1.0)
    assert (results["t0"]["is_left"], results["t0"]["lost_attempts"]) == (True, 1)
    drive, record = drive_of(ScriptedPool(lambda *_: ZeroDivisionError()), 2, limit_usd=1.0)
    with record:
        drive.run()
    assert drive.budget.spent_usd == 1.0


def test_a_limit_of_its_own_is_the_failure_of_a_task() -> None:
    def say(order: Order, _time: int) -> Mapping[str, Any]:
        return {**failure(order, "over", 3), "subtype": "error_max_cost"}

    pool = ScriptedPool(say)
    drive, record = drive_of(pool, 0, limit_usd=1.0)
    task = BatchTask("own", "why?", "/r", "r", options={"max_cost": 0.001})
    drive.queue = Queue([task], lambda task: task.repo, is_gated=False)
    results = run(drive, record)
    assert (list(results), drive.stopped, pool.begun) == (["own"], "", ["own"])


class SignallingPool(ScriptedPool):
    """Its only order ends when `heard` is set; a thread that is not the first gets a signal."""

    heard = threading.Event()

    def submit(self, order: Order) -> "Future[dict[str, Any]]":
        future: Future[dict[str, Any]] = Future()

        def signal_self() -> None:
            while not future._waiters:
                pass
            signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
            self.heard.wait(10)
            future.set_result(good(order))

        threading.Thread(target=signal_self).start()
        return future


def test_a_signal_that_another_thread_gets_is_heard_before_a_task_ends() -> None:
    def end(*_: object) -> None:
        raise Terminated

    pool = SignallingPool(lambda order, _: good(order))
    drive, record = drive_of(pool, 1)
    before = signal.signal(signal.SIGTERM, end)
    try:
        with record, pytest.raises(Terminated):
            drive.run()
        assert [future.done() for future in drive._running] == [False]
    finally:
        signal.signal(signal.SIGTERM, before)
        pool.heard.set()


def test_a_second_result_of_a_task_is_not_written() -> None:
    with Record(Path("r.jsonl")) as record:
        order = Order(BatchTask("a", "why?", "/r", "r"), Settings(), "online")
        assert record.append(good(order))
        assert not record.append(good(order, result="late"))
    assert Path("r.jsonl").read_text().count("\n") == 1
