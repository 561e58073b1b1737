"""Commits of a line -> what each says, and which files it changed, by blob id."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from bathy.agent.index.repo import MAX_FILE_BYTES, Snapshot
from bathy.tools.git import GitRepo, run_git, stream_git
from bathy.tools.workspace import decode_path, encode_path

_FILE_MODES = (b"100644", b"100755", b"100664")

# What a user, or the repository, may have set, and what would change what `git log` says.
_LOG = (
    "-c", "log.diffMerges=separate", "-c", "log.showRoot=true", "-c", "diff.relative=false", "log",
    "--encoding=UTF-8", "-O/dev/null", "--no-ext-diff", "--no-textconv", "--no-color",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file before and after.

    Attributes:
        path: Now, or before if it was deleted.
        before: Blob id; "" if it was not there.
        after: Blob id; "" if it is not there any more.
        old_path: Its path before, if that was another one; else "".
    """

    path: str
    before: str
    after: str
    old_path: str = ""


@dataclass(frozen=True, slots=True)
class CommitChange:
    """What one commit did to the files of its first parent.

    Attributes:
        commit: Its id.
        subject: First line of its message; any text.
        files: In git's order, which is that of the paths.
    """

    commit: str
    subject: str
    files: tuple[FileChange, ...]


@dataclass(frozen=True, slots=True)
class ToldCommit:
    """What one commit did to the files of its first parent, and what was said of it.

    Attributes:
        commit: Its id.
        parent: Id of its first parent; "" if it has none.
        author: Name of who wrote it; any text.
        message: All of its message; any text.
        files: In git's order, which is that of the paths.
    """

    commit: str
    parent: str
    author: str
    message: str
    files: tuple[FileChange, ...]


def read_commits(repo: GitRepo, newest: str, count: int) -> list[CommitChange]:
    """Read what the last commits of a line of first parents changed.

    Args:
        repo: The repository.
        newest: Where the line ends.
        count: How many commits of it, from the newest back.

    Returns:
        Them, oldest first. Links and submodules are left out; a renamed file is one change, if
        half of it stayed the same.

    Raises:
        GitError: git fails.
    """
    if count == 0:
        return []
    found = list[CommitChange]()
    for header, files in _logged(repo, newest, count, "%H %s"):
        commit, _, subject = header.partition(" ")
        found.append(CommitChange(commit, subject, files))
    return found[::-1]


def read_told(repo: GitRepo, newest: str, count: int) -> list[ToldCommit]:
    """Read what the last commits of a line of first parents changed and say.

    Args:
        repo: The repository.
        newest: Where the line ends.
        count: How many commits of it, from the newest back; > 0.

    Returns:
        Them, newest first; files as in `read_commits`.

    Raises:
        GitError: git fails.
    """
    found = list[ToldCommit]()
    for header, files in _logged(repo, newest, count, "%H%x02%P%x02%an%x02%B"):
        commit, parents, author, message = header.split("\x02", 3)
        found.append(ToldCommit(commit, parents.partition(" ")[0], author, message, files))
    return found


def _logged(
    repo: GitRepo, newest: str, count: int, form: str
) -> Iterator[tuple[str, tuple[FileChange, ...]]]:
    """What git's format makes of each commit, and the files that it changed, newest first."""
    records = stream_git(
        repo, *_LOG, "-z", "--first-parent", "-m", "--raw", "--abbrev=64", "-M50%", "-l1000",
        f"--max-count={count}", f"--format=%x01{form}", newest, "--",
    )  # fmt: skip
    header, files = "", list[FileChange]()
    for record in records:
        field = record.lstrip(b"\n")
        if field.startswith(b"\x01"):
            if header:
                yield header, tuple(files)
            header, files = field[1:].decode("utf-8", "replace"), []
        elif field.startswith(b":"):
            files += _file_changes(field, records)
    if header:
        yield header, tuple(files)


def _file_changes(field: bytes, records: Iterator[bytes]) -> Iterator[FileChange]:
    """Read one raw entry, `:mode mode blob blob status`, and the one or two paths after it."""
    old_mode, mode, before, after, status = field[1:].split(b" ")
    path = decode_path(next(records))
    renamed = decode_path(next(records)) if status[:1] in (b"R", b"C") else ""
    was = before.decode("ascii") if old_mode in _FILE_MODES else ""
    now = after.decode("ascii") if mode in _FILE_MODES else ""
    if not (was or now) or (was == now and not renamed):
        return
    if renamed and was and now:
        yield FileChange(renamed, was, now, path)
    else:
        yield FileChange(renamed or path, was, now)


def changed_files(
    then: Mapping[str, str], now: Mapping[str, str], unknown: Collection[str] = ()
) -> tuple[FileChange, ...]:
    """Compare two lists of files, given as blob ids by path.

    Args:
        then: Before.
        now: After.
        unknown: Paths that could not be read now, and are not known to have gone.

    Returns:
        Changes in byte order of the paths. A file that was moved is deleted and made.
    """
    return tuple(
        FileChange(path, then.get(path, ""), now.get(path, ""))
        for path in sorted(then.keys() | now.keys(), key=encode_path)
        if then.get(path, "") != now.get(path, "") and path not in unknown
    )


def blobs_by_path(snapshot: Snapshot) -> dict[str, str]:
    """Return the blob ids of the files of a snapshot, links and submodules left out."""
    return {e.path: e.blob for e in snapshot.entries if e.kind == "file"}


def tree_blobs(repo: GitRepo, commit: str) -> dict[str, str]:
    """Return the blob ids of the files of a commit by path, links and submodules left out.

    The objects of the files need not be there, and files of any size count.

    Raises:
        GitError: There is no such commit, or its trees are not in this repository.
    """
    found = dict[str, str]()
    for record in stream_git(repo, "ls-tree", "-r", "-z", "--full-tree", commit):
        meta, _, path = record.partition(b"\t")
        mode, _, blob = meta.split()
        if mode in _FILE_MODES:
            found[decode_path(path)] = blob.decode("ascii")
    return found


def readable_blobs(repo: GitRepo, changes: Iterable[FileChange]) -> frozenset[str]:
    """Return which blobs of some changes are there, and not too long to be read.

    What a deleted file held is not asked for: nobody needs it.

    Raises:
        GitError: This is a partial clone, and one of them is not there.
    """
    kept = [change for change in changes if change.after]
    wanted = {blob for change in kept for blob in (change.before, change.after) if blob}
    if not wanted:
        return frozenset()
    stdin = "".join(f"{blob}\n" for blob in sorted(wanted)).encode("ascii")
    out = run_git(repo, "cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=stdin)
    lines = (line.split(" ") for line in out.decode("ascii").splitlines())
    return frozenset(blob for blob, size in lines if size.isdigit() and int(size) <= MAX_FILE_BYTES)


def narrowed(change: FileChange, is_wanted: Callable[[str], bool]) -> FileChange | None:
    """Return what is left of a change if only some paths are looked at; None for nothing."""
    if not change.old_path or is_wanted(change.old_path):
        if is_wanted(change.path):
            return change
        return FileChange(change.old_path, change.before, "") if change.old_path else None
    return FileChange(change.path, "", change.after) if is_wanted(change.path) else None
