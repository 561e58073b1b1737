"""Markdown -> the same with a mark for each piece that GitHub surely shows as code.

What is only perhaps code is left, so that nobody can pass hidden text off as code.
"""

import re
from dataclasses import dataclass, field

_FENCE = re.compile(r"(?P<indent> {0,3})(?P<mark>`{3,}(?=[^`]*$)|~{3,})")
_HTML = re.compile(r"(?:[ \t>]|[-*+][ \t]|\d{1,9}[.)][ \t])*+<[A-Za-z/?!]")
_RAW_HTML = re.compile(r"(?i)<(pre|script|style|textarea)\b")
_TAG_LIKE = re.compile(r"<[A-Za-z/!?]")
_TICKS = re.compile(r"`+")
_MARK = re.compile("\x00(\\d{1,9})\x00")


def mask_code(text: str) -> tuple[str, list[str]]:
    """Replace fenced code and code spans by marks.

    Args:
        text: Without U+0000.

    Returns:
        The masked text, and what `unmask` needs. Linear.
    """
    reader = _Reader()
    return "\n".join([reader.read(line) for line in text.split("\n")]), reader.kept


def unmask(text: str, kept: list[str]) -> str:
    """Put the code back."""
    return _MARK.sub(lambda found: kept[int(found[1])], text)


@dataclass(slots=True)
class _Reader:
    """Reads line by line; knows what block the line stands in.

    Attributes:
        kept: Code that was masked.
        fence: Opening mark of the fenced code that is open, or "".
        indent: Its blanks in front.
        html: What ends the HTML block that is open: "blank" for a blank line, or a closing tag.
        in_comment: An HTML comment is open.
        is_stray: The paragraph holds a backtick that may pair with a later one.
    """

    kept: list[str] = field(default_factory=list)
    fence: str = ""
    indent: int = 0
    html: str = ""
    in_comment: bool = False
    is_stray: bool = False

    def read(self, line: str) -> str:
        if self.fence and self._is_fenced(line):
            return self._keep(line)
        if not line.strip():
            self.is_stray = False
            self.html = "" if self.html == "blank" else self.html
            return line
        if self.in_comment:
            _, end, behind = line.partition("-->")
            self.in_comment = not end or _leaves_comment_open(behind)
            return line
        if not self.html:
            opened = _FENCE.match(line)
            if opened:
                self.fence, self.indent = opened["mark"], len(opened["indent"])
                return self._keep(line)
            if not _HTML.match(line):
                line = self._mask_spans(line)
                self.in_comment = _leaves_comment_open(line)
                return line
            raw = _RAW_HTML.search(line)
            self.html = f"</{raw[1].lower()}" if raw else "blank"
        if self.html != "blank" and self.html in line.lower():
            self.html = ""
        self.in_comment = _leaves_comment_open(line)
        return line

    def _is_fenced(self, line: str) -> bool:
        """Whether a line belongs to the open fence; one that stands further left ends a list."""
        bare = line.strip()
        if bare and len(line) - len(line.lstrip(" ")) < self.indent:
            self.fence = ""
            return False
        if bare.startswith(self.fence) and not bare.strip(self.fence[0]):
            self.fence = ""
        return True

    def _mask_spans(self, line: str) -> str:
        if "`" not in line:
            return line
        self.is_stray = self.is_stray or "\\`" in line
        parts, at = list[str](), 0
        runs = [(found.start(), found.end()) for found in _TICKS.finditer(line)]
        closers: dict[int, list[int]] = {}
        for number, (start, end) in reversed(list(enumerate(runs))):
            closers.setdefault(end - start, []).append(number)
        for number, (start, end) in enumerate(runs):
            if self.is_stray:
                break
            if start < at:
                continue
            same = closers[end - start]
            while same and same[-1] <= number:
                same.pop()
            if not same or _TAG_LIKE.search(line, at, start):
                self.is_stray = True
                break
            stop = runs[same[-1]][1]
            code = line[start:stop]
            # A cell of a table ends inside code, too.
            parts += [line[at:start], code if "|" in code else self._keep(code)]
            at = stop
        return "".join((*parts, line[at:]))

    def _keep(self, code: str) -> str:
        self.kept.append(code)
        return f"\x00{len(self.kept) - 1}\x00"


def _leaves_comment_open(line: str) -> bool:
    at = line.rfind("<!--")
    return at >= 0 and line.find("-->", at + 2) < 0
