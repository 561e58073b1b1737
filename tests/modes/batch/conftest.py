"""`bathy batch` in this process, over small repositories, against the endpoint."""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bathy.agent.model import retry
from conftest import Ran, Run
from endpoint.contract import tokenizer
from endpoint.server import Endpoint, _Answer

PRICES = "{ hit = 10.0, miss = 100.0, output = 1000.0 }"
"""US dollars for a million tokens, so that a cent is soon reached."""

Tasks = Sequence[dict[str, Any]]
Batch = Callable[..., Ran]


@pytest.fixture
def batch(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Batch:
    """Works tasks off; a request that fails is made once more, at once."""
    monkeypatch.setattr(retry, "FIRST_S", 0.0)
    tokenizer()  # Loaded before any reply is waited for.
    monkeypatch.setenv("BATHY_IDLE_TIMEOUT_S", "30")
    monkeypatch.setenv("BATHY_MAX_RETRIES", "1")
    folder = tmp_path / "home" / ".config" / "bathy"
    folder.mkdir(parents=True)
    table = f"[models.deepseek-flash]\nprices = {PRICES}\npeak_prices = {PRICES}\n"
    (folder / "config.toml").write_text(table)

    def call(tasks: Tasks | None, *args: str | Path, endpoint: Endpoint | None = None) -> Ran:
        path = tmp_path / "tasks.jsonl"
        if tasks is not None:
            path.write_text("".join(json.dumps(task) + "\n" for task in tasks))
        if endpoint is not None:
            monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-test")
            monkeypatch.setenv("DEEPSEEK_BASE_URL", endpoint.base_url)
        where = ("-o", tmp_path / "r.jsonl", "--scheduler", "threads")
        return run("batch", path, *where, *args)

    return call


def results_in(folder: Path) -> dict[str, dict[str, Any]]:
    """The results by id; no id stands there twice."""
    lines = [json.loads(line) for line in (folder / "r.jsonl").read_text().splitlines()]
    assert len({line["id"] for line in lines}) == len(lines)
    return {line["id"]: line for line in lines}


class CountingEndpoint(Endpoint):
    """Counts how many requests are answered at a time; the first two are at the same time.

    Attributes:
        most: The largest number so far.
    """

    most = 0
    _now = 0
    _came = 0

    def __init__(self, script: Any) -> None:
        super().__init__(script)
        self._both = threading.Barrier(2, timeout=30)

    def answer(self, raw: bytes, headers: Any) -> _Answer:
        with self._lock:
            self._came += 1
            is_first = self._came <= 2
        if is_first:
            self._both.wait()
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        answer = super().answer(raw, headers)

        def written() -> None:
            with self._lock:
                self._now -= 1
            answer.written()

        if answer.steps:
            return replace(answer, written=written)
        with self._lock:
            self._now -= 1
        return answer
