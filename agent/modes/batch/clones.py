"""A place that repositories are cloned from -> a bare clone on this machine, made once."""

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from bathy.agent.errors import RepoError
from bathy.tools.git import GitError, GitRepo, find_repo, run_git
from bathy.tools.git_remote import clone_git, fetch_git

CLONE_TIMEOUT_S = 3_600.0

_FULL_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

_fetched: set[str] = set()
"""Places that this process has asked for what is new; once is enough."""


def cloned(place: str, rev: str, check: Callable[[], None] = lambda: None) -> Path:
    """Return a bare clone in the user's cache folder that knows a commit, if the place does.

    Args:
        place: Absolute folder or https address of the repository.
        rev: The commit; a clone that may not have it as it is now is brought up to date.
        check: Raises if nothing more is to be begun.

    Raises:
        RepoError: It cannot be cloned.
    """
    from platformdirs import user_cache_path

    name = place.rstrip("/").rpartition("/")[2].removesuffix(".git") or "repo"
    digest = hashlib.sha256(os.fsencode(place)).hexdigest()[:16]
    top = user_cache_path("bathy", appauthor=False) / "clones" / digest
    top.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = top / f"{name}.git"
    lock = os.open(top / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        # One clones, the other tasks of this machine wait for it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        check()
        repo = find_repo(folder) if folder.is_dir() else None
        if repo is None:
            _clone(place, folder)
        elif place in _fetched or _has(repo, rev):
            return folder
        else:
            fetch_git(repo, place, CLONE_TIMEOUT_S)
        _fetched.add(place)
    except (GitError, OSError) as error:
        raise RepoError(f"{place} cannot be cloned: {error}") from error
    finally:
        os.close(lock)
    return folder


def _has(repo: GitRepo, rev: str) -> bool:
    """Whether a commit is there, under a name that cannot come to mean another one."""
    if not _FULL_ID.fullmatch(rev):
        return False
    try:
        run_git(repo, "cat-file", "-e", f"{rev}^{{commit}}")
    except GitError:
        return False
    return True


def _clone(place: str, folder: Path) -> None:
    new = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    clone_git(place, new, CLONE_TIMEOUT_S)
    new.rename(folder)
