"""Repositories of other places -> bare clones here: all that may use a transport, file or https."""

from pathlib import Path

from bathy.tools.git import GitError, GitRepo, stream_bytes

_TRANSPORT = {"GIT_ALLOW_PROTOCOL": "file:https"}
# Less than a byte a millisecond for two minutes is no transfer any more.
_STALLED = ("-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=120")


def clone_git(place: str, folder: Path, timeout_s: float) -> None:
    """Clone all branches and tags of a repository into a new bare one.

    No password is asked for.

    Args:
        place: Absolute folder or https address, from the user.
        folder: That is made.
        timeout_s: Seconds until it is stopped.

    Raises:
        GitError: There is nothing there, or it cannot be had.
    """
    _check_place(place)
    above = GitRepo(folder.parent, folder.parent, folder.parent, is_bare=True)
    options = ("--bare", "--quiet", "--no-local", "--template=")
    command = ("clone", *options, "--", place, str(folder))
    _transport(above, command, timeout_s)


def fetch_git(repo: GitRepo, place: str, timeout_s: float) -> None:
    """Bring the branches and tags of a bare clone up to date; nothing that it holds is removed.

    Args:
        repo: From `clone_git`.
        place: As there.
        timeout_s: Seconds until it is stopped.

    Raises:
        GitError: There is nothing there, or it cannot be had.
    """
    _check_place(place)
    refs = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
    command = ("fetch", "--quiet", "--no-auto-gc", "--", place, *refs)
    _transport(repo, command, timeout_s)


def _transport(repo: GitRepo, command: tuple[str, ...], timeout_s: float) -> None:
    """Run a command that moves data, so that `stop_git` ends it, and a dead line does, too."""
    command = (*_STALLED, *command)
    for _ in stream_bytes(repo, *command, timeout_s=timeout_s, variables=_TRANSPORT, is_group=True):
        pass


def _check_place(place: str) -> None:
    if not place.startswith(("/", "https://")):
        raise GitError("it is neither an absolute folder nor an https address")
