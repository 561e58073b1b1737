"""A process that is stopped gives the terminal back; when it goes on, the screen is there again."""

import os
import signal
from pathlib import Path

import pytest
from repo_builder import RepoBuilder
from tui.screens.sample import build
from tui.terminal.tmux import NEEDS_TMUX, Terminal

pytestmark = NEEDS_TMUX


@pytest.fixture
def shop(tmp_path: Path) -> RepoBuilder:
    return build(tmp_path)


def is_stopped(process: int) -> bool:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@pytest.mark.parametrize("name", ["palette", "key", "SIGTSTP", "SIGSTOP"])
def test_what_was_on_the_screen_is_there_again(shop: RepoBuilder, name: str) -> None:
    with Terminal(shop.root, "--offline") as seat:
        seat.until("packed: 9 files", "ready")
        seat.type("Half a question")
        for _ in range(2):
            if name == "palette":
                seat.opens("C-p", "Search for commands")
                seat.type("suspend")
                seat.press("Enter")
            elif name == "key":
                seat.opens("BTab", "the transcript has the keys")
                seat.press("C-z")
            else:
                os.kill(seat.process, getattr(signal, name))
            seat.wait(lambda _: is_stopped(seat.process), "a stop")
            if name != "SIGSTOP":
                seat.until_gone("Half a question")
                assert seat.flag("alternate_on") == seat.flag("mouse_any_flag") == "0"
            # As a shell does with its prompt.
            Path(seat.tmux("display-message", "-p", "#{pane_tty}").strip()).write_text("\033[2J$")
            seat.until_gone("Half a question")
            os.kill(seat.process, signal.SIGCONT)
            seat.until("packed: 9 files", "Half a question", "ready")
            assert seat.flag("alternate_on") == "1"
            if name == "key":
                seat.closes("Escape", "has the keys")
        seat.type(", and the rest")
        seat.until("Half a question, and the rest")
        os.kill(seat.process, signal.SIGINT)
        assert seat.left() == 130
        assert seat.flag("alternate_on") == "0"
        assert "Traceback" not in seat.text
