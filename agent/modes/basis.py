"""A repository -> the frozen base that its conversations begin with, and the overlay on it.

The base is made of one commit, chosen by git alone, so that every clone makes the same bytes and
shares what the service keeps of them. What differs from it is appended, commit by commit. Where
git gives no base (a plain folder, a history too short, too much changed at once) the ledger
remembers one.
"""

import contextlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from bathy.agent.errors import RepoError
from bathy.agent.index.mainline import base_candidates, read_line, shared_line, why_unlike
from bathy.agent.index.repo import NO_OBJECT
from bathy.agent.index.store import result_key
from bathy.agent.loop.forecast import EXPIRED_S
from bathy.agent.loop.ledger import Ledger
from bathy.agent.loop.prompt import base_id
from bathy.agent.loop.record import RecordError, keep_text, kept_text
from bathy.agent.loop.sessions import sessions_folder
from bathy.agent.model.catalog import Model
from bathy.agent.modes.compose import PACK_VERSION, Bench
from bathy.agent.modes.parts import PartsMaker
from bathy.agent.pack.drift import Part, tokens_of, weight_of
from bathy.agent.pack.manifest import Manifest, dump_manifest, load_manifest
from bathy.agent.pack.overlay import Overlay
from bathy.agent.pack.room import Room
from bathy.tools.git import GitError

OVERLAY_SHARE = 0.25
"""Part of the base's tokens that its overlay may take before a newer base is looked for."""

FILES_TOKENS = 32_000
"""Uncommitted changes, or news of a conversation, may take so much beside a small base, too."""

FOLDER = "a folder without commits: only this machine has it"
LACKING = "this clone lacks objects of older commits, as partial clones do"
UNCHOSEN = "the history gives no base yet, or too much has changed since the last one"
REWRITTEN = "another line of commits is looked at; this is all that differs from {}"
FAR = "too much to tell commit by commit; this is all that differs from {}"


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


