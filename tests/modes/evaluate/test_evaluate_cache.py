"""What a measurement opens, keeps and leaves of what the user's own runs know."""

import resource
import sqlite3
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest
from bathy.agent.index import postings
from conftest import Run
from evaluate_history import History
from repo_builder import RepoBuilder

COMMITS = 14
SPARE_FILES = 24
"""Files that a measurement may hold open; two for each of its commits are far more."""


def rows(path: Path) -> dict[str, Any]:
    """Keys of what is kept for good."""
    with sqlite3.connect(path) as db:
        return {name: sorted(db.execute(f"SELECT key FROM {name}")) for name in ("past", "facts")}


@pytest.fixture
def few_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    held = {int(path.name) for path in Path("/dev/fd").iterdir()}
    free = islice((number for number in count() if number not in held), SPARE_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(free) + 1, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_old_commits_leave_what_is_known_of_the_newest(history: History, run: Run) -> None:
    run("search", "the subject of a receipt", "-C", history.repo.root)
    (index,) = (Path.home() / ".cache").rglob("index.sqlite")
    before = rows(index)
    assert len(before["past"]) == 1
    run("eval", "history", "-C", history.repo.root)
    assert rows(index) == before
    assert len(rows(index.parent / "eval" / "index.sqlite")["past"]) == 3


def test_the_baseline_asks_the_index_that_ours_asked(
    history: History, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An index that is full empties itself when it is opened once more.
    monkeypatch.setattr(postings, "MOST_SEGMENTS", 0)
    done = run("eval", "history", "-C", history.repo.root, "--output-format", "json")
    for item in done.json["items"]:
        assert item["methods"]["BM25 of whole files"]["top"]


@pytest.mark.usefixtures("few_files")
def test_a_commit_that_is_measured_holds_no_files(repo: RepoBuilder, run: Run) -> None:
    for n in range(COMMITS + 1):
        repo.file("shop.py", f"LIMIT = {n}\n")
        repo.commit(f"Set the limit of the shop to {n} items")
    done = run("eval", "history", "-C", repo.root, "--output-format", "json")
    assert done.code == 0, done.err
    assert len(done.json["items"]) == COMMITS
