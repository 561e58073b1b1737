"""Threads that are told to stop, wherever they are: none of them asks a model after that."""

import asyncio
import concurrent.futures
import fcntl
import os
import socket
from dataclasses import replace

import pytest
from bathy.agent.config import Settings
from bathy.agent.modes.batch import executors
from bathy.agent.modes.batch.clones import cloned
from bathy.agent.modes.batch.executors import Threads
from bathy.agent.modes.batch.halt import Halt
from bathy.agent.modes.batch.one import Order, work
from bathy.agent.modes.batch.tasks import BatchTask
from endpoint.server import Endpoint
from repo_builder import RepoBuilder
from shop import DONE


@pytest.fixture
def order(repo: RepoBuilder) -> Order:
    commit = repo.file("a.py", "a = 1\n").commit()
    task = BatchTask("a", "why?", "repo", "repo", commit, clone_from=str(repo.root))
    return Order(task, Settings(keep_session=False), "online")


def test_one_that_was_not_asking_yet_when_all_was_stopped_never_asks(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "STOP_S", 0.0)
    lock = os.open(cloned(order.task.clone_from, order.task.rev).parent / "lock", os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with Endpoint([DONE]) as endpoint:
        monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-test")
        monkeypatch.setenv("DEEPSEEK_BASE_URL", endpoint.base_url)
        pool = Threads(1)
        future = pool.submit(order)
        while not future.running():
            pass
        pool.stop()
        os.close(lock)
        concurrent.futures.wait([future])
        assert isinstance(future.exception(), asyncio.CancelledError)
    assert endpoint.requests == []


def test_one_that_waits_for_a_clone_ends_at_once(order: Order) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        task = replace(order.task, clone_from=f"https://127.0.0.1:{port}/o/n")
        pool = Threads(1)
        future = pool.submit(replace(order, task=task))
        line, _ = silent.accept()
        with line:
            pool.stop()
            assert future.done()
            # What git has started is gone, too: the line has been hung up.
            while line.recv(1 << 12):
                pass
    assert isinstance(future.exception(), asyncio.CancelledError)


def test_nothing_begins_where_all_was_stopped(order: Order) -> None:
    halt = Halt()
    halt.stop()

    async def ask() -> None:
        with halt.asking():
            raise AssertionError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(ask())
    with pytest.raises(asyncio.CancelledError):
        work(order, halt)
