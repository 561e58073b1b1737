"""A place that repositories are cloned from -> a bare clone on this machine, made once.

A clone gets its name when it is whole. What a process leaves that was killed has another one, which
nobody takes for a clone or writes to, and `sweep` removes it.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from bathy.agent.errors import RepoError
from bathy.tools.git import GitError, GitRepo, find_repo, run_git
from bathy.tools.git_remote import clone_git, fetch_git

CLONE_TIMEOUT_S = 3_600.0

_FULL_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

_PART = "part-"

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
    name = place.rstrip("/").rpartition("/")[2].removesuffix(".git") or "repo"
    digest = hashlib.sha256(os.fsencode(place)).hexdigest()[:16]
    top = _clones() / digest
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


def sweep() -> None:
    """Remove what is left of clones that were not finished; those that run are left alone."""
    for lock in _clones().glob("*/lock"):
        with contextlib.suppress(OSError):
            _sweep(lock)


def _sweep(path: Path) -> None:
    lock = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _remove_parts(path.parent)
    finally:
        os.close(lock)


def _clone(place: str, folder: Path) -> None:
    _remove_parts(folder.parent)
    # A git that outlives its process may still write to an earlier one, or remove it.
    part = Path(tempfile.mkdtemp(prefix=_PART, dir=folder.parent))
    try:
        clone_git(place, part / folder.name, CLONE_TIMEOUT_S)
        (part / folder.name).rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _remove_parts(top: Path) -> None:
    """Remove clones that were not finished; the lock is ours."""
    for part in top.glob(f"{_PART}*"):
        shutil.rmtree(part, ignore_errors=True)


def _clones() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("bathy", appauthor=False) / "clones"
