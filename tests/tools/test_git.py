import os
import signal
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from bathy.tools.git import (
    BlobReader,
    GitError,
    find_repo,
    run_git,
    stream_bytes,
    stream_git,
)
from bathy.tools.running import git_scope, stop_git
from repo_builder import RepoBuilder


def trap(folder: Path) -> tuple[Path, Path]:
    """A program that leaves a mark when it is run, and the mark."""
    mark = folder / "ran"
    program = folder / "trap.sh"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(0o755)
    return program, mark


def test_the_working_tree_is_found_from_a_folder_inside_it(tmp_path: Path) -> None:
    built = RepoBuilder(tmp_path / "r").file("a/b/c.py")
    repo = find_repo(built.root / "a" / "b")
    assert repo is not None
    assert repo.root == built.root
    assert not repo.is_bare


def test_a_bare_repository_is_found_by_its_own_name(tmp_path: Path) -> None:
    built = RepoBuilder(tmp_path / "r").file("a.py", "x = 1\n")
    commit = built.commit()
    built.git("clone", "-q", "--bare", str(built.root), str(tmp_path / "bare.git"))
    repo = find_repo(tmp_path / "bare.git")
    assert repo is not None
    assert repo.is_bare
    assert run_git(repo, "rev-parse", "HEAD").decode().strip() == commit


def test_a_plain_folder_is_no_repository(tmp_path: Path) -> None:
    assert find_repo(tmp_path) is None


def test_a_linked_working_tree_shares_the_common_folder(tmp_path: Path) -> None:
    built = RepoBuilder(tmp_path / "r").file("a.py")
    built.commit()
    built.git("worktree", "add", "-q", str(tmp_path / "linked"))
    repo = find_repo(tmp_path / "linked")
    assert repo is not None
    assert repo.root == tmp_path / "linked"
    assert repo.common_dir == built.root / ".git"


def test_a_working_tree_named_by_the_configuration_is_not_followed(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir()
    (private / "diary.txt").write_text("dear diary")
    built = RepoBuilder(tmp_path / "r").file("a.py")
    built.git("config", "core.worktree", str(private))
    repo = find_repo(built.root)
    assert repo is not None
    assert b"diary" not in run_git(repo, "ls-files", "-z", "--others")


@pytest.mark.parametrize(
    "setting", ["core.fsmonitor", "diff.external", "gpg.program", "core.sshCommand", "core.pager"]
)
def test_programs_of_the_configuration_are_not_run(tmp_path: Path, setting: str) -> None:
    program, mark = trap(tmp_path)
    built = RepoBuilder(tmp_path / "r").file("a.py", "x\n")
    built.commit()
    built.git("config", setting, str(program))
    built.git("config", "log.showSignature", "true")
    built.file("a.py", "y\n").file("new.py")
    repo = find_repo(built.root)
    assert repo is not None
    run_git(repo, "ls-files", "-z", "-t", "--stage")
    run_git(repo, "ls-files", "-z", "--others", "--exclude-standard")
    list(stream_git(repo, "log", "-z", "--first-parent", "-m", "--name-only", "HEAD"))
    assert not mark.exists()


def test_variables_of_the_caller_do_not_reach_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = RepoBuilder(tmp_path / "r").file("a.py")
    built.commit()
    other = RepoBuilder(tmp_path / "other").file("b.py")
    other.commit()
    monkeypatch.setenv("GIT_DIR", str(other.root / ".git"))
    repo = find_repo(built.root)
    assert repo is not None
    assert run_git(repo, "ls-files").decode().split() == ["a.py"]


def test_a_missing_object_is_not_fetched(tmp_path: Path) -> None:
    program, mark = trap(tmp_path)
    built = RepoBuilder(tmp_path / "r").file("a.py", "x = 1\n")
    built.commit()
    blob = built.git("rev-parse", "HEAD:a.py").strip()
    built.git("config", "core.repositoryformatversion", "1")
    built.git("config", "extensions.partialClone", "origin")
    built.git("config", "remote.origin.url", f"ext::{program}")
    built.git("config", "remote.origin.promisor", "true")
    target = built.root / ".git" / "objects" / blob[:2] / blob[2:]
    target.chmod(stat.S_IWUSR)
    target.unlink()
    repo = find_repo(built.root)
    assert repo is not None
    with BlobReader(repo) as reader:
        assert reader.read(blob) is None
    assert not mark.exists()


def test_blobs_come_back_byte_for_byte(tmp_path: Path) -> None:
    data = os.urandom(70_000) + b"\n\0\n"
    built = RepoBuilder(tmp_path / "r").file("a.bin", data).file("empty")
    built.commit()
    repo = find_repo(built.root)
    assert repo is not None
    with BlobReader(repo) as reader:
        assert reader.read(built.git("rev-parse", "HEAD:a.bin").strip()) == data
        assert reader.read(built.git("rev-parse", "HEAD:empty").strip()) == b""
        assert reader.read("0" * 40) is None


def test_an_error_is_git_s_own_first_line(tmp_path: Path) -> None:
    built = RepoBuilder(tmp_path / "r")
    repo = find_repo(built.root)
    assert repo is not None
    with pytest.raises(GitError, match="Not a valid object name nowhere"):
        run_git(repo, "ls-tree", "nowhere")


def test_a_damaged_repository_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "r" / ".git").mkdir(parents=True)
    with pytest.raises(GitError, match="not a git repository"):
        find_repo(tmp_path / "r")


def test_what_is_stopped_is_what_the_same_scope_has_begun(tmp_path: Path) -> None:
    # More than a pipe holds, so that neither command ends before it is read.
    built = RepoBuilder(tmp_path / "r").file("a", os.urandom(1 << 20))
    built.commit()
    repo = find_repo(built.root)
    assert repo is not None

    def begin() -> Iterator[bytes]:
        stream = stream_bytes(repo, "cat-file", "blob", "HEAD:a")
        next(stream)
        return stream

    other = begin()
    with git_scope():
        own = begin()
        stop_git()
        with pytest.raises(GitError):
            list(own)
    assert sum(map(len, other)) > 1 << 16


# GitPython leaves the command itself to whoever interrupts it: a terminal does so to both.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_nothing_waits_for_a_command_that_was_interrupted(tmp_path: Path) -> None:
    repo = find_repo(RepoBuilder(tmp_path / "r").root)
    assert repo is not None
    silent, is_over, main = tmp_path / "silent", threading.Event(), threading.get_ident()
    os.mkfifo(silent)

    def interrupt() -> None:
        with silent.open("wb"):  # Waits until git reads.
            signal.pthread_kill(main, signal.SIGINT)
            is_over.wait(30)

    interrupting = threading.Thread(target=interrupt)
    interrupting.start()
    with pytest.raises(KeyboardInterrupt):
        run_git(repo, "config", "--file", str(silent), "--list")
    is_over.set()
    interrupting.join()
    watches = [one for one in threading.enumerate() if isinstance(one, threading.Timer)]
    assert all(one.finished.is_set() for one in watches)
