import sqlite3
from collections.abc import Iterator

import pytest
from bathy.agent.errors import BathyError, RepoError, TryAgainError
from bathy.agent.modes.evaluate.judge import Outcome
from bathy.agent.modes.evaluate.measuring import Measuring
from bathy.agent.modes.progress import Progress
from bathy.agent.modes.signals import Terminated


def outcomes_until(end: BaseException, count: int) -> Iterator[Outcome]:
    yield from (Outcome(f"x{n}", "r", "c", "t", ("p",), False, 1, {}) for n in range(count))
    raise end


ENDS = [
    (RepoError("no objects"), RepoError, 1),
    (TryAgainError("later"), TryAgainError, 75),
    (OSError(24, "Too many open files"), BathyError, 1),
    (sqlite3.OperationalError("database or disk is full"), BathyError, 1),
    (KeyboardInterrupt(), KeyboardInterrupt, 130),
    (Terminated(), Terminated, 143),
]


@pytest.mark.parametrize(("end", "_told", "code"), ENDS)
def test_what_ends_a_run_leaves_what_is_measured(
    end: BaseException, _told: type[BaseException], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Measuring(Progress(quiet=False, verbose=False), 9, "commits")
    assert run.measure(outcomes_until(end, 2)) == code
    assert [one.id for one in run.outcomes] == ["x0", "x1"]
    said = capsys.readouterr().err
    assert f"{end}; this is what was measured until then" in said or code > 128
    assert "this is what was measured until then" in said


@pytest.mark.parametrize(("end", "told", "_code"), ENDS)
def test_what_ends_a_run_before_anything_is_measured_is_told_as_ever(
    end: BaseException, told: type[BaseException], _code: int
) -> None:
    run = Measuring(Progress(quiet=True, verbose=False), 9, "commits")
    with pytest.raises(told) as raised:
        run.measure(outcomes_until(end, 0))
    assert str(end) in str(raised.value)


def test_no_more_is_measured_than_was_asked_for() -> None:
    run = Measuring(Progress(quiet=True, verbose=False), 2, "commits")
    assert run.measure(outcomes_until(AssertionError("one too many"), 2)) == 0
