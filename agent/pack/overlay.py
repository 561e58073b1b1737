"""What has changed since the base -> text to append to it, oldest first, each part a block.

The base is never touched: a block says which of its lines, or of the lines of an earlier block, no
longer hold, and what stands there now. Lines carry the numbers that they had after that change. As
in the base no line of a file can start a block: each starts with its number, or with "-".
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from bathy.agent.index.edits import Replaced
from bathy.agent.pack.render import numbered_lines, quoted_path, split_shown
from bathy.tools.redact import REDACTION_MARK

MOST_LINES, MOST_CHARS = 1_500, 120_000
"""Longest text of one change of one file; of a longer one only its name is given."""

MOST_IDLE = 50
"""Files named in one block of which nothing stands anywhere; more of them are only counted."""

MOST_NAMED = 500
"""Files named in a block that gives no texts; more of them are only counted."""

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
        stands: Some text of it, under its path before, stands above.
        is_worth: Its text is worth its room: it is no lock file or the like.
    """

    path: str
    kind: Kind
    before: str | None
    after: str | None
    replaced: tuple[Replaced, ...] = ()
    old_path: str = ""
    stands: bool = True
    is_worth: bool = True


class Told(NamedTuple):
    """What is said of one file.

    Attributes:
        text: One or more lines; "" if there is nothing to say.
        has_text: What the file holds now stands in the prompt, here or above.
        is_idle: Nothing of it stood above, and nothing does now; it is only named.
    """

    text: str
    has_text: bool = False
    is_idle: bool = False


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


def render_commit(commit: str, subject: str, body: str) -> str:
    """Render what one commit changed; "" if that is nothing that can be told.

    Args:
        commit: Its id.
        subject: First line of its message, redacted; any text.
        body: From `join_told`.
    """
    words = " ".join("".join(c if c.isprintable() else " " for c in subject).split())
    short = words if len(words) <= _SUBJECT_CHARS else words[: _SUBJECT_CHARS - 1] + "…"
    title = short.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return f'<commit id="{commit[:12]}" subject="{title}">\n{body}</commit>\n' if body else ""


def render_uncommitted(body: str) -> str:
    """Render what the files on disk hold beside the last commit; "" if nothing."""
    return f"<uncommitted>\n{body}</uncommitted>\n" if body else ""


def join_told(told: Iterable[Told], *, most_named: int | None = None) -> str:
    """Put together what is said of the files of one block.

    Args:
        told: In their order.
        most_named: How many files may be named without their text; None for any number. Those of
            which nothing stands anywhere are `MOST_IDLE` at most in any case.
    """
    texts, idle, named = list[str](), 0, 0
    for one in told:
        idle += one.is_idle
        named += not one.is_idle and not one.has_text
        is_left = idle > MOST_IDLE if one.is_idle else most_named is not None and named > most_named
        if one.has_text or not is_left:
            texts.append(one.text)
    if most_named is not None and named > most_named:
        count = named - most_named
        texts.append(f"<more files={count}>what stands above of them may be void, too</more>\n")
    if idle > MOST_IDLE:
        texts.append(f"<more files={idle - MOST_IDLE}>nothing of them is shown</more>\n")
    return "".join(texts)


def render_change(change: TextChange) -> Told:
    """Render what happened to one file."""
    path = at = quoted_path(change.path)
    if change.old_path:
        at = f"{path} from={quoted_path(change.old_path)}"
    if change.kind == "deleted":
        what = "it is gone; all that stands above of it is void" if change.stands else "it is gone"
        return Told(f"<deleted path={path}>{what}</deleted>\n", is_idle=not change.stands)
    if change.kind == "new":
        return _new(change, path)
    tag = "renamed" if change.old_path else "changed"
    if change.before is not None and change.after is not None and not change.replaced:
        return _moved(change, at) if change.old_path else Told("")
    lines = _changed_lines(change)
    if not lines:
        return _named(change, tag, at)
    superseded = _ranges(change.replaced)
    voids = f' supersedes="{superseded}"' if superseded else ""
    return Told(f"<{tag} path={at}{voids}>\n{lines}</{tag}>\n", has_text=True)


def _moved(change: TextChange, at: str) -> Told:
    what = "its text is as above" if change.stands else "not shown"
    text = f"<renamed path={at}>{what}</renamed>\n"
    return Told(text, has_text=change.stands, is_idle=not change.stands)


def _named(change: TextChange, tag: str, at: str) -> Told:
    """A change of which no text is given."""
    if not change.stands:
        return Told(f"<{tag} path={at}>not shown</{tag}>\n", is_idle=True)
    return Told(f"<{tag} path={at}>what stands above of it may be void; read it</{tag}>\n")


def _new(change: TextChange, path: str) -> Told:
    text = change.after
    if text is None or not change.is_worth or len(text) > MOST_CHARS:
        return Told(f"<new path={path}>not shown</new>\n", is_idle=True)
    if text.count("\n") > MOST_LINES:
        return Told(f"<new path={path}>not shown</new>\n", is_idle=True)
    return Told(f"<new path={path}>\n{numbered_lines(text)}</new>\n", has_text=True)


def _changed_lines(change: TextChange) -> str:
    """The lines of a change; "" if they are not known, not worth their room, or too many."""
    if change.before is None or change.after is None or not (change.stands and change.is_worth):
        return ""
    if sum(one.old_count + one.new_count for one in change.replaced) > MOST_LINES:
        return ""
    lines = "".join(_hunks(change.before, change.after, change.replaced))
    return lines if lines.count("\n") <= MOST_LINES and len(lines) <= MOST_CHARS else ""


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
