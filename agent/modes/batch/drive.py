"""Tasks, an executor and a sum of money -> results in a file, each once, and how it all ended."""

import concurrent.futures
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Literal

from bathy.agent.config import Settings
from bathy.agent.errors import TryAgainError
from bathy.agent.modes import ask
from bathy.agent.modes.batch.budget import Budget
from bathy.agent.modes.batch.executors import Pool
from bathy.agent.modes.batch.one import Mode, Order, failure
from bathy.agent.modes.batch.order import SMALL_ROUNDS, Queue
from bathy.agent.modes.batch.pace import Pace
from bathy.agent.modes.batch.streak import Streak
from bathy.agent.modes.batch.tasks import BatchTask
from bathy.agent.modes.signals import ends_put_off

MOST_ATTEMPTS = 3
"""Times that a task is begun whose worker is lost, or that failed in a way that passes."""

TRY_AGAIN_CODE = 75

DEAF_S = 0.5
"""Longest wait without a look at what came in; Ctrl-C and termination are answered between two."""

Stopped = Literal["", "money", "failures", "cluster"]
"""Why a batch ended before its tasks did: --max-cost, too many failures, no cluster; "" if not."""

Result = Mapping[str, Any]


@dataclass
class Drive:
    """A batch that runs.

    Attributes:
        settings: Of all tasks.
        mode: Whether a model is asked.
        queue: What is to be done.
        pool: What does it.
        budget: What it may cost.
        keep: Writes a result down; returns whether it was the first of its id.
        tell: Gets the last result, how many tasks run, and what all of them did cost.
        earlier_usd: What tasks did cost before they came to this run, by id.
        stopped: Why it ended before its tasks did.
        streak: The failures since the last answer.
        ended: Ids of the tasks that have ended for good.
    """

    settings: Settings
    mode: Mode
    queue: Queue
    pool: Pool
    budget: Budget
    keep: Callable[[Result], bool]
    tell: Callable[[Result, int, float], None]
    earlier_usd: dict[str, float] = field(default_factory=dict)
    stopped: Stopped = ""
    streak: Streak = field(default_factory=Streak)
    ended: set[str] = field(default_factory=set)
    _running: dict["Future[dict[str, Any]]", Order] = field(default_factory=dict)
    _attempts: Counter[str] = field(default_factory=Counter)
    _lost: Counter[str] = field(default_factory=Counter)
    _put_back: dict[str, Result] = field(default_factory=dict)
    _too_little_usd: dict[str, float] = field(default_factory=dict)

    def run(self) -> None:
        """Work until nothing is left, or something stops it.

        Raises:
            BathyError: A result cannot be written down.
        """
        self._pace = Pace(self.pool.size)
        try:
            while True:
                # What has come in was paid for, and is written down before anything ends.
                with ends_put_off():
                    self._begin()
                    if not self._running:
                        return
                    ended, _ = concurrent.futures.wait(
                        self._running, DEAF_S, return_when=concurrent.futures.FIRST_COMPLETED
                    )
                    for future in ended:
                        self._settle(future, self._running.pop(future))
        finally:
            with ends_put_off():
                self._leave()

    def _begin(self) -> None:
        """Begin as many tasks as may run."""
        while not self.stopped and (slots := self._pace.allowed - len(self._running)) > 0:
            if self.budget.free_usd <= 0:
                self._stop_without_money()
                return
            task = self.queue.take()
            if task is None:
                return
            if self.budget.free_usd <= self._too_little_usd.get(task.id, 0.0):
                # Nothing runs beside it, and all that is left has been too little already.
                self._return(task)
                self.stopped = "money"
                return
            order = self._order(task, slots)
            try:
                self._running[self.pool.submit(order)] = order
            except TryAgainError:
                self.budget.settle(order.cap_usd, 0.0)
                self._return(task)
                self.stopped = "cluster"

    def _order(self, task: BatchTask, slots: int) -> Order:
        """Set aside what a task may cost: a share, or all that is left if that was too little."""
        shares = 1 if task.id in self._too_little_usd else min(slots, 1 + len(self.queue))
        cap = self.budget.reserve(shares, task.options.get("max_cost"))
        return Order(task, self.settings, self.mode, cap)

    def _return(self, task: BatchTask) -> None:
        """Put a task back that was taken, but not begun."""
        self.queue.end(task, rounds=0)
        self.queue.put_back(task, is_first=True)

    def _stop_without_money(self) -> None:
        # What runs may give some back.
        if not self._running and len(self.queue):
            self.stopped = "money"

    def _settle(self, future: "Future[dict[str, Any]]", order: Order) -> None:
        """Take notice of an order that has ended."""
        self._attempts[order.task.id] += 1
        if self.pool.is_lost(future):
            self._settle_lost(order)
        elif error := future.exception():
            self._end_unheard(order)
            what = f"{type(error).__name__}: {error}".split("\n")[0]
            self._write(order.task, failure(order, f"a defect of bathy ({what})", 1))
        else:
            self._settle_result(order, future.result())

    def _settle_lost(self, order: Order) -> None:
        task = order.task
        self._end_unheard(order)
        said = f"its worker was lost {MOST_ATTEMPTS} times; it may need more memory"
        result = failure(order, said, TRY_AGAIN_CODE)
        if self._attempts[task.id] < MOST_ATTEMPTS:
            self._put_back[task.id] = result
            self.queue.put_back(task, is_alone=True)
        else:
            self._write(task, result)

    def _settle_result(self, order: Order, result: Result) -> None:
        task = order.task
        self._end(order, result, float(result["total_cost_usd"]))
        if self._is_short(order, result):
            self._note_attempt(task, result)
            self._attempts[task.id] -= 1
            self._too_little_usd[task.id] = order.cap_usd or 0.0
            self.queue.put_back(task, is_alone=True)
        elif result["exit_code"] == TRY_AGAIN_CODE and self._attempts[task.id] < MOST_ATTEMPTS:
            self._note_attempt(task, result)
            self._note_failure(task, result)
            self.queue.put_back(task, is_alone=task.id in self._too_little_usd)
        else:
            self._write(task, result)

    def _is_short(self, order: Order, result: Result) -> bool:
        """Whether a task was stopped by its share of the money, not by a limit of its own."""
        if result["subtype"] != "error_max_cost" or order.cap_usd is None:
            return False
        own = order.task.options.get("max_cost")
        return own is None or own > order.cap_usd

    def _note_attempt(self, task: BatchTask, result: Result) -> None:
        """Note what an attempt did cost that is not the last one."""
        self._put_back[task.id] = result
        self.earlier_usd[task.id] = self.earlier_usd.get(task.id, 0.0) + result["total_cost_usd"]

    def _end(self, order: Order, result: Result | None, cost_usd: float) -> None:
        self.budget.settle(order.cap_usd, cost_usd)
        self.queue.end(order.task, rounds=_rounds(result))
        is_throttled = bool(result and result["throttled"])
        self._pace.note(is_throttled=is_throttled, running=len(self._running))

    def _end_unheard(self, order: Order) -> None:
        """Take notice of an attempt of which nobody knows the cost: it is all that it could be."""
        is_paid = order.mode == "online"
        self._lost[order.task.id] += is_paid
        self._end(order, None, (order.cap_usd or 0.0) if is_paid else 0.0)

    def _write(self, task: BatchTask, result: Result) -> None:
        result = self._totalled(result, self.earlier_usd.get(task.id, 0.0))
        self._put_back.pop(task.id, None)
        self.keep(result)
        self.ended.add(task.id)
        if result["is_error"] and not result["usage"]["completion_tokens"]:
            self._note_failure(task, result)
        else:
            self.streak.clear()
        self.tell(result, len(self._running), self.budget.spent_usd)

    def _leave(self) -> None:
        """Write down what tasks did cost that are left for later."""
        for name, result in self._put_back.items():
            # The last attempt is among the earlier ones already.
            before = self.earlier_usd.get(name, 0.0) - result["total_cost_usd"]
            left = self._totalled(result, before)
            if left["total_cost_usd"] or self._lost[name]:
                said = "the batch ended before this task did; --resume-batch does it again"
                self.keep({**left, "error": said, "is_left": True})

    def _totalled(self, result: Result, earlier_usd: float) -> Result:
        """Add the cost of earlier attempts."""
        found = dict(result)
        if earlier := round(earlier_usd, 6):
            found["total_cost_usd"] = round(result["total_cost_usd"] + earlier_usd, 6)
            found["earlier_cost_usd"] = earlier
        if lost := self._lost[result["id"]]:
            found["lost_attempts"] = lost
        return found

    def _note_failure(self, task: BatchTask, result: Result) -> None:
        self.streak.note(result, task.repo, passes=result["exit_code"] == TRY_AGAIN_CODE)
        if self.streak.is_hopeless:
            self.stopped = "failures"


def _rounds(result: Result | None) -> int:
    """How far a task has warmed the cache for its group."""
    if not result or not result["usage"]["prompt_tokens"]:
        return 0
    tokens = (result["pack"] or {}).get("tokens", 0)
    # Without a base nothing is worth waiting for.
    return SMALL_ROUNDS if tokens >= ask.WARM_UP_TOKENS or not tokens else 1
