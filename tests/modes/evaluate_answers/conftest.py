"""Asks questions about a small repository, in this process."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bathy.agent.model import retry
from conftest import Ran, Run
from endpoint.contract import tokenizer
from endpoint.server import Endpoint
from questions import CLONE, Evaluate, write
from repo_builder import RepoBuilder
from shop import CART


@pytest.fixture
def clones(tmp_path: Path) -> Path:
    return tmp_path / "clones"


@pytest.fixture
def commit(clones: Path) -> str:
    """The commit that is asked about; the working tree is another one."""
    built = RepoBuilder(clones / CLONE).file("src/cart.py", CART).file("README.md", "# Shop\n")
    commit = built.commit()
    built.file("src/cart.py", "gone = True\n").commit()
    return commit


@pytest.fixture
def evaluate(clones: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Evaluate:
    """Runs `bathy eval answers` over records, against an endpoint or none."""
    monkeypatch.setattr(retry, "FIRST_S", 0.0)
    monkeypatch.setenv("BATHY_MAX_RETRIES", "1")
    tokenizer()  # Loaded before any reply is waited for.

    def call(endpoint: Endpoint | None, records: list[dict[str, Any]], *args: str) -> Ran:
        if endpoint is not None:
            monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-test")
            monkeypatch.setenv("DEEPSEEK_BASE_URL", endpoint.base_url)
        file = write(tmp_path / "questions.jsonl", records)
        output = ("-o", tmp_path / "results.jsonl") if "-o" not in args else ()
        return run("eval", "answers", file, "--repos", clones, *output, *args)

    return call


@pytest.fixture
def results(tmp_path: Path) -> Callable[[], list[dict[str, Any]]]:
    """The lines of the file of results, but for the first."""

    def read() -> list[dict[str, Any]]:
        lines = (tmp_path / "results.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines[1:]]

    return read
