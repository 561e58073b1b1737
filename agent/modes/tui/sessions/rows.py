"""Sessions -> the ones that are meant, and a row for each; pure."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bathy.agent.loop.sessions import SessionInfo
from bathy.agent.modes.tui.panels.figures import columns, count_word, one_line, pad, usd_word
from bathy.agent.modes.tui.sessions.tally import Tally

_MINUTE_S, _HOUR_S, _DAY_S, _MONTH_S = 60, 3_600, 86_400, 30 * 86_400
_USED, _MODEL, _WIDE_MODEL, _ASKED, _COST = 10, 15, 18, 5, 7
_WIDE = 100


def find(infos: Sequence[SessionInfo], typed: str) -> tuple[SessionInfo, ...]:
    """Return the sessions that hold every word that was typed, in their order."""
    words = typed.casefold().split()
    return tuple(info for info in infos if all(word in _searched(info) for word in words))


def _searched(info: SessionInfo) -> str:
    return f"{info.name}\n{info.question}\n{info.model}\n{info.id}".casefold()


def title_of(info: SessionInfo) -> str:
    """Return what a session is called, or was asked first."""
    return one_line(info.name or info.question or info.id)


def when_word(used_s: float, now_s: float) -> str:
    """Say how long ago something was: 5 min ago, 2 h ago, 3 d ago; then the day."""
    ago_s = now_s - used_s
    if ago_s < _MINUTE_S:
        return "just now"
    if ago_s < _HOUR_S:
        return f"{ago_s // _MINUTE_S:.0f} min ago"
    if ago_s < _DAY_S:
        return f"{ago_s // _HOUR_S:.0f} h ago"
    if ago_s < _MONTH_S:
        return f"{ago_s // _DAY_S:.0f} d ago"
    return datetime.fromtimestamp(used_s, UTC).date().isoformat()


def head_text(width: int, *, is_ascii: bool) -> str:
    """Return the row above all others."""
    return _row("  ", ("session", "used", "model", "asked", "cost"), width, is_ascii=is_ascii)


def row_text(
    info: SessionInfo,
    tally: Tally | None,
    width: int,
    *,
    now_s: float,
    is_chosen: bool,
    is_ascii: bool,
) -> str:
    """Return the row of a session, of exactly so many cells.

    Args:
        info: The session.
        tally: What it comes to, if that is known.
        width: Cells.
        now_s: The moment, in seconds since 1970.
        is_chosen: The cursor stands on it.
        is_ascii: With no sign of bathy's own but of ASCII.
    """
    sign = "  " if not is_chosen else "> " if is_ascii else "▸ "
    asked = str(tally.questions) if tally else ""
    cost = usd_word(tally.cost_usd) if tally and tally.cost_usd else ""
    used = when_word(info.used_s, now_s)
    cells = (title_of(info), used, one_line(info.model), asked, cost)
    return _row(sign, cells, width, is_ascii=is_ascii)


def _row(sign: str, cells: Sequence[str], width: int, *, is_ascii: bool) -> str:
    title, used, model, asked, cost = cells
    size = _WIDE_MODEL if width >= _WIDE else _MODEL
    right = (
        f"  {pad(used, _USED, is_ascii=is_ascii)}  {pad(model, size, is_ascii=is_ascii)}"
        f"  {asked:>{_ASKED}}  {cost:>{_COST}}"
    )
    return columns(f"{sign}{title}", right, width, is_ascii=is_ascii)


def heading(repo: str, shown: int, total: int, *, is_ascii: bool) -> str:
    """Say what is listed."""
    dot = "-" if is_ascii else "·"
    count = count_word(total, "session") if shown == total else f"{shown:,} of {total:,} sessions"
    return f"Sessions about {one_line(repo)} {dot} {count}, the last used first"
