"""A batch on a Dask cluster of processes; run by `make cluster`, which installs Dask."""

import importlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bathy.agent.modes.batch import executors
from conftest import Run
from endpoint.script import Reply
from endpoint.server import Endpoint, Recorded
from modes.batch.conftest import results_in
from repo_builder import RepoBuilder
from shop import CART, DONE

pytestmark = pytest.mark.skipif(
    "BATHY_CLUSTER" not in os.environ, reason="make cluster installs Dask and runs this"
)

_WAIT_S = 30.0


class LocalCluster:
    """A scheduler and workers, each a process of its own."""

    def __init__(self, folder: Path, count: int, environment: dict[str, str]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{port}"
        self._folder, self._environment = folder, environment
        listens = ("--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
        self._scheduler = self._start("scheduler", *listens)
        self.workers = [self._worker(n) for n in range(count)]

    def _worker(self, number: int) -> "subprocess.Popen[bytes]":
        place = ("--local-directory", str(self._folder / f"w{number}"))
        alone = ("--nthreads", "1", "--no-nanny", "--no-dashboard")
        return self._start("worker", self.address, *alone, *place)

    def _start(self, *args: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *args],
            env=self._environment,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait(self) -> None:
        """Wait until all workers are there."""
        distributed: Any = importlib.import_module("distributed")
        with distributed.Client(self.address, timeout=_WAIT_S, set_as_default=False) as client:
            client.wait_for_workers(len(self.workers), timeout=_WAIT_S)

    def stop(self) -> None:
        for process in (*self.workers, self._scheduler):
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[LocalCluster]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "XDG_CACHE_HOME": str(tmp_path / "home" / ".cache"),
        "DEEPSEEK_API_KEY": "sk-of-the-worker",
        "BATHY_MAX_RETRIES": "0",
    }
    cluster = LocalCluster(tmp_path, 2, environment)
    try:
        cluster.wait()
        yield cluster
    finally:
        cluster.stop()


@pytest.mark.filterwarnings("default")
def test_a_worker_that_is_killed_loses_no_task_and_doubles_none(
    cluster: LocalCluster, repo: RepoBuilder, run: Run, tmp_path: Path
) -> None:
    repo.file("cart.py", CART).commit()
    lines = [
        f'{{"id": "t{n}", "task": "What is Cart.add number {n}?", "repo": "repo"}}\n'
        for n in range(8)
    ]
    (tmp_path / "t.jsonl").write_text("".join(lines))
    seen: list[str] = []

    def say(recorded: Recorded) -> Reply:
        seen.append(recorded.messages[-1]["content"])
        if len(seen) == 4:
            cluster.workers[0].send_signal(signal.SIGKILL)
        return DONE

    with Endpoint(say) as endpoint:
        ran = run(
            *("batch", tmp_path / "t.jsonl", "-o", tmp_path / "r.jsonl"),
            *("--scheduler", cluster.address, "--base-url", endpoint.base_url),
        )
    assert ran.code == 0, ran.err
    results = results_in(tmp_path)
    assert sorted(results) == [f"t{n}" for n in range(8)]
    assert {r["result"] for r in results.values()} == {DONE.text}
    # The key was the worker's own: this process has none.
    assert "DEEPSEEK_API_KEY" not in os.environ


def test_what_cannot_be_reached_is_worth_trying_later(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "CONNECT_S", 1)
    (tmp_path / "t.jsonl").write_text('{"id": "a", "task": "why?"}\n')
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        ran = run(
            *("batch", tmp_path / "t.jsonl", "-o", tmp_path / "r.jsonl"),
            *("--scheduler", address, "--offline"),
        )
    assert ran.code == 75, ran.err
    assert "no Dask scheduler answers" in ran.err
