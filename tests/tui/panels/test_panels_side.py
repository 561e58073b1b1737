import asyncio
from dataclasses import replace

from bathy.agent.modes.tui.panels.side import SidePanel
from bathy.agent.modes.tui.panels.side_rows import (
    CitedPlace,
    SideState,
    TurnLine,
    share_rows,
    side_rows,
)
from bathy.agent.modes.tui.panels.treemap import Item
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.widget import Widget
from textual.widgets import Input

TEXTS = st.text(st.sampled_from("ab/两🎉\x1b\n\u202e "), min_size=1, max_size=50)
PRICES = st.none() | st.floats(0, 99)
STATES = st.builds(
    SideState,
    files=st.integers(0, 99_999),
    used_tokens=st.integers(0, 2_000_000),
    window_tokens=st.sampled_from([0, 1_000_000]),
    blocks=st.just((Item("a", 3), Item("b", 2))),
    cited=st.lists(
        st.builds(
            CitedPlace,
            st.integers(1, 99),
            TEXTS,
            st.integers(0, 9_999),
            st.sampled_from(["verified", "repaired", "unverified", "invalid", "new"]),
        ),
        max_size=30,
    ).map(tuple),
    turn_usd=PRICES,
    session_usd=PRICES,
    cached_share=st.none() | st.floats(0, 1),
    saved_usd=PRICES,
    tokens_per_s=st.none() | st.floats(0, 500),
    turns=st.lists(
        st.builds(TurnLine, st.integers(1, 99), TEXTS, st.sampled_from(["answered", "failed"])),
        max_size=30,
    ).map(tuple),
)

SOME = SideState(
    files=412,
    used_tokens=688_000,
    window_tokens=1_000_000,
    blocks=(Item("src/", 60, "source"), Item("tests/", 40, "test")),
    cited=(
        CitedPlace(1, "src/flask/app.py", 412, "verified"),
        CitedPlace(2, "src/一个很长的文件夹的名字/scaffold.py", 88, "repaired"),
        CitedPlace(3, "gone\x1b[2J.py", 7, "unverified"),
    ),
    turn_usd=0.021,
    session_usd=0.19,
    cached_share=0.97,
    saved_usd=1.42,
    tokens_per_s=61.2,
    turns=(TurnLine(1, "routing bug", "answered"), TurnLine(2, "this turn", "under way")),
)


def lines(state: SideState, width: int, height: int, *, is_ascii: bool = False) -> list[str]:
    rows = side_rows(state, width, height, is_ascii=is_ascii)
    return ["".join(text for text, _ in row.row).rstrip() for row in rows]


def test_the_panel_says_what_the_mock_up_says() -> None:
    assert lines(replace(SOME, blocks=()), 31, 40) == [
        "PACK                  412 files",
        "688k of 1.00M window       69 %",
        "█████████████████████▍░░░░░░░░░",
        "",
        "CITED (3)",
        "1 ✔ src/flask/app.py:412",
        "2 ≈ …字/scaffold.py:88 repaired",
        '3 ? …ne\\033[2J.py":7 unverified',
        "",
        "COST",
        "turn     $0.021   61 tok/s",
        "session  $0.190",
        "cache    97 % hit",
        "saved    $1.42",
        "",
        "TURNS",
        "1 routing bug                 ✔",
        "2 this turn         … under way",
    ]


def test_evidence_is_not_cited_until_an_answer_cites_it() -> None:
    state = replace(SOME, blocks=(), cited=(CitedPlace(1, "src/flask/app.py", 412, "found"),))
    for is_ascii in (False, True):
        shown = lines(state, 31, 40, is_ascii=is_ascii)
        assert shown[4:6] == ["EVIDENCE (1)", "1 src/flask/app.py:412"]


def test_the_panel_can_do_with_ascii() -> None:
    state = replace(SOME, blocks=(), cited=SOME.cited[::2])
    assert all(line.isascii() for line in lines(state, 31, 40, is_ascii=True))


