import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from bathy.agent.errors import RepoError
from bathy.agent.index.mainline import main_tips, read_line
from bathy.agent.index.repo import locate
from bathy.agent.modes.batch.clones import cloned
from bathy.agent.modes.batch.private import private_copy, sweep
from repo_builder import RepoBuilder


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "home"))


def left(folder: Path) -> list[str]:
    return [path.name for path in (folder / "home").glob("bathy-batch-*")]


def files_of(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file with its size and its last change."""
    return {
        str(path): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
    }


@pytest.mark.parametrize("is_bare", [True, False])
def test_a_copy_has_the_bytes_of_the_commit_and_the_repository_is_not_touched(
    repo: RepoBuilder, tmp_path: Path, is_bare: bool
) -> None:
    crlf = b"one\r\ntwo $Id$\n"
    repo.file("a.txt", crlf).file("b/run.sh", "echo\n").file(
        ".gitattributes", "*.txt text eol=lf ident filter=evil\n*.sh eol=crlf\n"
    )
    (repo.root / "b" / "run.sh").chmod(0o755)
    (repo.root / "link").symlink_to("/etc/passwd")
    repo.git("-c", "core.autocrlf=false", "add", "-A")
    blob = repo.git("hash-object", "-w", "--no-filters", "a.txt").strip()
    repo.git("update-index", "--cacheinfo", f"100644,{blob},a.txt")
    repo.git("commit", "-q", "-m", "first")
    first = repo.git("rev-parse", "HEAD").strip()
    repo.file("a.txt", "later").commit()
    source = repo.root
    if is_bare:
        source = tmp_path / "bare.git"
        repo.git("clone", "-q", "--bare", str(repo.root), str(source))
    config = source / ("config" if is_bare else ".git/config")
    config.write_text(
        config.read_text() + f'[filter "evil"]\n\tsmudge = touch {tmp_path}/ran; cat\n'
    )
    before = files_of(source)
    with private_copy(source, first) as copy:
        assert (copy.root / "a.txt").read_bytes() == crlf
        assert (copy.root / "b" / "run.sh").read_bytes() == b"echo\n"
        assert os.access(copy.root / "b" / "run.sh", os.X_OK)
        assert (copy.root / "link").is_symlink()
        assert copy.private.repo == source
        found, known = locate(copy.root), locate(source)
        assert found is not None
        assert known is not None
        assert read_line(found, "HEAD") == (first,)
        # Another choice of main lines would be another base.
        assert set(main_tips(found)) == set(main_tips(known))
        (copy.root / "a.txt").write_bytes(b"changed")
        assert len(left(tmp_path)) == 1
    assert files_of(source) == before
    assert left(tmp_path) == []
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("rev", ["nowhere", "--help", "HEAD:a"])
def test_a_commit_that_is_not_there_leaves_nothing(
    repo: RepoBuilder, tmp_path: Path, rev: str
) -> None:
    repo.file("a", "a").commit()
    with pytest.raises(RepoError), private_copy(repo.root, rev):
        pass
    assert left(tmp_path) == []


@pytest.mark.parametrize("name", ["lock", "journal", "tree"])
def test_a_repository_may_be_called_as_something_of_ours(tmp_path: Path, name: str) -> None:
    own = RepoBuilder(tmp_path / name).file("a", "a")
    own.commit()
    with private_copy(own.root, "") as copy:
        assert (copy.root.name, (copy.root / "a").read_text()) == (name, "a")
        assert not copy.private.journal.is_relative_to(copy.root)


def test_a_repository_may_hash_in_another_way(tmp_path: Path) -> None:
    own = RepoBuilder(tmp_path / "wide", init=False)
    own.git("init", "-q", "--object-format=sha256")
    commit = own.file("a", "a").commit()
    with private_copy(own.root, commit) as copy:
        assert (copy.root / "a").read_text() == "a"
        found = locate(copy.root)
        assert found is not None
        assert read_line(found, "HEAD") == (commit,)


def test_a_disk_that_refuses_is_told_in_a_sentence(
    repo: RepoBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.file("a", "a").commit()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(RepoError, match="no folder"), private_copy(repo.root, ""):
        pass


def test_a_plain_folder_has_no_commit_to_begin_from(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(RepoError, match="no git repository"), private_copy(tmp_path / "plain", ""):
        pass


def test_what_a_killed_task_left_is_swept_and_what_one_works_in_is_not(
    repo: RepoBuilder, tmp_path: Path
) -> None:
    repo.file("a", "a").commit()
    with contextlib.ExitStack() as stack:
        copy = stack.enter_context(private_copy(repo.root, ""))
        dead = tmp_path / "home" / "bathy-batch-dead"
        shutil.copytree(copy.root.parent.parent, dead)
        foreign = tmp_path / "home" / "bathy-batch-foreign"
        foreign.mkdir()
        sweep()
        assert not dead.exists()
        assert copy.root.exists()
        assert foreign.exists()


def test_a_repository_is_cloned_once_and_brought_up_to_date(
    repo: RepoBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = repo.file("a", "a").commit()
    place = str(repo.root)
    folder = cloned(place, first)
    clone = locate(folder)
    assert clone is not None
    second = repo.file("a", "b").commit()
    # This process has just brought it here.
    assert cloned(place, "main") == folder
    assert read_line(clone, "main") == (first,)
    # In another one a branch may have moved since; a full id names the same for ever.
    monkeypatch.setattr("bathy.agent.modes.batch.clones._fetched", set())
    assert cloned(place, first) == folder
    assert read_line(clone, "main") == (first,)
    assert cloned(place, "main") == folder
    assert read_line(clone, "main") == (second, first)
    with pytest.raises(RepoError, match="cannot be cloned"):
        cloned(str(repo.root / "none"), "HEAD")
