"""The signs that the viewer and the review draw, for terminals that show them and for others."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One cell each, but for `gap`.

    Attributes:
        cursor: Beside the line that keys act on.
        bar: Beside the lines that are meant.
        cut: At the edge where a line goes on.
        gap: For lines that are left out.
        divider: Between the two sides of a diff.
        accepted: A hunk that is taken.
        rejected: A hunk that is not.
        open: A hunk that is not decided.
        dot: Between words.
        minus: Before a number of removed lines.
    """

    cursor: str
    bar: str
    cut: str
    gap: str
    divider: str
    accepted: str
    rejected: str
    open: str
    dot: str
    minus: str


UNICODE = Glyphs("▸", "▌", "…", "⋯", "│", "✔", "✖", "●", "·", "\N{MINUS SIGN}")
ASCII = Glyphs(">", "#", "~", "...", "|", "v", "x", "o", "-", "-")
