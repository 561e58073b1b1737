"""A colour of text and its ground -> how well it can be read, and one that can be read.

Source: WCAG 2.2, relative luminance and contrast ratio.
"""

from textual.color import BLACK, WHITE, Color

LEAST_CONTRAST = 4.5
"""Of text with its ground (WCAG 2.2, 1.4.3)."""

_STEPS = 10


def contrast(one: Color, other: Color) -> float:
    """Return the ratio of contrast of two opaque colours: 1 for none, 21 for black and white."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def legible(text: Color, ground: Color, least: float = LEAST_CONTRAST) -> Color:
    """Return a colour for text, as near as can be to the one that is wanted.

    Args:
        text: Opaque.
        ground: Opaque.
        least: Contrast that is enough.

    Returns:
        The same colour if it has that contrast, else one nearer to black or to white.
    """
    goal = max((BLACK, WHITE), key=lambda end: contrast(end, ground))
    for step in range(_STEPS):
        found = text.blend(goal, step / _STEPS, alpha=1.0)
        if contrast(found, ground) >= least:
            return found
    return goal


def _luminance(color: Color) -> float:
    red, green, blue = map(_linear, color.rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: int) -> float:
    share = channel / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)
