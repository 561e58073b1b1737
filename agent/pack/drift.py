"""A base and the repository now -> the overlay: a block a commit, then one of the files on disk."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bathy.agent.index.commits import CommitChange, FileChange, narrowed
from bathy.agent.index.edits import compare_texts
from bathy.agent.index.files import FileClass, class_by_content, class_by_path
from bathy.agent.pack.overlay import Block, Kind, TextChange, render_commit, render_uncommitted
from bathy.tools.redact import redact

ReadText = Callable[[str, str], str | None]
"""Gives the text of a path and a blob id, as shown; None if it is none, or has gone."""

_NAMED_ONLY = frozenset(
    {
        FileClass.LOCK_FILE,
        FileClass.GENERATED,
        FileClass.MINIFIED,
        FileClass.VENDORED,
        FileClass.DATA,
        FileClass.TRANSLATION,
        FileClass.LFS_POINTER,
        FileClass.BINARY,
    }
)
"""Classes whose changes are many lines that say little."""


@dataclass(frozen=True, slots=True)
class Part:
    """One block, and which files stand in the prompt from then on.

    Attributes:
        block: Its text may be "": nothing that it changed can be told.
        begin: Paths whose text it brings in.
        end: Paths whose text it makes void.
    """

    block: Block
    begin: tuple[str, ...] = ()
    end: tuple[str, ...] = ()


@dataclass
class Drift:
    """Follows what stands in the prompt, from the base on.

    Attributes:
        shown: Paths of which some text stands in the prompt.
        classes: Class of each file of the base, by path.
        is_wanted: Whether the user's globs let a path through.
        before: Reads the older side of changes.
        after: Reads the newer side.
    """

    shown: set[str]
    classes: Mapping[str, str]
    is_wanted: Callable[[str], bool]
    before: ReadText
    after: ReadText
    _prepared: dict[FileChange, TextChange] = field(default_factory=dict)

    def prepare(self, changes: Iterable[FileChange]) -> None:
        """Read and compare the texts of many changes at once, which one process of git does."""
        texts: dict[FileChange, tuple[str | None, str | None]] = {}
        for change in self._narrowed(changes):
            if change not in self._prepared:
                was = self.before(change.old_path or change.path, change.before)
                now = self.after(change.path, change.after)
                texts[change] = (was if change.before else None, now if change.after else None)
        both = [c for c, (was, now) in texts.items() if was is not None and now is not None]
        compared = compare_texts([(texts[c][0] or "", texts[c][1] or "") for c in both])
        replaced = dict(zip(both, compared, strict=True))
        for change, (was, now) in texts.items():
            kind: Kind = "deleted" if not change.after else "changed" if change.before else "new"
            self._prepared[change] = TextChange(
                change.path, kind, was, now, replaced.get(change, ()), change.old_path
            )

    def _narrowed(self, changes: Iterable[FileChange]) -> list[FileChange]:
        found = (narrowed(change, self.is_wanted) for change in changes)
        return [change for change in found if change is not None]

    def of_commit(self, commit: CommitChange) -> Part:
        """Render what a commit changed, and follow it."""
        subject = redact(commit.subject, "").text
        return self._part(commit.files, lambda found: render_commit(commit.commit, subject, found))

    def of_files(self, changes: Sequence[FileChange]) -> Part:
        """Render what the files on disk hold beside the last commit, or beside the base."""
        return self._part(changes, render_uncommitted)

    def follow(self, part: Part) -> None:
        """Take a part into account that was rendered earlier."""
        self.shown.difference_update(part.end)
        self.shown.update(part.begin)

    def _part(
        self, changes: Sequence[FileChange], render: Callable[[Sequence[TextChange]], str]
    ) -> Part:
        self.prepare(changes)
        found, blobs, begin, end = list[TextChange](), list[str](), list[str](), list[str]()
        for change in self._narrowed(changes):
            text_change = self._judged(self._prepared.pop(change))
            if _says_nothing(text_change):
                continue
            found.append(text_change)
            blobs += [change.after] if change.after and text_change.is_shown else []
            end += [change.old_path] if change.old_path else []
            if text_change.kind == "deleted":
                end.append(change.path)
            elif text_change.is_shown:
                begin.append(change.path)
        paths = dict.fromkeys(p for c in found for p in (c.path, c.old_path) if p)
        block = Block(render(found), tuple(dict.fromkeys(blobs)), tuple(paths))
        part = Part(block, tuple(begin), tuple(end))
        self.follow(part)
        return part

    def _judged(self, change: TextChange) -> TextChange:
        """Say whether a change is worth its room."""
        origin = change.old_path or change.path
        if change.kind == "new":
            worth = _class_of(change.path, change.after or "") not in _NAMED_ONLY
        else:
            worth = origin in self.shown and self.classes.get(origin) not in _NAMED_ONLY
        return replace(change, is_shown=worth)


def _says_nothing(change: TextChange) -> bool:
    """Whether bytes differ and the text as shown does not: line ends, the last LF, secrets."""
    if change.kind == "new":
        return change.after is None
    both = change.before is not None and change.after is not None
    return both and not change.replaced and not change.old_path


def _class_of(path: str, text: str) -> FileClass:
    by_path, _ = class_by_path(path, {})
    return class_by_content(path, by_path, text, {})[0]


def shown_paths(levels: Iterable[tuple[str, str]]) -> set[str]:
    """Return the paths of which a pack shows some text, from (path, level)."""
    return {path for path, level in levels if level in ("full", "outline")}


def dump_part(part: Part) -> dict[str, Any]:
    """Return a part as JSON data that `load_part` reads back; for the cache."""
    block = part.block
    return {
        "text": block.text, "blobs": block.blobs, "paths": block.paths,
        "tokens": block.tokens, "begin": part.begin, "end": part.end,
    }  # fmt: skip


def load_part(body: Mapping[str, Any]) -> Part:
    """Rebuild a part from the cache."""
    block = Block(body["text"], tuple(body["blobs"]), tuple(body["paths"]), body["tokens"])
    return Part(block, tuple(body["begin"]), tuple(body["end"]))
