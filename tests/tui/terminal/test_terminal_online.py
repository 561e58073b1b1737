"""The whole process in a real terminal, with the endpoint: questions, answers, edits."""

from pathlib import Path

import pytest
from endpoint.contract import tokenizer
from endpoint.faults import Hold
from endpoint.script import Reply
from endpoint.server import Endpoint
from repo_builder import RepoBuilder
from tui.screens.sample import CART, GUIDE, build
from tui.terminal.replies import EDIT, LOCKED_POP, LOOK, POP, TEXT, answer, key, user_texts
from tui.terminal.tmux import NEEDS_TMUX, Terminal, widest

pytestmark = [NEEDS_TMUX, pytest.mark.usefixtures("vocabulary")]

QUESTION = "Does Cart.add take a lock, and can 两个线程 race on the cart?"
COMMENT = "别改文档 keep it"


@pytest.fixture
def shop(tmp_path: Path) -> RepoBuilder:
    tokenizer()
    return build(tmp_path)


def allow(seat: Terminal) -> None:
    """Agree to the first upload."""
    seat.until("Send it?")
    seat.outwait_grace()
    seat.closes("y", "Send it?")


def test_an_answer_comes_after_a_yes_and_after_its_evidence(shop: RepoBuilder) -> None:
    unsaid, half = Hold("headers"), Hold("middle")
    with (
        Endpoint([LOOK, answer(unsaid, half)]) as endpoint,
        Terminal(shop.root, env=key(endpoint)) as seat,
    ):
        seat.until("packed: 9 files")
        seat.type(QUESTION)
        seat.press("Enter", "y", "y")
        seat.until("Send it?", "] test_add_counts", endpoint.base_url)
        seat.until("waiting for you")
        assert endpoint.requests == []
        allow(seat)
        unsaid.wait()
        text = seat.until("✔ grep", "✖ read_file", "there is no file 'src/shop/gone.py'")
        assert "[6 orders.py:1-4]" in text
        assert "The cart is filled" not in text
        unsaid.release()
        half.wait()
        text = seat.until("The cart is filled by Cart.add", "两个线程 do not race", "answering")
        assert "payment.py:6-11" not in text
        assert len(endpoint.requests) == 2
        half.release()
        text = seat.until("[3 payment.py:6-11]", "[1 cart.py:14-18]", "CITED (3)", "ready")
        assert widest(text.split("\n")) <= 120
        rows = seat.opens("M-1", "cart.py:14 ", "marked 14-18").split("\n")
        assert "▸▌14     def add(self, name: str, count: int = 1) -> int:" in rows
        seat.closes("Escape", "marked 14-18")
        seat.press("C-u")
        seat.say("/copy", "4 lines ")
        assert seat.copied == TEXT


def test_of_an_edit_what_was_accepted_is_written_and_the_rest_is_told(shop: RepoBuilder) -> None:
    cart, guide = shop.root / "src/shop/cart.py", shop.root / "docs/guide.md"
    with (
        Endpoint([EDIT, Reply("Locked now."), Reply("I see.")]) as endpoint,
        Terminal(shop.root, env=key(endpoint)) as seat,
    ):
        seat.until("packed: 9 files")
        seat.say("Lock `remove` too, 请加锁", "Send it?")
        allow(seat)
        text = seat.until("3 edits are proposed to src/shop/cart.py, docs/guide.md", "Locked now.")
        assert text.count("F4 reviews") == 1
        seat.until("ready")
        assert cart.read_text() == CART
        review(seat)
        assert cart.read_text() == CART
        seat.opens("Enter", "1 file written; /undo takes it back", "the model is told")
        assert cart.read_text() == CART.replace(POP, LOCKED_POP)
        assert guide.read_text() == GUIDE

        seat.say("And now?", "I see.")
        told = user_texts(endpoint.requests[-1].messages)
        assert "1 of 3 hunks taken" in told
        assert f'src/shop/cart.py line 1 (the user says: "{COMMENT}")' in told
        assert "docs/guide.md line 7" in told

        seat.say("/undo", "taken back: src/shop/cart.py")
        assert cart.read_bytes() == CART.encode()
    assert shop.git("status", "--short") == ""


def review(seat: Terminal) -> None:
    """Reject the first of three hunks with a comment, accept the second, reject the third."""
    seat.opens("F4", "hunk 1/3", "0 accepted", "0 rejected", "3 open")
    seat.outwait_grace()
    seat.opens("c", "Comment for the model")
    seat.type(COMMENT)
    seat.closes("Enter", "Comment for the model")
    seat.opens("r", "hunk 2/3   ✔ 0 accepted  ✖ 1 rejected  ● 2 open")
    seat.opens("a", "hunk 3/3   ✔ 1 accepted  ✖ 1 rejected  ● 1 open")
    seat.opens("r", "✔ 1 accepted  ✖ 2 rejected  ● 0 open")


def test_what_an_undo_says_does_not_take_the_place_of_what_a_review_said(
    shop: RepoBuilder,
) -> None:
    with (
        Endpoint([EDIT, Reply("Locked now."), Reply("I see.")]) as endpoint,
        Terminal(shop.root, env=key(endpoint)) as seat,
    ):
        seat.until("packed: 9 files")
        seat.say("Lock `remove` too, 请加锁", "Send it?")
        allow(seat)
        seat.until("F4 reviews", "Locked now.", "ready")
        review(seat)
        seat.opens("Enter", "1 file written")
        seat.say("/undo", "taken back: src/shop/cart.py")
        seat.say("And now?", "I see.")
        told = user_texts(endpoint.requests[-1].messages)
    assert COMMENT in told
    assert "taken back the edits of src/shop/cart.py" in told
