"""Files under review -> the rows of a diff, side by side or one below the other. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, zip_longest
from typing import Literal

from bathy.agent.modes.tui.review.hunks import CONTEXT_LINES, FileReview, Files, Hunk, Place
from bathy.agent.modes.tui.review.lines import split_end, text_of
from bathy.agent.modes.tui.review.runs import Run, paired
from bathy.agent.modes.tui.viewer.cells import shown
from bathy.tools.base import count_of
from bathy.tools.workspace import quote_path

_END_NAMES = {"\n": "LF", "\r\n": "CRLF", "": "no line end"}

_Sides = tuple["Side | None", "Side | None"]


@dataclass(frozen=True, slots=True)
class Side:
    """A line of one of the two files.

    Attributes:
        sign: "-", "+", or " " for a line that stays.
        number: Of the line, 1-based.
        text: As it is shown.
        tail: What is told of its end, or "".
        partner: The line that it replaces or that replaces it, as shown; None if there is none.
    """

    sign: str
    number: int
    text: str
    tail: str = ""
    partner: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a diff; wrapped, it takes several on the screen.

    Attributes:
        kind: "file" and "hunk" are headings, "gap" stands for lines that are left out, "note" and
            "comment" are text, "line" has one side or two.
        place: The hunk that it belongs to, or None.
        text: Of all but lines.
        old: Line before.
        new: Line after.
    """

    kind: Literal["file", "hunk", "gap", "note", "comment", "line"]
    place: Place | None = None
    text: str = ""
    old: Side | None = None
    new: Side | None = None


def rows_of(files: Files, *, is_split: bool) -> list[Row]:
    """Return the rows of all files.

    Args:
        files: What is reviewed.
        is_split: Lines before and after stand side by side; else those that go stand above those
            that come.
    """
    return [row for at, file in enumerate(files) for row in _file_rows(at, file, is_split)]


def _file_rows(at: int, file: FileReview, is_split: bool) -> Iterator[Row]:
    yield Row("file", text=_title(file))
    if file.warning:
        yield Row("note", text=f"look twice: {file.warning}")
    past, shift = 0, 0
    for number, hunk in enumerate(file.hunks):
        place = (at, number)
        lines = _HunkLines(file, hunk, shift)
        if hunk.runs:
            yield from lines.before(past, is_first=not past)
        what = "" if file.what == "edited" else file.what
        yield Row("hunk", place, f"{what} {_range(hunk, shift)}".strip())
        if hunk.comment:
            yield Row("comment", place, shown(hunk.comment))
        if note := _note(file, hunk):
            yield Row("note", place, note)
        if hunk.runs:
            yield from lines.lead(past)
            yield from (replace(row, place=place) for row in lines.rows(is_split))
            past, shift = hunk.runs[-1].end, lines.shift
    if any(hunk.runs for hunk in file.hunks):
        yield from _HunkLines(file, Hunk(), shift).tail(past)


