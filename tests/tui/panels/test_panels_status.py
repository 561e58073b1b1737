import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from bathy.agent.modes.tui.input.keymap import Keymap
from bathy.agent.modes.tui.panels.status import StatusLine
from bathy.agent.modes.tui.panels.status_row import (
    StatusState,
    keys_of,
    phase_text,
    short_figures,
    status_row,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.geometry import Region

BUSY = StatusState(
    used_tokens=690_000,
    window_tokens=1_000_000,
    cached_share=0.97,
    turn_usd=0.021,
    session_usd=0.19,
    phase="answering",
    is_busy=True,
    since_s=100.0,
    keys=(("ctrl+p", "commands"), ("F1", "help")),
)
KEYS = st.lists(
    st.tuples(st.sampled_from(["F1", "^p"]), st.text("ab\x1b两", max_size=9)), max_size=6
)
STATES = st.builds(
    StatusState,
    used_tokens=st.integers(0, 3_000_000),
    window_tokens=st.sampled_from([0, 1_000_000]),
    cached_share=st.none() | st.floats(0, 1),
    turn_usd=st.none() | st.floats(0, 99),
    session_usd=st.none() | st.floats(0, 999),
    phase=st.text("ab\x1b\n两", max_size=60),
    is_busy=st.booleans(),
    since_s=st.floats(0, 99),
    streamed_tokens=st.integers(0, 9_000),
    until_s=st.sampled_from([0.0, 130.0]),
    keys=KEYS.map(tuple),
)


def text(state: StatusState, width: int, now_s: float = 112.4, **how: bool) -> str:
    is_ascii, is_still = how.get("is_ascii", False), how.get("is_still", False)
    row = status_row(state, width, now_s, is_ascii=is_ascii, is_still=is_still)
    return "".join(part for part, _ in row)


def test_the_wide_line_is_the_mock_up() -> None:
    assert text(BUSY, 118) == (
        "ctx ██████▉░░░ 69 %   cache 97 %   $0.021 / $0.190   ⠹ answering 12 s"
        "             esc stop   ctrl+p commands   F1 help"
    )


def test_the_narrow_line_is_the_mock_up() -> None:
    keys = (("F2", "pack"), ("F3", "file"), ("^p", "cmds"), ("F1", "help"))
    assert text(replace(BUSY, keys=keys), 78) == (
        "⠹ answering 12 s · esc stop               F2 pack  F3 file  ^p cmds  F1 help"
    ).replace("               F2", "                 F2")
    assert text(replace(BUSY, keys=keys, is_busy=False, phase="ready"), 78).startswith("ready  ")
    assert text(replace(BUSY, keys=keys, stop=None), 78).startswith("⠹ answering 12 s  ")


def test_without_motion_or_unicode() -> None:
    assert phase_text(BUSY, 112.4, is_ascii=False, is_still=True) == "answering 12 s"
    assert phase_text(BUSY, 112.4, is_ascii=True, is_still=False) == "| answering 12 s"
    assert phase_text(BUSY, 113.4, is_ascii=True, is_still=False) == "/ answering 13 s"
    assert text(BUSY, 118, is_ascii=True).isascii()
    assert text(BUSY, 78, is_ascii=True).isascii()


@pytest.mark.parametrize(("now_s", "told"), [(126.0, "4 s"), (126.5, "4 s"), (131.0, "0 s")])
def test_seconds_count_down_to_a_moment(now_s: float, told: str) -> None:
    waiting = replace(BUSY, phase="retrying", until_s=130.0)
    assert phase_text(waiting, now_s, is_ascii=False, is_still=True) == f"retrying in {told}"


@settings(deadline=None)
@given(STATES, st.integers(1, 160), st.booleans(), st.booleans())
def test_it_is_one_row_of_the_width(
    state: StatusState, width: int, is_ascii: bool, is_still: bool
) -> None:
    shown = text(state, width, is_ascii=is_ascii, is_still=is_still)
    assert cell_len(shown) == width
    assert shown.isprintable()
    assert not is_ascii or shown.replace("两", "").replace("\ufffd", "").isascii()


def test_what_is_worth_least_gives_way_first() -> None:
    state = replace(BUSY, streamed_tokens=744, phase="answering at great length about it all")
    order = ("≈60 tok/s", "F1 help", "ctrl+p commands", "cache 97 %", "ctx ", "$0.021", "esc stop")
    gone = list[str]()
    for width in range(200, 97, -1):
        gone += [part for part in order if part not in gone and part not in text(state, width)]
    assert gone == list(order[: len(gone)])
    assert len(gone) > 2
    narrow = [text(replace(BUSY, keys=(("F2", "pack"),)), width) for width in (35, 27, 26, 16, 9)]
    assert [shown.strip() for shown in narrow] == [
        "⠹ answering 12 s · esc stop",
        "⠹ answering 12 s · esc stop",
        "⠹ answering 12 s",
        "⠹ answering 12 s",
        "⠹ answer…",
    ]


def test_the_speed_is_told_once_it_means_something() -> None:
    streaming = replace(BUSY, streamed_tokens=744)
    assert "≈60 tok/s" in text(streaming, 140)
    assert "~60 tok/s" in text(streaming, 140, is_ascii=True)
    for silent in (
        text(streaming, 140, now_s=101.5),
        text(replace(streaming, streamed_tokens=0), 140),
        text(replace(streaming, is_busy=False), 140),
    ):
        assert "tok/s" not in silent


def test_keys_are_those_in_use() -> None:
    keymap = Keymap({"everywhere.help": ("f12", "ctrl+h"), "everywhere.pack": ()})
    wanted = (
        ("everywhere.palette", "commands"),
        ("everywhere.help", "help"),
        ("everywhere.pack", "pack"),
    )
    assert [word for _, word in keys_of(keymap, wanted)] == ["commands", "help"]
    assert [key.lower() for key, _ in keys_of(keymap, wanted)] == ["ctrl+p", "f12"]


def test_the_top_says_what_the_narrow_line_does_not() -> None:
    assert short_figures(BUSY) == "ctx 69% · cache 97% · $0.190"
    assert short_figures(BUSY, is_ascii=True) == "ctx 69% - cache 97% - $0.190"
    assert short_figures(StatusState()) == ""


def test_keys_give_way_before_what_is_going_on() -> None:
    many = replace(BUSY, keys=tuple((f"F{n}", "something") for n in range(9)))
    shown = text(many, 100)
    assert "answering 12 s" in shown
    assert "esc stop" in shown
    assert "F8" not in shown


class Shown(App[None]):
    def __init__(self, line: StatusLine) -> None:
        super().__init__()
        self.line = line

    def compose(self) -> ComposeResult:
        yield self.line


def test_a_timer_runs_only_while_busy() -> None:
    async def play() -> None:
        now = [112.4]
        line = StatusLine(clock=lambda: now[0])
        line.show(BUSY)
        app = Shown(line)
        async with app.run_test(size=(120, 5)) as pilot:
            await pilot.pause()
            assert line.is_ticking
            assert line.size.height == 1
            assert line.render_line(0).text == text(BUSY, 118)
            line.show(replace(BUSY, is_busy=False, phase="ready"))
            assert [line.is_ticking] == [False]
            assert "ready" in line.render_line(0).text
            line.show(BUSY)
            line.show(BUSY)
            assert line.is_ticking
            line.show(replace(BUSY, streamed_tokens=744))
            assert "tok/s" not in line.render_line(0).text
            await pilot.resize_terminal(80, 5)
            await pilot.pause()
            assert line.render_line(0).text == text(BUSY, 78)

    asyncio.run(play())


class Told(StatusLine):
    """Says when it has something new to show."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.news = asyncio.Event()
        super().__init__(clock=clock, tick_s=0.001)

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> "Told":
        super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        self.news.set()
        return self


def test_the_seconds_go_on_by_themselves() -> None:
    async def play() -> None:
        now = [112.4]
        line = Told(lambda: now[0])
        async with Shown(line).run_test(size=(120, 5)):
            line.show(BUSY)
            assert "answering 12 s" in line.render_line(0).text
            line.news.clear()
            now[0] = 113.4
            await asyncio.wait_for(line.news.wait(), timeout=30)
            assert "answering 13 s" in line.render_line(0).text

    asyncio.run(play())
