"""Text that streams -> pieces that end where a line or a sentence does, fit for any terminal.

A screen reader that is given single tokens reads single tokens; and what only the next token makes
whole, such as a line end of two characters, must not be judged before it is there.
"""

import re

from bathy.agent.modes.terminal import printable

_END = re.compile(r"\n|[.!?:;]['\")\]*`]*[ \t]|[\u3002\uff01\uff1f]")
_OVERLAP_CHARS = 8
"""So many characters before a delta may belong to an end that it completes."""


class Pieces:
    """Takes deltas, gives back pieces; all pieces together are `printable` of all deltas."""

    def __init__(self) -> None:
        self._held: list[str] = []

    def add(self, delta: str) -> str:
        """Take a delta.

        Returns:
            What has become whole and was not returned before; "" for nothing.
        """
        tail = "".join(self._held[-_OVERLAP_CHARS:])[-_OVERLAP_CHARS:]
        self._held.append(delta)
        ends = [found.end() for found in _END.finditer(tail + delta)]
        if not ends:
            return ""
        text = "".join(self._held)
        end = len(text) - len(tail) - len(delta) + ends[-1]
        self._held = [text[end:]] if text[end:] else []
        return printable(text[:end])

    def end(self) -> str:
        """Return the rest."""
        text, self._held = "".join(self._held), []
        return printable(text)