class _HunkLines:
    """The lines of one hunk, and those around it."""

    def __init__(self, file: FileReview, hunk: Hunk, shift: int) -> None:
        """Take a hunk; `shift` is how much further down lines stand in the new file before it."""
        self._hunk = hunk
        self._old, self._new = file.sides
        self.shift = shift

    def before(self, past: int, *, is_first: bool) -> Iterator[Row]:
        """Yield what stands between the hunk before and this one's heading."""
        start = self._hunk.runs[0].start
        if start - past <= 2 * CONTEXT_LINES and not is_first:
            yield from self._kept(past, start)
        elif start - past > CONTEXT_LINES:
            after = 0 if is_first else CONTEXT_LINES
            yield from self._kept(past, past + after)
            left_out = start - CONTEXT_LINES - past - after
            yield Row("gap", text=f"{count_of(left_out, 'unchanged line')}")

    def lead(self, past: int) -> Iterator[Row]:
        """Yield the lines between the heading and the first run."""
        start = self._hunk.runs[0].start
        if not past or start - past > 2 * CONTEXT_LINES:
            yield from self._kept(max(past, start - CONTEXT_LINES), start)

    def tail(self, past: int) -> Iterator[Row]:
        """Yield what stands behind the last hunk of a file."""
        left_out = len(self._old.units) - past - CONTEXT_LINES
        yield from self._kept(past, min(past + CONTEXT_LINES, len(self._old.units)))
        if left_out > 0:
            yield Row("gap", text=f"{count_of(left_out, 'unchanged line')}")

    def rows(self, is_split: bool) -> Iterator[Row]:
        """Yield the runs and what stands between them; `shift` is afterwards that behind them."""
        past = self._hunk.runs[0].start
        for run in self._hunk.runs:
            yield from self._kept(past, run.start)
            sides = self._pairs(run)
            if is_split:
                yield from (Row("line", old=old, new=new) for old, new in _beside(sides))
            else:
                yield from (Row("line", old=old) for old, _ in sides if old)
                yield from (Row("line", new=new) for _, new in sides if new)
            past = run.end
            self.shift += len(run.new) - len(run.old)

    def _kept(self, start: int, stop: int) -> Iterator[Row]:
        for index in range(start, stop):
            text = shown(split_end(text_of(self._old.units[index], self._old.codec))[0])
            old, new = Side(" ", index + 1, text), Side(" ", index + 1 + self.shift, text)
            yield Row("line", old=old, new=new)

    def _pairs(self, run: Run) -> list[_Sides]:
        codecs, found = (self._old.codec, self._new.codec), list[_Sides]()
        for old, new in paired(run, self._new.codec):
            texts = [
                ("", "") if at is None else split_end(text_of(units[at], codec))
                for at, units, codec in zip((old, new), (run.old, run.new), codecs, strict=True)
            ]
            (before, end), (after, new_end) = texts
            is_pair = old is not None and new is not None
            has_other_end = is_pair and before == after
            before, after = shown(before), shown(after)
            left = right = None
            if old is not None:
                tail, partner = _tail(end, has_other_end), after if is_pair else None
                left = Side("-", run.start + old + 1, before, tail, partner)
            if new is not None:
                tail, partner = _tail(new_end, has_other_end), before if is_pair else None
                right = Side("+", run.start + self.shift + new + 1, after, tail, partner)
            found.append((left, right))
        return found


def _beside(sides: Sequence[_Sides]) -> Iterator[_Sides]:
    """Put lines that go and lines that come beside each other, though none replaces the other."""
    for is_pair, group in groupby(sides, lambda one: one[0] is not None and one[1] is not None):
        lines = list(group)
        if is_pair:
            yield from lines
        else:
            gone = [old for old, _ in lines if old is not None]
            come = [new for _, new in lines if new is not None]
            yield from zip_longest(gone, come)


def _tail(end: str, has_other_end: bool) -> str:
    return f"  ({_END_NAMES[end]})" if has_other_end or not end else ""


def _title(file: FileReview) -> str:
    name = quote_path(file.path)
    return f"{name} (was {quote_path(file.old_path)})" if file.what == "renamed" else name


def _range(hunk: Hunk, shift: int) -> str:
    if not hunk.runs:
        return ""
    start, end = hunk.runs[0].start, hunk.runs[-1].end
    size = end - start + sum(len(run.new) - len(run.old) for run in hunk.runs)
    first, new_first = start + (end > start), start + shift + (size > 0)
    return f"@@ -{first},{end - start} +{new_first},{size} @@"


def _note(file: FileReview, hunk: Hunk) -> str:
    if hunk.is_mode:
        return "may be run as a program: " + ("yes" if file.after.is_executable else "no more")
    if file.what == "replaced" and file.lines is not None and file.new_lines is not None:
        return f"the encoding changes: {_encoding(file, 0)} to {_encoding(file, 1)}"
    if file.what != "edited" and (file.lines is None or file.new_lines is None):
        sizes = [len(state.data or b"") for state in (file.before, file.after)]
        return "no text: {:,} bytes before, {:,} after".format(*sizes)
    if file.what in ("created", "deleted") and not hunk.runs:
        return "an empty file"
    return ""


def _encoding(file: FileReview, side: int) -> str:
    lines = file.sides[side]
    return f"{lines.codec} with a mark" if lines.mark else lines.codec
