"""Edits that wait -> the user's decision about each hunk, asked one after another, by number."""

from collections.abc import Callable, Iterator
from itertools import takewhile

from bathy.agent.modes.tui.plain.keyboard import Keyboard, choose
from bathy.agent.modes.tui.review.choices import comment, decide, rest_of_file, split
from bathy.agent.modes.tui.review.hunks import Files, Place, chosen, hunk_at, places_of
from bathy.agent.modes.tui.review.rows import Row, rows_of
from bathy.tools.base import count_of
from bathy.tools.workspace import quote_path

CHOICES = (
    "accept",
    "reject",
    "accept the rest of the file",
    "reject the rest of the file",
    "comment",
    "split",
    "leave the review",
)


def hunk_lines(files: Files, at: Place) -> Iterator[str]:
    """Say a hunk: where it is, then its lines with their numbers, as in a unified diff."""
    places = places_of(files)
    name = quote_path(files[at[0]].path)
    yield f"hunk {places.index(at) + 1} of {len(places)}: {name}"
    if warning := files[at[0]].warning:
        yield f"look twice: {warning}"
    rows = rows_of(files, is_split=False)
    start = next(n for n, row in enumerate(rows) if row.kind == "hunk" and row.place == at)
    yield from filter(None, map(_words, rows[start : start + 1]))
    ends = ("file", "hunk", "gap")
    for row in takewhile(lambda each: each.kind not in ends, rows[start + 1 :]):
        yield _words(row)


def _words(row: Row) -> str:
    side = row.new or row.old
    if side is not None:
        return f"{side.number} {side.sign} {side.text}{side.tail}".rstrip()
    return f"your comment: {row.text}" if row.kind == "comment" else row.text


def review(files: Files, keyboard: Keyboard, say: Callable[[str], None]) -> tuple[Files, bool]:
    """Ask about every hunk that is open.

    Args:
        files: What is reviewed.
        keyboard: Answers.
        say: Writes a line.

    Returns:
        The files as the user has left them, and whether all of it was decided; an end of the input
        or Ctrl-C leaves the review.
    """
    try:
        while opened := [at for at in places_of(files) if hunk_at(files, at).choice == "open"]:
            for line in hunk_lines(files, opened[0]):
                say(line)
            decided = _decided(files, opened[0], keyboard, say)
            if decided is None:
                return files, False
            files = decided
    except (EOFError, KeyboardInterrupt):
        return files, False
    return files, True


def _decided(
    files: Files, at: Place, keyboard: Keyboard, say: Callable[[str], None]
) -> Files | None:
    """The files after one choice; None to leave."""
    match choose(keyboard, say, CHOICES):
        case 1:
            return decide(files, [at], "accepted")
        case 2:
            return decide(files, [at], "rejected")
        case 3:
            return decide(files, rest_of_file(files, at), "accepted")
        case 4:
            return decide(files, rest_of_file(files, at), "rejected")
        case 5:
            return comment(files, at, keyboard.line("comment: "))
        case 6:
            pieces = split(files, at)
            say("it cannot be split" if pieces is files else "it is split")
            return pieces
    return None


def outcome_words(files: Files) -> str:
    """Say how much of it was taken."""
    counts = (f"{len(chosen(files, word))} {word}" for word in ("accepted", "rejected", "open"))
    return f"reviewed {count_of(len(places_of(files)), 'hunk')}: {', '.join(counts)}"
