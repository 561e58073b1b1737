from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from bathy.agent.config import Settings
from bathy.agent.modes.compose import Bench, open_bench
from bathy.agent.modes.progress import Progress
from repo_builder import RepoBuilder

QUESTION = "How is the kiln fired?"


@contextmanager
def opened(root: Path, rev: str | None = None) -> Iterator[Bench]:
    progress = Progress(quiet=True, verbose=False)
    with open_bench(Settings(folder=root, rev=rev, workers=1), progress) as bench:
        yield bench


def signals(root: Path, rev: str | None = None) -> Mapping[str, Mapping[str, float]]:
    """Of every file that a search finds."""
    with opened(root, rev) as bench:
        return {file.path: file.signals for file in bench.search(QUESTION).files}


@pytest.fixture
def shop(repo: RepoBuilder) -> RepoBuilder:
    repo.file("kiln.py", "def fire_kiln():\n    pass\n").file("heat.py", "degrees = 1\n")
    repo.commit("Fire the kiln slowly")
    repo.file("other.py", "nothing = 1\n").commit("wall")
    return repo


def remove_objects(repo: RepoBuilder, commit: str) -> None:
    (repo.root / ".git" / "objects" / commit[:2] / commit[2:]).unlink()


def test_a_search_knows_what_old_changes_said(shop: RepoBuilder) -> None:
    found = signals(shop.root)
    assert found["heat.py"]["old messages"] == 1.0
    assert "other.py" not in found
    assert signals(shop.root, "HEAD") == found


def test_history_is_read_once_a_commit(shop: RepoBuilder) -> None:
    before = signals(shop.root)
    remove_objects(shop, shop.git("rev-parse", "HEAD~1").strip())
    assert signals(shop.root) == before


def test_a_new_commit_is_seen(shop: RepoBuilder) -> None:
    signals(shop.root)
    shop.file("other.py", "nothing = 2\n").commit("Fire the kiln by night")
    found = signals(shop.root)
    assert found["other.py"]["old messages"] > 0
    assert signals(shop.root, "HEAD~1").keys() == {"kiln.py", "heat.py"}


def test_a_history_that_could_not_be_read_is_tried_again(shop: RepoBuilder) -> None:
    commit = shop.git("rev-parse", "HEAD~1").strip()
    path = shop.root / ".git" / "objects" / commit[:2] / commit[2:]
    aside = path.rename(shop.root.parent / "aside")
    assert "heat.py" not in signals(shop.root)
    aside.rename(path)
    assert "heat.py" in signals(shop.root)


def test_a_shallow_clone_that_is_filled_up_knows_more(shop: RepoBuilder, tmp_path: Path) -> None:
    clone = RepoBuilder(tmp_path / "clone", init=False)
    clone.git("clone", "-q", "--depth", "1", f"file://{shop.root}", ".")
    assert "changed often" in signals(clone.root)["kiln.py"]
    assert "old messages" not in signals(clone.root)["kiln.py"]
    clone.git("fetch", "-q", "--unshallow")
    assert signals(clone.root) == signals(shop.root)


def test_without_commits_or_git_a_search_has_no_past(repo: RepoBuilder, tmp_path: Path) -> None:
    repo.file("kiln.py", "def fire_kiln():\n    pass\n")
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "kiln.py").write_text("def fire_kiln():\n    pass\n")
    assert signals(repo.root) == signals(plain)
    assert "changed often" not in signals(plain)["kiln.py"]
