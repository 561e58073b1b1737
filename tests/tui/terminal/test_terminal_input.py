"""What is pasted is never obeyed, and who loses the terminal ends, an editor open or not."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from repo_builder import RepoBuilder
from tui.screens.sample import build
from tui.terminal.tmux import ENDS_S, NARROW, NEEDS_TMUX, WIDE, Terminal

pytestmark = NEEDS_TMUX

COLOURED = "plain \x1b[31mred\x1b[0m end\nsecond line\nthird"


@pytest.fixture
def shop(tmp_path: Path) -> RepoBuilder:
    return build(tmp_path)


def editor(folder: Path, script: str) -> dict[str, str]:
    path = folder / "editor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return {"VISUAL": str(path)}


def paste(seat: Terminal, text: str) -> None:
    seat.tmux("set-buffer", "--", text, ";", "paste-buffer", "-p")


def ends(process: int) -> None:
    """See a process end that no shell waits for any more."""
    until_s, clock = time.monotonic() + ENDS_S, threading.Event()
    command = ["ps", "-o", "stat=", "-p", str(process)]
    while subprocess.run(command, capture_output=True, check=False).stdout.strip(b"Z+\n "):
        assert time.monotonic() < until_s, f"{process} lives on"
        clock.wait(0.03)


def test_a_coloured_log_is_pasted_and_asks_nothing(shop: RepoBuilder) -> None:
    with Terminal(shop.root) as seat:
        seat.until("packed: 9 files")
        paste(seat, COLOURED)
        text = seat.until("> plain red end", "second line", "third")
        assert "❯" not in text
        paste(seat, COLOURED * 20)
        text = seat.until("third[Pasted text #1 +41 lines]")
        assert "❯" not in text
        seat.type("!")
        seat.press("C-u")
        seat.until_gone("third")
        assert "❯" not in seat.text


def test_what_comes_right_behind_a_key_that_asks_is_written_and_no_key(shop: RepoBuilder) -> None:
    env = editor(shop.root.parent, "echo editing; exec sleep 1000")
    with Terminal(shop.root, env=env) as seat:
        seat.until("packed: 9 files")
        seat.opens("F3", "some letters of a name")
        seat.type("cart.py")
        seat.opens("Enter", "src/shop/cart.py:1 ")
        for key in ("/", "C-f"):
            seat.press(key, *"secret")
            seat.until("Search (no capitals", "secret")
            seat.press("C-u")
            seat.closes("Escape", "Search (no capitals")
        seat.press(":", *"12", "Enter")
        seat.until("src/shop/cart.py:12 ")
        seat.closes("Escape", "src/shop/cart.py")
        seat.opens("BTab", "the transcript has the keys")
        seat.press("F3", *"orders.py", "Enter")
        seat.until("src/shop/orders.py:1 ")
        assert "editing" not in seat.text


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_it_is_seen_who_has_the_keys_and_escape_leads_back(
    shop: RepoBuilder, size: tuple[int, int]
) -> None:
    with Terminal(shop.root) as seat:
        seat.resize(size)
        seat.until("packed: 9 files")
        seat.opens("BTab", "the transcript has the keys", "esc back here")
        seat.press("/", *"nyerc")
        seat.until("find  nyerc", "not found")
        seat.until_gone("has the keys")
        seat.closes("Escape", "find  nyerc")
        seat.press(*"/new")
        seat.until("> /new")
        seat.press("C-u")
        seat.opens("BTab", "the transcript has the keys")
        seat.closes("Escape", "the transcript has the keys")
        seat.press("y")
        seat.until("> y")


def test_an_editor_that_fails_gives_the_screen_back(shop: RepoBuilder) -> None:
    with Terminal(shop.root, env=editor(shop.root.parent, "exit 3")) as seat:
        seat.until("packed: 9 files")
        seat.type("a draft")
        seat.opens("C-g", "failed (3);")
        seat.type(" goes on")


@pytest.mark.parametrize("is_gone", [True, False])
def test_it_ends_while_an_editor_is_open(shop: RepoBuilder, is_gone: bool) -> None:
    script = "echo editing; exec sleep 1000"
    with Terminal(shop.root, env=editor(shop.root.parent, script)) as seat:
        seat.until("packed: 9 files")
        seat.opens("C-g", "editing")
        process = seat.process
        if is_gone:
            seat.tmux("kill-server", check=False)
            ends(process)
        else:
            os.kill(process, signal.SIGTERM)
            assert seat.left() == 143


def test_what_cannot_leave_ends_all_the_same() -> None:
    code = f"""
import os, threading
from bathy.agent.modes.tui.ending import Ending
class App:
    _driver = None
Ending(App(), lambda: print("given back", flush=True), grace_s=0.0).begin()
threading.Event().wait({ENDS_S})
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, timeout=ENDS_S, check=False
    )
    assert (done.returncode, done.stdout) == (143, b"given back\n")
