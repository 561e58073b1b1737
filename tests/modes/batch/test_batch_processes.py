"""A batch as its users run it: a process of its own, ended by signals, and gone on with."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from endpoint.faults import Hold
from endpoint.script import Reply
from endpoint.server import Endpoint, Recorded
from modes.batch.conftest import results_in
from repo_builder import RepoBuilder
from shop import CART, DONE

TASKS = 4
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(repo: RepoBuilder, tmp_path: Path, vocabulary: None) -> Iterator[Start]:
    repo.file("cart.py", CART).commit()
    tasks = [{"id": f"t{n}", "task": f"What is number {n}?", "repo": "repo"} for n in range(TASKS)]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(task) + "\n" for task in tasks))
    started: list[subprocess.Popen[str]] = []

    def call(
        endpoint: Endpoint, *args: str, python: Sequence[str] = ("-m", "bathy.agent")
    ) -> "subprocess.Popen[str]":
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path / "home"),
            "TMPDIR": str(tmp_path / "home"),
            "DEEPSEEK_API_KEY": "sk-secret-of-the-test",
            "DEEPSEEK_BASE_URL": endpoint.base_url,
            "BATHY_MAX_RETRIES": "0",
        }
        where = (str(tmp_path / "t.jsonl"), "-o", str(tmp_path / "r.jsonl"), "--workers", "2")
        process = subprocess.Popen(
            [sys.executable, "-I", *python, "batch", *where, *args],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield call
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("kind", "signal_", "code"),
    [
        ("threads", signal.SIGINT, 130),
        ("processes", signal.SIGKILL, -signal.SIGKILL),
    ],
)
def test_ended_in_the_middle_what_is_done_is_kept_and_not_asked_again(
    start: Start, tmp_path: Path, kind: str, signal_: signal.Signals, code: int
) -> None:
    hold = Hold("headers")

    def say(recorded: Recorded) -> Reply:
        # The first two run alone; of those that then run side by side one never comes back.
        is_held = "number 2" in recorded.messages[-1]["content"]
        return replace(DONE, faults=[hold]) if is_held else DONE

    with Endpoint(say) as endpoint:
        process = start(endpoint, "--scheduler", kind)
        hold.wait()
        # Ctrl-C of a terminal reaches the whole group.
        os.killpg(process.pid, signal_) if signal_ == signal.SIGINT else process.send_signal(
            signal_
        )
        out, err = process.communicate(timeout=60)
        assert process.returncode == code, err
        kept = results_in(tmp_path)
        assert {"t0", "t1"} <= kept.keys() <= {"t0", "t1", "t3"}
        assert ("answered" in out) == (signal_ != signal.SIGKILL)
        assert "Traceback" not in err
        hold.release()
        before = len(endpoint.requests)
        again = start(endpoint, "--scheduler", kind, "--resume-batch")
        out, err = again.communicate(timeout=60)
        assert again.returncode == 0, err
        asked = [r.messages[-1]["content"] for r in endpoint.requests[before:]]
    assert sorted(results_in(tmp_path)) == ["t0", "t1", "t2", "t3"]
    assert [any(f"number {n}?" in text for text in asked) for n in range(TASKS)] == [
        f"t{n}" not in kept for n in range(TASKS)
    ]
    assert "sk-secret" not in (tmp_path / "r.jsonl").read_text() + out + err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["TERM", "KILL"])
def test_a_clone_ends_with_its_batch_and_nothing_of_it_stays(
    start: Start, tmp_path: Path, number: signal.Signals
) -> None:
    clones = tmp_path / "home" / ".cache" / "bathy" / "clones"
    how = ("--offline", "--scheduler", "processes")
    with Endpoint([]) as endpoint, socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"https://127.0.0.1:{silent.getsockname()[1]}"
        process = start(endpoint, *how, "--clone-from", place)
        line, _ = silent.accept()
        with line:
            line.settimeout(60)
            [part] = clones.glob("*/part-*/*")
            process.send_signal(number)
            # What git has started is gone, too: the line has been hung up.
            while line.recv(1 << 12):
                pass
        out, err = process.communicate(timeout=60)
        assert process.returncode == (143 if number == signal.SIGTERM else -number), err
        assert "Traceback" not in err
        assert (tmp_path / "r.jsonl").read_bytes() == b""
        # As a process leaves it that had no time to clean up.
        (part / "objects").mkdir(parents=True, exist_ok=True)
        out, err = start(endpoint, *how).communicate(timeout=60)
    assert len(results_in(tmp_path)) == TASKS, out + err
    assert list(clones.glob("*/*")) == [part.parent.parent / "lock"]


# A run that is asked to end by a real signal while it writes each of its lines.
CUT = """
import os, sys
from bathy.agent.modes.batch import record
number, write = int(sys.argv[1]), os.write

class Slow:
    def __getattr__(self, name):
        return getattr(os, name)

    def write(self, file, data):
        # The disk takes a part, and then the signal comes.
        count = write(file, data[:20])
        os.kill(os.getpid(), number)
        return count

record.os = Slow()
from bathy.agent.cli import main
sys.exit(main(sys.argv[2:]))
"""

# The same while an answer that has come in is about to be looked at.
HEARD = """
import os, sys
from bathy.agent.modes.batch.drive import Drive
number, settle = int(sys.argv[1]), Drive._settle

def ended(self, future, order):
    os.kill(os.getpid(), number)
    settle(self, future, order)

Drive._settle = ended
from bathy.agent.cli import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["TERM", "INT"]
)
@pytest.mark.parametrize("program", [CUT, HEARD], ids=["cut", "heard"])
def test_a_signal_cuts_no_line_and_loses_no_answer(
    start: Start, tmp_path: Path, number: signal.Signals, code: int, program: str
) -> None:
    with Endpoint([DONE]) as endpoint:
        process = start(endpoint, python=("-c", program, str(int(number))))
        _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert list(results_in(tmp_path)) == ["t0"]
