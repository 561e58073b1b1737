"""A block, a width -> its rows; what was rendered is kept, as many rows as there is room for."""

from collections import OrderedDict

from bathy.agent.modes.tui.transcript.blocks import (
    Block,
    Code,
    Evidence,
    Notice,
    Patch,
    Prompt,
    Prose,
    Reasoning,
    Tool,
    quoted_places,
)
from bathy.agent.modes.tui.transcript.cards import Cards
from bathy.agent.modes.tui.transcript.cells import NO_BREAK, Line, clean, expand_tabs
from bathy.agent.modes.tui.transcript.highlight import State, highlighter, language_of
from bathy.agent.modes.tui.transcript.markdown import Markdown
from bathy.agent.modes.tui.transcript.palette import Glyphs, Palette
from bathy.agent.modes.tui.transcript.rows import Rendered, render_lines
from bathy.agent.modes.tui.transcript.split import code_lines

KEPT_ROWS = 6_000
"""Rows whose strips are kept: some 100 screens."""

LIVE_LINES, LIVE_LINES_LEFT = 120, 80
"""A live part of more lines than the first number is shown with as many as the second."""

LIVE_CHARS = 8_000
"""A live part of more characters is shown with the last half of as many."""

_KEPT_STATES = 4_000


class Renderer:
    """Renders blocks with one palette and one set of signs."""

    def __init__(self, palette: Palette, glyphs: Glyphs, kept_rows: int = KEPT_ROWS) -> None:
        self.palette = palette
        self.glyphs = glyphs
        self._most_rows = kept_rows
        self._markdown = Markdown(palette, glyphs)
        self._cards = Cards(palette, glyphs)
        self._kept: OrderedDict[tuple[int, int], tuple[Block, Rendered]] = OrderedDict()
        self._rows = 0
        self._states: OrderedDict[int, State] = OrderedDict()

    @property
    def kept_rows(self) -> int:
        """Rows that are kept now."""
        return self._rows

    def render(self, block: Block, width: int, *, is_kept: bool = True) -> Rendered:
        """Return the rows of a block.

        Args:
            block: Rendered again if another block of its id was rendered before.
            width: Cells, more than 0.
            is_kept: Keep the rows, for they will be drawn.

        Returns:
            Rows of at most `width` cells, in which no character drives the terminal.
        """
        key = (block.id, width)
        kept = self._kept.get(key)
        if kept is not None and kept[0] is block:
            self._kept.move_to_end(key)
            return kept[1]
        lines = self._lines(block, width)
        if block.gap and lines:
            lines.insert(0, Line([]))
        for line in lines:
            # They have kept words together; a terminal is given blanks, so that it copies blanks.
            line.spans = [(text.replace(NO_BREAK, " "), style) for text, style in line.spans]
        rendered = render_lines(lines, width)
        if is_kept:
            self._keep(key, block, rendered)
        return rendered

    def _keep(self, key: tuple[int, int], block: Block, rendered: Rendered) -> None:
        if before := self._kept.pop(key, None):
            self._rows -= len(before[1].rows)
        self._kept[key] = (block, rendered)
        self._rows += len(rendered.rows)
        while self._rows > self._most_rows and len(self._kept) > 1:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._rows -= len(dropped.rows)

    def _lines(self, block: Block, width: int) -> list[Line]:
        cards = self._cards
        if isinstance(block, Prose):
            return self._prose(block, width)
        if isinstance(block, Code):
            return self._code(block, width)
        if isinstance(block, Prompt):
            return cards.prompt(block, width)
        if isinstance(block, Reasoning):
            return cards.reasoning(block, width)
        if isinstance(block, Tool):
            return cards.tool(block, width)
        if isinstance(block, Notice):
            return cards.notice(block, width)
        if isinstance(block, Patch):
            return cards.patch(block, width)
        return cards.evidence(block, width)

    def _prose(self, block: Prose, width: int) -> list[Line]:
        text, is_cut = last_lines(block.text) if block.is_live else (block.text, False)
        lines = self._markdown.lines(text, width, block.citations)
        if is_cut:
            told = f"{self.glyphs.ellipsis} the lines above come when this part ends"
            lines.insert(0, Line([(told, self.palette.muted)]))
        return lines

    def _code(self, block: Code, width: int) -> list[Line]:
        name, is_first = language_of(block.fence.info), block.before is None
        language = highlighter(name)
        lines = self._markdown.code_head(name) if is_first else []
        state = self._state_before(block)
        for text in code_lines(block.text, block.fence, is_first=is_first, is_live=block.is_live):
            line = clean(expand_tabs(text))
            tokens, state = language.highlight(line, state)
            spans = [(part, self.palette.of_token(kind)) for kind, part in tokens]
            lines += self._markdown.code_line(spans, width)
        if not block.is_live:
            self._keep_state(block, state)
        return lines

    def _state_before(self, block: Code) -> State:
        """The state in which a part starts; parts above it that were never seen are lexed."""
        language, above = highlighter(language_of(block.fence.info)), list[Code]()
        before = block.before
        while before is not None and before.id not in self._states:
            above.append(before)
            before = before.before
        state = self._states[before.id] if before else language.start
        for part in reversed(above):
            for text in code_lines(part.text, part.fence, is_first=part.before is None):
                _, state = language.highlight(clean(expand_tabs(text)), state)
            self._keep_state(part, state)
        return state

    def _keep_state(self, block: Code, state: State) -> None:
        self._states[block.id] = state
        self._states.move_to_end(block.id)
        if len(self._states) > _KEPT_STATES:
            self._states.popitem(last=False)


