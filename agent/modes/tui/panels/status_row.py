"""What the status line knows -> its one row, as much of it as there is room for; pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bathy.agent.modes.tui.input.keymap import Keymap, show_key
from bathy.agent.modes.tui.panels.canvas import Row
from bathy.agent.modes.tui.panels.figures import (
    cut,
    meter,
    one_line,
    percent_word,
    seconds_word,
    usd_word,
)
from rich.cells import cell_len

WIDE = 98
"""Cells from which on the line has its wide form: a screen of 100 without its margins."""

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_ASCII_SPINNER = "|/-\\"
_METER_CELLS = 10
_LEAST_S = 2.0
"""Seconds of streaming from which on its speed can be told."""

Key = tuple[str, str]
"""A key and the word for what it does."""


@dataclass(frozen=True, slots=True)
class StatusState:
    """All that the status line shows.

    Attributes:
        used_tokens: Of the window.
        window_tokens: Of the model; 0 if not known yet.
        cached_share: Part of the last prompt that came from the cache, 0 to 1; None if none was.
        turn_usd: Price of the turn; None if not known.
        session_usd: Price of all of them; None if not known.
        is_turn_guessed: That of the turn is an estimate.
        is_session_guessed: That of all of them is.
        phase: Word for what is going on.
        is_busy: Something is.
        since_s: Moment at which it began, on the clock of the line.
        until_s: Moment that it waits for; 0 if it waits for none. Seconds then count down.
        streamed_tokens: That the model has written since it began, as far as one can tell.
        stop: Key that ends it, shown while it is busy; None if there is none.
        keys: Others, the most useful ones first.
    """

    used_tokens: int = 0
    window_tokens: int = 0
    cached_share: float | None = None
    turn_usd: float | None = None
    session_usd: float | None = None
    is_turn_guessed: bool = False
    is_session_guessed: bool = False
    phase: str = "ready"
    is_busy: bool = False
    since_s: float = 0.0
    until_s: float = 0.0
    streamed_tokens: int = 0
    stop: Key | None = ("esc", "stop")
    keys: tuple[Key, ...] = ()


class _Part(NamedTuple):
    """A word or some on the line; what is worth least goes first where there is no room."""

    text: str
    role: str
    worth: int


def keys_of(keymap: Keymap, wanted: Iterable[tuple[str, str]]) -> tuple[Key, ...]:
    """Return what a line says of keys.

    Args:
        keymap: The keys in use.
        wanted: (id of an action, word for it); one that has no key is left out.
    """
    named = ((keymap.keys_of(action)[:1], word) for action, word in wanted)
    return tuple((show_key(keys[0]), word) for keys, word in named if keys)


def short_figures(state: StatusState, *, is_ascii: bool = False) -> str:
    """Say what the narrow line has no room for, for the line at the top: ctx 69% · $0.19."""
    words = []
    if state.window_tokens:
        words.append(f"ctx {percent_word(state.used_tokens, state.window_tokens)}")
    if state.cached_share is not None:
        words.append(f"cache {percent_word(state.cached_share, 1)}")
    if state.session_usd is not None:
        is_about = state.is_session_guessed
        words.append(usd_word(state.session_usd, is_about=is_about, is_ascii=is_ascii))
    return (" - " if is_ascii else " · ").join(words)


def status_row(
    state: StatusState, width: int, now_s: float, *, is_ascii: bool, is_still: bool
) -> Row:
    """Return the line, at most `width` cells of it.

    Args:
        state: What to show.
        width: Of the line; from `WIDE` on it has its wide form.
        now_s: Moment, on the clock of the state.
        is_ascii: With ASCII alone.
        is_still: Without a spinner, which the word stands for.
    """
    phase = phase_text(state, now_s, is_ascii=is_ascii, is_still=is_still)
    keys = [_Part(_key_text(key), "keys", -number) for number, key in enumerate(state.keys, 1)]
    stop = [_Part(_key_text(state.stop), "keys", 8)] if state.is_busy and state.stop else []
    if width >= WIDE:
        left = [*_figures(state, is_ascii=is_ascii), _Part(phase, "phase", 9)]
        left += _speed(state, now_s, is_ascii=is_ascii)
        return _fitted(left, [*stop, *keys], width, gap=3, is_ascii=is_ascii)
    whole = (" - " if is_ascii else " · ").join([phase, *(part.text for part in stop)])
    shown, others = (whole, keys) if cell_len(whole) <= width else (phase, [])
    return _fitted([_Part(shown, "phase", 9)], others, width, gap=2, is_ascii=is_ascii)


def phase_text(state: StatusState, now_s: float, *, is_ascii: bool, is_still: bool) -> str:
    """Say what is going on, for how long or until when."""
    word = one_line(state.phase)
    if not state.is_busy:
        return word
    spinner = _ASCII_SPINNER if is_ascii else SPINNER
    glyph = "" if is_still else spinner[int(now_s) % len(spinner)] + " "
    if state.until_s:
        return f"{glyph}{word} in {seconds_word(state.until_s - now_s + 0.999)}"
    return f"{glyph}{word} {seconds_word(now_s - state.since_s)}"


def _figures(state: StatusState, *, is_ascii: bool) -> Iterator[_Part]:
    if state.window_tokens:
        share = state.used_tokens / state.window_tokens
        bar = meter(share, _METER_CELLS, is_ascii=is_ascii)
        yield _Part(f"ctx {bar} {100 * share:.0f} %", "full" if share > 1 else "meter", 6)
    if state.cached_share is not None:
        yield _Part(f"cache {100 * state.cached_share:.0f} %", "", 5)
    if state.session_usd is not None:
        turn = usd_word(state.turn_usd, is_about=state.is_turn_guessed, is_ascii=is_ascii)
        session = usd_word(state.session_usd, is_about=state.is_session_guessed, is_ascii=is_ascii)
        yield _Part(f"{turn} / {session}", "", 7)


def _speed(state: StatusState, now_s: float, *, is_ascii: bool) -> Iterator[_Part]:
    seconds = now_s - state.since_s
    if state.is_busy and state.streamed_tokens and seconds >= _LEAST_S:
        about = "~" if is_ascii else "≈"
        yield _Part(f"{about}{state.streamed_tokens / seconds:.0f} tok/s", "", -99)


def _fitted(
    left: Sequence[_Part], right: Sequence[_Part], width: int, *, gap: int, is_ascii: bool
) -> Row:
    """Put parts at both ends, as many as there is room for."""
    parts = [*left, *right]
    while len(parts) > 1 and _cells(parts, gap) > width:
        parts.remove(min(parts, key=lambda part: part.worth))
    if len(parts) == 1:
        parts = [parts[0]._replace(text=cut(parts[0].text, width, is_ascii=is_ascii))]
    kept_left = [part for part in parts if part.role != "keys"]
    kept_right = [part for part in parts if part.role == "keys"]
    space = width - _cells(kept_left, gap) - _cells(kept_right, gap)
    row = [*_joined(kept_left, gap), (" " * space, ""), *_joined(kept_right, gap)]
    return tuple((text, role) for text, role in row if text)


def _joined(parts: Sequence[_Part], gap: int) -> Iterator[tuple[str, str]]:
    for number, part in enumerate(parts):
        yield " " * gap if number else "", ""
        yield part.text, part.role


def _cells(parts: Sequence[_Part], gap: int) -> int:
    return sum(cell_len(part.text) for part in parts) + gap * max(0, len(parts) - 1)


def _key_text(key: Key) -> str:
    return one_line(f"{key[0]} {key[1]}")
