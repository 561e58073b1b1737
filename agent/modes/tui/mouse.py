"""Taking the mouse from the terminal, and giving it back, so that one can select as elsewhere."""

_MODES = (1000, 1003)
"""Clicks and movement (xterm's control sequences). How coordinates are written stays as Textual
has agreed it with the terminal."""


def sequence(*, is_taken: bool) -> str:
    """Return what tells the terminal whether its mouse is taken."""
    return "".join(f"\x1b[?{mode}{'h' if is_taken else 'l'}" for mode in _MODES)
