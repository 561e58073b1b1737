"""A base, and commits and files since -> the parts of its overlay, from the cache or made anew."""

import contextlib
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from bathy.agent.index.commits import (
    CommitChange,
    FileChange,
    blobs_by_path,
    changed_files,
    narrowed,
    read_commits,
    readable_blobs,
    tree_blobs,
)
from bathy.agent.index.examine import Reader
from bathy.agent.index.files import FileClass
from bathy.agent.index.repo import OUT_OF_SIGHT, blob_id, chooser
from bathy.agent.index.store import result_key
from bathy.agent.modes.compose import Bench
from bathy.agent.pack.drift import (
    Drift,
    Part,
    ReadText,
    counted,
    dump_part,
    load_part,
    reading,
    shown_paths,
    tokens_of,
    weight_of,
)
from bathy.agent.pack.manifest import Manifest
from bathy.agent.pack.render import full_texts, quoted_path
from bathy.tools.git import GitError, GitRepo

UNREAD = "unread"
"""Stands for the id of a file that cannot be read."""

OVERLAY_VERSION = "2"
"""Raised when the same commits give another overlay than before."""

_MANY_FILES = 50
_LEAST_TOKENS = 30  # of a file that has changed, however little
_NO_FILES = (FileClass.SYMLINK, FileClass.SUBMODULE)


