"""A path -> the bytes of that file, as the session sees the repository: on disk, or in a commit."""

from bathy.agent.errors import BathyError
from bathy.agent.modes.tui.events import Opened
from bathy.tools.git import GitError, find_repo, run_git
from bathy.tools.workspace import Workspace, WorkspaceError, encode_path, quote_path

_MOST_BYTES = 10 << 20


def read_file(path: str, opened: Opened, rev: str | None) -> bytes:
    """Read a file.

    Args:
        path: Repository-relative.
        opened: The repository.
        rev: Commit that is asked about, or None for the files as they are.

    Raises:
        BathyError: It cannot be read; names it.
    """
    return _of_commit(path, opened) if rev is not None else _on_disk(path, opened)


def _on_disk(path: str, opened: Opened) -> bytes:
    try:
        return Workspace(opened.root).read_bytes(path, max_bytes=_MOST_BYTES)
    except WorkspaceError as error:
        raise BathyError(f"cannot open {quote_path(path)}: {error}") from error


def _of_commit(path: str, opened: Opened) -> bytes:
    try:
        repo = find_repo(opened.root)
        if repo is None or path not in opened.paths:
            raise BathyError(f"there is no file {quote_path(path)} in that commit")
        name = f"{opened.commit}:{encode_path(path).decode('utf-8', 'surrogateescape')}"
        return run_git(repo, "cat-file", "blob", name)
    except GitError as error:
        raise BathyError(f"cannot open {quote_path(path)}: {error}") from error