@dataclass(frozen=True, slots=True)
class News:
    """What a conversation that goes on does not know yet.

    Attributes:
        commits: Blocks of newer commits, oldest first.
        files: Block of uncommitted changes, all of them, or "".
        blobs: Ids of what the blocks were taken from.
        base: Of the conversation.
        changed: Paths whose text in the base no longer holds.
    """

    commits: tuple[str, ...]
    files: str
    blobs: tuple[str, ...]
    base: Base
    changed: frozenset[str]


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
        self._is_dry, self._is_lacking = is_dry, False
        settings = bench.settings
        self._room = Room(settings.budget, model.window_tokens, settings.context == "map")
        self._repo = str(bench.home)
        chosen = (*settings.include, "--", *settings.exclude, "--", *bench.denied)
        self._key = result_key(PACK_VERSION, repr(self._room), *chosen)

    def find(self) -> Basis:
        """Choose, and make what is missing.

        Raises:
            BathyError: The repository cannot be read.
        """
        snapshot = self._bench.snapshot
        if snapshot.repo is None or not snapshot.commit:
            return self._of_folder(FOLDER)
        try:
            shared = shared_line(snapshot.repo, self._line)
            for level, commit in base_candidates(shared.commits):
                if (basis := self._attempt(commit, level, shared.note)) is not None:
                    return basis
            return self._remembered()
        except GitError as error:
            raise RepoError(f"git cannot read {snapshot.root}: {error}") from error

    def news(self, base_commit: str, base_text: str, since: str) -> News | None:
        """Say what a conversation that goes on does not know yet.

        Args:
            base_commit: Of its base; "" for files on disk.
            base_text: Its base.
            since: Commit that it knows of; "" without commits.

        Returns:
            None if nothing is known of what it was shown.
        """
        snapshot, parts = self._bench.snapshot, tuple[Part, ...]()
        try:
            if base_commit and snapshot.repo is not None:
                base = self._of_commit(base_commit, 0)
                # Other globs, or another budget, than those that the session began with.
                if base.text != base_text:
                    return None
                parts, new = self._since(base, since)
            else:
                kept = self._kept_folder(self._ledger.remembered(self._repo, self._key) or {})
                if kept is None or kept.text != base_text:
                    return None
                base, new = kept, ()
            part = self._maker(base).of_files(parts, self._most_files(base, parts))
        except (GitError, RepoError):  # the commits have gone
            return None
        told = [one.block for one in (*new, part) if one is not None and one.block.text]
        texts = tuple(block.text for block in told if not block.text.startswith("<uncommitted"))
        files = part.block.text if part is not None else ""
        blobs = tuple(dict.fromkeys(blob for block in told for blob in block.blobs))
        every = (*parts, part) if part is not None else parts
        changed = frozenset(path for one in every for path in one.block.paths)
        return News(texts, files, blobs, base, changed)

    def _since(self, base: Base, since: str) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
        """(parts that lead from the base to now, those of them that came after a commit)."""
        line, why = self._line, REWRITTEN
        if base.commit in line and since in line:
            behind, known = line.index(base.commit), line.index(since)
            # A conversation that was last at a commit before its base was told how it got there.
            if known <= behind:
                with contextlib.suppress(GitError):
                    parts = self._maker(base).of_commits(line[:behind][::-1]) or ()
                    new = parts[len(parts) - known :]
                    if tokens_of(new) <= self._most_files(base, ()):
                        return parts, new
                why = FAR
        most = self._most_files(base, ())
        part = self._maker(base).of_jump(since, why.format(since[:12]), most)
        return (part,), (part,)

    @cached_property
    def _line(self) -> tuple[str, ...]:
        snapshot = self._bench.snapshot
        assert snapshot.repo is not None
        return read_line(snapshot.repo, snapshot.commit)

    def _most(self, base: Base) -> int:
        """Tokens that an overlay on a base may have: a quarter of it, and half of what is left."""
        tokens = base.manifest.tokens
        return min(int(tokens * OVERLAY_SHARE), (self._model.window_tokens - tokens) // 2)

    def _most_files(self, base: Base, parts: tuple[Part, ...]) -> int:
        """Tokens that uncommitted changes may have beside those of commits."""
        left = self._model.window_tokens - base.manifest.tokens - tokens_of(parts)
        return min(max(int(base.manifest.tokens * OVERLAY_SHARE), FILES_TOKENS), left // 2)

    def _attempt(self, commit: str, level: int, note: str = "") -> Basis | None:
        """A commit as base; None if too much has changed since, or it cannot be read."""
        try:
            base = self._of_commit(commit, level, note)
            behind = self._line.index(commit)
            maker = self._maker(base)
            parts = maker.of_commits(self._line[:behind][::-1], self._most(base))
            if parts is None:
                return None
            return _basis(base, parts, maker.of_files(parts, self._most_files(base, parts)), behind)
        except (GitError, RepoError):  # what a partial clone lacks is never fetched
            self._is_lacking = True
            return None

    def _remembered(self) -> Basis:
        """The commit that the ledger remembers, while it serves; else the one looked at."""
        snapshot = self._bench.snapshot
        kept = self._ledger.remembered(self._repo, self._key) or {}
        commit = str(kept.get("commit", ""))
        basis = self._attempt(commit, 0) if commit in self._line else None
        if basis is not None and not self._is_due(kept, basis.base):
            return basis
        basis = self._attempt(snapshot.commit, 0)
        if basis is None:
            return self._of_folder(LACKING)
        self._remember({"commit": snapshot.commit, "base_id": base_id(basis.base.text)})
        return basis

    def _of_folder(self, note: str) -> Basis:
        """The files as the ledger remembers them, while that serves; else as they are now."""
        kept = self._ledger.remembered(self._repo, self._key) or {}
        base = self._kept_folder(kept)
        if base is not None:
            part = self._maker(base).of_files(())
            is_told = part is None or (part.is_whole and weight_of([part]) <= self._most(base))
            if is_told and not self._is_due(kept, base):
                return _basis(replace(base, note=note), (), part, 0)
        manifest, text = self._bench.pack(with_text=True, window_tokens=self._model.window_tokens)
        if not self._is_dry:
            folder, account = sessions_folder(), json.dumps(dump_manifest(manifest))
            texts = {"text": keep_text(folder, text), "manifest": keep_text(folder, account)}
            self._remember({"base_id": base_id(text), **texts})
        return Basis(Base("", manifest, text, 0, note), Overlay(), 0, 0)

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
        return Base("", manifest, text, 0, FOLDER)

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

    def _of_commit(self, commit: str, level: int, note: str = "") -> Base:
        manifest, text = self._bench.pack_commit(commit, self._room)
        if any(entry.reason == NO_OBJECT for entry in manifest.files):
            if level:
                raise RepoError(f"objects of the commit {commit} are not in this repository")
            note = LACKING
        return Base(commit, manifest, text, level, self._note(level) or note)

    def _note(self, level: int) -> str:
        """Why other clones do not share a base, whatever it holds."""
        repo = self._bench.snapshot.repo
        assert repo is not None
        if self._is_lacking:
            return LACKING
        return why_unlike(repo) or ("" if level else UNCHOSEN)

    def _maker(self, base: Base) -> PartsMaker:
        key = result_key(self._key, base.commit or base_id(base.text))
        return PartsMaker(self._bench, key, base.commit, (base.manifest, base.text))


def _basis(base: Base, parts: tuple[Part, ...], files: Part | None, behind: int) -> Basis:
    found = (*parts, files) if files is not None else parts
    blocks = tuple(part.block for part in found if part.block.text)
    return Basis(base, Overlay(blocks), tokens_of(found), behind)
