"""Paths in the headers of diffs: quotes, timestamps, prefixes."""

import re

from bathy.tools.workspace import decode_path, encode_path

NO_FILE = "/dev/null"

_ESCAPE = re.compile(r'\\([0-7]{3}|[abtnvfr"\\])')
_TIMESTAMP = re.compile(r"[ \t]+\d{4}-\d\d-\d\d[ T]\d\d:\d\d.*")
_LETTERS = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}
_PREFIX_PAIRS = {"ab", "ba", "iw", "ci", "cw", "ow", "12"}
"""First letters of the two sides: git's own, reversed, and those of diff.mnemonicPrefix."""


def header_path(text: str) -> str:
    """Return the path of a header line, from what stands after its mark."""
    text = text.strip(" ")
    if text.startswith('"'):
        return unquote(text)
    return _TIMESTAMP.sub("", text.partition("\t")[0]).rstrip()


def unquote(text: str) -> str:
    r"""Take git's quotes and escapes off a path: `"a\303\251.py"` is "aé.py"."""
    closing = re.match(r'"((?:[^"\\]|\\.)*)"', text)
    if not closing:
        return text
    out = bytearray()
    last = 0
    for escape in _ESCAPE.finditer(closing[1]):
        out += encode_path(closing[1][last : escape.start()])
        code = escape[1]
        out.append(_LETTERS[code] if code in _LETTERS else int(code, 8) & 0xFF)
        last = escape.end()
    return decode_path(bytes(out + encode_path(closing[1][last:])))


def git_paths(text: str) -> tuple[str, str]:
    """Return the two paths of a `diff --git` line, or ("", "") if it cannot be told.

    Args:
        text: What stands after `diff --git `.
    """
    if text.startswith('"'):
        first = re.match(r'"(?:[^"\\]|\\.)*"', text)
        rest = text[first.end() :].strip() if first else ""
        return (unquote(text), unquote(rest)) if rest else ("", "")
    if text.endswith('"') and ' "' in text:
        old, _, new = text.partition(' "')
        return old, unquote('"' + new)
    words = text.split(" ")
    for count in range(1, len(words)):
        old, new = " ".join(words[:count]), " ".join(words[count:])
        if old == new or (old[1:2] == "/" and old[1:] == new[1:]):
            return old, new
    return (words[0], words[1]) if len(words) == 2 else ("", "")


def strip_pair(old: str, new: str) -> tuple[str, str]:
    """Take prefixes as git writes them off two paths of one file, if both bear them."""
    is_pair = old[1:2] == "/" and old[1:] == new[1:] and old[:1] + new[:1] in _PREFIX_PAIRS
    return (old[2:], new[2:]) if is_pair else (old, new)


def strip_one(path: str) -> str:
    """Take "a/" or "b/" off a path."""
    return path[2:] if path[:2] in ("a/", "b/") else path
