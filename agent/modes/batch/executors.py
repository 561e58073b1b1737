"""What runs tasks: threads, processes, or a Dask cluster, all behind one `Executor`.

Only this module knows that they differ: how many run at a time, how a lost worker shows, and how
what runs is stopped.
"""

import concurrent.futures
import contextlib
import importlib
import logging
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from bathy.agent.errors import ConfigError, TryAgainError
from bathy.agent.modes.batch.halt import Halt
from bathy.agent.modes.batch.one import Order, work

CONNECT_S = 10
"""Longest wait for a scheduler."""

STOP_S = 10.0
"""Longest wait for what runs in threads to stop; a request is dropped at once."""


class Pool(Protocol):
    """Runs orders. `size` is how many at a time."""

    size: int

    def submit(self, order: Order) -> "Future[dict[str, Any]]":
        """Begin an order.

        Raises:
            TryAgainError: There is nothing left to run it.
        """
        ...

    def is_lost(self, future: "Future[dict[str, Any]]") -> bool:
        """Whether a future has ended because its worker did."""
        ...

    def stop(self) -> None:
        """End everything now; what runs is given up."""
        ...

    def close(self) -> None:
        """End when nothing runs any more."""
        ...


@dataclass
class Threads:
    """Threads of this process: they suit waiting for a model."""

    size: int

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.size, thread_name_prefix="bathy-batch")
        self._begun = set[Future[dict[str, Any]]]()
        self._halt = Halt()

    def submit(self, order: Order) -> "Future[dict[str, Any]]":
        """Begin an order."""
        future = self._pool.submit(work, order, self._halt)
        self._begun.add(future)
        future.add_done_callback(self._begun.discard)
        return future

    def is_lost(self, future: "Future[dict[str, Any]]") -> bool:
        """No: threads end with their process."""
        del future
        return False

    def stop(self) -> None:
        """Drop what is asked; work that only computes goes on for its few seconds."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._halt.stop()
        concurrent.futures.wait(set(self._begun), timeout=STOP_S)

    def close(self) -> None:
        """Wait for the threads."""
        self._pool.shutdown()


@dataclass
class Processes:
    """Processes of this machine: they suit work that computes, and bear a crash."""

    size: int

    def __post_init__(self) -> None:
        self._pool = self._new()

    def _new(self) -> Executor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self.size, context, _begin_process, (os.getpid(),))

    def submit(self, order: Order) -> "Future[dict[str, Any]]":
        """Begin an order; in new processes, if one of the old ones has crashed."""
        with _without_interrupts():
            with contextlib.suppress(concurrent.futures.BrokenExecutor):
                return self._pool.submit(work, order)
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = self._new()
            return self._pool.submit(work, order)

    def is_lost(self, future: "Future[dict[str, Any]]") -> bool:
        """Whether a process crashed, this one's or another of the pool."""
        return isinstance(_error_of(future), concurrent.futures.BrokenExecutor)

    def stop(self) -> None:
        """End the processes."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        children = multiprocessing.active_children()
        for child in children:
            child.terminate()
        for child in children:
            child.join(STOP_S)

    def close(self) -> None:
        """Wait for the processes."""
        self._pool.shutdown()


class Cluster:
    """The workers of a Dask scheduler; it moves the tasks of one that is lost to another."""

    def __init__(self, address: str, size: int | None) -> None:
        """Connect.

        Args:
            address: Of the scheduler, such as tcp://10.0.0.1:8786.
            size: Tasks at a time; None for the threads that the workers have.

        Raises:
            ConfigError: Dask is not installed, or the address is none.
            TryAgainError: No scheduler answers, or it has no workers.
        """
        try:
            distributed: Any = importlib.import_module("distributed")
        except ImportError as error:
            raise ConfigError(
                "--scheduler with an address needs Dask; install it with"
                " pip install 'bathy[cluster]'"
            ) from error
        # What its client logs of lost connections would stand between our own sentences.
        for name in [n for n in logging.root.manager.loggerDict if n.startswith("distributed")]:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._killed: type[Exception] = distributed.scheduler.KilledWorker
        try:
            self._client = distributed.Client(address, timeout=CONNECT_S, set_as_default=False)
        except ValueError as error:
            raise ConfigError(f"--scheduler {address} is no address: {error}") from error
        except (OSError, TimeoutError) as error:
            raise TryAgainError(f"no Dask scheduler answers at {address}: {error}") from error
        threads = sum(self._client.nthreads().values())
        if not threads:
            self._client.close()
            raise TryAgainError(f"the Dask scheduler at {address} has no workers; start some")
        self.size = size or threads
        # An answer is no pure function of its task: what failed once may be asked again.
        self._pool: Executor = self._client.get_executor(pure=False)

    def submit(self, order: Order) -> "Future[dict[str, Any]]":
        """Begin an order."""
        if self._client.status not in ("running", "connecting"):
            raise TryAgainError("the connection to the Dask scheduler is lost")
        return self._pool.submit(work, order)

    def is_lost(self, future: "Future[dict[str, Any]]") -> bool:
        """Whether several workers died of it, or the scheduler has forgotten it."""
        return future.cancelled() or isinstance(future.exception(), self._killed)

    def stop(self) -> None:
        """Take back what has not begun; what runs on a worker ends there, unheard."""
        self._pool.shutdown(wait=False)
        self._client.close()

    def close(self) -> None:
        """Leave the cluster; it goes on without us."""
        self._client.close()


def open_pool(scheduler: str, size: int | None, *, computes: bool) -> Pool:
    """Open what runs the tasks.

    Args:
        scheduler: "threads", "processes", the address of a Dask scheduler, or "" for what suits.
        size: Tasks at a time; None for what suits.
        computes: No model is waited for.

    Raises:
        BathyError: The cluster cannot be used.
    """
    kind = scheduler or ("processes" if computes else "threads")
    local: dict[str, Callable[[int], Pool]] = {"threads": Threads, "processes": Processes}
    if kind not in local:
        return Cluster(kind, size)
    from bathy.agent.index.workers import default_workers

    return local[kind](size or (default_workers() if computes else ASKED_AT_ONCE))


ASKED_AT_ONCE = 4
"""Tasks that wait for a model at a time, if nothing else is said."""


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Let Ctrl-C wait, and let processes that begin in here never hear of it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin_process(parent: int) -> None:
    """Begin a process of the pool: Ctrl-C is for its parent to answer, whom it does not survive.

    However it is asked to end, a clone that it waits for ends with it.
    """
    from bathy.agent.index.workers import end_with_parent
    from bathy.tools.running import stop_all_git

    def end(number: int, _frame: object) -> None:
        # An exception would be taken for the task's.
        stop_all_git(lambda: os._exit(128 + number))

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, end)
    end_with_parent(parent, stop_all_git)


def _error_of(future: "Future[dict[str, Any]]") -> BaseException | None:
    return None if future.cancelled() else future.exception()
