import sqlite3
from collections.abc import Iterator

import pytest
from bathy.agent.errors import BathyError, RepoError, TryAgainError
from bathy.agent.modes.evaluate.judge import Outcome
from bathy.agent.modes.evaluate.measuring import Measuring
from bathy.agent.modes.progress import Progress

OUTCOME = Outcome("a", "r", "c", "t", ("g",), False, 1, {})


def ending(*outcomes: Outcome, error: Exception) -> Iterator[Outcome]:
    yield from outcomes
    raise error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RepoError("no object 'x'"), 1),
        (TryAgainError("later"), 75),
        (OSError(24, "Too many open files"), 1),
        (sqlite3.OperationalError("database or disk is full"), 1),
    ],
)
def test_what_was_measured_stays_whatever_fails(
    error: Exception, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Measuring(Progress(quiet=False, verbose=False), 3, "commits")
    assert run.measure(ending(OUTCOME, error=error)) == code
    assert run.outcomes == [OUTCOME]
    assert f"{error}; this is what was measured until then" in capsys.readouterr().err
    nothing = Measuring(Progress(quiet=True, verbose=False), 3, "commits")
    with pytest.raises(BathyError):
        nothing.measure(ending(error=error))
