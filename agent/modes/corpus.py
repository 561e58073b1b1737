"""The files of a snapshot and what earlier runs know of it -> what questions are put to."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bathy.agent.index.build import Index
from bathy.agent.index.cut import CutWork, cut_file
from bathy.agent.index.past import NO_PAST, Past, dump_past, load_past, read_past
from bathy.agent.index.postings import Postings
from bathy.agent.index.repo import Snapshot
from bathy.agent.index.span_terms import IndexedSpan
from bathy.agent.index.store import Store, result_key
from bathy.agent.index.workers import run_over
from bathy.agent.modes.progress import Progress
from bathy.agent.pack.corpus import Corpus, CorpusFile


def open_corpus(
    index: Index, store: Store, cache: Path, progress: Progress, *, workers: int
) -> Corpus:
    """Open a repository for questions; its words are indexed with the first one.

    Args:
        index: Its files; symbols and history are not needed.
        store: Gets what is new.
        cache: Folder of the index of words.
        progress: Told what takes long.
        workers: Processes to read new files with.

    Returns:
        The corpus, for this thread; whoever opens it closes its postings.
    """
    files = [
        CorpusFile(f.path, f.blob, f.facts.file_class) for f in index.files if f.facts.encoding
    ]
    past = _past(index.snapshot, store)
    progress.trace("read")

    def spans_of(
        missing: Sequence[CorpusFile],
    ) -> Iterator[tuple[str, Sequence[IndexedSpan]]]:
        return _spans(index, missing, progress, workers)

    return Corpus(files, Postings(cache / "postings.sqlite"), spans_of, past)


def _past(snapshot: Snapshot, store: Store) -> Past:
    """What the main line says before the snapshot's commit, read once a commit."""
    repo, commit = snapshot.repo, snapshot.commit
    if repo is None or not commit:
        return NO_PAST
    key = result_key("past", commit)
    if (kept := store.past(key)) is not None:
        return load_past(kept)
    past = read_past(repo, commit)
    # What could not be read now, or is still to be fetched, may be there the next time.
    if past.is_whole and not (repo.common_dir / "shallow").exists():
        store.keep_past(key, dump_past(past))
    return past


def _spans(
    index: Index, missing: Sequence[CorpusFile], progress: Progress, workers: int
) -> Iterator[tuple[str, Sequence[IndexedSpan]]]:
    """Cut and count the words of files, in processes."""
    found = (index.by_path[file.path] for file in missing)
    todo = [(CutWork(f.path, f.blob, f.facts.language), f.size_bytes) for f in found]
    snapshot = index.snapshot
    repo = snapshot.repo if snapshot.origin == "commit" else None
    with progress.bar("indexing words") as report:
        for work, spans in run_over(
            snapshot.root, repo, cut_file, todo, workers=workers, progress=report
        ):
            yield work.blob, spans or ()
