"""Text -> the citations in it, in all the forms that models write, and where they stand.

`[path:12-20]` is the form that is asked for. Taken as well: `L12`, an en dash, several places in
one pair of brackets, round brackets, code spans, and links to `path#L12-L20`. Code is not searched:
in a fence `a[x:1]` is a slice.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bathy.tools.workspace import quote_path

_DASH = "[-\N{EN DASH}\N{EM DASH}]"
_LINES = rf"L?(\d{{1,7}})(?:\s?{_DASH}\s?L?(\d{{1,7}}))?"
_END = r"(?![\w:/]|\.\w)"
_QUOTED = r'"(?:[^"\\\n]|\\.){1,300}"'
_BARE = r"[^\s\[\](){}<>`'\",:;|#*]{1,300}"
_SPACED = r"[^\[\]`\"<>|:;,\n#*]{1,200}"
_ANY = re.compile(
    rf"\[({_SPACED}):{_LINES}\]"
    r"|\]\(([^\s()#]{1,300})#L(\d{1,7})(?:-L?(\d{1,7}))?\)"
    rf"|((?<![^\s\[\](){{}}<>`'\",:;|#*]){_BARE}|{_QUOTED}):{_LINES}{_END}"
)
_MORE = re.compile(rf"\s*,\s*{_LINES}{_END}(?!{_DASH})")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})([^\n]*)$", re.MULTILINE)
_LOOKS_LIKE_PATH = re.compile(r"/|\.[A-Za-z][\w+-]{0,11}$|^(?:Makefile|Dockerfile|LICENSE|README)$")
_URL = re.compile(r"^[a-z]{2,10}$|^//|^localhost$|^\d+(?:\.\d+){3}$")


@dataclass(frozen=True, slots=True)
class Mark:
    """A citation as it stands in a text.

    Attributes:
        path: As written, unquoted.
        first: First line that is named.
        last: Last line that is named, inclusive.
        start: Where path and lines begin in the text, in characters.
        end: Where they end.
        written: Text from start to end.
        form: "place" (path:lines), "more" (lines alone, after a place) or "link".
    """

    path: str
    first: int
    last: int
    start: int
    end: int
    written: str
    form: str = "place"


def find_marks(text: str) -> Iterator[Mark]:
    """Yield the citations of a text, in order, not overlapping."""
    for begin, end in _prose(text):
        done = begin
        for match in _ANY.finditer(text, begin, end):
            # A place may take more of the text than was matched: the lines that follow it.
            if match.start() >= done and (found := _places(text, match, end)):
                done = found[-1].end
                yield from found


def render_place(mark: Mark, path: str, first: int, last: int) -> str:
    """Write a place in the form in which it was cited."""
    if mark.form == "link":
        return f"{path}#L{first}" + (f"-L{last}" if last > first else "")
    lines = f"{first}-{last}" if last > first else str(first)
    return lines if mark.form == "more" else f"{quote_path(path)}:{lines}"


def _prose(text: str) -> Iterator[tuple[int, int]]:
    """The stretches of a text outside fenced code.

    Source: CommonMark 0.31, 4.5. A fence stands at the start of a line. What opens with backticks
    has none behind them, or it is a code span; what closes has nothing behind it.
    """
    at, fence = 0, ""
    for match in _FENCE.finditer(text):
        mark, info = match.groups()
        if not fence:
            if mark[0] == "~" or "`" not in info:
                yield at, match.start()
                fence = mark
        elif mark[0] == fence[0] and len(mark) >= len(fence) and not info.strip():
            at, fence = match.end(), ""
    if not fence:
        yield at, len(text)


def _places(text: str, match: re.Match[str], end: int) -> list[Mark]:
    """The citation that was matched, with the lines that follow it under the same path."""
    group = next(number for number in (1, 4, 7) if match[number] is not None)
    path = _unquoted(match[group])
    if not _is_path(path, is_bracketed=group == 1):
        return []
    first, last = match[group + 1], match[group + 2]
    stop = match.end(group + 2) if last else match.end(group + 1)
    form = "link" if group == 4 else "place"
    found = [_mark(path, first, last, match.start(group), stop, text, form)]
    if text[match.start(group) - 1 : match.start(group)] in ("[", "(") and form == "place":
        while more := _MORE.match(text, found[-1].end, end):
            found.append(_mark(path, more[1], more[2], more.start(1), more.end(), text, "more"))
    return found


def _mark(
    path: str, first: str, last: str | None, start: int, end: int, text: str, form: str
) -> Mark:
    begin = start - (form == "more" and text[start - 1] == "L")
    return Mark(path, int(first), int(last or first), begin, end, text[begin:end], form)


def _unquoted(path: str) -> str:
    return path[1:-1] if path.startswith('"') and path.endswith('"') else path


def _is_path(path: str, is_bracketed: bool) -> bool:
    if _URL.search(path) or "://" in path or not path.isprintable():
        return False
    return bool(_LOOKS_LIKE_PATH.search(path)) or (is_bracketed and "." in path)
