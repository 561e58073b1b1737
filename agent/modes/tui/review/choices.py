"""What the user does with hunks: decide, comment, split, rewrite. Files in, files out. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from bathy.agent.modes.tui.review.hunks import (
    Choice,
    FileReview,
    Files,
    Hunk,
    Place,
    hunk_at,
    places_of,
)
from bathy.agent.modes.tui.review.lines import Lines, encode_lines, split_end
from bathy.agent.modes.tui.review.runs import Run, compare, paired, replaced
from bathy.tools.diff import FileState


class RewriteError(Exception):
    """Lines that cannot stand in the file; the message says why."""


def decide(files: Files, places: Collection[Place], choice: Choice) -> Files:
    """Return the files with some hunks decided."""
    meant = frozenset(places)
    return tuple(
        replace(
            file,
            hunks=tuple(
                replace(hunk, choice=choice) if (at, number) in meant else hunk
                for number, hunk in enumerate(file.hunks)
            ),
        )
        for at, file in enumerate(files)
    )


def comment(files: Files, place: Place, text: str) -> Files:
    """Return the files with a comment on a hunk; "" takes it away."""
    return _with_hunks(files, place, [replace(hunk_at(files, place), comment=text.strip())])


def rest_of_file(files: Files, place: Place) -> list[Place]:
    """Return a hunk and those behind it in its file that are open."""
    return [
        other
        for other in places_of(files)
        if other == place
        or (other[0] == place[0] and other > place and hunk_at(files, other).choice == "open")
    ]


def split(files: Files, place: Place) -> Files:
    """Return the files with a hunk in pieces, which are decided as it was.

    It is split at the unchanged lines in it; where there are none, line by line.

    Returns:
        The same object if there is nothing to split.
    """
    file, hunk = files[place[0]], hunk_at(files, place)
    runs = list(hunk.runs)
    if len(runs) == 1 and file.lines is not None:
        runs = list(_pieces(runs[0], file.lines.codec))
    if file.what != "edited" or len(runs) < 2:
        return files
    pieces = [replace(hunk, runs=(run,), comment="") for run in runs]
    pieces[0] = replace(pieces[0], comment=hunk.comment)
    return _with_hunks(files, place, pieces)


def _pieces(run: Run, codec: str) -> Iterator[Run]:
    at = run.start
    for old, new in paired(run, codec):
        gone = () if old is None else (run.old[old],)
        yield Run(at, gone, () if new is None else (run.new[new],))
        at += len(gone)


def text_to_rewrite(files: Files, place: Place) -> str | None:
    """Return the lines that a hunk makes, with LF; None where there are none to rewrite."""
    region = _region(files[place[0]], hunk_at(files, place))
    if region is None:
        return None
    return "".join(region[2].texts()).replace("\r\n", "\n")


def rewrite(files: Files, place: Place, text: str) -> Files:
    """Return the files with other lines in a hunk, which is accepted so.

    Args:
        files: What is reviewed.
        place: A hunk for which `text_to_rewrite` is not None.
        text: What stands there instead. Line ends, and whether the last line has one, stay as they
            were; a text that changes nothing rejects the hunk.

    Raises:
        RewriteError: The file cannot hold it.
    """
    file, hunk = files[place[0]], hunk_at(files, place)
    region = _region(file, hunk)
    if region is None or text == text_to_rewrite(files, place):
        return files
    start, old, new = region
    if "\0" in text:
        raise RewriteError("a text file holds no NUL")
    after = replace(new, units=_encoded(text, old, new))
    runs = tuple(replace(run, start=run.start + start) for run in compare([(old, after)])[0])
    if file.what in ("created", "renamed"):
        state = FileState(after.data, file.after.is_executable)
        file = replace(file, after=state, new_lines=after)
    elif not runs:
        return decide(files, [place], "rejected")
    files = (*files[: place[0]], file, *files[place[0] + 1 :])
    return _with_hunks(files, place, [replace(hunk, runs=runs, choice="accepted", is_own=True)])


def _region(file: FileReview, hunk: Hunk) -> tuple[int, Lines, Lines] | None:
    """Where the lines of a hunk begin, those before, and those after."""
    old, new = file.sides
    if hunk.is_mode or file.new_lines is None or file.what in ("deleted", "replaced"):
        return None
    if file.what != "edited":
        return 0, old, new
    start, end = hunk.runs[0].start, hunk.runs[-1].end
    runs = [replace(run, start=run.start - start) for run in hunk.runs]
    units = old.units[start:end]
    before = Lines(units, b"", _codec(old, new))
    return start, before, replace(before, units=tuple(replaced(units, runs)))


def _codec(old: Lines, new: Lines) -> str:
    """The codec of a file that has lines of both, which fit."""
    return new.codec if all(map(bytes.isascii, old.units)) else old.codec


def _encoded(text: str, old: Lines, new: Lines) -> tuple[bytes, ...]:
    known = [split_end(line) for lines in (old, new) for line in lines.texts()]
    ends = {body: end for body, end in known if end}
    usual = (new if new.units else old).usual_end
    bodies = text.removesuffix("\n").split("\n") if text else []
    whole = [body + ends.get(body, usual) for body in bodies]
    if whole and new.units and not new.has_end(new.units[-1]):
        whole[-1] = bodies[-1]
    try:
        return encode_lines("".join(whole), new.codec)
    except UnicodeEncodeError as error:
        char = ascii(error.object[error.start])
        raise RewriteError(f"the file is encoded as {new.codec}, which has no {char}") from error


def _with_hunks(files: Files, place: Place, hunks: Sequence[Hunk]) -> Files:
    """The files with hunks in the place of one."""
    at, number = place
    file = files[at]
    all_hunks = (*file.hunks[:number], *hunks, *file.hunks[number + 1 :])
    return (*files[:at], replace(file, hunks=all_hunks), *files[at + 1 :])


def proposed(files: Files, place: Place) -> tuple[tuple[str, ...], int, int]:
    """Return the file of a hunk as it is proposed, for reading.

    Returns:
        Lines without line ends, of a deleted file those that it had; and the first and the last
        line that the hunk makes, 1-based, inclusive, or the line before it if it only removes.
    """
    file, hunk = files[place[0]], hunk_at(files, place)
    old, new = file.sides
    lines = old if file.what == "deleted" else new
    if file.what == "edited" and file.lines is not None:
        runs = [run for each in file.hunks for run in each.runs]
        lines = Lines(tuple(replaced(old.units, runs)), b"", _codec(old, new))
    texts = tuple(split_end(text)[0] for text in lines.texts())
    if not hunk.runs or file.what == "deleted":
        return texts, 1, max(len(texts), 1)
    before = file.hunks[: place[1]]
    shift = sum(len(run.new) - len(run.old) for each in before for run in each.runs)
    grown = sum(len(run.new) - len(run.old) for run in hunk.runs)
    start, end = hunk.runs[0].start + shift + 1, hunk.runs[-1].end + shift + grown
    return texts, max(min(start, end), 1), max(end, 1)
