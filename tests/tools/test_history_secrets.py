"""What `history` shows of lines is as redacted as the whole files that they stand in."""

import json
import subprocess
from pathlib import Path

import pytest
from bathy.agent.index.live import LiveView
from bathy.tools.base import ToolError
from bathy.tools.registry import TOOLS, check_arguments
from open_view import open_view
from repo_builder import RepoBuilder

PASSWORD = "hunter2hunter2xyz"


def told(root: Path, **arguments: object) -> tuple[str, LiveView]:
    tool = TOOLS["history"]
    with open_view(root) as view:
        return tool.run(check_arguments(tool, arguments), view).text, view


@pytest.fixture
def key() -> str:
    """A private key of nobody, made now."""
    made = subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, text=True, check=True)
    return made.stdout


def test_values_of_a_dotenv_file_stay_hidden_in_a_change(repo: RepoBuilder) -> None:
    repo.file("prod.env", f"NAME=shop\nDB_PASSWORD={PASSWORD}\nPORT=1\n").commit()
    repo.file("prod.env", f"NAME=shop\nDB_PASSWORD={PASSWORD}9\nPORT=2\n").commit()
    text, view = told(repo.root, path="prod.env", start_line=1, end_line=3)
    assert PASSWORD not in text
    assert text.count("DB_PASSWORD=[redacted: ") == 3
    blobs = {repo.git("rev-parse", f"{rev}:prod.env").strip() for rev in ("HEAD", "HEAD~1")}
    assert view.old_blobs == blobs


def test_the_middle_of_a_key_stays_hidden(repo: RepoBuilder, key: str) -> None:
    lines = key.split("\n")
    repo.file("conf.py", f'KEY = """\n{key}"""\nX = 1\n').commit()
    text, _ = told(repo.root, path="conf.py", start_line=6, end_line=8)
    for line in lines[3:9]:
        assert line not in text


def test_a_change_reads_as_git_tells_it(repo: RepoBuilder) -> None:
    repo.file("a file.py", "a = 1\nb = 2\nc = 3\n").commit("first")
    repo.file("a file.py", "a = 1\nb = 5\nc = 3\n").commit("second")
    text, _ = told(repo.root, path="a file.py", start_line=2, end_line=2)
    assert "-b = 2\n+b = 5" in text
    assert "[not shown]" not in text
    assert text.index("second") < text.index("first")


def test_subjects_are_redacted(repo: RepoBuilder) -> None:
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    repo.file("a.py", "a = 1\n").commit(f"use {secret}")
    text, _ = told(repo.root, path="a.py")
    assert secret not in text
    assert "[redacted: github token]" in text


def test_what_is_no_file_is_an_error(repo: RepoBuilder) -> None:
    repo.file("a.py", "a = 1\n").commit()
    with pytest.raises(ToolError):
        told(repo.root, path="b.py")
    assert json.dumps(told(repo.root, path="a.py", start_line=1, end_line=1)[0])
