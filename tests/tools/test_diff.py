"""Comparing texts runs nothing of a repository that the temporary folder happens to lie in."""

from pathlib import Path

import pytest
from bathy.agent.index.changes import diff_between
from bathy.agent.index.repo import locate, read_snapshot
from bathy.tools.diff import FileState, render_diff, render_text
from repo_builder import RepoBuilder


@pytest.fixture
def ran(repo: RepoBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that is there once a program of the repository has run."""
    mark = tmp_path / "ran"
    repo.file("a.py", "a = 1\n").commit()
    repo.file("a.py", "a = 2\n").commit()
    repo.git("config", "filter.evil.clean", f"touch {mark}; cat")
    repo.git("config", "diff.evil.textconv", f"touch {mark}; cat")
    (repo.root / ".git" / "info" / "attributes").write_text("* filter=evil diff=evil -text\n")
    monkeypatch.setattr("tempfile.tempdir", str(repo.root))
    return mark


def test_a_rendered_diff_runs_nothing(ran: Path) -> None:
    diff = render_diff({"a.py": (FileState(b"a\n"), FileState(b"b\n"))})
    assert b"-a\n+b\n" in diff
    assert not ran.exists()


def test_a_diff_for_json_applies_to_files_in_any_encoding(repo: RepoBuilder) -> None:
    before, after = b"caf\xe9\none\n", b"caf\xe9\ntwo\n"
    repo.file("latin.txt", before).file("plain.txt", "caf\u00e9\n").commit()
    files = {
        "latin.txt": (FileState(before), FileState(after)),
        "plain.txt": (FileState("caf\u00e9\n".encode()), FileState(b"tea\n")),
        "new.txt": (FileState(None), FileState(b"\xff")),
    }
    diff = render_text(files)
    assert "-caf\u00e9\n+tea\n" in diff
    repo.file("p.diff", diff).git("apply", "p.diff")
    assert (repo.root / "latin.txt").read_bytes() == after
    assert (repo.root / "plain.txt").read_bytes() == b"tea\n"
    assert (repo.root / "new.txt").read_bytes() == b"\xff"
    # Where it can be read, it is.
    del files["latin.txt"], files["new.txt"]
    assert render_text(files) == render_diff(files).decode()


def test_the_change_since_a_commit_runs_nothing(repo: RepoBuilder, ran: Path) -> None:
    place = locate(repo.root)
    sides = [read_snapshot(place, repo.root, rev=rev, known={}) for rev in ("HEAD~1", "HEAD")]
    assert "-a = 1\n+a = 2\n" in diff_between(*sides)
    assert not ran.exists()
