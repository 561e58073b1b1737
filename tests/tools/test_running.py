import socket
import subprocess
import sys
from pathlib import Path

import pytest
from bathy.tools import running

# A process that is asked to end by a real signal when a command runs and is not yet noted.
ENDED = """
import os, signal, sys
from pathlib import Path
from bathy.tools import running
from bathy.tools.git_remote import clone_git
note = running._note

def late(process):
    sys.stdin.readline()
    os.kill(os.getpid(), signal.SIGTERM)
    note(process)

running._note = late
signal.signal(signal.SIGTERM, lambda *_: running.stop_all_git(lambda: os._exit(7)))
clone_git(sys.argv[1], Path(sys.argv[2]), 60)
"""


def test_a_command_that_has_just_begun_ends_with_its_process(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"https://127.0.0.1:{silent.getsockname()[1]}/a"
        process = subprocess.Popen(
            [sys.executable, "-c", ENDED, place, str(tmp_path / "a.git")], stdin=subprocess.PIPE
        )
        line, _ = silent.accept()
        with line:
            line.settimeout(60)
            process.communicate(b"\n", timeout=60)
            while line.recv(1 << 12):
                pass
    assert process.returncode == 7


def test_nothing_is_started_once_the_end_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = list[int]()
    monkeypatch.setattr(running, "_ENDS", [])
    running.stop_all_git(lambda: ended.append(1))
    assert ended == [1]
    with pytest.raises(RuntimeError, match="no command"), running.started():
        pytest.fail("a command was started")
