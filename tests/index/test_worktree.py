"""What cannot be read of a working tree is neither taken for changed nor for deleted."""

import errno
import json
import os
from pathlib import Path

import pytest
from bathy.agent.index.repo import MAX_FILE_BYTES, Snapshot, locate, read_snapshot
from conftest import Run
from repo_builder import RepoBuilder


def snapshot(root: Path) -> Snapshot:
    return read_snapshot(locate(root), root, rev=None, known={})


def long_file(repo: RepoBuilder, extra: int = 1) -> None:
    repo.file("large.txt")
    os.truncate(repo.root / "large.txt", MAX_FILE_BYTES + extra)


def test_a_committed_file_that_is_too_long_leaves_the_tree_clean(repo: RepoBuilder) -> None:
    long_file(repo)
    repo.file("a.py", "x = 1\n").commit()
    found = snapshot(repo.root)
    assert not found.dirty
    assert [(s.path, "over the limit" in s.reason) for s in found.skipped] == [("large.txt", True)]
    long_file(repo, extra=2)
    assert snapshot(repo.root).dirty


def test_a_file_that_has_become_too_long_or_was_so_is_a_change(repo: RepoBuilder) -> None:
    long_file(repo)
    repo.file("a.py", "x = 1\n").commit()
    repo.file("large.txt", "short\n")
    assert snapshot(repo.root).dirty
    long_file(repo)
    assert not snapshot(repo.root).dirty
    os.truncate(repo.root / "a.py", MAX_FILE_BYTES + 1)
    assert snapshot(repo.root).dirty


def test_a_deleted_file_is_a_change(repo: RepoBuilder) -> None:
    repo.file("a.py", "x = 1\n").file("b.py", "y = 1\n").commit()
    (repo.root / "a.py").unlink()
    found = snapshot(repo.root)
    assert (found.dirty, found.skipped) == (True, ())


@pytest.fixture
def closed(repo: RepoBuilder, monkeypatch: pytest.MonkeyPatch) -> RepoBuilder:
    """A repository with a folder of which the system says nothing; a superuser has none such."""
    repo.file("closed/a.py", "secret_name = 1\n").file("closed/deep/b.py", "x = 1\n")
    repo.file("open.py", "y = 1\n").commit()
    lstat = os.lstat

    def refuse(path: str | bytes | Path) -> os.stat_result:
        if b"/closed/" in os.fsencode(path):
            raise PermissionError(errno.EACCES, "Permission denied")
        return lstat(path)

    monkeypatch.setattr("bathy.tools.workspace.os.lstat", refuse)
    return repo


def test_files_of_a_closed_folder_are_named_with_the_reason(closed: RepoBuilder, run: Run) -> None:
    reason = "no permission to read"
    found = snapshot(closed.root)
    assert [(s.path, s.reason) for s in found.skipped] == [
        ("closed/a.py", reason),
        ("closed/deep/b.py", reason),
    ]
    ran = run("pack", "-C", closed.root)
    assert f"{reason}: closed/a.py, closed/deep/b.py" in ran.out


def test_a_model_is_not_told_that_they_are_deleted(
    closed: RepoBuilder, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-x")
    sent = tmp_path / "request.json"
    assert run("-C", closed.root, "--task", "what is y", "--dry-run", "-o", sent).code == 0
    messages = json.loads(sent.read_text())["messages"]
    assert '<file path="closed/a.py">' in messages[1]["content"]
    assert "<deleted" not in sent.read_text()
