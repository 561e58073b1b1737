import os
import socket
from pathlib import Path

import pytest
from bathy.tools.workspace import Workspace, WorkspaceError, decode_path, encode_path, quote_path
from hypothesis import given
from hypothesis import strategies as st


def read(root: Path, path: str) -> bytes:
    return Workspace(root).read_bytes(path, max_bytes=1000)


def test_a_regular_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a.txt").write_bytes(b"\0\r\nx")
    assert read(tmp_path, "d/a.txt") == b"\0\r\nx"


@pytest.mark.parametrize(
    "path", ["../secret", "d/../../secret", "/etc/passwd", "", ".", "d//a.txt", "d/./a.txt", "a\0b"]
)
def test_paths_that_lead_out_or_are_not_plain_are_refused(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    (root / "d").mkdir(parents=True)
    (root / "d" / "a.txt").write_text("inside")
    (tmp_path / "secret").write_text("outside")
    with pytest.raises(WorkspaceError):
        read(root, path)


def test_a_link_is_not_followed_at_any_depth(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").write_text("outside")
    (root / "file").symlink_to(tmp_path / "secret")
    (root / "folder").symlink_to(tmp_path)
    (root / "loop").symlink_to("loop")
    for path in ("file", "folder/secret", "loop"):
        with pytest.raises(WorkspaceError):
            read(root, path)


def test_a_fifo_and_a_socket_are_refused_without_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        for path in ("fifo", "socket"):
            with pytest.raises(WorkspaceError, match="not a regular file"):
                read(tmp_path, path)


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * 1001)
    with pytest.raises(WorkspaceError, match="larger than"):
        read(tmp_path, "large")


def test_a_name_that_is_not_utf_8_survives(tmp_path: Path) -> None:
    name = b"caf\xe9.txt"
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(b"x")
    assert read(tmp_path, decode_path(name)) == b"x"


@given(st.binary(max_size=60))
def test_decoding_a_path_loses_nothing(name: bytes) -> None:
    assert encode_path(decode_path(name)) == name


@pytest.mark.parametrize(
    ("path", "quoted"),
    [
        ("src/a b.py", "src/a b.py"),
        ("grün.py", "grün.py"),
        ("a\nb", r'"a\nb"'),
        ('say "hi"', r'"say \"hi\""'),
        ("back\\slash", r'"back\\slash"'),
        ("caf\udce9", r'"caf\351"'),
        ("esc\x1b[31m", r'"esc\033[31m"'),
        ("\u202egnp.exe", r'"\342\200\256gnp.exe"'),
    ],
)
def test_paths_are_quoted_as_git_quotes_them(path: str, quoted: str) -> None:
    assert quote_path(path) == quoted


@given(st.binary(max_size=40).map(decode_path))
def test_a_quoted_path_is_printable_and_on_one_line(path: str) -> None:
    assert quote_path(path).isprintable()
