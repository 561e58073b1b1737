from collections.abc import Sequence

import pytest
from bathy.agent.modes.tui.panels.treemap import (
    MOST_CELLS,
    Cell,
    Direction,
    Item,
    Rect,
    Size,
    lay_out,
    neighbour,
    squarify,
)
from bathy.agent.modes.tui.panels.treemap_lines import draw_map, label_of, map_cells, role_of
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

NAMES = st.text(st.sampled_from("ab_.两程🎉é"), min_size=1, max_size=12)
PARTS = st.lists(st.builds(Item, NAMES, st.integers(0, 9_999), st.just("test")), max_size=8)
ITEMS = st.lists(
    st.builds(
        Item,
        NAMES,
        st.one_of(st.integers(0, 50), st.integers(0, 10**6)),
        st.sampled_from(["source", "test", "documentation", "lock_file", "list"]),
        st.none(),
        PARTS.map(tuple),
    ),
    max_size=40,
)
GRIDS = st.tuples(st.integers(1, 90), st.integers(1, 40))


def covered(cells: Sequence[Cell]) -> list[tuple[int, int]]:
    return [
        (x, y)
        for cell in cells
        for x in range(cell.rect.x, cell.rect.x + cell.rect.width)
        for y in range(cell.rect.y, cell.rect.y + cell.rect.height)
    ]


@settings(deadline=None)
@given(ITEMS, GRIDS, st.sampled_from([Size(1, 1), Size(6, 2)]))
def test_cells_cover_the_grid_once_and_hold_every_item_once(
    items: list[Item], grid: tuple[int, int], least: Size
) -> None:
    cells = lay_out(items, *grid, least=least)
    shown = [item for item in items if item.tokens]
    points = covered(cells)
    assert len(points) == len(set(points)) == (grid[0] * grid[1] if shown else 0)
    assert all(0 <= x < grid[0] and 0 <= y < grid[1] for x, y in points)
    assert sorted(id(item) for cell in cells for item in cell.items) == sorted(map(id, shown))
    assert sum(cell.tokens for cell in cells) == sum(item.tokens for item in items)
    if len(cells) > 1:
        assert all(c.rect.width >= least.width for c in cells[:-1])
        assert all(c.rect.height >= least.height for c in cells[:-1])


@settings(deadline=None)
@given(ITEMS, GRIDS)
def test_areas_are_the_shares_but_for_rounding(items: list[Item], grid: tuple[int, int]) -> None:
    cells = lay_out(items, *grid)
    total, area = sum(cell.tokens for cell in cells), grid[0] * grid[1]
    # What the last cell got beyond its share, the others lack.
    extra = 0.0
    if cells:
        _, _, width, height = cells[-1].rect
        extra = max(0.0, width * height - cells[-1].tokens / total * area)
    for cell in cells:
        share = cell.tokens / total * area
        rounding = cell.rect.width + cell.rect.height + 1
        assert abs(cell.rect.width * cell.rect.height - share) <= rounding + extra


@settings(deadline=None)
@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=60), GRIDS)
def test_exact_areas_are_exactly_the_shares(weights: list[int], grid: tuple[int, int]) -> None:
    weights.sort(reverse=True)
    area = grid[0] * grid[1]
    for box, weight in zip(squarify(weights, *grid), weights, strict=True):
        found = (box.right - box.left) * (box.bottom - box.top)
        assert found == pytest.approx(area * weight / sum(weights), rel=1e-6)


def test_squares_of_the_paper() -> None:
    # Figure 4 of Bruls, Huizing and van Wijk: 6 by 4, in units that are square.
    boxes = squarify([6, 6, 4, 3, 2, 2, 1], 6, 2)
    found = [(round(b.right - b.left, 2), round(2 * (b.bottom - b.top), 2)) for b in boxes]
    assert found[:4] == [(3, 2), (3, 2), (1.71, 2.33), (1.29, 2.33)]


def test_a_terminal_cell_counts_as_twice_as_high_as_wide() -> None:
    cells = lay_out([Item(name, 1) for name in "abcd"], 40, 20)
    assert {cell.rect[2:] for cell in cells} == {(20, 10)}


@settings(deadline=None)
@given(ITEMS, GRIDS)
def test_a_map_does_not_depend_on_the_order(items: list[Item], grid: tuple[int, int]) -> None:
    keyed = [Item(item.name, item.tokens, key=str(at)) for at, item in enumerate(items)]
    assert lay_out(keyed, *grid) == lay_out(keyed[::-1], *grid)


