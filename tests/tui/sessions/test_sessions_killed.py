"""A process that is stopped or killed in the middle of an answer -> what its session shows."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from bathy.agent.loop.events import ToolFinished, ToolStarted
from bathy.agent.loop.record import read_record
from bathy.agent.model.messages import ReasoningDelta, TextDelta
from bathy.agent.modes.tui.sessions.replay import turns_of
from endpoint.faults import Hold
from endpoint.script import Call, Reply
from endpoint.server import Endpoint
from repo_builder import RepoBuilder
from shop import CART

LOOK = Reply("Let me look.", "hm", (Call("grep", {"pattern": "add"}),))
LONG = "It is `add` [cart.py:2-3], which gives the item back. " * 9


@pytest.mark.parametrize(
    ("sent", "how"), [(signal.SIGKILL, "interrupted"), (signal.SIGINT, "stopped")]
)
def test_all_that_had_come_is_shown_with_how_it_ended(
    repo: RepoBuilder, tmp_path: Path, vocabulary: None, sent: signal.Signals, how: str
) -> None:
    repo.file("cart.py", CART).commit()
    hold = Hold("middle")
    with Endpoint([LOOK, Reply(LONG, "so", faults=[hold]), Reply("Because.")]) as endpoint:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path / "home"),
            "DEEPSEEK_API_KEY": "sk-test",
            "DEEPSEEK_BASE_URL": endpoint.base_url,
        }
        program = [sys.executable, "-I", "-m", "bathy.agent", "-C", str(repo.root), "--task"]
        process = subprocess.Popen([*program, "which?"], env=environment, stdin=subprocess.DEVNULL)
        try:
            hold.wait()
            (log,) = (tmp_path / "home").rglob("*.jsonl")
            partial = log.with_suffix(".partial")
            while not partial.exists() or partial.stat().st_size < 200:
                assert process.poll() is None
            process.send_signal(sent)
            process.wait(timeout=60)
        finally:
            process.kill()
            process.wait()
        (turn,) = turns_of(read_record(log))
        hold.release()
        again = [*program, "why?", "--continue"]
        assert subprocess.run(again, env=environment, stdin=subprocess.DEVNULL).returncode == 0
    assert turn.how == how
    assert any(isinstance(event, ToolFinished) for event in turn.events)
    assert sum(isinstance(event, ToolStarted) for event in turn.events) == 1
    thought, text = turn.events[-3:-1]
    assert thought == ReasoningDelta("so")
    assert isinstance(text, TextDelta)
    assert LONG.startswith(text.text)
    assert len(text.text) > 20
    assert turn.cost_usd > 0
    # What goes on in the session changes nothing of it.
    first, second = turns_of(read_record(log))
    assert first == turn
    assert (second.question, second.how) == ("why?", "answered")
