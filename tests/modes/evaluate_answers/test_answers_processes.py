import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from endpoint.faults import Hold
from endpoint.script import Reply
from endpoint.server import Endpoint, Recorded
from questions import POINTS, Evaluate, is_judge, question, write
from shop import DONE

OPTIONS = ("--context", "pack", "--max-cost", "1", "--output-format", "json")

Start = Callable[[Endpoint, Path], "subprocess.Popen[str]"]


@pytest.fixture
def start(clones: Path, tmp_path: Path, vocabulary: None) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def call(endpoint: Endpoint, file: Path) -> "subprocess.Popen[str]":
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path / "home"),
            "DEEPSEEK_API_KEY": "sk-test",
            "DEEPSEEK_BASE_URL": endpoint.base_url,
        }
        files = (str(file), "--repos", str(clones), "-o", str(tmp_path / "results.jsonl"))
        process = subprocess.Popen(
            [sys.executable, "-I", "-m", "bathy.agent", "eval", "answers", *files, *OPTIONS],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield call
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("at", "number", "code"),
    [("answer", signal.SIGKILL, -9), ("verdict", signal.SIGTERM, 143)],
)
def test_whatever_ends_it_only_the_run_under_way_is_asked_again(
    start: Start,
    evaluate: Evaluate,
    tmp_path: Path,
    commit: str,
    at: str,
    number: signal.Signals,
    code: int,
) -> None:
    hold, asked = Hold("middle"), Counter[tuple[str, str]]()

    def say(request: Recorded) -> Reply:
        text = str(request.messages[-1]["content"])
        which = next(n for n in "123" if f"number {n}" in text)
        kind = "verdict" if is_judge(request) else "answer"
        asked[which, kind] += 1
        reply = Reply(POINTS, "so") if kind == "verdict" else DONE
        is_held = (which, kind) == ("2", at) and asked[which, kind] == 1
        return replace(reply, faults=[hold]) if is_held else reply

    records = [question(n, commit) for n in (1, 2, 3)]
    with Endpoint(say) as endpoint:
        process = start(endpoint, write(tmp_path / "questions.jsonl", records))
        hold.wait()
        process.send_signal(number)
        process.communicate(timeout=60)
        assert process.returncode == code
        hold.release()
        again = evaluate(endpoint, records, *OPTIONS)
    assert again.code == 0, again.err
    twice = {key: count for key, count in asked.items() if count > 1}
    assert twice == {("2", at): 2}
    row = again.json["contexts"]["pack"]
    assert (row["answered"], row["scored"]) == (3, 3)
    lines = [json.loads(line) for line in (tmp_path / "results.jsonl").read_text().splitlines()]
    told = [line for line in lines if line["type"] == "spent"]
    # What a process that is killed had under way is written down by nobody.
    assert [line["what"] for line in told] == ["score"] * (number == signal.SIGTERM)
    assert all(line["cost_usd"] > 0 for line in told)
