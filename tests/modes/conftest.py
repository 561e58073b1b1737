"""`bathy --task`, asked about a small repository, in this process."""

from pathlib import Path

import pytest
from bathy.agent.model import retry
from conftest import Ran, Run
from endpoint.contract import tokenizer
from endpoint.server import Endpoint
from repo_builder import RepoBuilder
from shop import CART, Ask


@pytest.fixture
def shop(repo: RepoBuilder) -> RepoBuilder:
    repo.file("src/cart.py", CART).file("README.md", "# Shop\n")
    repo.commit()
    return repo


@pytest.fixture
def ask(shop: RepoBuilder, run: Run, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Asks the endpoint; a request that fails is made once more.

    It is made at once: how long to wait is tested in `tests/model/test_retry.py`.
    """
    monkeypatch.setattr(retry, "FIRST_S", 0.0)
    tokenizer()  # Loaded before any reply is waited for.
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-test")
    monkeypatch.setenv("BATHY_IDLE_TIMEOUT_S", "30")
    monkeypatch.setenv("BATHY_MAX_RETRIES", "1")

    def call(endpoint: Endpoint, *args: str | Path, task: str = "What does add do?") -> Ran:
        monkeypatch.setenv("DEEPSEEK_BASE_URL", endpoint.base_url)
        return run("-C", shop.root, "--task", task, *args)

    return call
