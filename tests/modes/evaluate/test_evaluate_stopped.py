import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from repo_builder import RepoBuilder

COMMITS = 400


@pytest.fixture
def running(
    repo: RepoBuilder, tmp_path: Path, vocabulary: None
) -> Iterator["subprocess.Popen[str]"]:
    """A measurement of many commits that has measured one."""
    stream = list[str]()
    for n in range(COMMITS):
        message, text = f"Set the limit of the shop to {n} items", f"LIMIT = {n}\n"
        stream.append(
            f"commit refs/heads/main\ncommitter A <a@b> {1_700_000_000 + n} +0000\n"
            f"data {len(message)}\n{message}\nM 100644 inline shop.py\ndata {len(text)}\n{text}\n"
        )
    subprocess.run(
        ["git", "-C", str(repo.root), "fast-import", "--quiet"],
        input="".join(stream), text=True, check=True,
    )  # fmt: skip
    process = subprocess.Popen(
        [
            sys.executable, "-I", "-m", "bathy.agent", "-C", str(repo.root), "--verbose",
            "eval", "history", "--limit", str(COMMITS), "--output-format", "json",
            "-o", str(tmp_path / "stopped.html"),
        ],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home")},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if "measured" in line:
            break
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_what_is_done_is_shown_when_somebody_has_enough(
    running: "subprocess.Popen[str]", tmp_path: Path, number: signal.Signals, code: int
) -> None:
    # A terminal sends Ctrl-C to git as well.
    os.killpg(running.pid, number)
    out, err = running.communicate(timeout=60)
    assert running.returncode == code
    found = json.loads(out)
    assert found["was_stopped"] is True
    assert 1 <= len(found["items"]) < COMMITS
    assert found["groups"][0]["n"] == len(found["items"])
    assert "stopped; this is what was measured until then" in err
    assert "Traceback" not in err
    assert "The measurement was stopped before its end." in (tmp_path / "stopped.html").read_text()
