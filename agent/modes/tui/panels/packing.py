"""Work that goes on before anything can be asked or answered -> a row for each part of it; pure."""

from collections.abc import Iterable, Iterator

from bathy.agent.modes.tui.panels.figures import columns, meter, one_line, seconds_word
from bathy.agent.modes.tui.state import Stage

_METER_CELLS = 24
_LEAST_S = 1.0
"""Seconds of work from which on it can be told how long the rest takes."""


def packing_rows(
    stages: Iterable[Stage], title: str, width: int, now_s: float, *, is_ascii: bool
) -> Iterator[str]:
    """Yield rows of at most `width` cells; none if there is no work.

    Args:
        stages: In the order in which they began.
        title: What it is done for.
        width: Of the rows.
        now_s: Moment, on the clock of the stages.
        is_ascii: With ASCII alone.
    """
    found = tuple(stages)
    if found:
        yield columns(one_line(title), "", width, is_ascii=is_ascii)
    for number, stage in enumerate(found, 1):
        left = f"{number} {one_line(stage.what)}"
        yield columns(left, _right(stage, now_s, width, is_ascii), width, is_ascii=is_ascii)


def _right(stage: Stage, now_s: float, width: int, is_ascii: bool) -> str:
    if stage.is_done:
        return "done" if is_ascii else "✔ done"
    if not stage.total:
        return "..." if is_ascii else "…"
    share = stage.done / stage.total
    text = f"{meter(share, min(_METER_CELLS, width // 3), is_ascii=is_ascii)} {100 * share:3.0f} %"
    took_s = now_s - stage.began_s
    if took_s < _LEAST_S or not stage.done:
        return text
    return f"{text}, {seconds_word(took_s * (1 / share - 1) + 0.999)} left"
