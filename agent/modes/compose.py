"""The one place that puts a run together: settings -> snapshot, store, index, pack, ranking."""

import contextlib
import hashlib
import os
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bathy.agent.config import Settings
from bathy.agent.errors import BathyError
from bathy.agent.index.repo import Snapshot, chooser, locate, read_snapshot, select
from bathy.agent.index.store import Store, result_key
from bathy.agent.modes.places import Private, cache_folder, open_journal
from bathy.agent.modes.progress import Progress
from bathy.agent.pack.manifest import Manifest, dump_manifest, load_manifest
from bathy.agent.policy import read_policy
from bathy.tools.workspace import quote_path

if TYPE_CHECKING:
    from bathy.agent.index.build import Index
    from bathy.agent.index.examine import Reader
    from bathy.agent.index.live import LiveView
    from bathy.agent.index.symbols import Definition
    from bathy.agent.loop.prompt import Pointer
    from bathy.agent.model.choosing import Candidate, Evidence
    from bathy.agent.model.offline import OfflineAnswer
    from bathy.agent.pack.corpus import Corpus
    from bathy.agent.pack.ranking import Ranking
    from bathy.agent.pack.room import Room

MOST_FILES, MOST_SPANS = 8, 8
"""Files, from the best on, and spans of each that an offline answer may quote."""

POINTERS_SHARE, POINTERS_LEAST_TOKENS = 0.01, 1_000
"""Everything else that goes with them: a hundredth of the base, but so much at least."""

PACK_VERSION = "6"
"""Raised when the same snapshot and settings give another pack than before."""


