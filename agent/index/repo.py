"""A folder, working tree or commit -> the list of its files, with a content id for each.

Nothing here decides what a file is for; it only says which bytes there are. Ids are git's blob ids
of the raw bytes, computed here for files on disk, so that no filter of the repository ever runs.
"""

import concurrent.futures
import hashlib
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeVar

from bathy.agent.errors import ConfigError, RepoError
from bathy.agent.index.attributes import Attributes, read_attributes
from bathy.agent.index.denied import denier
from bathy.agent.index.folder import list_folder
from bathy.agent.index.worktree import lengths_of, tracked_files, untracked_files
from bathy.tools.git import GitError, GitRepo, find_repo, run_git, stream_git
from bathy.tools.workspace import FileStat, Workspace, WorkspaceError, decode_path, encode_path

MAX_FILE_BYTES = 10 << 20
"""Longest file that is read, in bytes. Text beyond it is data that no model should be sent."""

OUT_OF_SIGHT = "outside the sparse checkout"
"""Why a file of a working tree is not read there, though nobody has changed it."""

NO_OBJECT = "its object is not in this repository"
"""Why a file of a commit is not read in a partial clone."""

_Listed = TypeVar("_Listed", "Entry", "Skipped")
Kind = Literal["file", "symlink", "submodule"]
Origin = Literal["worktree", "commit", "folder"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, link or submodule.

    Attributes:
        path: Repository-relative, "/"-separated, surrogateescape for bytes that are not UTF-8.
        kind: What it is.
        blob: git blob id of its bytes (of the target of a link; of the commit of a submodule).
        size_bytes: Length of its bytes; 0 for submodules.
    """

    path: str
    kind: Kind
    blob: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """A path that is there but is not read, and why, in a few words."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Stated:
    """A file's state on disk and the blob id that its bytes had in that state."""

    state: FileStat
    blob: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the repository holds at one moment.

    Attributes:
        origin: Where the bytes are read from.
        root: Top folder (the git folder of a bare repository).
        repo: The git repository, or None for a plain folder.
        commit: Full id of the commit read, or of HEAD; "" where there is none.
        entries: By path, in byte order of the paths.
        skipped: Likewise.
        attributes: linguist and filter attributes by path, for the paths that have any.
        stated: State and blob id of every file read from disk; empty for commits.
        dirty: The working tree differs from HEAD.
        notices: Sentences for the user about what could not be looked at.
    """

    origin: Origin
    root: Path
    repo: GitRepo | None
    commit: str
    entries: tuple[Entry, ...]
    skipped: tuple[Skipped, ...] = ()
    attributes: Attributes = field(default_factory=dict)
    stated: Mapping[str, Stated] = field(default_factory=dict)
    dirty: bool = False
    notices: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the repository's folder, for people; never part of what a model is sent."""
        return self.root.parent.name if self.root.name == ".git" else self.root.name


def read_snapshot(
    repo: GitRepo | None, folder: Path, *, rev: str | None, known: Mapping[str, Stated]
) -> Snapshot:
    """List a commit, a working tree or a plain folder.

    Args:
        repo: From `locate`; None means that `folder` is read as a plain folder.
        folder: The folder that was asked for.
        rev: Commit to read instead of the working tree.
        known: What earlier runs saw on disk; files in the same state are not read again.

    Raises:
        RepoError: git cannot read it, it has no commits, or there is no such commit.
        ConfigError: `rev` for a plain folder.
    """
    try:
        if repo is None:
            if rev is not None:
                raise ConfigError(f"--rev needs a git repository, and {folder} is none")
            return _read_folder(folder, known)
        if rev is not None or repo.is_bare:
            return _read_commit(repo, "HEAD" if rev is None else rev)
        return _read_worktree(repo, known)
    except GitError as error:
        raise RepoError(f"git cannot read {repo.root if repo else folder}: {error}") from error


def locate(folder: Path) -> GitRepo | None:
    """Find the repository of a folder; None for a plain folder.

    Raises:
        RepoError: No such folder, or git refuses the repository.
    """
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise RepoError(f"{folder} {what}; name a repository or folder with -C DIR")
    try:
        return find_repo(folder)
    except GitError as error:
        raise RepoError(f"git cannot open the repository of {folder}: {error}") from error


def select(
    snapshot: Snapshot,
    *,
    include: Sequence[str],
    exclude: Sequence[str],
    denied: Sequence[str] = (),
) -> Snapshot:
    """Keep the entries that the user's globs (gitignore syntax) let through.

    Of what is denied not even the name is left.

    Raises:
        ConfigError: A glob is malformed.
    """
    if not include and not exclude and not denied:
        return snapshot
    is_chosen, is_denied = chooser(include, exclude, denied), denier(denied)
    return replace(
        snapshot,
        entries=tuple(
            e
            for e in snapshot.entries
            # A submodule is a folder, for patterns that end in "/".
            if is_chosen(e.path) and not (e.kind == "submodule" and is_denied(f"{e.path}/"))
        ),
        skipped=tuple(s for s in snapshot.skipped if not is_denied(s.path)),
    )


def chooser(
    include: Sequence[str], exclude: Sequence[str], denied: Sequence[str] = ()
) -> Callable[[str], bool]:
    """Return whether the user's globs let a path through.

    Args:
        include: Only these; () for all.
        exclude: Not these.
        denied: Not these, whatever the others say: the user's own policy.

    Raises:
        ConfigError: A glob is malformed.
    """
    wanted = _matcher(include, "--include") if include else lambda _: True
    unwanted = _matcher(exclude, "--exclude") if exclude else lambda _: False
    is_denied = denier(denied)
    return lambda path: wanted(path) and not unwanted(path) and not is_denied(path)


def _matcher(globs: Sequence[str], origin: str) -> Callable[[str], bool]:
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(globs).match_file
    except (ValueError, re.error) as error:
        raise ConfigError(f"{origin} holds a glob that cannot be read: {error}") from error


def _read_commit(repo: GitRepo, rev: str) -> Snapshot:
    commit = resolve_commit(repo, rev)
    entries, skipped = [], []
    for record in stream_git(repo, "ls-tree", "-r", "-z", "-l", "--full-tree", commit):
        meta, _, raw_path = record.partition(b"\t")
        mode, kind, blob, size = meta.split()
        path = decode_path(raw_path)
        if kind == b"commit":
            entries.append(Entry(path, "submodule", blob.decode("ascii"), 0))
        elif not size.isdigit():
            skipped.append(Skipped(path, NO_OBJECT))
        elif int(size) > MAX_FILE_BYTES:
            skipped.append(Skipped(path, _too_large(int(size))))
        else:
            link: Kind = "symlink" if mode == b"120000" else "file"
            entries.append(Entry(path, link, blob.decode("ascii"), int(size)))
    attributes = read_attributes(repo, [e.path for e in entries], tree=commit)
    return Snapshot(
        "commit", repo.root, repo, commit, _sorted(entries), _sorted(skipped), attributes
    )


def resolve_commit(repo: GitRepo, rev: str) -> str:
    """Return the full id of a commit.

    Args:
        repo: Where it is looked for.
        rev: Any of git's names for it.

    Raises:
        RepoError: There is no such commit.
    """
    if not rev or rev.startswith("-") or "\0" in rev:
        raise RepoError(f"{rev!r} is not a commit")
    try:
        out = run_git(repo, "rev-parse", "--verify", "--quiet", f"{rev}^{{commit}}")
    except GitError as error:
        if rev == "HEAD":
            raise RepoError(f"the repository at {repo.root} has no commits yet") from error
        raise RepoError(
            f"no commit {rev!r} in {repo.root}; 'git log' shows what there is"
        ) from error
    return out.decode("ascii").strip()


def _head(repo: GitRepo) -> str:
    try:
        return run_git(repo, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").decode().strip()
    except GitError:
        return ""


def _read_worktree(repo: GitRepo, known: Mapping[str, Stated]) -> Snapshot:
    workspace = Workspace(repo.root)
    tracked, notices = list(tracked_files(repo)), list[str]()
    paths = [path for path, *_ in tracked]
    entries, skipped, stated = list[Entry](), list[Skipped](), dict[str, Stated]()
    dirty, long = False, dict[str, str]()
    # git answers three questions while this thread looks at the files.
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        others = pool.submit(untracked_files, repo, workspace, set(paths), notices)
        asked = pool.submit(read_attributes, repo, paths, tree=None)
        head = pool.submit(_head, repo)
        for path, mode, blob, absent in tracked:
            if mode == 0o160000:
                entries.append(Entry(path, "submodule", blob, 0))
            elif absent:
                skipped.append(Skipped(path, OUT_OF_SIGHT))
            else:
                entry = _on_disk(workspace, path, known, skipped, stated)
                if entry is not None:
                    entries.append(entry)
                    dirty = dirty or _differs(workspace, entry, blob)
                elif _is_too_long(workspace, path):
                    long[path] = blob
                else:
                    dirty = True
        untracked, attributes = others.result(), asked.result()
    for path in untracked:
        if path.endswith("/"):
            skipped.append(Skipped(path, "a repository of its own"))
        elif (entry := _on_disk(workspace, path, known, skipped, stated)) is not None:
            entries.append(entry)
    if untracked:
        attributes = read_attributes(repo, [entry.path for entry in entries], tree=None)
    return Snapshot(
        "worktree",
        repo.root,
        repo,
        head.result(),
        _sorted(entries),
        _sorted(skipped),
        attributes,
        stated,
        dirty or bool(untracked) or _have_other_lengths(repo, workspace, long),
        tuple(notices),
    )


def _read_folder(folder: Path, known: Mapping[str, Stated]) -> Snapshot:
    root = folder.resolve()
    workspace = Workspace(root)
    entries, skipped, stated = list[Entry](), list[Skipped](), dict[str, Stated]()
    for path, reason in list_folder(root):
        if reason:
            skipped.append(Skipped(path, reason))
        elif (entry := _on_disk(workspace, path, known, skipped, stated)) is not None:
            entries.append(entry)
    return Snapshot("folder", root, None, "", _sorted(entries), _sorted(skipped), {}, stated)


def _on_disk(
    workspace: Workspace,
    path: str,
    known: Mapping[str, Stated],
    skipped: list[Skipped],
    stated: dict[str, Stated],
) -> Entry | None:
    """The entry of a path on disk; None, with a reason put down, if it is not there or not read."""
    try:
        state = workspace.lstat_or_why(path)
        if state is None:
            return None
        if stat.S_ISLNK(state.mode):
            target = workspace.read_link(path)
            return Entry(path, "symlink", blob_id(target), len(target))
        if not stat.S_ISREG(state.mode):
            raise WorkspaceError("not a regular file")
        if state.size_bytes > MAX_FILE_BYTES:
            raise WorkspaceError(_too_large(state.size_bytes))
        seen = known.get(path)
        if seen is None or seen.state != state:
            data = workspace.read_bytes(path, max_bytes=MAX_FILE_BYTES)
            seen = Stated(state, blob_id(data))
    except WorkspaceError as error:
        skipped.append(Skipped(path, str(error)))
        return None
    stated[path] = seen
    return Entry(path, "file", seen.blob, state.size_bytes)


def _differs(workspace: Workspace, entry: Entry, blob: str) -> bool:
    """Whether a file on disk is another than the one in the index, line ends aside."""
    if entry.blob == blob:
        return False
    try:
        data = workspace.read_bytes(entry.path, max_bytes=MAX_FILE_BYTES)
    except WorkspaceError:
        return True
    return blob_id(data.replace(b"\r\n", b"\n")) != blob


def _is_too_long(workspace: Workspace, path: str) -> bool:
    state = workspace.lstat(path)
    return state is not None and stat.S_ISREG(state.mode) and state.size_bytes > MAX_FILE_BYTES


def _have_other_lengths(repo: GitRepo, workspace: Workspace, blobs: Mapping[str, str]) -> bool:
    """Whether files that are too long to be read have another length than those of the index."""
    lengths = lengths_of(repo, set(blobs.values()))
    states = ((workspace.lstat(path), lengths.get(blob)) for path, blob in blobs.items())
    return any(s is None or (n is not None and s.size_bytes != n) for s, n in states)


def blob_id(data: bytes) -> str:
    """Return the id that git gives these bytes as a blob: SHA-1 over a header and the bytes."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _too_large(size_bytes: int) -> str:
    return f"{size_bytes / (1 << 20):,.1f} MiB, over the limit of {MAX_FILE_BYTES >> 20} MiB"


def _sorted(items: list[_Listed]) -> tuple[_Listed, ...]:
    return tuple(sorted(items, key=lambda item: encode_path(item.path)))
