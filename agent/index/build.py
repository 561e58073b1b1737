"""A snapshot -> the index of the repository: facts for each file, from the store if it has them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from bathy.agent.index.examine import (
    NO_SYMBOLS,
    Facts,
    Reader,
    Work,
    complete,
    dump_facts,
    examine,
    load_facts,
)
from bathy.agent.index.files import FileClass
from bathy.agent.index.history import History, read_history
from bathy.agent.index.repo import Entry, Skipped, Snapshot
from bathy.agent.index.store import Store
from bathy.agent.index.workers import Progress, run_over
from bathy.tools.workspace import encode_path

_LINK = Facts(FileClass.SYMLINK, "symbolic link", "", "", "none", 0, 0, (), NO_SYMBOLS, parsed=True)
_SUBMODULE = Facts(
    FileClass.SUBMODULE, "submodule", "", "", "none", 0, 0, (), NO_SYMBOLS, parsed=True
)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of the index."""

    path: str
    blob: str
    size_bytes: int
    facts: Facts


@dataclass(frozen=True)
class Index:
    """What the repository holds.

    Attributes:
        snapshot: Where it was read from.
        files: In byte order of the paths.
        skipped: What is there but was not read, likewise.
        history: Changes by path.
    """

    snapshot: Snapshot
    files: tuple[SourceFile, ...]
    skipped: tuple[Skipped, ...]
    history: History

    @cached_property
    def by_path(self) -> Mapping[str, SourceFile]:
        """The files by path."""
        return {file.path: file for file in self.files}


def build_index(
    snapshot: Snapshot,
    store: Store,
    *,
    workers: int,
    progress: Progress,
    for_pack: bool = True,
) -> Index:
    """Examine every file of a snapshot, reusing what the store knows.

    Args:
        snapshot: From `read_snapshot`.
        store: Gets what is new.
        workers: Processes to examine new files with.
        progress: Told the bytes examined.
        for_pack: Have symbols and history too, which ranking files without a question needs; a
            search does without.

    Returns:
        The same index for the same snapshot, whatever the store held.
    """
    repo = snapshot.repo if snapshot.origin == "commit" else None
    entries = [entry for entry in snapshot.entries if entry.kind == "file"]
    keys = {entry.path: _key(entry, snapshot.attributes.get(entry.path, {})) for entry in entries}
    stored = {key: texts for key, *texts in store.facts(keys.values(), with_symbols=for_pack)}
    todo = []
    for entry in entries:
        small, symbols = stored.get(keys[entry.path], ("", ""))
        if not small or (for_pack and not symbols):
            attributes = snapshot.attributes.get(entry.path, {})
            work = Work(entry.path, entry.blob, attributes, for_pack, small)
            todo.append((work, entry.size_bytes))
    found: list[tuple[str, str, str]] = []
    lost: list[Skipped] = []
    for work, texts in run_over(
        snapshot.root, repo, examine_work, todo, workers=workers, progress=progress
    ):
        if texts is None:
            lost.append(Skipped(work.path, "could not be examined"))
        else:
            found.append((keys[work.path], *texts))
            stored[keys[work.path]] = list(texts)
    facts = {key: load_facts(*texts) for key, texts in stored.items()}
    store.keep_facts(found)
    history = _history(snapshot) if for_pack else {}
    files = tuple(_files(snapshot, keys, facts))
    skipped = sorted((*snapshot.skipped, *lost), key=lambda item: encode_path(item.path))
    return Index(snapshot, files, tuple(skipped), history)


def open_reader(snapshot: Snapshot) -> Reader:
    """Return a reader of the snapshot's files for this process."""
    return Reader(snapshot.root, snapshot.repo if snapshot.origin == "commit" else None)


def examine_work(reader: Reader, work: Work) -> tuple[str, str] | None:
    """Examine one file in a worker; None if it has gone since it was listed."""
    data = reader.read_bytes(work.path, work.blob)
    if data is None:
        return None
    if work.known:
        return dump_facts(complete(data, work.path, load_facts(work.known, "")))
    return dump_facts(examine(data, work.path, work.attributes, with_symbols=work.with_symbols))


def _key(entry: Entry, attributes: Mapping[str, str]) -> str:
    """Key of a file's facts: its content, and what of its path and attributes they depend on."""
    values = ",".join(f"{name}={value}" for name, value in sorted(attributes.items()))
    return f"{entry.blob}:{values}:{encode_path(entry.path).hex()}"


def _files(
    snapshot: Snapshot, keys: Mapping[str, str], facts: Mapping[str, Facts]
) -> Iterator[SourceFile]:
    for entry in snapshot.entries:
        if entry.kind == "symlink":
            found: Facts | None = _LINK
        elif entry.kind == "submodule":
            found = _SUBMODULE
        else:
            found = facts.get(keys[entry.path])
        if found is not None:
            yield SourceFile(entry.path, entry.blob, entry.size_bytes, found)


def _history(snapshot: Snapshot) -> History:
    if snapshot.repo is None or not snapshot.commit:
        return {}
    return read_history(snapshot.repo, snapshot.commit)
