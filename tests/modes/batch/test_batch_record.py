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


def test_what_is_dropped_makes_room_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with Record(path) as record:
        for name in "abc":
            record.append(result(name))
        record.drop({"b", "unknown"})
        assert lines(path) == [result("a"), result("c")]
        assert record.append(result("b", is_error=False))
        with pytest.raises(ConfigError, match="another batch"):
            Record(path)
    assert [line["id"] for line in lines(path)] == ["a", "c", "b"]
    assert [entry.name for entry in tmp_path.glob("r.*")] == ["r.jsonl"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a book\nof mine\n", "line 1, is no result"),
        (b"not even a line", "no file of results"),
        (b'{"id": "a"}\n{"name": "b"}\n', "line 2"),
        (b'{"id": "a"}\n[]\n', "line 2"),
        (b'{"id": 3}\n', "line 1"),
    ],
)
def test_a_file_of_something_else_is_left_alone(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=said):
        Record(path)
    assert path.read_bytes() == data


def test_a_place_that_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path, tmp_path / "none" / "r.jsonl", tmp_path / "pipe"):
        with pytest.raises(ConfigError):
            Record(place)


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
