"""What a transcript holds, as frozen data: questions, thinking, tool calls, answers, messages.

A block is replaced when it changes; its id stays. `gap` asks for an empty row above it.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

from bathy.agent.loop.citations import Status
from bathy.agent.modes.tui.transcript.split import Fence

Shown = Literal["line", "some", "all"]
"""How much of a block that folds is to be seen."""


@dataclass(frozen=True, slots=True)
class Citation:
    """A place that an answer cites.

    Attributes:
        path: Of the file.
        start_line: 1-based, inclusive.
        end_line: 1-based, inclusive.
        status: What checking it found.
        number: 1-based, in order of first mention.
        label: Short form of the place; no other file that is known has it.
        written: As the text has it.
    """

    path: str
    start_line: int
    end_line: int
    status: Status
    number: int
    label: str
    written: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the user asked."""

    id: int
    text: str
    gap: bool = True


@dataclass(frozen=True, slots=True)
class Prose:
    """A part of an answer, as Markdown.

    Attributes:
        id: Of the block.
        text: Its source; a citation is one character of `citing.MARKS`.
        gap: Whether an empty row stands above it.
        citations: All of the answer, for those characters.
        is_live: More of it is to come.
    """

    id: int
    text: str
    gap: bool
    citations: tuple[Citation, ...] = ()
    is_live: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """Some lines of a fenced block of an answer.

    Attributes:
        id: Of the block.
        text: Source; the first part has the opening fence, the last the closing one.
        gap: Whether an empty row stands above it.
        fence: How the block opens.
        before: The part before this one; its last line decides how this one starts.
        is_live: More of it is to come.
    """

    id: int
    text: str
    gap: bool
    fence: Fence
    before: "Code | None" = field(default=None, compare=False, repr=False)
    is_live: bool = False


@dataclass(frozen=True, slots=True)
class Reasoning:
    """What the model thought. `tokens` is an estimate unless `is_counted`."""

    id: int
    text: str
    gap: bool
    seconds: float = 0.0
    tokens: int = 0
    is_counted: bool = False
    is_live: bool = True
    shown: Shown = "line"


@dataclass(frozen=True, slots=True)
class Tool:
    """A call of a tool: what is asked, and what came of it."""

    id: int
    call_id: str
    name: str
    arguments: str
    gap: bool
    status: Literal["running", "done", "failed"] = "running"
    summary: str = ""
    text: str = ""
    seconds: float = 0.0
    shown: Shown = "line"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that is good to know, or that went wrong."""

    id: int
    text: str
    gap: bool
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class More(Notice):
    """Says that older questions are not shown; to open it asks for some of them.

    Attributes:
        total: Questions that there were before this transcript began.
        step: That are shown each time.
    """

    total: int = 0
    step: int = 0


@dataclass(frozen=True, slots=True)
class Proposed(Notice):
    """Says that a question has brought so many `edits` to `paths`."""

    paths: tuple[str, ...] = ()
    edits: int = 1


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that a patch changes, and by how many lines."""

    path: str
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class Patch:
    """What edits come to. `entry` names them for an undo, once they are written."""

    id: int
    files: tuple[FileChange, ...]
    gap: bool
    entry: str = ""


BEST_PLACES = 2
"""Of evidence that an answer will follow: those whose lines are shown before it is unfolded."""


@dataclass(frozen=True, slots=True)
class Found:
    """A place of the index, with its first lines."""

    citation: Citation
    symbol: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the index finds for a question, before or without a model.

    While `shown` is "some", each place has some lines if they are the answer; else only the best
    ones have, so that the answer to come is not far below the question.
    """

    id: int
    found: tuple[Found, ...]
    is_answer: bool
    gap: bool = True
    shown: Shown = "some"


Block = Prompt | Prose | Code | Reasoning | Tool | Notice | Patch | Evidence
Folding = Reasoning | Tool | Evidence


def more_block(id: int, left: int, total: int, step: int) -> More:
    """Return the line above the oldest question that is shown; `left` more are not."""
    told = f"{total - left:,} of {total:,} earlier questions are shown"
    text = f"{told}; enter or a click shows {min(step, left):,} more"
    return More(id, text, gap=False, total=total, step=step)


def quoted_places(block: Evidence) -> int:
    """Return how many places, from the best on, have their lines shown."""
    if block.shown == "line":
        return 0
    return len(block.found) if block.is_answer or block.shown == "all" else BEST_PLACES


def toggle(block: Block) -> Block:
    """Return a block with all of it shown, or its least if all of it was."""
    if not isinstance(block, Reasoning | Tool | Evidence):
        return block
    least: Shown = "some" if isinstance(block, Evidence) else "line"
    return replace(block, shown=least if block.shown == "all" else "all")


def opened(block: Block) -> Block:
    """Return a block with all of it shown."""
    if isinstance(block, Reasoning | Tool | Evidence) and block.shown != "all":
        return replace(block, shown="all")
    return block


def unit_of(block: Block) -> int:
    """Return an id that the parts of one fenced block share."""
    return block.fence.id if isinstance(block, Code) else -block.id
