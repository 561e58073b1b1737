"""Keys and commands -> the help as styled lines, in one column or two; pure."""

from collections.abc import Iterable, Iterator, Sequence

from bathy.agent.modes.tui.commands import Command
from bathy.agent.modes.tui.input.keymap import HelpGroup, HelpRow
from rich.cells import cell_len
from textual.content import Content

TWO_COLUMNS = 96
"""Cells from which on there are two."""

_GAP = 4
_MOST_KEY_CELLS = 22
_INDENT = 2


def help_of(keys: Iterable[HelpGroup], commands: Iterable[Command], width: int) -> Content:
    """Return the help.

    Args:
        keys: Of `Keymap.help`.
        commands: That begin with a slash.
        width: Cells that there are.
    """
    groups = (*keys, command_group(commands))
    if width < TWO_COLUMNS:
        return Content("\n").join(_column(groups, width))
    column = (width - _GAP) // 2
    blocks = [list(_block(group, column)) for group in groups]
    at = _half([len(block) for block in blocks])
    left, right = (
        [line for block in part for line in block] for part in (blocks[:at], blocks[at:])
    )
    return Content("\n").join(_beside(left, right, column))


def command_group(commands: Iterable[Command]) -> HelpGroup:
    """Return the slash commands in the form of keys."""
    rows = (HelpRow(f"/{each.name} {each.argument}".rstrip(), each.help) for each in commands)
    return HelpGroup("Commands", tuple(rows))


def _half(heights: Sequence[int]) -> int:
    """How many blocks come into the left column, so that the two are of a height."""
    total = sum(heights)
    return min(range(len(heights) + 1), key=lambda at: (abs(2 * sum(heights[:at]) - total), at))


def _beside(left: list[Content], right: list[Content], column: int) -> Iterator[Content]:
    blank = Content("")
    for at in range(max(len(left), len(right))):
        one = left[at] if at < len(left) else blank
        other = right[at] if at < len(right) else blank
        yield one.pad_right(column + _GAP - one.cell_length) + other


def _column(groups: Iterable[HelpGroup], width: int) -> Iterator[Content]:
    for group in groups:
        yield from _block(group, width)


def _block(group: HelpGroup, width: int) -> Iterator[Content]:
    """Lines of a group, and an empty one behind it."""
    for line in _wrapped(group.title, width):
        yield Content.styled(line, "bold $text-accent")
    widest = max(cell_len(row.keys) for row in group.rows)
    room = min(widest, _MOST_KEY_CELLS, width // 3)
    for row in group.rows:
        yield from _row(row, room, width)
    yield Content("")


def _row(row: HelpRow, room: int, width: int) -> Iterator[Content]:
    behind = _INDENT + room + 2
    keys = Content(" " * _INDENT) + Content.styled(row.keys, "bold")
    lines = _wrapped(row.help, width - behind)
    if cell_len(row.keys) <= room:
        yield keys.pad_right(behind - keys.cell_length) + Content(lines.pop(0))
    else:
        yield keys.truncate(width)
    yield from (Content(" " * behind + line) for line in lines)


def _wrapped(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and cell_len(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
