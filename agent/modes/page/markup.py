"""Text of any origin -> text that HTML and XML show as it stands, and that does nothing there."""

import html
import unicodedata

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


def escape(text: str) -> str:
    """Return a text for the content or a quoted attribute of an element.

    Characters that are not shown (controls, marks that turn the direction of writing, lone
    surrogates) come as the replacement character, spaces of any kind as a space.
    """
    if not text.isprintable():
        text = "".join(map(_shown, text))
    return html.escape(text, quote=True)


def _shown(char: str) -> str:
    if char.isprintable():
        return char
    return " " if char.isspace() else "\N{REPLACEMENT CHARACTER}"


def width_of(text: str) -> float:
    """Estimate how wide a text is in a proportional font, in parts of the font's size.

    On the safe side: no usual font is wider on the average.
    """
    return sum(1.05 if unicodedata.east_asian_width(c) in "WF" else _width(c) for c in text)


def _width(char: str) -> float:
    if char in "MW@%mw":
        return 0.92
    return 0.7 if char.isupper() else 0.36 if char in " .,:;'|!ijlt()[]/" else 0.58


def shorten(text: str, width: float) -> str:
    """Cut the middle out of a text that is wider than a width, in parts of the font's size."""
    if width_of(text) <= width:
        return text
    room = width - width_of(ELLIPSIS)
    head, tail = list[str](), list[str]()
    for at in range(len(text)):
        # The end of a path or name tells more than its middle.
        side, char = (tail, text[-1 - at // 2]) if at % 2 else (head, text[at // 2])
        room -= width_of(char)
        if room < 0:
            break
        side.append(char)
    return "".join(head) + ELLIPSIS + "".join(reversed(tail))