@dataclass(frozen=True)
class Bench:
    """One repository at one moment, with what earlier runs know of it.

    `denied` are globs of files that no model is ever sent, `denied_files` how many are here;
    `closing` closes with it; `private` says what the tree copies.
    """

    settings: Settings
    snapshot: Snapshot
    store: Store
    cache: Path
    progress: Progress
    closing: contextlib.ExitStack
    denied: tuple[str, ...] = ()
    denied_files: int = 0
    private: Private | None = None

    @property
    def home(self) -> Path:
        """Top folder of the repository as the user knows it, also where a copy is worked on."""
        return self.private.repo if self.private else self.snapshot.root

    @cached_property
    def tree_key(self) -> str:
        """Key of everything that an answer about this snapshot depends on, history included."""
        digest = hashlib.sha256()
        for entry in self.snapshot.entries:
            digest.update(f"{entry.kind} {entry.blob} ".encode() + os.fsencode(entry.path) + b"\0")
        for skipped in self.snapshot.skipped:
            digest.update(b"- " + os.fsencode(skipped.path) + skipped.reason.encode() + b"\0")
        digest.update(repr(sorted(self.snapshot.attributes.items())).encode("utf-8", "replace"))
        return digest.hexdigest()

    def pack(self, *, with_text: bool, window_tokens: int | None = None) -> tuple[Manifest, str]:
        """Pack the repository, or look up how it was packed.

        Args:
            with_text: Return the text as well.
            window_tokens: Of the model that it is for; None for the default model's.

        Returns:
            The manifest, and the text or "".
        """
        from bathy.agent.pack.room import WINDOW_TOKENS, Room

        settings, snapshot = self.settings, self.snapshot
        outlines = settings.context == "map"
        room = Room(settings.budget, window_tokens or WINDOW_TOKENS, outlines)
        state = f"{snapshot.name}:{snapshot.dirty}:{snapshot.commit}"
        key = result_key(PACK_VERSION, self.tree_key, state, repr(room))
        kept = self.store.result("manifest:" + key)
        text = self.store.result("text:" + key) if with_text and kept is not None else None
        if kept is not None and (text is not None or not with_text):
            return load_manifest(kept), text["text"] if text is not None else ""
        return self._make_pack(key, room, self.index)

    def pack_commit(self, commit: str, room: "Room") -> tuple[Manifest, str]:
        """Pack a commit from git's objects, or look up how it was packed.

        Args:
            commit: Full id.
            room: How much of it.

        Returns:
            The manifest and the text; the same for every clone that has the whole history.
        """
        settings = self.settings
        chosen = (*settings.include, "--", *settings.exclude, "--", *self.denied)
        key = result_key(PACK_VERSION, "commit", commit, repr(room), *chosen)
        kept, text = self.store.result("manifest:" + key), self.store.result("text:" + key)
        if kept is not None and text is not None:
            return load_manifest(kept), text["text"]
        snapshot = self.select(
            read_snapshot(self.snapshot.repo, self.snapshot.root, rev=commit, known={})
        )
        return self._make_pack(key, room, self._index_of(snapshot))

    def select(self, snapshot: Snapshot) -> Snapshot:
        """Keep what the settings and the user's policy let through."""
        settings = self.settings
        return select(
            snapshot, include=settings.include, exclude=settings.exclude, denied=self.denied
        )

    def _make_pack(self, key: str, room: "Room", index: "Index") -> tuple[Manifest, str]:
        from bathy.agent.index.build import open_reader
        from bathy.agent.index.tokens import count_tokens
        from bathy.agent.pack.pack import pack_index

        opened = contextlib.closing(open_reader(index.snapshot))
        work = self.progress.bar("counting, and choosing what fits")
        with opened as reader, self.store.counting(count_tokens) as count, work:
            packed = pack_index(
                index,
                room,
                shown=lambda file: reader.read_shown(file.path, file.blob),
                count=count,
            )
        self.store.keep_result("manifest:" + key, dump_manifest(packed.manifest))
        self.store.keep_result("text:" + key, {"text": packed.text})
        return packed.manifest, packed.text

    @cached_property
    def facts(self) -> "Index":
        """What the repository holds, without symbols and history, which a search does without."""
        from bathy.agent.index.build import build_index

        with self.progress.bar("reading the repository") as report:
            return build_index(
                self.snapshot, self.store, workers=self._workers(), progress=report, for_pack=False
            )

    def search(self, question: str) -> "Ranking":
        """Rank files and spans for a question."""
        from bathy.agent.pack.question import parse_question
        from bathy.agent.pack.retrieve import retrieve

        return retrieve(parse_question(question), self.corpus)

    @cached_property
    def corpus(self) -> "Corpus":
        """The files that a search looks at; what every question needs of them is read once."""
        from bathy.agent.modes.corpus import open_corpus

        cache, progress = self.cache, self.progress
        opened = open_corpus(self.facts, self.store, cache, progress, workers=self._workers())
        self.closing.callback(opened.postings.close)
        return opened

    def pointers(
        self, question: str, *, shown: Collection[str], changed: Collection[str], base_tokens: int
    ) -> "list[Pointer]":
        """Find the places that speak to a question, and quote what a model could not see yet.

        Args:
            question: As asked.
            shown: Paths that the base shows in full.
            changed: Paths whose text in the base no longer holds.
            base_tokens: Length of the base, which sets how much may be said beside it.
        """
        from bathy.agent.modes.pointing import choose_pointers, quotes

        with self._reader() as reader:
            quote = quotes(reader, {entry.path: entry.blob for entry in self.snapshot.entries})
            room = max(POINTERS_LEAST_TOKENS, int(base_tokens * POINTERS_SHARE))
            return choose_pointers(
                self.search(question),
                shown=shown,
                changed=changed,
                room_tokens=room,
                quote=quote,
                count=self.count_tokens,
            )

    @contextlib.contextmanager
    def _reader(self) -> "Iterator[Reader]":
        from bathy.agent.index.build import open_reader

        reader = open_reader(self.snapshot)
        try:
            yield reader
        finally:
            reader.close()

    def diff(self, rev: str) -> tuple[str, list[str]]:
        """Return the change since a commit, without secrets, and the blobs of both of its sides.

        Raises:
            RepoError: There is no such commit, or no git.
        """
        from bathy.agent.index.changes import diff_between
        from bathy.agent.index.commits import blobs_by_path, changed_files

        snapshot = self.snapshot
        older = self.select(read_snapshot(snapshot.repo, snapshot.root, rev=rev, known={}))
        changes = changed_files(blobs_by_path(older), blobs_by_path(snapshot))
        blobs = [blob for change in changes for blob in (change.before, change.after) if blob]
        return diff_between(older, snapshot), blobs

    def blobs_of(self, pointers: "Sequence[Pointer]") -> list[str]:
        """Return the blobs that quoted places are taken from."""
        blobs = {quote_path(entry.path): entry.blob for entry in self.snapshot.entries}
        return [blobs[p.place.rpartition(":")[0]] for p in pointers if p.text]

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text exactly, each text once in the life of the cache."""
        from bathy.agent.index.tokens import count_tokens

        with self.store.counting(count_tokens) as count:
            return count(text)

    @property
    def repo_json(self) -> dict[str, object]:
        """What every result says of the repository."""
        found = self.snapshot
        return {"name": found.name, "commit": found.commit or None, "dirty": found.dirty}

    @contextlib.contextmanager
    def view(self) -> "Iterator[LiveView]":
        """Open the repository for tools and citations; what the index knows is read once asked."""
        from bathy.agent.index.examine import WITH_SYMBOLS
        from bathy.agent.index.live import LiveView

        lock = threading.Lock()

        def known_symbols(path: str) -> "Sequence[Definition] | None":
            with lock:
                file = self._index_for_threads().by_path.get(path)
            # Classes that no pack ranks by symbols are taken for parsed, and have none there.
            has_symbols = file and file.facts.parsed and file.facts.file_class in WITH_SYMBOLS
            return file.facts.symbols.definitions if file and has_symbols else None

        view = LiveView(self.snapshot, known_symbols, chooser((), (), self.denied))
        try:
            yield view
        finally:
            view.close()

    def _index_for_threads(self) -> "Index":
        """The index, for a thread that asks while others run.

        It opens the store anew, since SQLite's connections belong to their threads, and starts no
        processes.
        """
        if "index" not in self.__dict__:
            from bathy.agent.index.build import build_index

            with Store(self.cache / "index.sqlite") as store:
                self.__dict__["index"] = build_index(
                    self.snapshot, store, workers=1, progress=lambda _done, _total: None
                )
        return self.index

    @cached_property
    def index(self) -> "Index":
        """What the repository holds, with symbols and history."""
        return self._index_of(self.snapshot)

    def _index_of(self, snapshot: Snapshot) -> "Index":
        from bathy.agent.index.build import build_index

        is_now = snapshot is self.snapshot
        what = "reading the repository" if is_now else f"reading the commit {snapshot.commit[:8]}"
        with self.progress.bar(what) as report:
            return build_index(snapshot, self.store, workers=self._workers(), progress=report)

    def answer(self, question: str) -> "OfflineAnswer":
        """Answer from the index alone."""
        from bathy.agent.model.offline import answer_offline

        ranking = self.search(question)
        blobs = {entry.path: entry.blob for entry in self.snapshot.entries}
        with self._reader() as reader:

            def lines_of(path: str) -> Sequence[str]:
                text = reader.read_shown(path, blobs[path]) or ""
                return text.removesuffix("\n").split("\n") if text else ()

            evidence = evidence_of(ranking, lines_of)
            return answer_offline(question, evidence, lines_of=lines_of, words=ranking.words)

    def _workers(self) -> int:
        from bathy.agent.index.workers import default_workers

        return self.settings.workers or default_workers()


def evidence_of(ranking: "Ranking", lines_of: Callable[[str], Sequence[str]]) -> "list[Evidence]":
    """Choose the places of a ranking that are quoted to people.

    Args:
        ranking: For their question.
        lines_of: A file's lines, without their LF; () if it has gone.
    """
    from bathy.agent.model.choosing import Candidate, Evidence, choose_evidence

    def candidates() -> "Iterator[Candidate]":
        for file in ranking.files[:MOST_FILES]:
            best = max((span.score for span in file.spans), default=0.0)
            for span in file.spans[:MOST_SPANS]:
                place = (file.path, span.start_line, span.end_line, span.symbol, file.why)
                share = span.score / best if best > 0 else 0.0
                yield Candidate(Evidence(*place), file.score, share)

    return choose_evidence(candidates(), cache(lines_of))


@contextlib.contextmanager
def open_bench(
    settings: Settings, progress: Progress, private: Private | None = None
) -> Iterator[Bench]:
    """Open the repository that the settings name.

    Args:
        settings: Of this run.
        progress: Gets notices and bars.
        private: What the folder is a copy of, if it is one.

    Raises:
        BathyError: It cannot be read, or nothing in it can.
    """
    repo = locate(settings.folder)
    place = repo.common_dir if repo else settings.folder.resolve()
    cache = private.cache if private else cache_folder(place)
    with Store(cache / "index.sqlite") as store, contextlib.ExitStack() as closing:
        # The states of a copy's files would take the place of those of the user's own.
        known = {} if settings.rev is not None or private else store.states()
        found = read_snapshot(repo, settings.folder, rev=settings.rev, known=known)
        if found.origin != "commit" and private is None:
            store.keep_states(found.stated, known)
            _recover(found.root, progress)
        denied = read_policy().denied_paths
        allowed = select(found, include=(), exclude=(), denied=denied)
        snapshot = select(allowed, include=settings.include, exclude=settings.exclude)
        if not snapshot.entries:
            raise BathyError(_nothing(found, settings))
        for notice in snapshot.notices:
            progress.say(notice)
        if repo is not None and (repo.common_dir / "shallow").exists():
            progress.say("this clone is shallow: file order by history may differ from a full one")
        held = len(found.entries) - len(allowed.entries)
        yield Bench(settings, snapshot, store, cache, progress, closing, denied, held, private)


def _recover(root: Path, progress: Progress) -> None:
    """Put right what an earlier process left half written; reading goes on if that fails."""
    from bathy.tools.journal import JournalError

    try:
        for notice in open_journal().recover(root):
            progress.say(notice)
    except JournalError as error:
        progress.say(f"an earlier patch was interrupted and is left as it is: {error}")


def _nothing(found: Snapshot, settings: Settings) -> str:
    if found.entries:
        return "no file is left after --include, --exclude and `denied_paths`; widen them"
    what = f"the commit {settings.rev}" if settings.rev else f"{found.root}"
    return f"{what} holds no files that can be read"
