"""The only way to git: read-only plumbing that runs nothing of the repository it reads.

A repository's configuration and attributes can name programs (`core.fsmonitor`, hooks,
`diff.external`, textconv, signature checkers, remote helpers) and can point its working tree
elsewhere (`core.worktree`). Every call here starts from an empty environment, overrides those
settings on the command line, forbids every transport, and states the working tree. No command that
compares file contents with the index is offered, because that would run clean filters.
"""

import contextlib
import os
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from bathy.tools.running import forget, kill_git, started

if TYPE_CHECKING:
    from git.cmd import Git

TIMEOUT_S = 120
"""Longest time one git call may take, in seconds; a FIFO named .gitignore would block for ever."""

_NEUTRAL_CONFIG = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.attributesFile": os.devnull,
    "core.untrackedCache": "false",
    "core.pager": "cat",
    "core.sshCommand": "false",
    "core.gitProxy": "",
    "core.quotePath": "false",
    "diff.external": "",
    "diff.orderFile": os.devnull,
    "diff.relative": "false",
    "diff.ignoreSubmodules": "all",
    "diff.renames": "false",
    "i18n.logOutputEncoding": "UTF-8",
    "log.diffMerges": "separate",
    "log.showRoot": "true",
    "log.showSignature": "false",
    "log.mailmap": "false",
    "protocol.allow": "never",
    "submodule.recurse": "false",
}
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "LC_ALL": "C",
    "LANGUAGE": "C",
}
_KEPT_VARIABLES = ("PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR")


class GitError(Exception):
    """git is missing, refused, or failed. The message is git's own first line, cleaned."""


@dataclass(frozen=True, slots=True)
class GitRepo:
    """A repository on this machine.

    Attributes:
        root: Top folder of the working tree; of a bare repository, its git folder.
        git_dir: Folder of this working tree's own git data.
        common_dir: Folder of the data that all working trees of the repository share.
        is_bare: No working tree.
    """

    root: Path
    git_dir: Path
    common_dir: Path
    is_bare: bool


