"""Sizes and a grid of characters -> a squarified treemap of whole cells; pure.

Source: M. Bruls, K. Huizing, J. van Wijk, "Squarified Treemaps", 2000. Rows are cut off along the
shorter side as long as that makes their rectangles squarer; a cell of a terminal counts as twice as
high as wide. Neighbours share the very same edges, so rounding them leaves no gap and no overlap.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

CELL_ASPECT = 2.0
"""Height of a terminal's cell, in widths."""

MOST_CELLS = 200
"""Items with a cell of their own; a map of more is not read."""

Direction = Literal["up", "down", "left", "right"]


class Size(NamedTuple):
    """In cells."""

    width: int
    height: int


_ONE = Size(1, 1)


class Rect(NamedTuple):
    """In cells, from the left upper corner."""

    x: int
    y: int
    width: int
    height: int

    def holds(self, x: int, y: int) -> bool:
        """Whether a cell lies inside."""
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height


@dataclass(frozen=True, slots=True)
class Item:
    """Something with a size.

    Attributes:
        name: As shown; fit for a terminal.
        tokens: Its size; 0 takes no room.
        file_class: Chooses pattern and colour.
        key: Handed back by a click; None for what cannot be selected.
        parts: What it is made of, drawn inside.
    """

    name: str
    tokens: int
    file_class: str = ""
    key: str | None = None
    parts: tuple["Item", ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """A rectangle; with several items the one that stands for all too small for their own."""

    rect: Rect
    items: tuple[Item, ...]

    @property
    def item(self) -> Item | None:
        """The item, if it is one alone."""
        return self.items[0] if len(self.items) == 1 else None

    @property
    def tokens(self) -> int:
        """Size of all."""
        return sum(item.tokens for item in self.items)


class Box(NamedTuple):
    """Exact edges, in cells."""

    left: float
    top: float
    right: float
    bottom: float


def lay_out(
    items: Sequence[Item],
    width: int,
    height: int,
    *,
    least: Size = _ONE,
    least_rest: Size = _ONE,
) -> tuple[Cell, ...]:
    """Give each item its share of a grid, the largest first.

    Args:
        items: In any order; those without tokens are left out.
        width: Of the grid.
        height: Of the grid.
        least: Cells that an item needs; the ones too small for it share the last cell.
        least_rest: Cells that this last one takes at least, even if its share is smaller.

    Returns:
        Cells that cover the grid and do not overlap, each item in exactly one; every edge is within
        half a cell of where the shares put it, if `least_rest` is not what made the last one as
        large as it is. () without items or a grid. Deterministic.
    """
    found = sorted(
        (item for item in items if item.tokens > 0),
        key=lambda item: (-item.tokens, item.name, item.key or ""),
    )
    if not found or width < 1 or height < 1:
        return ()
    count = _most(found, width * height, least)
    rects = None
    while count > 0 and rects is None:
        rects = _try(found, count, Size(width, height), least, least_rest)
        count -= 0 if rects is not None else 1 + count // 8
    if rects is None:
        return (Cell(Rect(0, 0, width, height), tuple(found)),)
    groups = [(item,) for item in found[:count]]
    rest = tuple(found[count:])
    return tuple(map(Cell, rects, [*groups, rest] if rest else groups))


def _most(found: Sequence[Item], area: int, least: Size) -> int:
    total, needed = sum(item.tokens for item in found), least.width * least.height
    enough = sum(item.tokens * area >= total * needed for item in found)
    return min(max(enough, int(len(found) == 1)), MOST_CELLS)


def _try(
    found: Sequence[Item], count: int, grid: Size, least: Size, least_rest: Size
) -> list[Rect] | None:
    """Rectangles for so many items, and one for the rest; None if one of them is too small."""
    weights: list[float] = [item.tokens for item in found[:count]]
    rest = sum(item.tokens for item in found[count:])
    if not rest:
        rects = _rounded(squarify(weights, *grid))
        return rects if count == 1 or all(_is_enough(r, least) for r in rects) else None
    needed = (sum(weights) + rest) * least_rest.width * least_rest.height
    rects = _rounded(squarify([*weights, max(rest, needed / (grid.width * grid.height))], *grid))
    if not all(_is_enough(rect, least) for rect in rects[:-1]):
        return None
    if _is_enough(rects[-1], least_rest):
        return rects
    share = rest / (sum(weights) + rest)
    return _with_strip(weights, share, grid, least, least_rest)


def _with_strip(
    weights: Sequence[float], share: float, grid: Size, least: Size, least_rest: Size
) -> list[Rect] | None:
    """Put a rest too small for a fair share into a strip at the right, or at the bottom."""
    at_right = least_rest.width * grid.height <= least_rest.height * grid.width
    wide, high = (least_rest.width, grid.height) if at_right else (grid.width, least_rest.height)
    left = Size(grid.width - wide * at_right, grid.height - high * (not at_right))
    if min(left) < 1 or share * grid.width * grid.height > wide * high:
        return None
    rects = _rounded(squarify(weights, *left))
    if not all(_is_enough(rect, least) for rect in rects):
        return None
    return [*rects, Rect(grid.width - wide, grid.height - high, wide, high)]


def squarify(weights: Sequence[float], width: float, height: float) -> list[Box]:
    """Divide a rectangle in proportion to weights over 0, the largest first, into near squares."""
    left, top, right, bottom = 0.0, 0.0, width, height * CELL_ASPECT
    boxes, start, rest = list[Box](), 0, sum(weights)
    while start < len(weights):
        across = right - left >= bottom - top
        side = bottom - top if across else right - left
        end = _row_end(weights, start, side, (right - left) * (bottom - top) / rest)
        row = weights[start:end]
        is_last, share = end == len(weights), sum(row) / rest
        if across:
            cut = right if is_last else left + (right - left) * share
            edges = _edges(row, top, bottom)
            boxes += [Box(left, a, cut, b) for a, b in pairwise(edges)]
            left = cut
        else:
            cut = bottom if is_last else top + (bottom - top) * share
            edges = _edges(row, left, right)
            boxes += [Box(a, top, b, cut) for a, b in pairwise(edges)]
            top = cut
        start, rest = end, rest - sum(row)
    return [Box(b.left, b.top / CELL_ASPECT, b.right, b.bottom / CELL_ASPECT) for b in boxes]


def _row_end(weights: Sequence[float], start: int, side: float, scale: float) -> int:
    """Take items into a row while the worst of its rectangles does not get longer."""
    total = low = high = weights[start]
    worst, end = _worst(total, low, high, side, scale), start + 1
    while end < len(weights):
        total += weights[end]
        low, high = min(low, weights[end]), max(high, weights[end])
        ratio = _worst(total, low, high, side, scale)
        if ratio > worst:
            break
        worst, end = ratio, end + 1
    return end


def _worst(total: float, low: float, high: float, side: float, scale: float) -> float:
    thickness = total * scale / side
    return max(high * scale / thickness**2, thickness**2 / (low * scale))


def _edges(row: Sequence[float], start: float, end: float) -> list[float]:
    edges, total, done = [start], sum(row), 0.0
    for weight in row[:-1]:
        done += weight
        edges.append(start + (end - start) * done / total)
    return [*edges, end]


def _rounded(boxes: Sequence[Box]) -> list[Rect]:
    edges = ([math.floor(edge + 0.5) for edge in box] for box in boxes)
    return [Rect(left, top, right - left, bottom - top) for left, top, right, bottom in edges]


def _is_enough(rect: Rect, least: Size) -> bool:
    return rect.width >= least.width and rect.height >= least.height


def neighbour(cells: Sequence[Cell], at: int, direction: Direction) -> int:
    """Return which cell lies next to one, most of it beside; the same one at the edge."""
    here, is_across = cells[at].rect, direction in ("left", "right")
    best, found = (0, 0), at
    for number, cell in enumerate(cells):
        first, second = here, cell.rect
        if direction in ("left", "up"):
            first, second = second, first
        if is_across:
            gap = second.x - first.x - first.width
            shared = min(first.y + first.height, second.y + second.height) - max(first.y, second.y)
        else:
            gap = second.y - first.y - first.height
            shared = min(first.x + first.width, second.x + second.width) - max(first.x, second.x)
        if gap == 0 and shared > 0 and (shared, -number) > best:
            best, found = (shared, -number), number
    return found
