import os
from pathlib import Path

import pytest
from bathy.agent.errors import ConfigError
from bathy.agent.modes.evaluate_answers.results import (
    Answer,
    Citation,
    Line,
    Results,
    ResultsFile,
    Score,
    Spent,
    read_held,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SETTINGS = {"model": "m", "questions_sha256": "0" * 64}
ANSWER = Answer(
    "1", "pack", "c0", "success", "So [a.py:1].\x1b", (Citation("a.py", 1, 1, "verified"),),
    {"prompt_tokens": 9}, 0.25, 2, 1.5,
)  # fmt: skip
SCORE = Score("1", "pack", 0.5, {"stated": [True, False]}, "", {"prompt_tokens": 3}, 0.125)
SPENT = Spent("2", "pack", "answer", "it broke", 0.5)
LINES: tuple[Line, ...] = (ANSWER, SCORE, SPENT)


def filled(path: Path) -> bytes:
    with ResultsFile(path, SETTINGS) as file:
        for line in LINES:
            file.add(line)
    return path.read_bytes()


def test_what_is_added_is_held_by_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    filled(path)
    with ResultsFile(path, SETTINGS) as file:
        held = file.held
    assert held == read_held(path, SETTINGS)
    assert held == Results(
        {("1", "pack"): ANSWER}, {("1", "pack"): SCORE}, {("2", "pack"): "it broke"}, 0.875
    )


def test_a_later_answer_takes_the_place_of_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    filled(path)
    with ResultsFile(path, SETTINGS) as file:
        file.add(Answer("2", "pack", "c0", "success", "So."))
        assert file.held.failed == {}
        assert file.held.spent_usd == 0.875


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_a_file_cut_anywhere_is_mended(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "r.jsonl"
    path.unlink(missing_ok=True)
    whole = filled(path)
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    lines = whole[:cut].count(b"\n")
    held = read_held(path, SETTINGS)
    assert path.read_bytes() == whole[:cut]
    assert len(held.answers) + len(held.scores) + len(held.failed) == max(0, lines - 1)
    with ResultsFile(path, SETTINGS) as file:
        assert file.held == held
        for line in LINES[max(0, lines - 1) :]:
            file.add(line)
    assert path.read_bytes() == whole


def test_other_settings_are_refused_and_named(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    whole = filled(path)
    with pytest.raises(ConfigError, match=r'other settings \(model "m" instead of "other"\)'):
        ResultsFile(path, {**SETTINGS, "model": "other"})
    with pytest.raises(ConfigError, match="effort"):
        read_held(path, {**SETTINGS, "effort": "max"})
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    "text", ["# notes\nmy own", "my own", '{"type": "answer"}\n', '{"a": 1}\nx']
)
def test_a_file_of_somebody_else_stays_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "notes.md"
    path.write_text(text)
    with pytest.raises(ConfigError, match="is no file of results"):
        ResultsFile(path, SETTINGS)
    assert path.read_text() == text


def test_a_broken_line_in_the_middle_is_named(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    lines = filled(path).split(b"\n")
    path.write_bytes(b"\n".join((lines[0], b'{"type": "answer"}', *lines[1:])))
    with pytest.raises(ConfigError, match=r"r\.jsonl:2: no line of results"):
        ResultsFile(path, SETTINGS)
    path.write_bytes(b"\n".join((lines[0], lines[1], b"?", *lines[2:])))
    with pytest.raises(ConfigError, match=r"r\.jsonl:3: no line of results"):
        read_held(path, SETTINGS)


def test_two_processes_do_not_write_to_one_file(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with ResultsFile(path, SETTINGS), pytest.raises(ConfigError, match="in use"):
        ResultsFile(path, SETTINGS)
    with ResultsFile(path, SETTINGS):
        pass


def test_places_that_hold_no_file_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="no regular file"):
        ResultsFile(tmp_path / "pipe", SETTINGS)
    with pytest.raises(ConfigError, match="cannot write"):
        ResultsFile(tmp_path, SETTINGS)
    with pytest.raises(ConfigError, match="cannot write"):
        ResultsFile(tmp_path / "none" / "r.jsonl", SETTINGS)
    assert read_held(tmp_path / "none.jsonl", SETTINGS) == Results()
