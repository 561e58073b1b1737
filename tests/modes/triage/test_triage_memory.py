from pathlib import Path

import pytest
from bathy.agent.modes.triage.memory import MOST_AN_HOUR, Memory, remembered


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def test_what_is_done_stays_done_until_it_changes() -> None:
    with remembered("github.com", "o/r") as (memory, _):
        memory.finish(7, "2026-01-01")
    with remembered("github.com", "O/R") as (memory, _):
        assert memory.is_done(7, "2026-01-01")
        assert not memory.is_done(7, "2026-01-02")
        assert not memory.is_done(8, "2026-01-01")
    with remembered("github.com", "o/other") as (memory, _):
        assert not memory.is_done(7, "2026-01-01")


def test_an_issue_without_a_time_is_never_done() -> None:
    memory = Memory()
    memory.finish(7, "")
    assert not memory.is_done(7, "")


def test_an_author_has_so_many_runs_within_an_hour() -> None:
    memory = Memory()
    assert all(memory.admit("ann", 1_000.0 + at) for at in range(MOST_AN_HOUR))
    assert not memory.admit("ann", 2_000.0)
    assert memory.admit("bob", 2_000.0)
    assert memory.admit("ann", 1_000.0 + 3_600 + 1)


def test_a_delivery_is_worked_off_once() -> None:
    for expected in (True, False):
        with remembered("github.com", "o/r") as (memory, _):
            assert memory.is_new("d-1") is expected


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"done": 1}', "\0"])
def test_a_damaged_file_is_begun_anew(tmp_path: Path, text: str) -> None:
    with remembered("github.com", "o/r") as (memory, _):
        memory.finish(7, "x")
    [path] = (tmp_path / "bathy" / "triage").glob("*.json")
    path.write_text(text)
    with remembered("github.com", "o/r") as (memory, _):
        assert not memory.done


def fail_after_finishing() -> None:
    with remembered("github.com", "o/r") as (memory, _):
        memory.finish(7, "x")
        raise LookupError


def test_nothing_is_kept_if_the_work_fails() -> None:
    with pytest.raises(LookupError):
        fail_after_finishing()
    with remembered("github.com", "o/r") as (memory, _):
        assert not memory.done
