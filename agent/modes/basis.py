"""A repository -> the frozen base that its conversations begin with, and the overlay on it.

The base is made of one commit, chosen by git alone, so that every clone makes the same bytes and
shares what the service keeps of them. What differs from it is appended, commit by commit. Where
git gives no base (a plain folder, a history too short, too much changed at once) the ledger
remembers one.
"""

import contextlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from bathy.agent.errors import RepoError
from bathy.agent.index.commits import (
    CommitChange,
    blobs_by_path,
    changed_files,
    read_commits,
)
from bathy.agent.index.examine import Reader
from bathy.agent.index.mainline import base_candidates, is_shallow, read_line, shared_line
from bathy.agent.index.repo import NO_OBJECT, chooser, read_snapshot
from bathy.agent.index.store import result_key
from bathy.agent.loop.forecast import EXPIRED_S
from bathy.agent.loop.ledger import Ledger
from bathy.agent.loop.prompt import base_id
from bathy.agent.loop.record import RecordError, keep_text, kept_text
from bathy.agent.loop.sessions import sessions_folder
from bathy.agent.model.catalog import Model
from bathy.agent.modes.compose import PACK_VERSION, Bench
from bathy.agent.pack.drift import Drift, Part, ReadText, dump_part, load_part, shown_paths
from bathy.agent.pack.manifest import Manifest, dump_manifest, load_manifest
from bathy.agent.pack.overlay import Overlay
from bathy.agent.pack.render import full_texts, quoted_path
from bathy.agent.pack.room import Room
from bathy.tools.git import GitRepo

OVERLAY_VERSION = "1"
"""Raised when the same commits give another overlay than before."""

TURN_TOKENS = 20
"""Tokens of a turn that tells of a change, beside its text, and of the fixed reply."""

OVERLAY_SHARE = 0.25
"""Part of the base's tokens that its overlay may take before a newer base is looked for."""


@dataclass(frozen=True, slots=True)
class Base:
    """What the first turn of a conversation holds.

    Attributes:
        commit: Full id of the commit that it was made of; "" for files on disk.
        manifest: What it holds.
        text: The bytes.
        level: One commit in so many is chosen; 0 if the ledger remembers the base.
        note: Why another clone would make another base; "" if it would not.
    """

    commit: str
    manifest: Manifest
    text: str
    level: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Basis:
    """A base and what has changed since.

    Attributes:
        base: Frozen.
        overlay: Appended.
        overlay_tokens: Length of it.
        behind: Commits between the base and the one that is looked at.
    """

    base: Base
    overlay: Overlay
    overlay_tokens: int
    behind: int

    @property
    def commits(self) -> tuple[str, ...]:
        """Blocks of the commits since the base, oldest first."""
        texts = (block.text for block in self.overlay.blocks)
        return tuple(text for text in texts if not text.startswith("<uncommitted"))

    @property
    def files(self) -> str:
        """What of the overlay is not committed; "" if nothing is."""
        last = self.overlay.blocks[-1].text if self.overlay.blocks else ""
        return last if last.startswith("<uncommitted") else ""


