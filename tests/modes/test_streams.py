"""What is said arrives in any locale, and nothing is done for nobody."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from bathy.agent.modes.streams import open_streams
from repo_builder import RepoBuilder

CODE = "import sys; from bathy.agent.cli import main; sys.exit(main(sys.argv[1:]))"


def bathy(
    root: Path, *args: str, encoding: str = "utf-8", before: Callable[[], None] | None = None
) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-c", CODE, "-C", str(root), *args],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        stdin=subprocess.DEVNULL, capture_output=True, check=False, preexec_fn=before,
    )  # fmt: skip


@pytest.mark.usefixtures("vocabulary")
@pytest.mark.parametrize("encoding", ["latin1", "ascii", "cp1252", "koi8-r"])
@pytest.mark.parametrize(
    "args", [("pack",), ("search", "größe"), ("--offline", "-p", "größe"), ("--help",)], ids=str
)
def test_every_command_speaks_in_every_locale(
    repo: RepoBuilder, args: tuple[str, ...], encoding: str
) -> None:
    repo.file("größe.py", "größe = '→ λ'\n").commit()
    done = bathy(repo.root, *args, encoding=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    done.stdout.decode(encoding)
    if args == ("pack",) and encoding == "latin1":
        assert b"100 %  ########################" in done.stdout
        assert "größe.py".encode("latin1") in done.stdout


def test_letters_that_cannot_be_written_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    assert open_streams()
    sys.stdout.write("█▏ … λ é \ud800\n")
    sys.stdout.flush()
    assert written.getvalue() == b"# ... \\u03bb \\xe9 \\ud800\n"


def test_nothing_is_done_where_stdout_is_closed(repo: RepoBuilder, tmp_path: Path) -> None:
    repo.file("cart.py", "class Cart:\n    pass\n").commit()
    done = bathy(repo.root, "search", "Cart", before=lambda: os.close(1))
    assert (done.returncode, b"stdout is closed" in done.stderr) == (2, True)
    done = bathy(
        repo.root, "search", "Cart", "-o", str(tmp_path / "found"), before=lambda: os.close(1)
    )
    assert done.returncode == 0
    assert "cart.py" in (tmp_path / "found").read_text()
