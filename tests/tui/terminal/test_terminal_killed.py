"""A process that is killed while an answer comes: nothing that was on the screen is lost."""

import os
import re
import signal
from pathlib import Path

import pytest
from endpoint.contract import tokenizer
from endpoint.faults import Hold
from endpoint.script import Reply
from endpoint.server import Endpoint
from platformdirs import user_state_path
from tui.screens.sample import build
from tui.terminal.replies import LOOK, answer, key, user_texts
from tui.terminal.tmux import NEEDS_TMUX, Terminal, squeezed

pytestmark = [NEEDS_TMUX, pytest.mark.usefixtures("vocabulary")]

QUESTION = "Does Cart.add take a lock, and can 两个线程 race on the cart?"


def test_what_had_come_is_shown_again(tmp_path: Path) -> None:
    tokenizer()
    shop, half = build(tmp_path), Hold("middle")
    with Endpoint([LOOK, answer(half), Reply("I see 看.")]) as endpoint:
        with Terminal(shop.root, env=key(endpoint)) as seat:
            seat.until("packed: 9 files")
            seat.say(QUESTION, "Send it?")
            seat.outwait_grace()
            seat.press("y")
            half.wait()
            text = seat.until("两个线程 do not race", "answering")
            shown = squeezed(text)
            said = shown[shown.index("ThecartisfilledbyCart.add") : shown.index("▔")]
            assert "payment.py" not in said
            # What was packed stands above the question or below its answer.
            seat.press("M-Up")
            found = quoted(seat.until("Evidence from the index", "[6 orders.py:1-4]"))
            seat.kill()
        with Terminal(shop.root, "--continue", env=key(endpoint)) as seat:
            text = seat.until("9 files", "interrupted before the answer was complete")
            for words in (
                "✔ grep",
                "✖ read_file",
                "there is no file 'src/shop/gone.py'",
                said,
            ):
                assert squeezed(words) in squeezed(text), words
            assert "■ interrupted" in text
            seat.press("M-Up")
            shown = seat.until(f"❯ {QUESTION}", "Evidence from the index", "[6 orders.py:1-4]")
            assert quoted(shown) == found
            seat.press("NPage")
            seat.say("And now?", "I see 看.")
            seat.until("ready", "2 And now?                    ✔")
    told = user_texts(endpoint.requests[-1].messages)
    assert QUESTION in told
    assert "And now?" in told
    assert len(endpoint.requests) == 3


def quoted(text: str) -> str:
    """Of a screen, the evidence with the lines that it quotes, without the scroll bar."""
    shown = re.sub("[▁-█]", "", squeezed(text))
    return shown[shown.index("Evidencefromtheindex") : shown.index("[6orders.py:1-4]")]


def test_what_was_written_and_what_waited_come_back_and_nothing_is_sent(tmp_path: Path) -> None:
    tokenizer()
    shop, half = build(tmp_path), Hold("middle")
    with Endpoint([answer(half)]) as endpoint:
        with Terminal(shop.root, env=key(endpoint)) as seat:
            seat.until("packed: 9 files")
            seat.say(QUESTION, "Send it?")
            seat.outwait_grace()
            seat.press("y")
            half.wait()
            seat.until("answering")
            seat.say("And then? 然后", "waiting 1: And then? 然后")
            seat.type("a draft 草稿")
            seat.wait(lambda _: "a draft" in drafts(), "the draft to be kept")
            seat.kill()
        with Terminal(shop.root, "--continue", env=key(endpoint)) as seat:
            seat.until("is in the history: up", "> a draft 草稿", "9 files", "ready")
            assert "waiting 1" not in seat.text
            seat.press("C-u")
            seat.until_gone("a draft")
            seat.press("Up")
            seat.until("> And then? 然后")
            seat.wait(lambda _: "a draft" not in drafts(), "the draft to be kept no more")
    assert len(endpoint.requests) == 1


def drafts() -> str:
    """All that is kept of what was not sent."""
    state = user_state_path("bathy", appauthor=False)
    return "".join(path.read_text() for path in state.rglob("*.draft"))


def test_without_a_session_a_draft_comes_back_unless_nothing_is_to_be_kept(tmp_path: Path) -> None:
    shop = build(tmp_path)
    with Terminal(shop.root) as seat:
        seat.until("packed: 9 files")
        seat.type("a draft")
        seat.wait(lambda _: "a draft" in drafts(), "the draft to be kept")
        seat.kill()
    with Terminal(shop.root, "--no-session") as seat:
        assert "a draft" not in seat.until("packed: 9 files")
    with Terminal(shop.root) as seat:
        seat.until("> a draft", "packed: 9 files")
        seat.type(" typed at the end")
        seat.until("typed at the end")
        os.kill(seat.process, signal.SIGTERM)
        assert seat.left() == 143
    assert "a draft typed at the end" in drafts()