def last_lines(text: str) -> tuple[str, bool]:
    """Cut a long text that still grows down to its last lines; a table keeps its head.

    Returns:
        The text that is shown, and whether there is more.
    """
    lines = text.split("\n")
    is_long = len(lines) > LIVE_LINES
    if is_long:
        is_table = lines[1].strip(" |:-") == "" and "-" in lines[1] and "|" in lines[0]
        lines = [*(lines[:2] if is_table else ()), *lines[-LIVE_LINES_LEFT:]]
        text = "\n".join(lines)
    if len(text) > LIVE_CHARS:
        return text[-LIVE_CHARS // 2 :], True
    return text, is_long


def estimate_rows(block: Block, width: int) -> int:
    """Guess the height of a block that was not rendered at this width."""
    if isinstance(block, Prose | Code | Prompt | Notice):
        text = block.text
        return block.gap + max(1, text.count("\n") + len(text) // max(1, width))
    if isinstance(block, Evidence):
        most = 8 if block.shown == "some" else 24
        quoted = quoted_places(block)
        rows = sum(min(most, 1 + len(found.lines)) for found in block.found[:quoted])
        return 2 + len(block.found) + rows
    if isinstance(block, Patch):
        return block.gap + 1 + len(block.files)
    if block.shown == "line":
        return block.gap + 1
    return block.gap + 1 + block.text.count("\n") + len(block.text) // max(1, width)


def searchable(block: Block) -> str:
    """Return all the words that a block may show, for a first quick look."""
    if isinstance(block, Prose):
        return "\n".join((block.text, *(f"{c.label} {c.status}" for c in block.citations)))
    if isinstance(block, Prompt | Notice | Code):
        return block.text
    if isinstance(block, Reasoning):
        return f"{block.text} Thought Thinking {block.seconds} tok"
    if isinstance(block, Tool):
        return "\n".join((block.name, block.arguments, block.summary, block.text, block.status))
    if isinstance(block, Patch):
        paths = "\n".join(change.path for change in block.files)
        return f"{paths} file files proposed not written undo {block.entry}"
    lines = "\n".join(line for found in block.found for line in found.lines)
    labels = "\n".join(f"{found.citation.label} {found.symbol}" for found in block.found)
    return f"Evidence from the index places\n{labels}\n{lines}"
