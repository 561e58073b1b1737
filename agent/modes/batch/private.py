"""A repository and a commit -> a working tree of one's own, that is gone when its task is done.

The repository is not touched: no worktree is registered in it, no ref and no lock is written. The
copy has a git folder of its own, which borrows the objects; refs and the end of a shallow history
are written down as they are there, so that the same base is chosen.
"""

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bathy.agent.errors import RepoError
from bathy.agent.index.repo import locate, resolve_commit
from bathy.agent.modes.places import Private, cache_folder
from bathy.tools.git import GitError, GitRepo, run_git

_PREFIX = "bathy-batch-"
_LOCK = "lock"

# Bytes as they are committed: no filter, no other line ends, whatever the repository asks for.
_RAW = "* -text !filter !ident !eol !working-tree-encoding !crlf\n"
_NOBODY = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
_CONFIG = """\
[core]
\trepositoryformatversion = 1
\tbare = false
[extensions]
\tobjectFormat = {}
"""


@dataclass(frozen=True, slots=True)
class Copy:
    """A working tree of one's own.

    Attributes:
        root: Its top folder.
        private: What it is a copy of.
    """

    root: Path
    private: Private


@contextlib.contextmanager
def private_copy(folder: Path, rev: str) -> Iterator[Copy]:
    """Check a commit out into a folder of its own, and remove that in the end.

    Args:
        folder: A repository, bare or not.
        rev: The commit; "" for HEAD.

    Raises:
        RepoError: It is no repository, there is no such commit, or objects of it are missing.
    """
    source = locate(folder)
    if source is None:
        raise RepoError(f"{folder} is no git repository; edits need a commit to begin from")
    with _folder() as top:
        name = source.root.parent.name if source.root.name == ".git" else source.root.name
        # In a folder of its own: it may be called as something of ours is.
        root = top / "tree" / name
        try:
            commit = resolve_commit(source, rev or "HEAD")
            copy = _borrow(source, root, commit)
            _check_out(copy, commit)
        except (GitError, OSError) as error:
            raise RepoError(f"git cannot check {rev or 'HEAD'} out of {folder}: {error}") from error
        cache = cache_folder(source.common_dir)
        yield Copy(root, Private(source.root, cache, top / "journal"))


def sweep() -> None:
    """Remove what tasks left that were killed: folders whose lock nobody holds."""
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            state = path.lstat()
            if stat.S_ISDIR(state.st_mode) and state.st_uid == os.getuid():
                _sweep(path)


def _sweep(path: Path) -> None:
    lock = os.open(path / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(lock)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A new folder that `sweep` leaves alone as long as this process lives."""
    try:
        top = Path(tempfile.mkdtemp(prefix=_PREFIX)).resolve()
        lock = os.open(top / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise RepoError(f"no folder for a copy can be made: {error}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield top
    finally:
        shutil.rmtree(top, ignore_errors=True)
        os.close(lock)


def _borrow(source: GitRepo, root: Path, commit: str) -> GitRepo:
    """Make a repository that has the source's objects and refs, and a HEAD of its own."""
    objects = str(source.common_dir / "objects")
    if "\n" in objects or objects.startswith('"'):
        raise RepoError(f"{source.root} has a name that git cannot borrow objects from")
    git = root / ".git"
    (git / "objects" / "info").mkdir(parents=True)
    (git / "refs").mkdir()
    (git / "info").mkdir()
    (git / "objects" / "info" / "alternates").write_bytes(os.fsencode(f"{objects}\n"))
    hashing = run_git(source, "rev-parse", "--show-object-format").decode("ascii").strip()
    (git / "config").write_text(_CONFIG.format(hashing), encoding="ascii")
    (git / "packed-refs").write_bytes(_refs(source))
    (git / "HEAD").write_text(f"{commit}\n", encoding="ascii")
    shallow = source.common_dir / "shallow"
    if shallow.is_file():
        shutil.copyfile(shallow, git / "shallow")
    return GitRepo(root, git, git, is_bare=False)


def _refs(source: GitRepo) -> bytes:
    """The branches of the source, as a clone of it would know them if it is bare itself."""
    places = ("refs/heads/", "refs/remotes/")
    out = run_git(source, "for-each-ref", "--format=%(objectname) %(refname)", *places)
    lines = out.splitlines()
    if source.is_bare:
        lines = [line.replace(b" refs/heads/", b" refs/remotes/origin/") for line in lines]
        with contextlib.suppress(GitError):
            head = run_git(source, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").strip()
            lines.append(head + b" refs/remotes/origin/HEAD")
    found = {line.partition(b" ")[2]: line for line in lines}
    return b"".join(found[name] + b"\n" for name in sorted(found))


def _check_out(copy: GitRepo, commit: str) -> None:
    attributes = copy.git_dir / "info" / "attributes"
    attributes.write_text(_RAW, encoding="ascii")
    run_git(copy, "read-tree", commit, variables=_NOBODY)
    run_git(copy, "checkout-index", "--all", "--force", variables=_NOBODY)
    # They would count for what is read of the copy.
    attributes.unlink()
