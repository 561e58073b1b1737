"""One exact search and replace in the text of a file -> its new bytes."""

from collections.abc import Iterator, Sequence

from bathy.tools.base import count_of
from bathy.tools.patch.hunks import Item, PatchError
from bathy.tools.patch.index import LineIndex
from bathy.tools.patch.nearest import nearest_lines
from bathy.tools.patch.text import TextFile, read_text, split_text, write_text

_MAX_NAMED = 10


def plan_edit(
    path: str, data: bytes | None, old_text: str, new_text: str, *, replace_all: bool = False
) -> bytes:
    """Replace a text in a file, or create a file.

    Args:
        path: For messages.
        data: The file's bytes, or None if there is none.
        old_text: What is replaced, lines ending with LF whatever the file has; "" to create a file.
        new_text: What takes its place, likewise. New lines get the line ends of those they replace.
        replace_all: Whether to replace every occurrence; otherwise there must be exactly one.

    Returns:
        The bytes of the whole new file.

    Raises:
        PatchError: The old text is not there once, nothing would change, or the file cannot hold
            the new text.
    """
    old_text, new_text = old_text.replace("\r\n", "\n"), new_text.replace("\r\n", "\n")
    try:
        if data is None:
            return _created(path, old_text, new_text)
        return _edited(data, old_text, new_text, replace_all=replace_all)
    except PatchError as error:
        raise PatchError(f"{path}: {error}") from error


def _created(path: str, old_text: str, new_text: str) -> bytes:
    if old_text:
        raise PatchError("there is no such file; to create it, leave the old text empty")
    return write_text(split_text(new_text, "utf-8"))


def _edited(data: bytes, old_text: str, new_text: str, *, replace_all: bool) -> bytes:
    if not old_text:
        raise PatchError(
            "the file exists, so the old text may not be empty; give the lines to replace"
        )
    if old_text == new_text:
        raise PatchError("old and new text are the same, so nothing would change")
    file = read_text(data)
    text = "\n".join(file.lines) + ("\n" if file.ends and file.ends[-1] else "")
    places = list(_occurrences(text, old_text))
    if not places:
        raise PatchError(_not_found(file, text, old_text, new_text))
    if len(places) > 1 and not replace_all:
        lines = [str(text.count("\n", 0, place) + 1) for place in places[:_MAX_NAMED]]
        more = " and more" if len(places) > _MAX_NAMED else ""
        raise PatchError(
            f"the old text stands there {len(places)} times, at lines {', '.join(lines)}{more}; "
            "give more of the text around it, or set replace_all"
        )
    return write_text(split_text(_spliced(file, text, old_text, new_text), file.encoding))


def _occurrences(text: str, wanted: str) -> Iterator[int]:
    """Yield where a text begins, also where it overlaps itself."""
    at = text.find(wanted)
    while at >= 0:
        yield at
        at = text.find(wanted, at + 1)


def _spliced(file: TextFile, text: str, old_text: str, new_text: str) -> str:
    """Replace all occurrences, and give every line its end."""
    pieces = text.split(old_text)
    ends = [end or file.usual_end for end in file.ends]
    per_old = old_text.count("\n")
    per_new = new_text.count("\n")
    out: list[str] = []
    line = 0
    for number, piece in enumerate(pieces):
        breaks = piece.count("\n")
        out.append(_with_ends(piece, ends[line : line + breaks]))
        line += breaks
        if number + 1 < len(pieces):
            near = ends[min(line + max(per_old - 1, 0), len(ends) - 1)]
            new_ends = (ends[line : line + per_old] + [near] * per_new)[:per_new]
            out.append(_with_ends(new_text, new_ends))
            line += per_old
    return "".join(out)


def _with_ends(piece: str, ends: Sequence[str]) -> str:
    parts = piece.split("\n")
    return "".join(part + end for part, end in zip(parts, [*ends, ""], strict=True))


def _not_found(file: TextFile, text: str, old_text: str, new_text: str) -> str:
    if new_text.strip() and new_text in text:
        at = text.count("\n", 0, text.find(new_text)) + 1
        return f"the old text is not there, but the new one is, at line {at}; nothing is left to do"
    lines = old_text.removesuffix("\n").split("\n")
    wanted = [Item("removed", line) for line in lines]
    near = nearest_lines(LineIndex(file.lines), wanted)
    return f"the old text ({count_of(len(lines), 'line')}) stands nowhere in the file. {near}"