@settings(deadline=None)
@given(STATES, st.integers(1, 60), st.integers(1, 60), st.integers(0, 40) | st.none())
def test_rows_fit_the_panel(state: SideState, width: int, height: int, cursor: int | None) -> None:
    map_rows = [(("m" * width, ""),)] * share_rows(state, height).map
    rows = side_rows(state, width, height, map_rows=map_rows, cursor=cursor)
    assert len(rows) <= height
    for row in rows:
        text = "".join(part for part, _ in row.row)
        assert cell_len(text) <= width
        assert text.isprintable()


@settings(deadline=None)
@given(STATES, st.integers(30, 60))
def test_nothing_is_lost_while_there_is_room(state: SideState, height: int) -> None:
    shares = share_rows(state, height)
    rows = side_rows(state, 31, height, map_rows=[()] * shares.map)
    cited = [row.number for row in rows if row.number is not None]
    assert len(cited) == max(0, shares.cited - 1)
    if not shares.map and shares.cited <= len(state.cited):
        assert len(rows) >= height - 2


def test_the_first_citations_give_way_to_the_marked_one() -> None:
    cited = tuple(CitedPlace(n, f"f{n}.py", n, "verified") for n in range(1, 41))
    rows = side_rows(SideState(cited=cited), 31, 20, cursor=40)
    assert [row.number for row in rows if row.number is not None][-1] == 40
    assert "not shown" in rows[2].row[0][0]


class Panel(SidePanel):
    """Counts the rows that are drawn again."""

    def __init__(self) -> None:
        self.drawn: list[Region] = []
        super().__init__()

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> "Panel":
        self.drawn += regions
        super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        return self


class Shown(App[None]):
    CSS = "Panel { width: 33; height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.panel = Panel()
        self.chosen: list[int] = []

    def compose(self) -> ComposeResult:
        yield Input()
        yield self.panel

    def on_side_panel_chosen(self, event: SidePanel.Chosen) -> None:
        self.chosen.append(event.number)

    def text(self, widget: Widget) -> list[str]:
        return [widget.render_line(y).text for y in range(widget.size.height)]


def test_only_rows_that_differ_are_drawn_again() -> None:
    async def play() -> None:
        app = Shown()
        async with app.run_test(size=(60, 40)) as pilot:
            app.panel.show(SOME)
            await pilot.pause()
            assert "▓" in "\n".join(app.text(app.panel))
            app.panel.drawn.clear()
            app.panel.show(replace(SOME))
            assert app.panel.drawn == []
            app.panel.show(replace(SOME, turn_usd=0.022))
            assert len(app.panel.drawn) == 1
            assert app.panel.render_line(app.panel.drawn[0].y).text.startswith("turn     $0.022")

    asyncio.run(play())


def test_citations_are_chosen_by_key_and_by_mouse() -> None:
    async def play() -> None:
        app = Shown()
        async with app.run_test(size=(60, 40)) as pilot:
            app.panel.show(SOME)
            app.panel.focus()
            await pilot.press("down", "enter", "down", "down", "enter", "up", "enter")
            assert app.chosen == [2, 3, 2]
            at = next(y for y, line in enumerate(app.text(app.panel)) if line.startswith("1 ✔"))
            await pilot.click(Panel, offset=(5, at))
            await pilot.click(Panel, offset=(5, 0))
            assert app.chosen == [2, 3, 2, 1]

    asyncio.run(play())


def test_the_panel_is_drawn_anew_for_another_size_and_theme() -> None:
    async def play() -> None:
        app = Shown()
        async with app.run_test(size=(60, 40)) as pilot:
            app.panel.show(SOME)
            await pilot.pause()
            before = app.panel.render_line(0)
            app.theme = "textual-light"
            await pilot.pause()
            assert app.panel.render_line(0) != before
            await pilot.resize_terminal(60, 16)
            await pilot.pause()
            assert len(app.text(app.panel)) < 16
            assert all(cell_len(line) == 31 for line in app.text(app.panel))

    asyncio.run(play())
