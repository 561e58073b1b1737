"""Blocks that are not an answer -> lines: questions, thinking, tool calls, messages, evidence.

What is folded is one line; none of the rest is looked at.
"""

from collections.abc import Sequence

from bathy.agent.modes.tui.transcript.blocks import (
    Evidence,
    Found,
    Notice,
    Patch,
    Prompt,
    Reasoning,
    Tool,
    quoted_places,
)
from bathy.agent.modes.tui.transcript.cells import (
    Line,
    Span,
    chop,
    clean,
    clean_lines,
    shorten,
    width_of,
    wrap,
)
from bathy.agent.modes.tui.transcript.highlight import highlighter_of_file
from bathy.agent.modes.tui.transcript.inline import Inline
from bathy.agent.modes.tui.transcript.palette import Glyphs, Palette
from rich.style import Style

LIVE_LINES = 6
"""The last ones, of thinking that is unfolded while it goes on."""

SOME_LINES = 12
"""The last ones, of what a failed call returned."""

MOST_LINES = 2_000
"""Of what is unfolded; the last ones of tools, the first ones of evidence."""

EVIDENCE_LINES = 6
"""The first ones, of each place."""


class Cards:
    """Renders blocks with one palette and one set of signs."""

    def __init__(self, palette: Palette, glyphs: Glyphs) -> None:
        self._palette = palette
        self._glyphs = glyphs
        self._inline = Inline(palette, glyphs)

    def prompt(self, block: Prompt, width: int) -> list[Line]:
        """Render what the user asked, as it was typed."""
        style = self._palette.prompt
        return self._signed(self._glyphs.prompt, block.text, width, style)

    def notice(self, block: Notice, width: int) -> list[Line]:
        """Render a message, or an error."""
        if block.is_error:
            return self._signed(self._glyphs.failed, block.text, width, self._palette.bad)
        return self._signed(self._glyphs.notice, block.text, width, self._palette.muted)

    def reasoning(self, block: Reasoning, width: int) -> list[Line]:
        """Render thinking: how long it took, how much it was, and on demand what it was."""
        sign = self._glyphs.folded if block.shown == "line" else self._glyphs.opened
        about = "" if block.is_counted else self._glyphs.about
        tokens = f" {self._glyphs.notice} {about}{_short(block.tokens)} tok"
        name = "Thinking" if block.is_live else "Thought"
        # Of an old log it is not known how long it took.
        took = f" {_seconds(block.seconds)}" if block.is_live or block.seconds >= 0.1 else ""
        head = f"{sign} {name}{took}{tokens if block.tokens else ''}"
        lines = [self._one_line([(head, self._palette.muted)], width)]
        if block.shown == "line":
            return lines
        body = self._body(block.text, width, self._palette.muted)
        return lines + (body[-LIVE_LINES:] if block.is_live else body)

    def tool(self, block: Tool, width: int) -> list[Line]:
        """Render a call: what was asked, what came of it, and on demand or failure all of it."""
        glyphs, palette = self._glyphs, self._palette
        signs = {"running": glyphs.running, "done": glyphs.done, "failed": glyphs.failed}
        styles = {"running": palette.muted, "done": palette.good, "failed": palette.bad}
        words = {"running": "running", "done": "", "failed": "failed"}
        told = [words[block.status], clean(block.summary.replace("\n", " "))]
        end = ": ".join(dict.fromkeys(word for word in told if word))
        if block.status != "running" and block.seconds >= 0.1:
            end += f" {glyphs.notice} {_seconds(block.seconds)}"
        head = f"{signs[block.status]} "
        room = width - len(head) - width_of([(f"  {end}", palette.text)])
        call = f"{clean(block.name)} {clean(block.arguments)}".rstrip()
        call = shorten(call, max(room, width // 3), glyphs.ellipsis)
        style = styles[block.status]
        lines = [self._one_line([(head, style), (call, palette.text), (f"  {end}", style)], width)]
        if block.shown == "line" or not block.text:
            return lines
        most = SOME_LINES if block.shown == "some" else MOST_LINES
        texts = block.text.removesuffix("\n").split("\n")
        if len(texts) > most:
            lines += self._body(self._left_out(len(texts) - most, "earlier"), width, palette.muted)
        return lines + self._body("\n".join(texts[-most:]), width, palette.text)

    def patch(self, block: Patch, width: int) -> list[Line]:
        """Render what edits come to, file by file."""
        added = sum(change.added for change in block.files)
        removed = sum(change.removed for change in block.files)
        count = len(block.files)
        told = f"{count} file{'' if count == 1 else 's'}  {self._counts(added, removed)}"
        state = f"written, undo {clean(block.entry)}" if block.entry else "proposed, not written"
        head = f"{self._glyphs.patch} {told}  {state}"
        lines = [self._one_line([(head, self._palette.warn)], width)]
        for change in block.files:
            counts = self._counts(change.added, change.removed)
            lines += self._body(f"{change.path}  {counts}", width, self._palette.text)
        return lines

    def evidence(self, block: Evidence, width: int) -> list[Line]:
        """Render places of the index, each with its lines."""
        count = len(block.found)
        sign = self._glyphs.opened if block.shown == "all" else self._glyphs.folded
        head = f"{sign} Evidence from the index: {count} place{'' if count == 1 else 's'}"
        lines = [self._one_line([(head, self._palette.muted)], width)]
        if block.shown == "line":
            return lines
        most = MOST_LINES if block.shown == "all" else EVIDENCE_LINES
        quoted = quoted_places(block)
        for at, found in enumerate(block.found):
            symbol = f" {clean(found.symbol)}" if found.symbol else ""
            place = [self._inline.citation(found.citation), (symbol, self._palette.strong)]
            if at <= quoted:
                lines.append(Line([]))
            lines += wrap(place, width)
            if at < quoted:
                lines += self._quoted(found, width, most)
        return lines

    def _quoted(self, found: Found, width: int, most: int) -> list[Line]:
        """The lines of a place with their numbers."""
        palette, bar = self._palette, self._glyphs.bar
        language = highlighter_of_file(found.citation.path.rpartition("/")[2])
        state, first, shown = language.start, found.citation.start_line, found.lines[:most]
        size = len(str(first + len(shown)))
        lines = list[Line]()
        for number, text in enumerate(shown, first):
            (line,) = clean_lines(text.replace("\n", " ").replace("\r", "")) or [""]
            tokens, state = language.highlight(line, state)
            spans = [(part, palette.of_token(kind)) for kind, part in tokens if part]
            parts = chop(spans, max(1, width - size - 3))
            for at, part in enumerate(parts):
                part.lead = [(f"{'' if at else number:>{size}} {bar} ", palette.comment)]
                part.fill = palette.block
            lines += parts
        if len(found.lines) > most:
            told = self._left_out(len(found.lines) - most, "more")
            parts = wrap([(told, palette.muted)], max(1, width - size - 3))
            for part in parts:
                part.lead = [(f"{'':{size}} {bar} ", palette.comment)]
            lines += parts
        return lines

    def _signed(self, sign: str, text: str, width: int, style: Style) -> list[Line]:
        indent = len(sign) + 1
        lines = wrap(_flowing(text, style), max(1, width - indent))
        for number, line in enumerate(lines):
            line.lead = [(" " * indent if number else f"{sign} ", style)]
        return lines

    def _body(self, text: str, width: int, style: Style) -> list[Line]:
        """Text below a head, behind a bar."""
        lines = wrap(_flowing(text, style), max(1, width - 2))
        for line in lines:
            line.lead = [(f"{self._glyphs.bar} ", self._palette.muted)]
        return lines

    def _one_line(self, spans: Sequence[Span], width: int) -> Line:
        text = "".join(text for text, _ in spans)
        if width_of(spans) <= width:
            return Line(list(spans))
        room, kept = width, list[Span]()
        for part, style in spans:
            shown = shorten(part, max(0, room), self._glyphs.ellipsis)
            kept.append((shown, style))
            room -= width_of([(shown, style)])
            if shown != part:
                break
        return Line(kept) if text else Line([])

    def _left_out(self, count: int, which: str) -> str:
        lines = "line" if count == 1 else "lines"
        return f"{self._glyphs.ellipsis} {count:,} {which} {lines}"

    def _counts(self, added: int, removed: int) -> str:
        return f"+{added} {self._glyphs.minus}{removed}"


def _flowing(text: str, style: Style) -> list[Span]:
    return [("\n".join(clean_lines(text)), style)]


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:,.0f} s"


def _short(count: int) -> str:
    return f"{count / 1000:.1f}k" if count >= 1000 else str(count)