def test_what_is_too_small_shares_a_cell() -> None:
    items = [Item("big", 1_000_000), *(Item(f"small{n}", 1) for n in range(30))]
    cells = map_cells(items, 40, 10)
    assert [cell.item.name if cell.item else "" for cell in cells] == ["big", ""]
    assert len(cells[1].items) == 30
    assert cells[0].rect.width * cells[0].rect.height > 0.9 * 39 * 9
    assert label_of(cells[1], 1_000_030, 20) == "… 30 more <1%"
    assert label_of(cells[1], 1_000_030, 5) == "… 30"
    assert label_of(cells[1], 1_000_030, 20, is_ascii=True) == "... 30 more <1%"


def test_a_very_large_folder_is_quick_to_lay_out() -> None:
    items = [Item(f"{n}.py", 1 + n % 7) for n in range(20_000)]
    cells = lay_out(items, 120, 40)
    assert sum(len(cell.items) for cell in cells) == 20_000
    assert len(cells) <= MOST_CELLS + 1


def test_arrows_go_to_the_cell_beside() -> None:
    rects = [Rect(0, 0, 10, 10), Rect(10, 0, 10, 4), Rect(10, 4, 10, 6)]
    cells = [Cell(rect, (Item("x", 1),)) for rect in rects]
    ways: dict[tuple[int, Direction], int] = {
        (0, "right"): 2,
        (2, "up"): 1,
        (1, "down"): 2,
        (1, "left"): 0,
        (0, "left"): 0,
        (0, "up"): 0,
    }
    assert {way: neighbour(cells, *way) for way in ways} == ways


@settings(deadline=None)
@given(ITEMS, GRIDS, st.booleans(), st.integers(0, 3))
def test_rows_of_a_map_have_its_width(
    items: list[Item], grid: tuple[int, int], is_ascii: bool, selected: int
) -> None:
    if is_ascii:
        items = [Item("x" * len(i.name), i.tokens, i.file_class, None, i.parts) for i in items]
        items = [
            Item(i.name, i.tokens, i.file_class, None, tuple(Item("p", 1) for _ in i.parts))
            for i in items
        ]
    cells = map_cells(items, *grid)
    rows = draw_map(cells, *grid, selected=selected, is_ascii=is_ascii)
    assert len(rows) == grid[1]
    for row in rows:
        assert sum(cell_len(text) for text, _ in row) == grid[0]
        assert not is_ascii or all(text.isascii() for text, _ in row)


def plain(rows: Sequence[Sequence[tuple[str, str]]]) -> list[str]:
    return ["".join(text for text, _ in row) for row in rows]


def test_a_map_reads_without_colour() -> None:
    parts = (Item("app.py", 60, "source"), Item("doc.md", 40, "documentation"))
    items = [Item("src/两/", 100, "source", "src/两/", parts), Item("tests/", 60, "test", "t/")]
    assert plain(draw_map(map_cells(items, 44, 7), 44, 7, selected=1)) == [
        "┌──────────────────────────┏━━━━━━━━━━━━━━━┓",
        "│ src/两/ 62%              ┃▸tests/ 38%    ┃",
        "│ app.py 38%      doc.md   ┃▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒┃",
        "│ ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓ ░░░░░░░░░┃▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒┃",
        "│ ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓ ░░░░░░░░░┃▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒┃",
        "│ ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓ ░░░░░░░░░┃▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒┃",
        "└──────────────────────────┗━━━━━━━━━━━━━━━┛",
    ]


def test_a_map_can_do_with_ascii() -> None:
    items = [Item("src/", 100, "source"), Item("tests/", 60, "test"), Item("x.json", 40, "data")]
    assert plain(draw_map(map_cells(items, 34, 6), 34, 6, selected=0, is_ascii=True)) == [
        "******************--------+------+",
        "*>src/ 50%       * tests/ | x.j~ |",
        "*################* 30% %%%| 20% .|",
        "*################*%%%%%%%%|......|",
        "*################*%%%%%%%%|......|",
        "******************--------+------+",
    ]


def test_classes_that_nobody_writes_by_hand_look_alike() -> None:
    assert {role_of(name) for name in ("lock_file", "minified", "vendored", "binary")} == {"data"}
    assert role_of("notebook") == "source"
