"""A base and the repository now -> the overlay: a block a commit, then one of the files on disk.

Texts are read and compared as they are needed, many at a time, and let go once rendered.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from bathy.agent.index.commits import CommitChange, FileChange, narrowed
from bathy.agent.index.edits import Replaced, compare_texts, replace_all
from bathy.agent.index.examine import Reader
from bathy.agent.index.files import FileClass, class_by_content, class_by_path
from bathy.agent.pack.overlay import (
    MOST_NAMED,
    Block,
    Kind,
    TextChange,
    join_told,
    render_change,
    render_commit,
    render_uncommitted,
)
from bathy.tools.git import GitError, GitRepo
from bathy.tools.redact import redact

MOST_BLOCK_CHARS = 2_000_000
"""Longest block. One that would be longer is more than any prompt should carry."""

TURN_TOKENS = 20
"""Tokens of a turn that tells of a change, beside its text, and of the fixed reply."""

_FILES_AT_ONCE, _CHARS_AT_ONCE = 2_000, 16_000_000
_MOST_COMPARED_LINES = 200_000
_CHARS_A_TOKEN = 4

ReadText = Callable[[str, str], str | None]
"""Gives the text of a path and a blob id, as shown; None if it is none, or has gone."""

Render = Callable[[str], str]
"""Puts a frame around what is said of the files of a block; "" around nothing."""

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
        begin: Paths whose text stands in the prompt from here on.
        end: Paths whose text it makes void.
        is_whole: It tells of all that was changed; if not, that was too much, and it only names
            files, and not even all of them.
        untold_tokens: Length, about, of texts that stood above, were changed in too many lines to
            be told, and so stand nowhere any more.
    """

    block: Block
    begin: tuple[str, ...] = ()
    end: tuple[str, ...] = ()
    is_whole: bool = True
    untold_tokens: int = 0


class _Read(NamedTuple):
    """A change, and the texts of its file as shown; None for no text."""

    change: FileChange
    was: str | None
    now: str | None


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

    def of_commits(self, commits: Sequence[CommitChange]) -> Iterator[Part]:
        """Render what each of some commits changed, and follow it, in order."""
        groups = [self.narrowed(commit.files) for commit in commits]
        at = 0
        while at < len(commits):
            compared = self._compared(change for group in groups[at:] for change in group)
            for commit, group in zip(commits[at:], groups[at:], strict=True):
                at += 1
                part = self._part(group, islice(compared, len(group)), _frame_of(commit))
                yield part
                if not part.is_whole:  # what is left of its changes must not be read
                    break

    def of_files(self, changes: Iterable[FileChange]) -> Part:
        """Render what the files on disk hold beside the last commit, or beside the base."""
        group = [change for change in self.narrowed(changes) if not self._is_fetched(change)]
        return self._part(group, self._compared(group), render_uncommitted)

    def names_of_commit(self, commit: CommitChange) -> Part:
        """Name files that a commit changed, and say nothing more of them."""
        return self._names(self.narrowed(commit.files), _frame_of(commit))

    def names_of_files(self, changes: Iterable[FileChange]) -> Part:
        """Name files that are others on disk, and say nothing more of them."""
        return self._names(self.narrowed(changes), render_uncommitted)

    def follow(self, part: Part) -> None:
        """Take a part into account that was rendered earlier."""
        self.shown.difference_update(part.end)
        self.shown.update(part.begin)

    def narrowed(self, changes: Iterable[FileChange]) -> list[FileChange]:
        """Return what is left of changes if only the wanted paths are looked at."""
        found = (narrowed(change, self.is_wanted) for change in changes)
        return [change for change in found if change is not None]

    def _is_fetched(self, change: FileChange) -> bool:
        """Whether a file on disk is what a pointer of git LFS stands for."""
        is_pointer = self.classes.get(change.path) == FileClass.LFS_POINTER
        return is_pointer and bool(change.before and change.after)

    def _part(
        self,
        group: Sequence[FileChange],
        compared: Iterable[tuple[_Read, tuple[Replaced, ...]]],
        render: Render,
    ) -> Part:
        """Tell of each file of a group; if that takes too much, only name them."""
        told, chars, untold_chars = [], 0, 0
        paths, blobs, begin, end = list[str](), list[str](), list[str](), list[str]()
        for read, replaced in compared:
            judged = self._judged(read, replaced)
            change, one = read.change, render_change(judged)
            if not one.text:
                continue
            told.append(one)
            chars += len(one.text)
            if chars > MOST_BLOCK_CHARS:
                return self._names(group, render)
            paths += [path for path in (change.path, change.old_path) if path]
            end += [change.old_path] if change.old_path else []
            (begin if one.has_text else end).append(change.path)
            blobs += [change.after] if one.has_text else []
            if judged.stands and judged.is_worth and not one.has_text:
                untold_chars += len(read.now or "")
        block = Block(render(join_told(told)), _once(blobs), _once(paths))
        untold_tokens = untold_chars // _CHARS_A_TOKEN
        return self._followed(Part(block, tuple(begin), tuple(end), untold_tokens=untold_tokens))

    def _names(self, group: Sequence[FileChange], render: Render) -> Part:
        told = [render_change(self._judged(_Read(change, None, None), ())) for change in group]
        paths = _once(path for change in group for path in (change.path, change.old_path) if path)
        block = Block(render(join_told(told, most_named=MOST_NAMED)), (), paths)
        return self._followed(Part(block, (), paths, is_whole=False))

    def _followed(self, part: Part) -> Part:
        self.follow(part)
        return part

    def _judged(self, read: _Read, replaced: tuple[Replaced, ...]) -> TextChange:
        """Say of a change whether its text stands in the prompt, and is worth its room."""
        change, was, now = read
        origin = change.old_path or change.path
        kind: Kind = "deleted" if not change.after else "changed" if change.before else "new"
        if kind == "new":
            is_worth = _class_of(change.path, now or "") not in _NAMED_ONLY
        else:
            is_worth = self.classes.get(origin) not in _NAMED_ONLY
        stands = origin in self.shown and kind != "new"
        return TextChange(
            change.path, kind, was, now, replaced, change.old_path, stands, is_worth
        )  # fmt: skip

    def _compared(
        self, changes: Iterable[FileChange]
    ) -> Iterator[tuple[_Read, tuple[Replaced, ...]]]:
        """Read and compare the texts of changes, many with one process of git."""
        pending, chars = list[_Read](), 0
        for change in changes:
            read = self._read(change)
            pending.append(read)
            chars += len(read.was or "") + len(read.now or "")
            if chars > _CHARS_AT_ONCE or len(pending) >= _FILES_AT_ONCE:
                yield from self._with_edits(pending)
                pending, chars = [], 0
        yield from self._with_edits(pending)

    def _read(self, change: FileChange) -> _Read:
        path, both = change.old_path or change.path, bool(change.before and change.after)
        was = self.before(path, change.before) if both else None
        now = self.after(change.path, change.after) if change.after else None
        return _Read(change, was, now)

    def _with_edits(self, read: Sequence[_Read]) -> Iterator[tuple[_Read, tuple[Replaced, ...]]]:
        pairs = {
            at: (one.was, one.now)
            for at, one in enumerate(read)
            if one.was is not None and one.now is not None
        }
        closely = [at for at, pair in pairs.items() if self._is_compared(read[at].change, *pair)]
        edits = dict(zip(closely, _edits([pairs[at] for at in closely]), strict=True))
        for at, one in enumerate(read):
            if at in edits or at not in pairs:
                yield one, edits.get(at, ())
            else:
                yield one, replace_all(*pairs[at])

    def _is_compared(self, change: FileChange, was: str, now: str) -> bool:
        """Whether it matters which lines of a file were changed, and can be found out."""
        is_worth = self.classes.get(change.old_path or change.path) not in _NAMED_ONLY
        return is_worth and max(was.count("\n"), now.count("\n")) <= _MOST_COMPARED_LINES


