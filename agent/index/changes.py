"""A snapshot and an older commit -> the change between them, as one unified diff without secrets.

git compares copies of the texts as shown, in a folder of our own, so neither filters of the
repository nor secrets of either side come in. Binary files are named, not compared.
"""

import tempfile
from pathlib import Path

from bathy.agent.errors import RepoError
from bathy.agent.index.examine import Reader
from bathy.agent.index.repo import Entry, Snapshot
from bathy.tools.git import GitError, GitRepo, stream_bytes
from bathy.tools.workspace import encode_path, quote_path

MAX_DIFF_CHARS = 400_000
"""Longest diff that goes with a question, some 100,000 tokens; that more was cut is said."""

_TIMEOUT_S = 60


def diff_between(older: Snapshot, snapshot: Snapshot) -> str:
    """Compare two states of a repository.

    Args:
        older: A commit.
        snapshot: The newer side.

    Returns:
        A diff with three lines of context, files in byte order; "" if nothing has changed.

    Raises:
        RepoError: git fails.
    """
    before, after = _files(older), _files(snapshot)
    changed = [
        path
        for path in sorted(before.keys() | after.keys(), key=encode_path)
        if _blob(before.get(path)) != _blob(after.get(path))
    ]
    readers = (
        Reader(older.root, older.repo),
        Reader(snapshot.root, snapshot.repo if snapshot.origin == "commit" else None),
    )
    try:
        with tempfile.TemporaryDirectory() as folder:
            root, binary = Path(folder).resolve(), list[str]()
            for name, side, reader in zip("ab", (before, after), readers, strict=True):
                (root / name).mkdir()
                for path in changed:
                    if not _write(root / name, side.get(path), reader):
                        binary.append(path)
            text = _compare(root)
    finally:
        for reader in readers:
            reader.close()
    notes = "".join(f"Binary file {quote_path(p)} differs\n" for p in dict.fromkeys(binary))
    return text + notes


def _files(snapshot: Snapshot) -> dict[str, Entry]:
    return {e.path: e for e in snapshot.entries if e.kind == "file"}


def _blob(entry: Entry | None) -> str:
    return entry.blob if entry is not None else ""


def _write(folder: Path, entry: Entry | None, reader: Reader) -> bool:
    """Copy a text to where git compares it; False if it is none."""
    parts = entry.path.split("/") if entry is not None else []
    if entry is None or any(part.lower() in ("", ".", "..", ".git") for part in parts):
        return True
    text = reader.read_shown(entry.path, entry.blob)
    if text is None:
        return False
    target = folder.joinpath(*parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(text.encode("utf-8", "surrogatepass"))
    return True


def _compare(root: Path) -> str:
    place = GitRepo(root, root, root, is_bare=False)
    # The folder may lie in a repository, whose attributes could name programs: there is none.
    command = [f"--git-dir={root / 'none'}"]
    command += ["diff", "--no-index", "--no-color", "--no-ext-diff", "--no-textconv", "--no-prefix"]
    out, size = list[bytes](), 0
    try:
        for chunk in stream_bytes(place, *command, "a", "b", no_match_code=1, timeout_s=_TIMEOUT_S):
            out.append(chunk)
            size += len(chunk)
            if size > MAX_DIFF_CHARS:
                break
    except GitError as error:
        raise RepoError(f"git cannot compare: {error}") from error
    text = b"".join(out).decode("utf-8", "replace")
    if len(text) <= MAX_DIFF_CHARS:
        return text
    return text[:MAX_DIFF_CHARS].rpartition("\n")[0] + "\n[the diff goes on and was cut here]\n"
