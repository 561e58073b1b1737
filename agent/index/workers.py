"""A function over many files, in processes: batches by size, results as they come, progress."""

import concurrent.futures
import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TypeVar

from bathy.agent.index.examine import Reader
from bathy.agent.index.tokens import load_vocabulary
from bathy.tools.git import GitRepo

Item = TypeVar("Item")
Result = TypeVar("Result")
Task = Callable[[Reader, Item], Result]
"""What a worker does with one item. A module-level function, since other processes import it."""

Progress = Callable[[int, int], None]
"""Called with the bytes done and the bytes there are in all."""

MAX_WORKERS = 4
"""More processes than this wait for the parent, which stores what they find."""

_BATCH_BYTES = 256 << 10
_ALONE_BYTES = 384 << 10
_PARENT_POLL_S = 0.5

_reader: Reader | None = None


def run_over(
    root: Path,
    repo: GitRepo | None,
    task: Task[Item, Result],
    items: Sequence[tuple[Item, int]],
    *,
    workers: int,
    progress: Progress,
) -> Iterator[tuple[Item, Result | None]]:
    """Run a task over items, each with its size in bytes.

    Args:
        root: Folder that the reader of each process reads from.
        repo: Repository whose objects it reads instead; None for files on disk.
        task: Gets the reader and one item.
        items: Items with sizes.
        workers: Processes; little work is done in this process whatever is asked for.
        progress: Told after each batch.

    Yields:
        (item, result), in the order of the batches' ends; None for an item that brought its
        process down.
    """
    total = sum(size for _, size in items)
    if workers < 2 or total < _ALONE_BYTES:
        yield from _in_this_process(root, repo, task, items, total, progress)
        return
    lost: list[Item] = []
    done = 0
    batches = _batches(items)
    with _pool(root, repo, workers) as pool:
        futures = {
            pool.submit(_run_batch, task, [item for item, _ in batch]): batch for batch in batches
        }
        try:
            for future in concurrent.futures.as_completed(futures):
                batch = futures.pop(future)
                done += sum(size for _, size in batch)
                progress(done, total)
                try:
                    yield from zip((item for item, _ in batch), future.result(), strict=True)
                except BrokenProcessPool:
                    lost.extend(item for item, _ in batch)
        except BaseException:
            # Interrupted: what is running ends by itself soon, what waits is not begun.
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    yield from _one_by_one(root, repo, task, lost)


def default_workers() -> int:
    """Return how many processes suit this machine."""
    return max(
        1, min(MAX_WORKERS, len(os.sched_getaffinity(0)) if _is_linux() else os.cpu_count() or 1)
    )


def _in_this_process(
    root: Path,
    repo: GitRepo | None,
    task: Task[Item, Result],
    items: Sequence[tuple[Item, int]],
    total: int,
    progress: Progress,
) -> Iterator[tuple[Item, Result | None]]:
    reader, done = Reader(root, repo), 0
    try:
        for item, size in items:
            yield item, task(reader, item)
            done += size
            progress(done, total)
    finally:
        reader.close()


def _one_by_one(
    root: Path, repo: GitRepo | None, task: Task[Item, Result], items: Sequence[Item]
) -> Iterator[tuple[Item, Result | None]]:
    """Find the item that ends a process (a crash in a grammar, no memory): each in a new one."""
    for item in items:
        with _pool(root, repo, 1) as pool:
            try:
                yield item, pool.submit(_run_batch, task, [item]).result()[0]
            except BrokenProcessPool:
                yield item, None


def _batches(items: Sequence[tuple[Item, int]]) -> list[list[tuple[Item, int]]]:
    """Cut items into batches of about equal bytes, the largest items first."""
    batches: list[list[tuple[Item, int]]] = []
    room = 0
    for item, size in sorted(items, key=lambda pair: -pair[1]):
        if room <= 0:
            batches.append([])
            room = _BATCH_BYTES
        batches[-1].append((item, size))
        room -= size
    return batches


def _pool(root: Path, repo: GitRepo | None, workers: int) -> concurrent.futures.ProcessPoolExecutor:
    # A fork shares the vocabulary's 40 MB with the parent, but is only safe before threads start.
    forks = _is_linux() and threading.active_count() == 1
    if forks:
        load_vocabulary()
        gc.collect()
        gc.freeze()
    return concurrent.futures.ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("fork" if forks else "spawn"),
        initializer=_open_reader,
        initargs=(root, repo, os.getpid()),
    )


def _is_linux() -> bool:
    return sys.platform == "linux"


def _open_reader(root: Path, repo: GitRepo | None, parent: int) -> None:
    global _reader
    # Ctrl-C reaches the whole process group; only the parent may answer it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with_parent(parent)
    # Nodes and facts hold no cycles, and looking for some among them takes a tenth of the time.
    gc.disable()
    _reader = Reader(root, repo)


def end_with_parent(
    parent: int, through: Callable[[Callable[[], object]], object] = lambda end: end()
) -> None:
    """End this process when its parent has gone, however it went; else it would wait for ever.

    The parent's own pipe cannot tell, because forked siblings hold its other end open.

    Args:
        parent: Its process id, as it knows it itself: it may have gone already.
        through: Gets what ends this process, and calls it when that may be.
    """
    gone = threading.Event()

    def watch() -> None:
        while os.getppid() == parent:
            gone.wait(_PARENT_POLL_S)
        through(lambda: os._exit(1))

    threading.Thread(target=watch, daemon=True).start()


def _run_batch(task: Task[Item, Result], items: list[Item]) -> list[Result]:
    assert _reader is not None
    return [task(_reader, item) for item in items]
