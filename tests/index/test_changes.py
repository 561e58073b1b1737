from pathlib import Path

import pytest
from bathy.agent.errors import RepoError
from bathy.agent.index.changes import MAX_DIFF_CHARS, diff_between
from bathy.agent.index.repo import locate, read_snapshot
from repo_builder import RepoBuilder

KEY = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


def diff(root: Path, rev: str = "HEAD", now: str | None = None) -> str:
    def read(at: str | None) -> object:
        return read_snapshot(locate(root), root, rev=at, known={})

    return diff_between(read(rev), read(now))  # type: ignore[arg-type]


def test_changes_additions_and_deletions_are_told(repo: RepoBuilder) -> None:
    repo.file("a.txt", "one\ntwo\n").file("gone.txt", "x\n").file("same.txt", "s\n").commit()
    repo.file("a.txt", "one\n2\n").file("new dir/b.txt", "new\n")
    (repo.root / "gone.txt").unlink()
    text = diff(repo.root)
    assert "--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n" in text
    assert "+++ b/new dir/b.txt" in text
    assert "--- a/gone.txt\n+++ /dev/null" in text
    assert "same.txt" not in text


def test_between_commits_the_working_tree_does_not_count(repo: RepoBuilder) -> None:
    repo.file("a.txt", "one\n").commit()
    repo.file("a.txt", "two\n").commit()
    repo.file("a.txt", "three\n")
    assert "+two" in diff(repo.root, "HEAD~1", "HEAD")
    assert "three" not in diff(repo.root, "HEAD~1", "HEAD")


def test_secrets_of_either_side_stay_out(repo: RepoBuilder) -> None:
    repo.file("a.sh", f"TOKEN={KEY}\n").commit()
    repo.file("a.sh", f"TOKEN={KEY[:-1]}x\necho\n")
    text = diff(repo.root)
    assert "ghp_" not in text
    assert "+echo" in text


def test_binary_files_are_named(repo: RepoBuilder) -> None:
    repo.file("a.bin", b"\0one").commit()
    repo.file("a.bin", b"\0two")
    assert diff(repo.root) == "Binary file a.bin differs\n"


def test_nothing_of_the_repository_is_run(repo: RepoBuilder, tmp_path: Path) -> None:
    flag = tmp_path / "ran"
    repo.file(".gitattributes", "* diff=evil filter=evil\n").file("a.txt", "one\n").commit()
    for name in ("diff.evil.command", "diff.evil.textconv", "filter.evil.clean", "diff.external"):
        repo.git("config", name, f"touch {flag}; cat")
    repo.file("a.txt", "two\n").file(".gitattributes", "* diff=evil\n")
    assert "+two" in diff(repo.root)
    assert not flag.exists()


def test_a_very_long_diff_is_cut_and_says_so(repo: RepoBuilder) -> None:
    repo.file("a.txt", "").commit()
    repo.file("a.txt", "x" * 80 + "\n" * 1 + ("y" * 80 + "\n") * 10_000)
    text = diff(repo.root)
    assert len(text) < MAX_DIFF_CHARS + 100
    assert text.endswith("was cut here]\n")


def test_an_unknown_commit_is_an_error(repo: RepoBuilder) -> None:
    repo.file("a.txt", "").commit()
    with pytest.raises(RepoError, match="no commit 'nope'"):
        diff(repo.root, "nope")
