"""`@path` in a text <-> the file that is meant. Pure."""

import re
from collections.abc import Collection

from bathy.tools.workspace import quote_path

# An address of mail is no mention; a word of Chinese or Japanese in front of one needs no space.
_BEGUN = re.compile(r'(?:^|(?<=[^A-Za-z0-9_.@`]))@([^\s@"`]*)$')
_MENTION = re.compile(
    r'(?:^|(?<=[^A-Za-z0-9_.@`]))@("(?:[^"\\\n]|\\.){1,1000}"|[^\s@"`]{1,1000})', re.M
)
_GOES_ON = re.compile(r"[A-Za-z0-9_./-]")


def mention_begun(before: str) -> tuple[int, str] | None:
    """Find the mention that is being typed.

    Args:
        before: The line up to the cursor.

    Returns:
        The 0-based column of the "@" and what follows it; None if none is being typed.
    """
    found = _BEGUN.search(before)
    return (found.start(), found[1]) if found else None


def spelled(path: str) -> str:
    """Return how a path is written behind an "@": as git quotes it, in quotes if it has spaces."""
    quoted = quote_path(path)
    return f'"{path}"' if quoted == path and path.split() != [path] else quoted


def spell_out(text: str, known: Collection[str]) -> str:
    """Put the mentions of known paths into backticks, as models and our own index read them.

    Args:
        text: Any.
        known: Paths as `spelled` gives them; what else follows an "@" stays as it is.
    """
    return _MENTION.sub(lambda found: _spell_out(found[1], known) or found[0], text)


def _spell_out(word: str, known: Collection[str]) -> str:
    if word.startswith('"'):
        inner = word[1:-1]
        return (f"`{inner}`" if quote_path(inner) == inner else f"`{word}`") * (word in known)
    # What follows a path may be a full stop, or a word of a language that sets no spaces.
    for end in range(len(word), 0, -1):
        rest = word[end:]
        if word[:end] in known and (rest in ("", ".") or not _GOES_ON.match(rest)):
            return f"`{word[:end]}`{rest}"
    return ""
