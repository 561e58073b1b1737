import errno
import fcntl
import json
import os
from pathlib import Path
from typing import Any

import pytest
from bathy.agent.errors import BathyError, ConfigError
from bathy.agent.modes.batch.record import Record
from hypothesis import given, settings
from hypothesis import strategies as st

ids = st.lists(st.text(min_size=1, max_size=8), unique=True, min_size=1, max_size=6)


def result(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "result": f"line one\nline two of {name}", **more}


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@settings(max_examples=40)
@given(names=ids, cut=st.integers(0, 10_000))
def test_cut_anywhere_whole_results_stay_and_the_rest_is_written_once(
    names: list[str], cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("r") / "r.jsonl"
    with Record(path) as record:
        assert all(record.append(result(name)) for name in names)
    data = path.read_bytes()
    kept = data[: cut % (len(data) + 1)]
    path.write_bytes(kept)
    whole = kept.count(b"\n") + (kept + b"\n" in data and not kept.endswith(b"\n") and kept != b"")
    with Record(path) as record:
        assert list(record.results) == names[:whole]
        again = [record.append(result(name)) for name in names]
    assert again == [False] * whole + [True] * (len(names) - whole)
    assert lines(path) == [result(name) for name in names]


def test_a_successor_takes_the_place_of_one_and_the_others_stay(tmp_path: Path) -> None:
    path, link = tmp_path / "r.jsonl", tmp_path / "link"
    link.symlink_to("r.jsonl")
    path.touch(0o600)
    with Record(link) as record:
        for name in "abc":
            record.append(result(name))
        record.replace(result("b", is_error=False))
        assert lines(path) == [result("a"), result("c"), result("b", is_error=False)]
        assert not record.append(result("b"))
        assert record.append(result("d"))
        with pytest.raises(ConfigError, match="another batch"):
            Record(path)
    assert [line["id"] for line in lines(path)] == ["a", "c", "b", "d"]
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.glob("r.*")] == ["r.jsonl"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a book\nof mine\n", "line 1, is no result"),
        (b"not even a line", "no file of results"),
        (b'{"id": "a"}\n{"name": "b"}\n', "line 2"),
        (b'{"id": "a"}\n[]\n', "line 2"),
        (b'{"id": 3}\n', "line 1"),
        (b'{"name":"x","version":1}', "no file of results"),
        (b'{"name":"x","ver', "no file of results"),
        (b'{"id": "a"}\n{"name": "b"}', "no file of results"),
        (b'{"id": "a"}\n[1]', "no file of results"),
    ],
)
def test_a_file_of_something_else_is_left_alone(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=said):
        Record(path)
    assert path.read_bytes() == data


def test_a_torn_line_stays_until_one_is_written(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(b'{"id": "a", "res')
    with Record(path) as record:
        assert record.results == {}
        assert path.read_bytes() == b'{"id": "a", "res'
        record.append(result("a"))
    assert lines(path) == [result("a")]


def test_the_lock_is_of_the_file_that_is_there_and_not_of_one_that_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, lock = tmp_path / "r.jsonl", fcntl.flock
    first = Record(path)
    first.append(result("a"))

    def late(file: int, how: int) -> None:
        # Between the opening and the locking of the second one the first replaces the file.
        monkeypatch.setattr(fcntl, "flock", lock)
        first.replace(result("a", is_error=False))
        first.close()
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with Record(path) as second:
        second.append(result("b"))
    assert lines(path) == [result("a", is_error=False), result("b")]


def test_a_place_that_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path, tmp_path / "none" / "r.jsonl", tmp_path / "pipe"):
        with pytest.raises(ConfigError):
            Record(place)


def test_a_part_that_cannot_go_at_once_goes_before_the_next_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, write, cut = tmp_path / "r.jsonl", os.write, os.ftruncate

    def half(file: int, data: bytes) -> int:
        if len(data) < 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(file, data[: len(data) - 15])

    def refuse(_file: int, _length: int) -> None:
        monkeypatch.setattr(os, "ftruncate", cut)
        raise OSError(errno.EIO, "Input/output error")

    with Record(path) as record:
        record.append(result("a"))
        monkeypatch.setattr(os, "write", half)
        monkeypatch.setattr(os, "ftruncate", refuse)
        with pytest.raises(BathyError, match="No space left"):
            record.append(result("b"))
        monkeypatch.setattr(os, "write", write)
        assert not path.read_bytes().endswith(b"\n")
        assert record.append(result("c"))
    assert lines(path) == [result("a"), result("c")]


def test_a_full_disk_leaves_no_half_of_a_line() -> None:
    with Record(Path("r.jsonl")) as record:
        record.append(result("a"))
        before = Path("r.jsonl").read_bytes()
        full = os.open("/dev/full", os.O_RDWR)
        own = os.dup(record._file)
        try:
            os.dup2(full, record._file)
            with pytest.raises(BathyError, match="No space left"):
                record.append(result("b"))
        finally:
            os.dup2(own, record._file)
            os.close(own)
            os.close(full)
        assert Path("r.jsonl").read_bytes() == before
        assert record.append(result("b"))
