"""A file that the user names for what comes out -> written whole, and never over tracked work."""

import os
import stat
import tempfile
from pathlib import Path

from bathy.agent.errors import BathyError, ConfigError
from bathy.tools.git import GitError, GitRepo, find_repo, run_git

_STREAMS = ("/dev/stdout", "/dev/stderr")
_DESCRIPTORS = ("/dev/fd", "/proc/self/fd")


def check_target(option: str, path: Path) -> None:
    """Make sure that a file may be written, before anything is paid for.

    Args:
        option: That names it, for the message.
        path: The file.

    Raises:
        ConfigError: git tracks it, it is a link or git's own data, or no file could be written.
    """
    if _is_stream(path):
        return
    if path.is_symlink():
        raise ConfigError(
            f"{option} {path} is a symbolic link, which is not written through; name a file itself"
        )
    place = path if path.exists() else path.parent
    if path.is_dir() or not place.exists() or not os.access(place, os.W_OK):
        raise ConfigError(f"cannot write {option} {path}; name a file in a folder that there is")
    links = [folder for folder in path.absolute().parents if folder.is_symlink()]
    for each in (path.absolute(), *links):
        _check_untracked(option, path, each)


def save(path: Path, data: bytes) -> None:
    """Write a file whole, in one step that leaves either the old or the new content.

    A link that stands there by now is replaced, and what it leads to stays.

    Raises:
        BathyError: The system refuses.
    """
    try:
        if _is_stream(path):
            path.write_bytes(data)
        else:
            _replace(path, data)
    except OSError as error:
        raise BathyError(f"cannot write {path}: {error.strerror}") from error


def _is_stream(path: Path) -> bool:
    """Whether a path is a pipe, a device or a descriptor, which cannot be replaced."""
    whole = os.path.abspath(path)  # noqa: PTH100 - a link is not followed
    if whole in _STREAMS or os.path.dirname(whole) in _DESCRIPTORS:  # noqa: PTH120
        return True
    try:
        mode = path.lstat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISDIR(mode))


def _check_untracked(option: str, path: Path, each: Path) -> None:
    """Refuse a path if git tracks it, or a link on the way to it."""
    folder = each.parent.resolve()
    try:
        repo = find_repo(folder)
        own = () if repo is None else (repo.git_dir, repo.common_dir)
        is_own = any(folder.is_relative_to(place) for place in own)
        # In a linked working tree .git is a file.
        if is_own or ".git" in (*folder.parts, each.name):
            raise ConfigError(f"{option} {path} is git's own data; name another file")
        if repo is not None and _is_tracked(repo, folder / each.name):
            what = "is" if each == path.absolute() else f"leads through {each}, which is"
            raise ConfigError(f"{option} {path} {what} tracked by git; name another file")
    except GitError as error:
        raise ConfigError(
            f"{option} {path}: git cannot say whether it is tracked: {error}"
        ) from error


def _is_tracked(repo: GitRepo, path: Path) -> bool:
    literal = {"GIT_LITERAL_PATHSPECS": "1"}
    name = str(path.relative_to(repo.root))
    return bool(run_git(repo, "ls-files", "-z", "--", name, variables=literal))


def _replace(path: Path, data: bytes) -> None:
    folder = path.absolute().parent
    try:
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=".bathy-")
    except PermissionError:
        # A folder that takes no new file may hold one that can be written.
        _overwrite(path, data)
        return
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(data)
            os.fchmod(descriptor, _mode(path))
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _overwrite(path: Path, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(path, flags), "wb") as file:  # noqa: PTH123 - a descriptor, not a path
        file.write(data)


def _mode(path: Path) -> int:
    """Permission bits of the file that is replaced; of none, those that a new one gets."""
    try:
        found = path.lstat().st_mode
    except FileNotFoundError:
        found = 0
    if stat.S_ISREG(found):
        return stat.S_IMODE(found)
    mask = os.umask(0o022)
    os.umask(mask)
    return 0o666 & ~mask
