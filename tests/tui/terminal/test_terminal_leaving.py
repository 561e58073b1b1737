"""Leaving while the model still writes, waiting less, and edits that outlive the process."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from endpoint.contract import tokenizer
from endpoint.faults import Fault, Hold
from endpoint.script import Reply
from endpoint.server import Endpoint
from repo_builder import RepoBuilder
from tui.screens.sample import build
from tui.terminal.replies import EDIT, answer, key
from tui.terminal.tmux import NEEDS_TMUX, Terminal

pytestmark = [NEEDS_TMUX, pytest.mark.usefixtures("vocabulary")]

QUESTION = "Does Cart.add take a lock, and can 两个线程 race on the cart?"


@pytest.fixture
def shop(tmp_path: Path) -> RepoBuilder:
    tokenizer()
    return build(tmp_path)


def ask(seat: Terminal) -> None:
    """Ask, and agree to the first upload."""
    seat.until("packed: 9 files")
    seat.say(QUESTION, "Send it?")
    seat.outwait_grace()
    seat.closes("y", "Send it?")


@pytest.mark.parametrize("end", ["/quit", "SIGTERM", "SIGHUP", "SIGINT"])
def test_leaving_in_the_middle_of_an_answer_leaves_nothing_behind(
    shop: RepoBuilder, end: str
) -> None:
    half = Hold("middle")
    with Endpoint([answer(half)]) as endpoint, Terminal(shop.root, env=key(endpoint)) as seat:
        ask(seat)
        half.wait()
        seat.until("The cart is filled", "answering")
        if end == "/quit":
            seat.type("/quit")
            seat.press("Enter")
        else:
            os.kill(seat.process, getattr(signal, end))
        assert seat.left() == {"/quit": 0, "SIGINT": 130}.get(end, 143)
        assert ("bathy --continue goes on with this session" in seat.text) == (end == "/quit")
        assert seat.flag("alternate_on") == seat.flag("mouse_any_flag") == "0"
        assert "Traceback" not in seat.text
    assert len(endpoint.requests) == 1


def test_enter_waits_no_longer_for_a_busy_service(shop: RepoBuilder) -> None:
    busy = Fault("status", status=503, headers={"Retry-After": "50"})
    done = Reply("It takes a lock 锁.")
    with (
        Endpoint([replace(done, faults=[busy]), done]) as endpoint,
        Terminal(shop.root, env=key(endpoint)) as seat,
    ):
        ask(seat)
        seat.until("retrying in 4", "enter tries")
        seat.opens("Enter", "It takes a lock 锁.")
    assert len(endpoint.requests) == 2


def test_edits_that_waited_wait_again(shop: RepoBuilder) -> None:
    with Endpoint([EDIT, Reply("Proposed.")]) as endpoint:
        with Terminal(shop.root, env=key(endpoint)) as seat:
            ask(seat)
            seat.until("Proposed.", "ready")
            seat.kill()
        with Terminal(shop.root, "--continue", env=key(endpoint)) as seat:
            seat.until("9 files", "wait; F4 reviews them")
            seat.opens("F4", "hunk 1/3")
    assert shop.git("status", "--porcelain") == ""