def _edits(pairs: Sequence[tuple[str, str]]) -> list[tuple[Replaced, ...]]:
    try:
        return compare_texts(pairs)
    except GitError:  # too long, or no room: all lines in the place of all is true, too
        return [replace_all(was, now) for was, now in pairs]


def _frame_of(commit: CommitChange) -> Render:
    subject = redact(commit.subject, "").text
    return lambda body: render_commit(commit.commit, subject, body)


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _class_of(path: str, text: str) -> FileClass:
    by_path, _ = class_by_path(path, {})
    return class_by_content(path, by_path, text, {})[0]


@contextlib.contextmanager
def reading(
    root: Path, repo: GitRepo | None, readable: frozenset[str] | None = None
) -> Iterator[ReadText]:
    """Read texts as shown, from git's objects or from disk.

    Args:
        root: Folder of the files.
        repo: Read its objects, and not the folder.
        readable: The only blobs that are read; None for all.
    """
    with contextlib.closing(Reader(root, repo)) as reader:
        if readable is None:
            yield reader.read_shown
        else:
            yield lambda path, blob: reader.read_shown(path, blob) if blob in readable else None


def tokens_of(parts: Iterable[Part]) -> int:
    """Return the tokens of an overlay of such parts; 0 if they say nothing."""
    return sum(part.block.tokens + TURN_TOKENS for part in parts if part.block.text)


def weight_of(parts: Iterable[Part]) -> int:
    """Return the tokens that an overlay of such parts would have, could all of it be told."""
    found = tuple(parts)
    return tokens_of(found) + sum(part.untold_tokens for part in found)


def counted(part: Part, count: Callable[[str], int]) -> Part:
    """Return a part whose block knows how many tokens it has."""
    return replace(part, block=replace(part.block, tokens=count(part.block.text)))


def shown_paths(levels: Iterable[tuple[str, str]]) -> set[str]:
    """Return the paths of which a pack shows some text, from (path, level)."""
    return {path for path, level in levels if level in ("full", "outline")}


def dump_part(part: Part) -> dict[str, Any]:
    """Return a part as JSON data that `load_part` reads back; for the cache."""
    block = part.block
    return {
        "text": block.text, "blobs": block.blobs, "paths": block.paths, "tokens": block.tokens,
        "begin": part.begin, "end": part.end, "whole": part.is_whole,
        "untold": part.untold_tokens,
    }  # fmt: skip


def load_part(body: Mapping[str, Any]) -> Part:
    """Rebuild a part from the cache."""
    block = Block(body["text"], tuple(body["blobs"]), tuple(body["paths"]), body["tokens"])
    begin, end = tuple(body["begin"]), tuple(body["end"])
    return Part(block, begin, end, bool(body["whole"]), body["untold"])
