"""Files under review -> the line above them: how many there are, and what is decided. Pure."""

from bathy.agent.modes.tui.review.hunks import Choice, Files, Place, chosen, places_of
from bathy.agent.modes.tui.viewer.cells import shown
from bathy.agent.modes.tui.viewer.glyphs import Glyphs
from bathy.tools.base import count_of
from bathy.tools.workspace import quote_path


def heading(files: Files, current: Place, title: str, glyphs: Glyphs) -> str:
    """Return the heading: two lines, the second for the current file.

    Args:
        files: What is reviewed.
        current: The hunk that keys act on.
        title: What the edit is for; may hold anything.
        glyphs: What is drawn.
    """
    places = places_of(files)
    runs = [run for file in files for hunk in file.hunks for run in hunk.runs]
    added, removed = (
        sum(map(len, side)) for side in ([r.new for r in runs], [r.old for r in runs])
    )
    counts = [
        count_of(len(files), "file"),
        count_of(len(places), "hunk"),
        f"+{added} {glyphs.minus}{removed}",
    ]
    number = places.index(current) + 1 if current in places else 0
    signs: tuple[tuple[Choice, str], ...] = (
        ("accepted", glyphs.accepted),
        ("rejected", glyphs.rejected),
        ("open", glyphs.open),
    )
    decided = "  ".join(f"{sign} {len(chosen(files, word))} {word}" for word, sign in signs)
    named = f"Review  {shown(title.partition(chr(10))[0])}".strip()
    first = f"{named}   {f' {glyphs.dot} '.join(counts)}"
    path = quote_path(files[current[0]].path) if number else ""
    return f"{first}\nhunk {number}/{len(places)}   {decided}   {path}"
