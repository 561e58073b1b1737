"""What the user wants to read -> lines of a file of the repository, with where they begin."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bathy.agent.errors import BathyError
from bathy.agent.loop.evidence import Span
from bathy.agent.modes.tui.events import Opened
from bathy.agent.modes.tui.panels.figures import count_word
from bathy.agent.modes.tui.plain.words import place
from bathy.agent.modes.tui.reading import read_file
from bathy.agent.modes.tui.state import Cited
from bathy.tools.base import split_lines
from bathy.tools.decode import decode
from bathy.tools.workspace import quote_path

MOST_LINES = 60
"""Lines that are read out at once where nobody has said how many."""

_NUMBER = re.compile(r"(e?)(\d{1,6})")
_PLACE = re.compile(r"(.+?):(\d{1,9})(?:-(\d{1,9}))?")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines to be read out.

    Attributes:
        title: What they are.
        first: Number of the first one, 1-based.
        lines: Without line ends.
        more: What to say to read on; "" at the end of the file.
    """

    title: str
    first: int
    lines: tuple[str, ...]
    more: str


def read_place(
    wanted: str, opened: Opened, *, rev: str | None, cited: Sequence[Cited], spans: Sequence[Span]
) -> Excerpt:
    """Return the lines that are meant.

    Args:
        wanted: Number of a citation, "e" and the number of a piece of evidence, or a path with or
            without a line or two. Where the last answer cites nothing, a number means evidence.
        opened: The repository.
        rev: Commit that is asked about, or None for the files as they are.
        cited: Of the last answer.
        spans: The evidence for the last question.

    Raises:
        BathyError: There is no such place, or it cannot be read.
    """
    if found := _NUMBER.fullmatch(wanted):
        path, first, last = _numbered(found, cited, spans)
    else:
        path, first, last = _named(wanted, opened.paths)
    lines = split_lines(_text(path, opened, rev))
    if first > max(1, len(lines)):
        raise BathyError(f"{quote_path(path)} has only {count_word(len(lines), 'line')}")
    end = min(last or first + MOST_LINES - 1, len(lines))
    more = f"{quote_path(path)} goes on; /open {path}:{end + 1} reads more"
    return Excerpt(
        f"{place(path, first, end)}, of {count_word(len(lines), 'line')}",
        first,
        tuple(line.removesuffix("\r") for line in lines[first - 1 : end]),
        more if end < len(lines) and not last else "",
    )


def _numbered(
    found: re.Match[str], cited: Sequence[Cited], spans: Sequence[Span]
) -> tuple[str, int, int]:
    kind, number = found[1], int(found[2])
    places = [(c.path, c.start_line, c.end_line) for c in cited]
    if kind or not places:
        places = [(s.path, s.start_line, s.end_line) for s in spans]
    if not 1 <= number <= len(places):
        has = f"numbers 1 to {len(places)} are there" if places else "nothing is cited yet"
        raise BathyError(f"there is no place {found[0]}; {has}")
    return places[number - 1]


def _named(wanted: str, paths: Sequence[str]) -> tuple[str, int, int]:
    """(path, first line, last line or 0 for as many as fit)."""
    found = None if wanted in paths else _PLACE.fullmatch(wanted)
    if found is None:
        return _known(wanted, paths), 1, 0
    first = max(1, int(found[2]))
    return _known(found[1], paths), first, max(first, int(found[3])) if found[3] else 0


def _known(wanted: str, paths: Sequence[str]) -> str:
    """The file that is meant: itself, or the only one whose path ends so."""
    path = wanted.removeprefix("@").removeprefix("./")
    if path not in paths:
        ends = [each for each in paths if each.endswith("/" + path)]
        if len(ends) == 1:
            return ends[0]
        if ends:
            some = ", ".join(map(quote_path, ends[:5]))
            raise BathyError(f"{len(ends)} files are called so: {some}; give more of the path")
    return path


def _text(path: str, opened: Opened, rev: str | None) -> str:
    decoded = decode(read_file(path, opened, rev))
    if decoded is None:
        raise BathyError(f"{quote_path(path)} is no text")
    return decoded.text
