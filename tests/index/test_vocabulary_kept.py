"""The short form of the vocabulary is whole, or nothing of it is left."""

import errno
from pathlib import Path

import pytest
from bathy.agent.index import tokens


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))

    def write(path: Path, _data: bytes) -> int:
        with path.open("wb") as file:
            file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write)
    assert tokens._vocabulary()[1]
    assert list((cache / "bathy").iterdir()) == []
