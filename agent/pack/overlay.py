"""What has changed since the base -> text to append to it, oldest first, each part a block.

The base is never touched: a block says which of its lines, or of the lines of an earlier block, no
longer hold, and what stands there now. Lines carry the numbers that they had after that change. As
in the base no line of a file can start a block: each starts with its number, or with "-".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from bathy.agent.index.edits import Replaced
from bathy.agent.pack.render import numbered_lines, quoted_path, split_shown
from bathy.tools.redact import REDACTION_MARK

MOST_LINES = 1_500
"""Longest text of one change of one file; of a longer one only its name is given."""

Kind = Literal["new", "deleted", "changed"]

_CONTEXT = 3
_SUBJECT_CHARS = 120


@dataclass(frozen=True, slots=True)
class TextChange:
    """One file's text before and after, as shown: redacted, with LF.

    Attributes:
        path: Now, or before if it has gone.
        kind: What happened to it.
        before: Its text before; None if there was none.
        after: Its text now; None if there is none.
        replaced: Which lines of `before` gave way to which of `after`; empty if one is None.
        old_path: Its path before, if that was another one; else "".
        is_shown: Worth its room: its text stands above, or it is new, and it is no lock file or
            the like. Of others only the name is given.
    """

    path: str
    kind: Kind
    before: str | None
    after: str | None
    replaced: tuple[Replaced, ...] = ()
    old_path: str = ""
    is_shown: bool = True


@dataclass(frozen=True, slots=True)
class Block:
    """One commit's, or the working tree's, part of the overlay.

    Attributes:
        text: Rendered; begins with "<" and ends with LF.
        blobs: Ids of what the text was taken from.
        paths: Files that it speaks of, whose text in the base no longer holds.
        tokens: Length of the text; 0 until it has been counted.
    """

    text: str
    blobs: tuple[str, ...]
    paths: tuple[str, ...]
    tokens: int = 0

    @property
    def redacted(self) -> int:
        """Secrets that were taken out of it."""
        return self.text.count(REDACTION_MARK)


@dataclass(frozen=True, slots=True)
class Overlay:
    """All that is appended to a base.

    Attributes:
        blocks: Oldest first.
    """

    blocks: tuple[Block, ...] = ()

    @property
    def paths(self) -> frozenset[str]:
        """Files whose text in the base no longer holds."""
        return frozenset(path for block in self.blocks for path in block.paths)


def render_commit(commit: str, subject: str, changes: Sequence[TextChange]) -> str:
    """Render the changes of one commit; "" if it changed nothing that can be told.

    Args:
        commit: Its id.
        subject: First line of its message, redacted; any text.
        changes: Of its files.
    """
    words = " ".join(c for c in subject.split() if c.isprintable())
    short = words if len(words) <= _SUBJECT_CHARS else words[: _SUBJECT_CHARS - 1] + "…"
    title = short.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    body = "".join(_render(change) for change in changes)
    return f'<commit id="{commit[:12]}" subject="{title}">\n{body}</commit>\n' if body else ""


def render_uncommitted(changes: Sequence[TextChange], *, note: str = "") -> str:
    """Render what the files on disk hold beside the last commit; "" if nothing.

    Args:
        changes: Of its files.
        note: What else to say of it, in one line.
    """
    body = "".join(_render(change) for change in changes)
    head = f"<uncommitted note={_quoted(note)}>\n" if note else "<uncommitted>\n"
    return f"{head}{body}</uncommitted>\n" if body else ""


def _quoted(text: str) -> str:
    return '"' + text.replace('"', "'") + '"'


def _render(change: TextChange) -> str:
    path = at = quoted_path(change.path)
    if change.old_path:
        at = f"{path} from={quoted_path(change.old_path)}"
    if change.kind == "deleted":
        return f"<deleted path={path}>it is gone; all that stands above of it is void</deleted>\n"
    if change.kind == "new":
        return _new(change, path)
    if change.before is None or change.after is None:
        return _named("changed", at)
    if not change.replaced:
        return f"<renamed path={at}>its text is as above</renamed>\n" if change.old_path else ""
    tag = "renamed" if change.old_path else "changed"
    lines = "".join(_hunks(change.before, change.after, change.replaced))
    if not change.is_shown or lines.count("\n") > MOST_LINES:
        return _named(tag, at)
    superseded = _ranges(change.replaced)
    voids = f" supersedes={_quoted(superseded)}" if superseded else ""
    return f"<{tag} path={at}{voids}>\n{lines}</{tag}>\n"


def _named(tag: str, at: str) -> str:
    """A change of which no text is given."""
    return f"<{tag} path={at}>what stands above of it may be void; read it</{tag}>\n"


def _new(change: TextChange, path: str) -> str:
    if change.after is None or not change.is_shown or change.after.count("\n") > MOST_LINES:
        return f"<new path={path}>not shown; read it</new>\n"
    return f"<new path={path}>\n{numbered_lines(change.after)}</new>\n"


def _ranges(replaced: Sequence[Replaced]) -> str:
    """Name the lines that were taken out, 1-based, as they were numbered before; "" for none."""
    found = []
    for one in replaced:
        first, last = one.old_start + 1, one.old_start + one.old_count
        if one.old_count:
            found.append(f"{first}" if first == last else f"{first}-{last}")
    return f"lines {', '.join(found)}" if found else ""


def _hunks(before: str, after: str, replaced: Sequence[Replaced]) -> Iterator[str]:
    """Lines taken out and put in, with a few unchanged ones around; "…" between distant places."""
    old, new = split_shown(before), split_shown(after)
    done = 0
    for at, one in enumerate(replaced):
        start = max(done, one.new_start - _CONTEXT)
        if start > done and at:
            yield "…\n"
        yield from (f"{n + 1}\t{new[n]}\n" for n in range(start, one.new_start))
        yield from (f"-\t{old[n]}\n" for n in range(one.old_start, one.old_start + one.old_count))
        end = one.new_start + one.new_count
        yield from (f"{n + 1}+\t{new[n]}\n" for n in range(one.new_start, end))
        following = replaced[at + 1].new_start if at + 1 < len(replaced) else len(new)
        done = min(end + _CONTEXT, following)
        yield from (f"{n + 1}\t{new[n]}\n" for n in range(end, done))
