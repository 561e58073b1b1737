"""What the side panel knows -> its rows, as many as there is room for; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bathy.agent.modes.tui.panels.canvas import Row
from bathy.agent.modes.tui.panels.figures import (
    columns,
    count_word,
    cut_left,
    meter,
    one_line,
    usd_word,
    window_words,
)
from bathy.agent.modes.tui.panels.treemap import Item
from bathy.tools.workspace import quote_path

LEAST_MAP, MOST_MAP = 5, 11
"""Rows of the treemap, its borders included; with less room there is none."""

_PLACE_SIGNS = {
    "verified": ("✔", "+"),
    "repaired": ("≈", "~"),
    "unverified": ("?", "?"),
    "invalid": ("✖", "x"),
    "found": ("", ""),
}
_TURN_SIGNS = {
    "under way": ("…", "."),
    "answered": ("✔", "+"),
    "stopped": ("■", "="),
    "failed": ("✖", "x"),
    "interrupted": ("■", "="),
}


@dataclass(frozen=True, slots=True)
class CitedPlace:
    """A citation of the last answer.

    Attributes:
        number: As shown.
        path: As is; "" for what cites no file.
        line: 1-based.
        status: "verified", "repaired", "unverified" or "invalid"; "found" for evidence, which no
            answer has cited yet.
    """

    number: int
    path: str
    line: int
    status: str


@dataclass(frozen=True, slots=True)
class TurnLine:
    """A question; `how` is "under way", "answered", "stopped", "failed" or "interrupted"."""

    number: int
    title: str
    how: str


@dataclass(frozen=True, slots=True)
class SideState:
    """All that the side panel shows.

    Attributes:
        files: In the pack.
        used_tokens: Of the window.
        window_tokens: Of the model.
        blocks: Of the treemap, see `PackTree.map_items`.
        cited: Of the last answer.
        turn_usd: None if prices are not known, or nothing was asked yet.
        session_usd: The same.
        is_turn_guessed: The price of the turn is an estimate.
        is_session_guessed: That of all of them is.
        cached_share: Part of the last prompt that came from the cache, 0 to 1.
        saved_usd: By the cache, in this session.
        tokens_per_s: Of the answer.
        turns: Questions so far.
    """

    files: int = 0
    used_tokens: int = 0
    window_tokens: int = 0
    blocks: tuple[Item, ...] = ()
    cited: tuple[CitedPlace, ...] = ()
    turn_usd: float | None = None
    session_usd: float | None = None
    is_turn_guessed: bool = False
    is_session_guessed: bool = False
    cached_share: float | None = None
    saved_usd: float | None = None
    tokens_per_s: float | None = None
    turns: tuple[TurnLine, ...] = ()


class SideRow(NamedTuple):
    """A row, and the number of the citation that a click on it opens."""

    row: Row
    number: int | None = None


class Shares(NamedTuple):
    """Rows for each part whose length is not fixed, its title included, without the blank one."""

    map: int
    cited: int
    turns: int


_BLANK = SideRow(())


def share_rows(state: SideState, height: int) -> Shares:
    """Divide the height: what was cited and asked first, the map from what is left."""
    cited, turns = _wanted(state.cited), _wanted(state.turns)
    rest = height - len(_pack(state, 20, is_ascii=False)) - len(_cost(state, is_ascii=False)) - 1
    left = max(0, rest - bool(cited) - bool(turns))
    some_cited = min(cited, max(4, left // 3))
    some_turns = min(turns, max(3, left // 4))
    rows = min(MOST_MAP, left - some_cited - some_turns - 1)
    if rows < LEAST_MAP or not state.blocks:
        rows = 0
    left -= rows + bool(rows)
    all_cited = min(cited, max(0, left - some_turns))
    return Shares(rows, all_cited, min(turns, max(0, left - all_cited)))


def _wanted(lines: Sequence[object]) -> int:
    return len(lines) + 1 if lines else 0


def side_rows(
    state: SideState,
    width: int,
    height: int,
    *,
    map_rows: Sequence[Row] = (),
    cursor: int | None = None,
    is_ascii: bool = False,
) -> list[SideRow]:
    """Return at most `height` rows of at most `width` cells.

    Args:
        state: What to show.
        width: Of the panel.
        height: Of the panel.
        map_rows: The treemap, as many rows as `share_rows` gives it.
        cursor: Number of the citation to mark.
        is_ascii: With ASCII alone.
    """
    shares = share_rows(state, height)
    parts = [
        _pack(state, width, is_ascii=is_ascii),
        [SideRow(row) for row in map_rows],
        _cited(state.cited, width, shares.cited, cursor=cursor, is_ascii=is_ascii),
        [
            _line(text, "" if at else "title", width, is_ascii=is_ascii)
            for at, text in enumerate(_cost(state, is_ascii=is_ascii))
        ],
        _turns(state.turns, width, shares.turns, is_ascii=is_ascii),
    ]
    rows = list[SideRow]()
    for part in parts:
        rows += [_BLANK, *part] if rows and part else part
    return rows[:height]


def _line(text: str, role: str, width: int, *, is_ascii: bool) -> SideRow:
    return SideRow(((columns(text, "", width, is_ascii=is_ascii), role),))


def _pack(state: SideState, width: int, *, is_ascii: bool) -> list[SideRow]:
    head = columns("PACK", count_word(state.files, "file"), width, is_ascii=is_ascii)
    if not state.window_tokens:
        return [SideRow(((head, "title"),))]
    share = state.used_tokens / state.window_tokens
    sizes = window_words(state.used_tokens, state.window_tokens)
    text = columns(sizes, f"{100 * share:.0f} %", width, is_ascii=is_ascii)
    role = "meter" if share <= 1 else "bad"
    bar = meter(share, width, is_ascii=is_ascii)
    return [SideRow(((head, "title"),)), SideRow(((text, ""),)), SideRow(((bar, role),))]


def _cited(
    cited: Sequence[CitedPlace], width: int, height: int, *, cursor: int | None, is_ascii: bool
) -> list[SideRow]:
    if height < 1 or not cited:
        return []
    name = "EVIDENCE" if cited[0].status == "found" else "CITED"
    title = f"{name} ({len(cited)})"
    rows = [_line(title, "title", width, is_ascii=is_ascii)]
    first = _first_shown([place.number for place in cited], cursor, height - 1)
    for place in cited[first : first + height - 1]:
        sign = _PLACE_SIGNS.get(place.status, ("?", "?"))[is_ascii]
        word = "" if place.status in ("verified", "found") else one_line(place.status)
        start = f"{place.number} {sign} ".replace("  ", " ")
        where = quote_path(place.path) + (f":{place.line}" if place.line else "")
        room = width - len(start) - (len(word) + 1 if word else 0)
        text = columns(
            start + cut_left(where, room, is_ascii=is_ascii), word, width, is_ascii=is_ascii
        )
        role = "cursor" if place.number == cursor else _role(place.status)
        rows.append(SideRow(((text, role),), place.number))
    hidden = len(cited) - (len(rows) - 1)
    if hidden and len(rows) > 2:
        text = columns(title, f"{hidden} not shown", width, is_ascii=is_ascii)
        rows[0] = SideRow(((text, "title"),))
    return rows


def _first_shown(numbers: Sequence[int], cursor: int | None, height: int) -> int:
    if cursor is None or cursor not in numbers:
        return 0
    return max(0, numbers.index(cursor) - height + 1)


def _role(status: str) -> str:
    if status in ("verified", "repaired", "answered"):
        return "good"
    return "" if status in ("found", "under way") else "bad"


def _cost(state: SideState, *, is_ascii: bool) -> list[str]:
    if state.turn_usd is None and state.session_usd is None and state.cached_share is None:
        return []
    speed = f"   {state.tokens_per_s:.0f} tok/s" if state.tokens_per_s is not None else ""
    turn = usd_word(state.turn_usd, is_about=state.is_turn_guessed, is_ascii=is_ascii)
    session = usd_word(state.session_usd, is_about=state.is_session_guessed, is_ascii=is_ascii)
    lines = ["COST", f"turn     {turn}{speed}", f"session  {session}"]
    if state.cached_share is not None:
        lines.append(f"cache    {100 * state.cached_share:.0f} % hit")
    if state.saved_usd is not None:
        lines.append(f"saved    {usd_word(state.saved_usd)}")
    return lines


def _turns(turns: Sequence[TurnLine], width: int, height: int, *, is_ascii: bool) -> list[SideRow]:
    """The last questions."""
    if height < 1 or not turns:
        return []
    rows = [_line("TURNS", "title", width, is_ascii=is_ascii)]
    for turn in turns[len(turns) - min(len(turns), height - 1) :]:
        sign = _TURN_SIGNS.get(turn.how, ("?", "?"))[is_ascii]
        state = sign if turn.how == "answered" else f"{sign} {one_line(turn.how)}"
        title = f"{turn.number} {one_line(turn.title)}"
        text = columns(title, state, width, is_ascii=is_ascii)
        rows.append(SideRow(((text, _role(turn.how)),)))
    return rows
