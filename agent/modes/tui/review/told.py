"""What the user has decided -> what the model is told of it."""

from collections.abc import Iterator

from bathy.agent.modes.tui.review.hunks import FileReview, Files, Hunk, chosen, places_of
from bathy.tools.base import count_of
from bathy.tools.workspace import quote_path


def tell_model(files: Files) -> str:
    """Return what is to be said to the model, or "" if all was taken without a word.

    Args:
        files: As the user has left them; what is accepted has been written.

    Returns:
        Which hunks were rejected or left open, with the user's comments, and where the user's own
        lines stand. Line numbers are those of the files as they are written.
    """
    every, taken = places_of(files), chosen(files)
    parts = []
    for title, places in (
        ("Rejected, so the file stays as it was there", chosen(files, "rejected")),
        ("Not decided and not written", chosen(files, "open")),
        ("Taken, but with lines of the user's own", _own(files)),
        ("Taken, with a remark", _remarked(files)),
    ):
        named = [_named(files, place) for place in every if place in places]
        if named:
            parts.append(f"{title}: {'; '.join(named)}.")
    if not parts:
        return ""
    return (
        f"The user has reviewed your edit: {len(taken)} of {count_of(len(every), 'hunk')} taken."
        f" {' '.join(parts)}"
    )


def _own(files: Files) -> set[tuple[int, int]]:
    return {place for place in chosen(files) if files[place[0]].hunks[place[1]].is_own}


def _remarked(files: Files) -> set[tuple[int, int]]:
    hunks = ((place, files[place[0]].hunks[place[1]]) for place in chosen(files))
    return {place for place, hunk in hunks if hunk.comment and not hunk.is_own}


def _named(files: Files, place: tuple[int, int]) -> str:
    file = files[place[0]]
    hunk = file.hunks[place[1]]
    said = f' (the user says: "{hunk.comment}")' if hunk.comment else ""
    return f"{_what(file, hunk)}{said}"


def _what(file: FileReview, hunk: Hunk) -> str:
    name = quote_path(file.path)
    if hunk.is_mode:
        return f"the permission to run {name}"
    match file.what:
        case "created":
            return f"the new file {name}"
        case "deleted":
            return f"the deletion of {name}"
        case "renamed":
            return f"the renaming of {quote_path(file.old_path)} to {name}"
        case "replaced":
            return f"the new content of {name}"
        case "edited":
            return f"{name} {_lines(file, hunk)}"


def _lines(file: FileReview, hunk: Hunk) -> str:
    """Where a hunk of lines stands in the file as it is written."""
    first, last = next((start, end) for other, start, end in _ranges(file) if other is hunk)
    if last < first:
        return f"after line {last}" if last else "before line 1"
    return f"line {first}" if first == last else f"lines {first}-{last}"


def _ranges(file: FileReview) -> Iterator[tuple[Hunk, int, int]]:
    """Yield the hunks with their first and last line, 1-based; the last is before for no line."""
    shift = 0
    for hunk in file.hunks:
        if not hunk.runs:
            continue
        start, size = hunk.runs[0].start + shift, hunk.runs[-1].end - hunk.runs[0].start
        if hunk.choice == "accepted":
            grown = sum(len(run.new) - len(run.old) for run in hunk.runs)
            shift, size = shift + grown, size + grown
        yield hunk, start + 1, start + size
