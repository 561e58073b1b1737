"""One task by itself, where it fails after it was paid for."""

from pathlib import Path

import pytest
from bathy.agent.config import Settings
from bathy.agent.errors import BathyError
from bathy.agent.modes.batch import one
from bathy.agent.modes.batch.one import Order, work
from bathy.agent.modes.batch.tasks import BatchTask
from endpoint.server import Endpoint
from repo_builder import RepoBuilder
from shop import DONE


def test_a_failure_after_the_answer_says_what_the_answer_did_cost(
    repo: RepoBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.file("a.py", "a = 1\n").commit()

    def refuse(*_: object) -> dict[str, object]:
        raise BathyError("the disk is full")

    monkeypatch.setattr(one, "_without_tests", refuse)
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-test")
    task = BatchTask("a", "why?", str(repo.root), "repo", is_tested=False)
    with Endpoint([DONE]) as endpoint:
        monkeypatch.setenv("DEEPSEEK_BASE_URL", endpoint.base_url)
        result = work(Order(task, Settings(folder=Path(), keep_session=False), "online"))
    assert (result["error"], result["exit_code"]) == ("the disk is full", 1)
    assert result["total_cost_usd"] > 0
    assert result["usage"]["prompt_tokens"] == endpoint.requests[0].prompt_tokens