class PartsMaker:
    """Makes the parts of the overlay on one base."""

    def __init__(
        self, bench: Bench, base_key: str, commit: str, packed: tuple[Manifest, str]
    ) -> None:
        """Set up.

        Args:
            bench: The repository.
            base_key: Names the base, and with which settings it was made.
            commit: That it was made of; "" for files on disk.
            packed: Its manifest and text.
        """
        self._bench, self._key, self._commit = bench, base_key, commit
        self._manifest, self._text = packed
        settings = bench.settings
        self._is_wanted = chooser(settings.include, settings.exclude, bench.denied)

    @property
    def _repo(self) -> GitRepo:
        repo = self._bench.snapshot.repo
        assert repo is not None
        return repo

    @cached_property
    def _classes(self) -> Mapping[str, str]:
        return {entry.path: entry.file_class for entry in self._manifest.files}

    def of_commits(self, newer: Sequence[str], most: int | None = None) -> tuple[Part, ...] | None:
        """Make the parts of the commits after the base.

        Args:
            newer: Their ids, oldest first, each the first parent of the next; the last is the one
                that the bench looks at.
            most: Tokens that all of them may have.

        Returns:
            A part for each; None if they have more tokens than that, or would have if all could be
            told.

        Raises:
            GitError: git fails, or a partial clone lacks what they changed.
        """
        store = self._bench.store
        keys = [result_key(OVERLAY_VERSION, self._key, commit) for commit in newer]
        kept = {key: load_part(body) for key, body in store.changes(keys).items()}
        parts, new, tokens = list[Part](), dict[str, Part](), 0
        is_too_much = False
        with contextlib.closing(self._made(keys, newer, kept)) as made:
            for key, part in made:
                parts.append(part)
                if key not in kept:
                    new[key] = part
                tokens += weight_of([part])
                is_too_much = most is not None and (tokens > most or not part.is_whole)
                if is_too_much:
                    break
        if new:
            store.keep_changes({key: dump_part(part) for key, part in new.items()})
        return None if is_too_much else tuple(parts)

    def _made(
        self, keys: Sequence[str], newer: Sequence[str], kept: Mapping[str, Part]
    ) -> Generator[tuple[str, Part], None, None]:
        """(key, part) of each commit after a base, oldest first, made when it is asked for."""
        at = next((at for at, key in enumerate(keys) if key not in kept), len(keys))
        yield from ((key, kept[key]) for key in keys[:at])
        if at == len(keys):
            return
        found = {c.commit: c for c in read_commits(self._repo, newer[-1], len(keys) - at)}
        if any(commit not in found for commit in newer[at:]):
            raise GitError("git log and git rev-list tell of other commits")
        commits = [found[commit] for commit in newer[at:]]
        changes = self._wanted(change for commit in commits for change in commit.files)
        readable = readable_blobs(self._repo, changes)
        with reading(self._repo.root, self._repo, readable) as read:
            drift = self._drift(read, read, self._shown_after(kept[key] for key in keys[:at]))
            for key, part in zip(keys[at:], drift.of_commits(commits), strict=True):
                yield key, self._counted(part)

    def _wanted(self, changes: Iterable[FileChange]) -> list[FileChange]:
        found = (narrowed(change, self._is_wanted) for change in changes)
        return [change for change in found if change is not None]

    def of_files(self, parts: Iterable[Part], most: int | None = None) -> Part | None:
        """Make the part of the files on disk.

        Args:
            parts: That stand before it.
            most: Tokens that it may have; if it had more, files are only named.

        Returns:
            What differs from the last commit, or from a base that is none; None if nothing does.

        Raises:
            GitError: git fails, or a partial clone lacks what was changed.
        """
        snapshot, store = self._bench.snapshot, self._bench.store
        if snapshot.origin == "commit":
            return None
        unknown = {skipped.path for skipped in snapshot.skipped}
        then, now = self._committed(), blobs_by_path(snapshot)
        changes = list(self._beside_line_ends(self._wanted(changed_files(then, now, unknown))))
        shown = self._shown_after(parts)
        # Of what cannot be read any more only the name is known, and that it may be another.
        odd = {s.path for s in snapshot.skipped if s.reason != OUT_OF_SIGHT}
        lost = [FileChange(p, then[p], UNREAD) for p in sorted(odd & then.keys() & shown)]
        changes += self._wanted(lost)
        if not changes:
            return None
        state = (f"{c.path}\0{c.before}\0{c.after}\0{c.path in shown}" for c in changes)
        limits = f"{snapshot.commit}:{most}"
        key = result_key(OVERLAY_VERSION, self._key, limits, *state)
        kept = store.changes([key])
        if key in kept:
            return load_part(kept[key])
        part = self._made_files(shown, changes, most)
        store.keep_changes({key: dump_part(part)})
        return part

    def of_jump(self, since: str, why: str, most: int) -> Part:
        """Make one part of all that differs between a commit and the one looked at.

        Args:
            since: Its id.
            why: What to say of it, in place of a commit's subject.
            most: Tokens that it may have; if it had more, files are only named.

        Raises:
            GitError: The commit has gone, or a partial clone lacks what was changed.
        """
        commit = self._bench.snapshot.commit
        then, now = (tree_blobs(self._repo, one) for one in (since, commit))
        change = CommitChange(commit, why, changed_files(then, now))
        readable = readable_blobs(self._repo, self._wanted(change.files))
        # What the conversation was told of since its base is not known here, so that every file
        # that differs is taken for shown.
        shown = self._shown_after(()) | {p for c in change.files for p in (c.path, c.old_path) if p}
        with reading(self._repo.root, self._repo, readable) as read:
            (part,) = self._drift(read, read, shown).of_commits([change])
            part = self._counted(part)
            if tokens_of([part]) > most:
                part = self._counted(self._drift(read, read, shown).names_of_commit(change))
        return part

    def _made_files(self, shown: set[str], changes: list[FileChange], most: int | None) -> Part:
        root = self._bench.snapshot.root
        least = sum(change.path in shown for change in changes) * _LEAST_TOKENS
        with self._reads(changes) as before, reading(root, None) as after:
            if most is None or least <= most:
                part = self._counted(self._drift(before, after, shown).of_files(changes))
                if most is None or tokens_of([part]) <= most:
                    return part
            return self._counted(self._drift(before, after, shown).names_of_files(changes))

    def _beside_line_ends(self, changes: list[FileChange]) -> list[FileChange]:
        """Leave out the files that differ in CRLF alone, as all do in some checkouts.

        Few are left to the comparison of texts; of many it is remembered which they are.
        """
        both = {change.after: change.path for change in changes if change.before and change.after}
        if len(both) < _MANY_FILES:
            return changes
        store, key = self._bench.store, result_key(OVERLAY_VERSION, "line ends")
        kept = store.changes([key]).get(key, {})
        plain = {blob: kept[blob] for blob in both if blob in kept}
        with contextlib.closing(Reader(self._bench.snapshot.root, None)) as reader:
            for blob in both.keys() - plain.keys():
                data = reader.read_bytes(both[blob], blob)
                if data is not None and blob_id(data) == blob:
                    plain[blob] = blob_id(data.replace(b"\r\n", b"\n"))
        if plain.keys() != kept.keys():
            store.keep_changes({key: plain})
        return [c for c in changes if not c.before or plain.get(c.after) != c.before]

    def _committed(self) -> Mapping[str, str]:
        """Blob ids by path of what the files on disk are compared with."""
        if self._commit:
            return tree_blobs(self._repo, self._bench.snapshot.commit)
        files = (e for e in self._manifest.files if e.file_class not in _NO_FILES)
        return {e.path: e.blob for e in files if e.blob}

    @contextlib.contextmanager
    def _reads(self, changes: list[FileChange]) -> Iterator[ReadText]:
        """Read the texts that the files on disk are compared with."""
        if self._commit:
            olds = (FileChange(c.path, "", c.before) for c in changes if c.after)
            readable = readable_blobs(self._repo, olds)
            with reading(self._repo.root, self._repo, readable) as read:
                yield read
        else:
            texts = full_texts(self._text)
            yield lambda path, _blob: texts.get(quoted_path(path))

    def _shown_after(self, parts: Iterable[Part]) -> set[str]:
        """Paths of which some text stands in the prompt after some parts."""
        shown = shown_paths((entry.path, entry.level) for entry in self._manifest.files)
        for part in parts:
            shown.difference_update(part.end)
            shown.update(part.begin)
        return shown

    def _drift(self, before: ReadText, after: ReadText, shown: set[str]) -> Drift:
        return Drift(set(shown), self._classes, self._is_wanted, before, after)

    def _counted(self, part: Part) -> Part:
        return counted(part, self._bench.count_tokens)
