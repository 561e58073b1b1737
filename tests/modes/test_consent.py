"""What a person is asked before a repository is sent for the first time."""

import io
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from bathy.agent.errors import BathyError, ConfigError
from bathy.agent.modes.consent import allow_upload, terminal_asker
from bathy.agent.modes.uploads import Destination, note_upload
from bathy.agent.policy import Policy
from endpoint.server import Endpoint
from repo_builder import RepoBuilder
from shop import ANSWER, DONE

TO = Destination("https://api.example.com/v1", "/src/shop")


def allow(policy: Policy, log: Path, to: Destination = TO, answer: bool | None = None) -> list[str]:
    told = list[str]()

    def ask(question: str) -> bool:
        told.append(question)
        return bool(answer)

    allow_upload(
        policy, to, summary="9 tokens of 2 files", say=told.append,
        ask=None if answer is None else ask, log=log,
    )  # fmt: skip
    return told


def test_what_went_out_unasked_is_asked_about_once_a_user_wants_to_be(tmp_path: Path) -> None:
    log = tmp_path / "uploads.log"
    note_upload(log, TO, "base", [])
    assert allow(Policy(), log) == []
    assert len(allow(Policy("ask"), log, answer=True)) == 1
    assert allow(Policy("ask"), log) == []


def test_a_yes_counts_for_one_repository_and_one_server(tmp_path: Path) -> None:
    log = tmp_path / "uploads.log"
    allow(Policy("ask"), log, answer=True)
    for to in (Destination(TO.endpoint, "/src/shop2"), Destination("https://h", TO.repo)):
        with pytest.raises(ConfigError, match="nothing was sent"):
            allow(Policy("ask"), log, to, answer=False)


def test_a_yes_that_cannot_be_kept_is_none(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(BathyError, match="cannot be written"):
        allow(Policy("ask"), tmp_path / "state" / "uploads.log", answer=True)


def test_no_name_of_a_folder_drives_the_terminal_or_adds_a_line(tmp_path: Path) -> None:
    odd = Destination(TO.endpoint, "/src/a\x1b[2J\nbathy: all is well\u202e\udcff")
    said = allow(Policy("ask"), tmp_path / "log", odd, answer=True)
    for policy in (Policy("never"), Policy("ask")):
        with pytest.raises(ConfigError) as told:
            allow(policy, tmp_path / "other", odd)
        said.append(str(told.value))
    assert len(said) == 3
    assert all(text.isprintable() and "all is well" in text for text in said)


def test_nobody_is_asked_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert terminal_asker() is None
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stdin", closed)
    assert terminal_asker() is None


ASKING = """
from bathy.agent.modes.consent import terminal_asker
ask = terminal_asker()
print("asker", ask is not None, flush=True)
print("answer", ask("Send it?"), flush=True)
"""


def on_terminal(
    typed: bytes, *command: str | Path, environment: dict[str, str] | None = None
) -> tuple[int, str, str]:
    """Run a command on a terminal of its own; its exit code, stdout, and what stood there.

    Typing b"" is Ctrl-C.
    """
    main, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-I", *command], env=environment,
        stdin=terminal, stderr=terminal, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    os.close(terminal)
    shown = b""
    try:
        while b"[y/N] " not in shown:
            shown += os.read(main, 1 << 16)
        if typed:
            os.write(main, typed)
        else:
            process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        os.close(main)
    return process.returncode, out, shown.decode()


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        (b"y\n", True),
        (b"Yes \n", True),
        (b"\n", False),
        (b"n\n", False),
        (b"yo\n", False),
        (b"\x04", False),  # the end of the input
        (b"\xff\xfe\n", False),
    ],
)
def test_only_a_yes_is_one(typed: bytes, answer: bool) -> None:
    code, out, shown = on_terminal(typed, "-c", ASKING)
    assert (code, out) == (0, f"asker True\nanswer {answer}\n")
    assert shown == "bathy: Send it? [y/N] "


def test_ctrl_c_interrupts_as_usual() -> None:
    code, out, _ = on_terminal(b"", "-c", ASKING)
    assert (code, out) == (-signal.SIGINT, "asker True\n")


def test_a_run_on_a_terminal_sends_after_a_yes_and_asks_no_more(
    repo: RepoBuilder, tmp_path: Path, vocabulary: None
) -> None:
    repo.file("src/cart.py", "x = 1\n").commit()
    config = tmp_path / "home" / ".config" / "bathy" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('upload = "ask"\n')
    with Endpoint([DONE, DONE]) as endpoint:
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"),
            "DEEPSEEK_API_KEY": "sk-x", "DEEPSEEK_BASE_URL": endpoint.base_url,
        }  # fmt: skip
        command = "-m", "bathy.agent", "-C", repo.root, "--task", "What is x?"
        for typed, code in ((b"\n", 2), (b"", 130)):
            ended, out, shown = on_terminal(typed, *command, environment=environment)
            assert (ended, out, endpoint.requests) == (code, "", [])
            assert f"of {repo.root} would go to {endpoint.base_url}" in shown
        ended, out, _ = on_terminal(b"y\n", *command, environment=environment)
        assert (ended, len(endpoint.requests)) == (0, 1)
        assert ANSWER.split()[0] in out
        again = subprocess.run(
            [sys.executable, "-I", *command], env=environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert again.returncode == 0
    assert "would go to" not in again.stderr