def find_repo(start: Path) -> GitRepo | None:
    """Find the repository that a folder belongs to.

    The working tree is the folder that holds `.git`, whatever `core.worktree` says.

    Args:
        start: An existing folder; a bare repository may be named itself.

    Returns:
        The repository, or None where there is none.

    Raises:
        GitError: There is one, but git is missing or refuses it (owner, damage, unknown format).
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if _exists(folder / ".git"):
            return _describe(folder, is_bare=False)
        if folder == start and _looks_bare(folder):
            return _describe(folder, is_bare=True)
    return None


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _looks_bare(folder: Path) -> bool:
    return all(_exists(folder / name) for name in ("HEAD", "objects", "refs"))


def _describe(folder: Path, *, is_bare: bool) -> GitRepo:
    out = run_git(
        GitRepo(folder, folder, folder, is_bare), "rev-parse", "--git-dir", "--git-common-dir"
    )
    git_dir, common_dir = (folder / os.fsdecode(line) for line in out.split(b"\n")[:2])
    return GitRepo(folder, git_dir.resolve(), common_dir.resolve(), is_bare)


def run_git(
    repo: GitRepo,
    *args: str,
    stdin: bytes | None = None,
    timeout_s: float = TIMEOUT_S,
    variables: Mapping[str, str] | None = None,
) -> bytes:
    """Run one git command to its end.

    Args:
        repo: Where to run it.
        *args: Sub-command and arguments; a user's text only after a check that it is no option.
        stdin: Bytes to feed in.
        timeout_s: Seconds until it is killed.
        variables: More environment variables, such as a GIT_INDEX_FILE of our own.

    Returns:
        Standard output, unchanged.

    Raises:
        GitError: Any exit code but 0, a timeout, or no git at all.
    """
    from git.exc import CommandError, GitCommandError

    with _spooled(stdin) as source, _unwatched_if_interrupted():
        try:
            out: object = _layer(repo).execute(
                _command(repo, args, variables),
                istream=source,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
                kill_after_timeout=timeout_s,
            )
        except GitCommandError as error:
            raise GitError(_first_line(error.stderr)) from error
        except CommandError as error:
            raise GitError("git is not installed or cannot be started") from error
    assert isinstance(out, bytes)
    return out


@contextlib.contextmanager
def _unwatched_if_interrupted() -> Iterator[None]:
    """Cancel the watch over a command that GitPython leaves behind where it is interrupted.

    Else the process would wait for it before it ends, for as long as the command might have taken.
    """
    before = set(threading.enumerate())
    try:
        yield
    except Exception:  # It has cancelled its own; those of other threads are theirs.
        raise
    except BaseException:
        for thread in set(threading.enumerate()) - before:
            if isinstance(thread, threading.Timer):
                thread.cancel()
        raise


def stream_git(repo: GitRepo, *args: str) -> Iterator[bytes]:
    """Run one git command and yield its standard output in NUL-terminated records, without the NUL.

    Raises:
        GitError: git is missing, or it ends with another exit code than 0.
    """
    rest = b""
    for chunk in stream_bytes(repo, *args):
        *records, rest = (rest + chunk).split(b"\0")
        yield from records
    if rest:
        yield rest


def stream_bytes(
    repo: GitRepo,
    *args: str,
    no_match_code: int = 0,
    timeout_s: float = TIMEOUT_S,
    variables: Mapping[str, str] | None = None,
    is_group: bool = False,
) -> Iterator[bytes]:
    """Run one git command and yield its standard output as it comes.

    Closing the iterator early kills the command, and so does `stop_git`.

    Args:
        repo: Where to run it.
        *args: As in `run_git`.
        no_match_code: Another exit code that is no failure.
        timeout_s: Seconds until it is killed.
        variables: As in `run_git`.
        is_group: It starts others, which are killed with it.

    Raises:
        GitError: git is missing, it ends with another exit code, or the time is over.
    """
    from git.exc import CommandError

    with started() as note:
        try:
            process = _layer(repo).execute(
                _command(repo, args, variables), as_process=True, start_new_session=is_group
            )
        except CommandError as error:
            raise GitError("git is not installed or cannot be started") from error
        note(process)
    late = threading.Event()

    def kill() -> None:
        late.set()
        kill_git(process)

    watch = threading.Timer(timeout_s, kill)
    watch.daemon = True
    watch.start()
    try:
        while chunk := process.stdout.read1(1 << 18):
            yield chunk
        process.wait()
    except CommandError as error:
        if late.is_set():
            raise GitError(f"it took over {timeout_s:.0f} s and was stopped") from error
        if not no_match_code or error.status != no_match_code:
            raise GitError(_first_line(str(error.stderr))) from error
    finally:
        watch.cancel()
        # Workers are forked from a process of one thread only, and spawned, slowly, from others.
        watch.join()
        forget(process)
        if process.proc is not None and process.proc.poll() is None:
            kill_git(process)
            process.proc.wait()
        process.stdout.close()
        process.stderr.close()


class BlobReader:
    """Reads blobs through one `git cat-file --batch`; use as a context manager, from one thread."""

    def __init__(self, repo: GitRepo) -> None:
        import subprocess  # noqa: TID251 - for the constant PIPE alone

        self._process = _layer(repo).execute(
            _command(repo, ("cat-file", "--batch"), None), istream=subprocess.PIPE, as_process=True
        )

    def __enter__(self) -> "BlobReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the git process."""
        self._process.stdin.close()
        self._process.stdout.close()
        if self._process.proc is not None:
            self._process.proc.wait()

    def read(self, blob: str) -> bytes | None:
        """Return a blob's bytes, or None if the object is not in this repository.

        Args:
            blob: Its id, or COMMIT:PATH without a line break.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        stdin.write(blob.encode("utf-8", "surrogateescape") + b"\n")
        stdin.flush()
        header = stdout.readline().split()
        # What is missing is named, and a name may hold blanks.
        if len(header) != 3 or header[1] != b"blob":
            return None
        data: bytes = stdout.read(int(header[2]))
        stdout.read(1)
        return data


def _layer(repo: GitRepo) -> "Git":
    from git.cmd import Git

    return Git(str(repo.root))


def _command(
    repo: GitRepo, args: tuple[str, ...], variables: Mapping[str, str] | None
) -> list[str]:
    # GitPython adds to the process's environment and cannot take from it, so `env -i` does.
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    values = {**kept, **_ENVIRONMENT, **(variables or {})}
    config = [part for key, value in _NEUTRAL_CONFIG.items() for part in ("-c", f"{key}={value}")]
    place = [f"--git-dir={repo.root}"] if repo.is_bare else [f"--work-tree={repo.root}"]
    assignments = [f"{name}={value}" for name, value in values.items()]
    return ["env", "-i", *assignments, "git", "--no-pager", *config, *place, *args]


@contextlib.contextmanager
def _spooled(data: bytes | None) -> Iterator[BinaryIO | None]:
    if data is None:
        yield None
        return
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        yield cast(BinaryIO, file)


def _first_line(stderr: object) -> str:
    # GitPython puts lone surrogates where git wrote other than ASCII.
    data = stderr if isinstance(stderr, bytes) else str(stderr).encode("utf-8", "replace")
    text = data.decode("utf-8", "replace")
    text = text.strip().removeprefix("stderr:").strip().strip("'").strip()
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    line = next((x for x in lines if x.startswith(("fatal:", "error:"))), lines[0] if lines else "")
    return line.removeprefix("fatal: ").removeprefix("error: ") or "git failed without a word"
