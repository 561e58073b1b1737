from itertools import count
from pathlib import Path

import pytest
from bathy.agent.loop.partial import Cut, Partial, keep_partial, partial_path, read_partial
from bathy.agent.loop.record import Record, read_record
from bathy.agent.model.messages import Message, ReasoningDelta, TextDelta

HEADER = {"folder": "/r", "created": "2026-11-24T00:00:00+00:00", "model": "m", "question": "why?"}
CAME = (ReasoningDelta("hm, "), ReasoningDelta("两个"), TextDelta("It "), TextDelta("is\x1b[2J"))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log whose last request has no reply."""
    record = Record(tmp_path / "a.jsonl")
    record.write("session", HEADER)
    record.write_message(Message("user", "why?"))
    record.write("request", {"messages": 1})
    record.close()
    return tmp_path / "a.jsonl"


def write(log: Path) -> None:
    """Deltas, one a second."""
    partial = Partial(log, count().__next__)
    partial.add(None)
    for delta in CAME:
        partial.add(delta)
    # Nobody closes it: the process is killed.


def test_what_has_come_of_a_cut_reply_is_there(log: Path) -> None:
    write(log)
    assert read_partial(read_record(log)) == Cut("hm, 两个", "It is\x1b[2J", 2.0)
    assert partial_path(log).stat().st_mode & 0o777 == 0o600


def test_a_line_that_was_cut_is_left_out(log: Path) -> None:
    write(log)
    data = partial_path(log).read_bytes()
    partial_path(log).write_bytes(data[:-4])
    assert read_partial(read_record(log)) == Cut("hm, 两个", "It ", 2.0)


def test_once_the_message_is_in_the_log_it_means_nothing(log: Path) -> None:
    write(log)
    record = Record(log)
    record.write_message(Message("assistant", "It is so."))
    record.close()
    assert read_partial(read_record(log)) == Cut()


def test_a_retry_makes_it_void(log: Path) -> None:
    partial = Partial(log)
    partial.add(TextDelta("void"))
    partial.add(None)
    partial.add(TextDelta("new"))
    assert read_partial(read_record(log)) == Cut(text="new")


def test_the_next_question_finds_it_in_the_log_and_does_not_take_it_for_its_own(log: Path) -> None:
    write(log)
    record = Record(log)
    keep_partial(read_record(log), record)
    record.write("request", {"messages": 1})
    Partial(log).add(None)
    record.close()
    recorded = read_record(log)
    assert [line["text"] for line in recorded.lines if line["type"] == "partial"] == [
        "It is\x1b[2J"
    ]
    assert read_partial(recorded) == Cut()


def test_nothing_is_left_of_a_reply_that_ended_well(log: Path) -> None:
    partial = Partial(log)
    partial.add(TextDelta("all of it"))
    partial.add(None)
    partial.close()
    assert not partial_path(log).exists()


def test_without_a_session_nothing_is_written(tmp_path: Path) -> None:
    partial = Partial(None)
    partial.add(CAME[0])
    partial.close()
    assert not list(tmp_path.rglob("*.partial"))


def test_thinking_takes_until_text_comes_and_is_told_once(log: Path) -> None:
    moments = iter((3.0, 4.5, 7.0, 9.0, 20.0, 21.0))
    partial = Partial(log, moments.__next__)
    for delta in (*CAME[:3], TextDelta("is so.")):
        partial.add(delta)
    assert partial.take_thought_s() == 4.0
    assert partial.take_thought_s() == 0.0


def test_thinking_that_calls_follow_takes_until_the_reply_is_whole(log: Path) -> None:
    moments = iter((3.0, 5.0))
    partial = Partial(log, moments.__next__)
    partial.add(CAME[0])
    # The process may die here, and the last of it is all that is known.
    assert read_partial(read_record(log)) == Cut("hm, ")
    assert partial.take_thought_s() == 2.0


def test_a_retry_thinks_anew(log: Path) -> None:
    moments = iter((1.0, 50.0, 51.0, 60.0))
    partial = Partial(log, moments.__next__)
    partial.add(CAME[0])
    partial.add(None)
    partial.add(CAME[1])
    partial.add(CAME[2])
    assert read_partial(read_record(log)) == Cut("两个", "It ", 1.0)
    assert partial.take_thought_s() == 1.0


def test_a_file_of_before_moments_were_kept_is_read(log: Path) -> None:
    partial_path(log).write_text('[true, "hm"]\n[false, "It"]\n')
    assert read_partial(read_record(log)) == Cut("hm", "It", 0.0)