class BasisFinder:
    """Chooses the base of one bench and makes the overlay on it."""

    def __init__(self, bench: Bench, model: Model, ledger: Ledger, *, is_dry: bool = False) -> None:
        """Set up.

        Args:
            bench: The repository.
            model: That is going to read it.
            ledger: Remembers bases that git does not give.
            is_dry: Nothing is going to be sent, so nothing new is to be remembered.
        """
        self._bench, self._model, self._ledger = bench, model, ledger
        self._is_dry = is_dry
        settings = bench.settings
        self._room = Room(settings.budget, model.window_tokens, settings.context == "map")
        self._is_wanted = chooser(settings.include, settings.exclude, bench.denied)
        self._repo = str(bench.snapshot.root)
        chosen = (*settings.include, "--", *settings.exclude, "--", *bench.denied)
        self._key = result_key(PACK_VERSION, repr(self._room), *chosen)

    def find(self) -> Basis:
        """Choose, and make what is missing.

        Raises:
            BathyError: The repository cannot be read.
        """
        snapshot = self._bench.snapshot
        if snapshot.repo is None or not snapshot.commit:
            return self._of_folder()
        line = self._line
        for level, commit in base_candidates(shared_line(snapshot.repo, snapshot.commit)):
            base = self._of_commit(commit, level)
            parts = self._commit_parts(base, line.index(commit))
            if tokens_of(parts) <= self._most(base):
                return self._with_files(base, parts, line.index(commit))
        return self._remembered()

    def news(
        self, base_commit: str, base_text: str, since: str
    ) -> tuple[tuple[str, ...], str] | None:
        """Say what a conversation that goes on does not know yet.

        Args:
            base_commit: Of its base; "" for files on disk.
            base_text: Its base.
            since: Commit that it knows of; "" without commits.

        Returns:
            The blocks of newer commits, and that of uncommitted changes, all of them, or ""; None
            if nothing is known of what it was shown.
        """
        snapshot = self._bench.snapshot
        if not base_commit or snapshot.repo is None:
            base = self._kept_folder(self._ledger.remembered(self._repo, self._key) or {})
            if base is None or base.text != base_text:
                return None
            files = self._files_part(base, ())
            return (), files.block.text if files else ""
        base, line = self._of_commit(base_commit, 0), self._line
        if base_commit in line and since in line:
            parts = self._commit_parts(base, line.index(base_commit))
            new = parts[len(parts) - line.index(since) :]
        else:
            try:
                parts = new = (self._rewritten(base, since),)
            except RepoError:  # the commit has gone
                return None
        files = self._files_part(base, parts)
        texts = tuple(part.block.text for part in new if part.block.text)
        return texts, files.block.text if files else ""

    def _rewritten(self, base: Base, since: str) -> Part:
        """One block for all that differs from a commit that is no longer on the line."""
        snapshot = self._bench.snapshot
        assert snapshot.repo is not None
        then, now = self._blobs_at(since), self._blobs_at(snapshot.commit)
        what = f"history was rewritten; this is all that differs from {since[:12]}"
        with reading(snapshot.root, snapshot.repo) as read:
            drift = self._drift(base, read, read)
            return drift.of_commit(CommitChange(snapshot.commit, what, changed_files(then, now)))

    def _blobs_at(self, commit: str) -> Mapping[str, str]:
        snapshot = self._bench.snapshot
        found = read_snapshot(snapshot.repo, snapshot.root, rev=commit, known={})
        return blobs_by_path(self._bench.select(found))

    @cached_property
    def _line(self) -> tuple[str, ...]:
        snapshot = self._bench.snapshot
        assert snapshot.repo is not None
        return read_line(snapshot.repo, snapshot.commit)

    def _most(self, base: Base) -> int:
        """Tokens that an overlay on a base may have: a quarter of it, and half of what is left."""
        tokens = base.manifest.tokens
        return min(int(tokens * OVERLAY_SHARE), (self._model.window_tokens - tokens) // 2)

    def _remembered(self) -> Basis:
        """The commit that the ledger remembers, while it serves; else the one looked at."""
        snapshot, line = self._bench.snapshot, self._line
        kept = self._ledger.remembered(self._repo, self._key) or {}
        commit = str(kept.get("commit", ""))
        if commit in line:
            base = self._of_commit(commit, 0)
            parts = self._commit_parts(base, line.index(commit))
            if tokens_of(parts) <= self._most(base) and not self._is_due(kept, base):
                return self._with_files(base, parts, line.index(commit))
        base = self._of_commit(snapshot.commit, 0)
        self._remember({"commit": snapshot.commit, "base_id": base_id(base.text)})
        return self._with_files(base, (), 0)

    def _of_folder(self) -> Basis:
        """The files as the ledger remembers them, while that serves; else as they are now."""
        kept = self._ledger.remembered(self._repo, self._key) or {}
        base = self._kept_folder(kept)
        if base is not None:
            basis = self._with_files(base, (), 0)
            if basis.overlay_tokens <= self._most(base) and not self._is_due(kept, base):
                return basis
        manifest, text = self._bench.pack(with_text=True, window_tokens=self._model.window_tokens)
        base = Base("", manifest, text, 0, "a folder without commits: only this machine has it")
        if not self._is_dry:
            folder, account = sessions_folder(), json.dumps(dump_manifest(manifest))
            texts = {"text": keep_text(folder, text), "manifest": keep_text(folder, account)}
            self._remember({"base_id": base_id(text), **texts})
        return Basis(base, Overlay(), 0, 0)

    def _remember(self, body: Mapping[str, Any]) -> None:
        if not self._is_dry:
            self._ledger.remember(self._repo, self._key, body, time.time())

    def _kept_folder(self, kept: Mapping[str, Any]) -> Base | None:
        if not kept.get("text"):
            return None
        try:
            text = kept_text(sessions_folder(), kept["text"])
            manifest = load_manifest(json.loads(kept_text(sessions_folder(), kept["manifest"])))
        except RecordError:
            return None
        return Base("", manifest, text, 0, "a folder without commits: only this machine has it")

    def _is_due(self, kept: Mapping[str, Any], base: Base) -> bool:
        """Whether a remembered base is to be made anew.

        It costs nothing once the service has surely forgotten it. Before that it is time when
        carrying the overlay has cost as much as one miss of the base would: whoever rents for so
        long, never pays more than twice of what he would have paid had he known the future.
        """
        base_id, prices = str(kept.get("base_id", "")), self._model.prices
        used_s = self._ledger.last_used(self._repo, base_id)
        if used_s is not None and time.time() - used_s > EXPIRED_S:
            return True
        if prices is None:
            return False
        miss_usd = base.manifest.tokens * (prices.miss - prices.hit) / 1e6
        return self._ledger.carried_usd(self._repo, base_id, prices.hit) > miss_usd

    def _of_commit(self, commit: str, level: int) -> Base:
        manifest, text = self._bench.pack_commit(commit, self._room)
        return Base(commit, manifest, text, level, self._note(level, manifest))

    def _note(self, level: int, manifest: Manifest) -> str:
        """Why other clones do not share this base."""
        repo = self._bench.snapshot.repo
        assert repo is not None
        if is_shallow(repo):
            return "this clone is shallow, so its order by history differs from that of full ones"
        if any(entry.reason == NO_OBJECT for entry in manifest.files):
            return "this clone lacks objects of that commit, as partial clones do"
        if (repo.common_dir / "info" / "attributes").is_file():
            return "this clone has attributes of its own in .git/info"
        if not level:
            return "the history gives no base yet, or too much has changed since the last one"
        return ""

    def _commit_parts(self, base: Base, behind: int) -> tuple[Part, ...]:
        """The parts of the overlay that commits make, oldest first, from the cache or anew."""
        if not behind:
            return ()
        store, snapshot = self._bench.store, self._bench.snapshot
        newer = self._line[:behind][::-1]
        keys = [result_key(OVERLAY_VERSION, self._base_key(base), commit) for commit in newer]
        bodies = store.changes(keys)
        if all(key in bodies for key in keys):
            return tuple(load_part(bodies[key]) for key in keys)
        assert snapshot.repo is not None
        commits = read_commits(snapshot.repo, snapshot.commit, behind)
        with reading(snapshot.root, snapshot.repo) as read:
            drift = self._drift(base, read, read)
            missing = [c for c, key in zip(commits, keys, strict=True) if key not in bodies]
            drift.prepare(change for commit in missing for change in commit.files)
            parts = []
            for commit, key in zip(commits, keys, strict=True):
                if key in bodies:
                    parts.append(load_part(bodies[key]))
                    drift.follow(parts[-1])
                else:
                    parts.append(self._counted(drift.of_commit(commit)))
        store.keep_changes({k: dump_part(p) for k, p in zip(keys, parts, strict=True)})
        return tuple(parts)

    def _with_files(self, base: Base, parts: tuple[Part, ...], behind: int) -> Basis:
        """Add what the files on disk hold beside the commits."""
        files = self._files_part(base, parts)
        found = (*parts, files) if files is not None else parts
        blocks = tuple(part.block for part in found if part.block.text)
        return Basis(base, Overlay(blocks), tokens_of(found), behind)

    def _files_part(self, base: Base, parts: tuple[Part, ...]) -> Part | None:
        snapshot = self._bench.snapshot
        if snapshot.origin == "commit":
            return None
        unknown = {skipped.path for skipped in snapshot.skipped}
        changes = changed_files(self._committed(base), blobs_by_path(snapshot), unknown)
        if not changes:
            return None
        store = self._bench.store
        state = [f"{change.path}\0{change.before}\0{change.after}" for change in changes]
        key = result_key(OVERLAY_VERSION, self._base_key(base), snapshot.commit, *state)
        kept = store.changes([key])
        if key in kept:
            return load_part(kept[key])
        with self._reads(base) as before, reading(snapshot.root, None) as after:
            drift = self._drift(base, before, after)
            for part in parts:
                drift.follow(part)
            part = self._counted(drift.of_files(changes))
        store.keep_changes({key: dump_part(part)})
        return part

    def _committed(self, base: Base) -> Mapping[str, str]:
        """Blob ids by path of what the files on disk are compared with."""
        if base.commit:
            return self._blobs_at(self._bench.snapshot.commit)
        return {e.path: e.blob for e in base.manifest.files if e.blob}

    @contextlib.contextmanager
    def _reads(self, base: Base) -> Iterator[ReadText]:
        """Read the texts that the files on disk are compared with."""
        snapshot = self._bench.snapshot
        if base.commit:
            with reading(snapshot.root, snapshot.repo) as read:
                yield read
        else:
            texts = full_texts(base.text)
            yield lambda path, _blob: texts.get(quoted_path(path))

    def _drift(self, base: Base, before: ReadText, after: ReadText) -> Drift:
        files = base.manifest.files
        shown = shown_paths((entry.path, entry.level) for entry in files)
        classes = {entry.path: entry.file_class for entry in files}
        return Drift(shown, classes, self._is_wanted, before, after)

    def _counted(self, part: Part) -> Part:
        tokens = self._bench.count_tokens(part.block.text)
        return replace(part, block=replace(part.block, tokens=tokens))

    def _base_key(self, base: Base) -> str:
        return result_key(self._key, base.commit or base_id(base.text))


def tokens_of(parts: Sequence[Part]) -> int:
    """Return the tokens of an overlay of such parts; 0 if they say nothing."""
    return sum(part.block.tokens + TURN_TOKENS for part in parts if part.block.text)


@contextlib.contextmanager
def reading(root: Path, repo: GitRepo | None) -> Iterator[ReadText]:
    """Read texts as shown, from git's objects or from disk."""
    with contextlib.closing(Reader(root, repo)) as reader:
        yield reader.read_shown
