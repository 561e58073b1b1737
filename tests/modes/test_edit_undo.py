"""One run is one undo, whatever ended it, and its end says what it wrote."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Ran, Run
from endpoint.faults import Hold
from endpoint.script import Call, Reply
from endpoint.server import Endpoint, Recorded
from repo_builder import RepoBuilder

FILES = {"a.py": "a = 1\n", "b.py": "b = 1\n"}
READ = tuple(Call("read_file", {"path": path}) for path in FILES)


def edit(path: str, old: str, new: str) -> Reply:
    return Reply("", "edit", (Call("edit_file", {"path": path, "old_text": old, "new_text": new}),))


TURNS = (
    Reply("", "look", READ),
    edit("a.py", "a = 1", "a = 2"),
    edit("b.py", "b = 1", "b = 2"),
    edit("new.py", "", "c = 1\n"),
    edit("a.py", "a = 2", "a = 3"),
    Reply("All are larger [a.py:1].", "done"),
)


def answer(recorded: Recorded) -> Reply:
    return TURNS[sum(m["role"] == "assistant" for m in recorded.messages)]


@pytest.fixture
def files(repo: RepoBuilder) -> RepoBuilder:
    for path, text in FILES.items():
        repo.file(path, text)
    repo.commit()
    return repo


@pytest.fixture
def fixed(files: RepoBuilder, run: Run, monkeypatch: pytest.MonkeyPatch) -> Ran:
    """A run that made four edits."""
    with Endpoint(answer) as endpoint:
        monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-x")
        monkeypatch.setenv("DEEPSEEK_BASE_URL", endpoint.base_url)
        ran = run("-C", files.root, "--task", "raise all", "--apply")
    assert (ran.code, files.git("status", "--porcelain")) == (
        0,
        " M a.py\n M b.py\n?? new.py\n",
    )
    return ran


def test_a_run_is_taken_back_whole(files: RepoBuilder, fixed: Ran, run: Run) -> None:
    told = "written: 3 files: a.py, b.py, new.py; 'bathy undo' takes all of it back"
    assert told in fixed.err
    undone = run("-C", files.root, "undo")
    assert (undone.code, undone.out.splitlines()) == (
        0,
        ["taken back: a.py", "taken back: b.py", "taken back: new.py"],
    )
    assert files.git("status", "--porcelain") == ""


@pytest.mark.usefixtures("fixed")
def test_nothing_is_taken_back_where_the_user_has_gone_on(files: RepoBuilder, run: Run) -> None:
    files.file("b.py", "b = 2\nmine = 1\n")
    undone = run("-C", files.root, "undo")
    assert (undone.code, "b.py has changed since" in undone.err) == (1, True)
    assert (files.root / "a.py").read_text() == "a = 3\n"
    assert (files.root / "new.py").read_text() == "c = 1\n"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_what_was_written_before_a_death_is_taken_back_whole(
    files: RepoBuilder, run: Run, tmp_path: Path, vocabulary: None, number: signal.Signals
) -> None:
    hold = Hold("headers")

    def held(recorded: Recorded) -> Reply:
        turn = sum(m["role"] == "assistant" for m in recorded.messages)
        return replace(TURNS[turn], faults=[hold]) if turn == 3 else TURNS[turn]

    with Endpoint(held) as endpoint:
        code = "import sys; from bathy.agent.cli import main; sys.exit(main(sys.argv[1:]))"
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", code, "-C", str(files.root), "--task", "fix", "--apply"],
            env={
                "PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"),
                "DEEPSEEK_API_KEY": "sk-x", "DEEPSEEK_BASE_URL": endpoint.base_url,
            },
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        hold.wait()
        process.send_signal(number)
        _, told = process.communicate(timeout=60)
    assert process.returncode == {signal.SIGKILL: -9, signal.SIGTERM: 143}[number]
    assert files.git("status", "--porcelain") == " M a.py\n M b.py\n"
    if number == signal.SIGTERM:
        assert b"written: 2 files: a.py, b.py" in told
        assert b"bathy: 2 turns, " in told
        assert b" written, $0.00" in told
    assert run("-C", files.root, "undo").code == 0
    assert files.git("status", "--porcelain") == ""
