"""A working tree -> what git lists of it: tracked files, others, and the lengths of blobs."""

import stat
from collections.abc import Collection, Iterator

from bathy.tools.git import GitError, GitRepo, run_git, stream_git
from bathy.tools.workspace import Workspace, decode_path

_UNTRACKED_TIMEOUT_S = 20


def tracked_files(repo: GitRepo) -> Iterator[tuple[str, int, str, bool]]:
    """Yield (path, mode, blob, outside a sparse checkout) of each file of the index, once a path.

    Raises:
        GitError: git cannot read it.
    """
    last = ""
    for record in stream_git(repo, "ls-files", "-z", "-t", "--stage"):
        meta, _, raw_path = record.partition(b"\t")
        tag, mode, blob, _stage = meta.split()
        path = decode_path(raw_path)
        if path != last:
            yield path, int(mode, 8), blob.decode("ascii"), tag == b"S"
        last = path


def untracked_files(
    repo: GitRepo, workspace: Workspace, tracked: set[str], notices: list[str]
) -> list[str]:
    """Return the paths that git does not track and that nothing ignores; "/" ends a repository.

    Args:
        repo: Where they are looked for.
        workspace: Of its working tree.
        tracked: Paths that git tracks.
        notices: Gets a sentence if they cannot be looked for.
    """
    folders = {path.rpartition("/")[0] for path in tracked} | {""}
    rules = (f"{folder}/.gitignore".lstrip("/") for folder in sorted(folders))
    states = ((path, workspace.lstat(path)) for path in rules)
    odd = next((path for path, s in states if s is not None and stat.S_ISFIFO(s.mode)), None)
    if odd is not None:
        notices.append(f"{odd} is no regular file, so files that git does not track are left out")
        return []
    try:
        out = run_git(
            repo,
            "ls-files",
            "-z",
            "--others",
            "--exclude-standard",
            timeout_s=_UNTRACKED_TIMEOUT_S,
        )
    except GitError as error:
        notices.append(f"files that git does not track are left out: {error}")
        return []
    return [decode_path(path) for path in out.split(b"\0") if path]


def lengths_of(repo: GitRepo, blobs: Collection[str]) -> dict[str, int]:
    """Return the length in bytes of each blob that is in the repository.

    Raises:
        GitError: git cannot read it.
    """
    if not blobs:
        return {}
    asked = "".join(f"{blob}\n" for blob in blobs).encode("ascii")
    lines = run_git(repo, "cat-file", "--batch-check", stdin=asked).splitlines()
    # Of a blob that is missing there are two words.
    found = (words for line in lines if len(words := line.split()) == 3)
    return {name.decode(): int(size) for name, _kind, size in found}
