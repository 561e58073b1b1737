"""Numbers and names -> words that fit into so many cells of a terminal; pure."""

from bathy.agent.modes.terminal import printable
from rich.cells import cell_len, set_cell_size

_EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")


def one_line(text: str) -> str:
    """Return a text without anything that a terminal would obey, line ends included."""
    return printable(text).replace("\n", " ").replace("\t", " ")


def tokens_word(tokens: int) -> str:
    """Say a number of tokens in at most five characters: 812, 3.1k, 506k, 1.05M."""
    if tokens < 1_000:
        return str(tokens)
    if tokens < 9_950:
        return f"{tokens / 1_000:.1f}k"
    if tokens < 999_500:
        return f"{tokens / 1_000:.0f}k"
    return f"{tokens / 1_000_000:.2f}M"


def window_words(tokens: int, window_tokens: int) -> str:
    """Say how much of the window of a model is taken: 506k of 1.05M window."""
    return f"{tokens_word(tokens)} of {tokens_word(window_tokens)} window"


def usd_word(usd: float | None, *, is_about: bool = False, is_ascii: bool = False) -> str:
    """Say a price in US dollars: $0.021, $1.42; "no price" if it is not known.

    Args:
        usd: The price.
        is_about: It is an estimate, and marked as one.
        is_ascii: With ASCII alone.
    """
    if usd is None:
        return "no price"
    about = ("~" if is_ascii else "≈") if is_about else ""
    if 0 < usd < 0.0005:
        return f"{about}<$0.001"
    return f"{about}${usd:.3f}" if usd < 0.9995 else f"{about}${usd:.2f}"


def percent_word(part: float, whole: float) -> str:
    """Say a share without a space before the sign: 41%, <1%."""
    share = 100 * part / whole if whole else 0.0
    return "<1%" if 0 < share < 0.5 else f"{share:.0f}%"


def seconds_word(seconds: float) -> str:
    """Say how long something takes: 12 s, 3 min 05 s."""
    whole = max(0, int(seconds))
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02} s"


def count_word(number: int, thing: str) -> str:
    """Say how many: 1 file, 1,204 files."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def meter(share: float, width: int, *, is_ascii: bool) -> str:
    """Draw a bar of exactly `width` cells; a share is 0 to 1, and what is more fills the bar."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    if is_ascii:
        full = eighths // 8
        return "#" * full + "." * (width - full)
    full, part = divmod(eighths, 8)
    bar = "█" * full + _EIGHTHS[part]
    return bar + "░" * (width - len(bar))


def cut(text: str, width: int, *, is_ascii: bool = False) -> str:
    """Keep the start of a text, at most `width` cells of it with the mark of the cut."""
    if cell_len(text) <= width:
        return text
    if width < 1:
        return ""
    mark = "~" if is_ascii else "…"
    kept = text
    # A character of two cells that is cut in half comes back as a space.
    while cell_len(kept) > width - 1:
        kept = set_cell_size(kept, width - 1).rstrip(" ")
    return kept + mark


def cut_left(text: str, width: int, *, is_ascii: bool = False) -> str:
    """Keep the end of a text: of a path, the name of the file."""
    if cell_len(text) <= width:
        return text
    if width < 1:
        return ""
    start, end = 0, len(text)
    while start < end:
        middle = (start + end) // 2
        if cell_len(text[middle:]) > width - 1:
            start = middle + 1
        else:
            end = middle
    return ("~" if is_ascii else "…") + text[start:]


def pad(text: str, width: int, *, is_ascii: bool = False) -> str:
    """Cut a text, or fill it with spaces, to exactly `width` cells."""
    short = cut(text, width, is_ascii=is_ascii)
    return short + " " * (width - cell_len(short))


def columns(left: str, right: str, width: int, *, is_ascii: bool = False) -> str:
    """Put one text at each end of `width` cells; the left one is cut if it must be."""
    right = cut(right, width, is_ascii=is_ascii)
    rest = width - cell_len(right)
    short = cut(left, rest - 1 if right else rest, is_ascii=is_ascii)
    return short + " " * (rest - cell_len(short)) + right
