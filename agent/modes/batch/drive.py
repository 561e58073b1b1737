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

MOST_ATTEMPTS = 3
"""Times that a task is begun whose worker is lost, or that failed in a way that passes."""

MOST_IN_A_ROW = 10
"""Failures without an answer between them; what is wrong is wrong with all tasks, then."""

TRY_AGAIN_CODE = 75

Stopped = Literal["", "money", "failures", "cluster"]
"""Why a batch ended before its tasks did: --max-cost, too many failures, no cluster; "" if not."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a batch is.

    Attributes:
        done: Tasks with a result, those of earlier runs included.
        failed: Of these, without an answer.
        running: Tasks that run now.
        cost_usd: Of this run, failed attempts included.
    """

    done: int
    failed: int
    running: int
    cost_usd: float


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
        tell: Gets the last result, and how far the batch is.
        stopped: Why it ended before its tasks did.
        row: Exit codes of the failures since the last answer.
    """

    settings: Settings
    mode: Mode
    queue: Queue
    pool: Pool
    budget: Budget
    keep: Callable[[Mapping[str, Any]], bool]
    tell: Callable[[Mapping[str, Any], int], None]
    stopped: Stopped = ""
    row: list[int] = field(default_factory=list)
    _running: dict["Future[dict[str, Any]]", Order] = field(default_factory=dict)
    _attempts: Counter[str] = field(default_factory=Counter)
    _earlier_usd: dict[str, float] = field(default_factory=dict)
    _lone: str = ""

    def run(self) -> None:
        """Work until nothing is left, or something stops it.

        Raises:
            BathyError: A result cannot be written down.
        """
        self._pace = Pace(self.pool.size)
        while True:
            self._begin()
            if not self._running:
                return
            ended, _ = concurrent.futures.wait(
                self._running, return_when=concurrent.futures.FIRST_COMPLETED
            )
            for future in ended:
                self._settle(future, self._running.pop(future))

    def _begin(self) -> None:
        """Begin as many tasks as may run."""
        while not self.stopped and (slots := self._pace.allowed - len(self._running)) > 0:
            if self.budget.free_usd <= 0:
                self._stop_without_money()
                return
            task = self.queue.take()
            if task is None:
                return
            self._lone = task.id if self.queue.is_lone else ""
            own = task.options.get("max_cost")
            cap = self.budget.reserve(1 if self._lone else slots, own)
            order = Order(task, self.settings, self.mode, cap)
            try:
                self._running[self.pool.submit(order)] = order
            except TryAgainError:
                self.budget.settle(cap, 0.0)
                self.queue.end(task, rounds=0)
                self.queue.put_back(task, is_first=True)
                self.stopped = "cluster"

    def _stop_without_money(self) -> None:
        # What runs may give some back.
        if not self._running and len(self.queue):
            self.stopped = "money"

    def _settle(self, future: "Future[dict[str, Any]]", order: Order) -> None:
        """Take notice of an order that has ended."""
        task = order.task
        self._attempts[task.id] += 1
        if self.pool.is_lost(future):
            self._end(order, None)
            if self._attempts[task.id] < MOST_ATTEMPTS:
                self.queue.put_back(task, is_alone=True)
            else:
                said = f"its worker was lost {MOST_ATTEMPTS} times; it may need more memory"
                self._write(failure(order, said, TRY_AGAIN_CODE))
            return
        error = future.exception()
        if error is not None:
            self._end(order, None)
            what = f"{type(error).__name__}: {error}".split("\n")[0]
            self._write(failure(order, f"a defect of bathy ({what})", 1))
            return
        result = future.result()
        self._end(order, result)
        if self._is_put_back(order, result):
            return
        self._write(result)

    def _is_put_back(self, order: Order, result: Mapping[str, Any]) -> bool:
        """Whether a task is to be done again, in this run or in a later one."""
        task, cost = order.task, float(result["total_cost_usd"])
        if result["subtype"] == "error_max_cost" and not cost and order.cap_usd is not None:
            own = task.options.get("max_cost")
            if own is not None and own <= order.cap_usd:
                return False
            # Its prompt alone costs more than its share: nothing was sent.
            self._attempts[task.id] -= 1
            self.queue.put_back(task, is_alone=True)
            if self._lone == task.id:
                # It had all that is left.
                self.stopped = "money"
            return True
        if result["exit_code"] == TRY_AGAIN_CODE and self._attempts[task.id] < MOST_ATTEMPTS:
            self._earlier_usd[task.id] = self._earlier_usd.get(task.id, 0.0) + cost
            self._note_failure(result)
            self.queue.put_back(task)
            return True
        return False

    def _end(self, order: Order, result: Mapping[str, Any] | None) -> None:
        cost = float(result["total_cost_usd"]) if result else 0.0
        self.budget.settle(order.cap_usd, cost)
        self.queue.end(order.task, rounds=_rounds(result))
        is_throttled = bool(result and result["throttled"])
        self._pace.note(is_throttled=is_throttled, running=len(self._running))

    def _write(self, result: Mapping[str, Any]) -> None:
        earlier = self._earlier_usd.pop(result["id"], 0.0)
        if earlier:
            total = round(result["total_cost_usd"] + earlier, 6)
            result = {**result, "total_cost_usd": total, "earlier_cost_usd": round(earlier, 6)}
        self.keep(result)
        if result["is_error"] and not result["usage"]["completion_tokens"]:
            self._note_failure(result)
        else:
            self.row.clear()
        self.tell(result, len(self._running))

    def _note_failure(self, result: Mapping[str, Any]) -> None:
        self.row.append(result["exit_code"])
        if len(self.row) >= MOST_IN_A_ROW:
            self.stopped = "failures"


def _rounds(result: Mapping[str, Any] | None) -> int:
    """How far a task has warmed the cache for its group."""
    if not result or not result["usage"]["prompt_tokens"]:
        return 0
    tokens = (result["pack"] or {}).get("tokens", 0)
    # Without a base nothing is worth waiting for.
    return SMALL_ROUNDS if tokens >= ask.WARM_UP_TOKENS or not tokens else 1
