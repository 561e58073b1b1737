"""The whole process in a real terminal, without a key."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from repo_builder import RepoBuilder
from rich.cells import cell_len
from tui.screens.sample import CART, build
from tui.terminal.tmux import BEFORE, NARROW, NEEDS_TMUX, WIDE, Terminal, squeezed, widest

pytestmark = [NEEDS_TMUX, pytest.mark.usefixtures("vocabulary")]

QUESTION = "Does Cart.add take a lock, and can 两个线程同时修改同一个购物车而不互相覆盖对方写入的数量 race?"
PANEL_CELL = 86
KEPT = "草稿 of a draft"


@pytest.fixture
def shop(tmp_path: Path) -> RepoBuilder:
    return build(tmp_path)


@pytest.fixture
def seat(shop: RepoBuilder) -> Iterator[Terminal]:
    with Terminal(shop.root) as seat:
        seat.until("packed: 9 files", "PACK", "OFFLINE: no DEEPSEEK_API_KEY is set")
        yield seat


def edges(rows: list[str]) -> set[int]:
    """Where the side panel begins, in cells, in the rows that have one."""
    return {cell_len(row[: row.index("▏")]) for row in rows[1:-1] if "▏" in row}


def is_narrow(text: str) -> bool:
    """Whether the narrow screen is drawn: what stands at its bottom would else be cut off."""
    rows = text.split("\n")
    return len(rows) == NARROW[1] and rows[-1].endswith("F4 review") and "PACK" not in text


def test_a_question_and_its_evidence(seat: Terminal) -> None:
    assert edges(seat.rows) == {PANEL_CELL}
    text = seat.say(QUESTION, "Evidence from the index", "EVIDENCE (", "[1 cart.py:7-26]")
    assert squeezed(f"❯ {QUESTION}") in squeezed(text)
    before = seat.until("ready", "lock,… ✔")
    rows = before.split("\n")
    assert edges(rows) == {PANEL_CELL}
    assert widest(rows) <= WIDE[0]

    viewer = seat.opens("M-1", "src/shop/cart.py:7 ", "marked 7-26").split("\n")
    assert [row for row in viewer if row.startswith("▸")] == ["▸▌ 7 @dataclass"]
    seat.press("y")
    told = seat.until("20 lines ")
    assert seat.copied.rstrip("\n").split("\n") == CART.split("\n")[6:26]
    assert "marked 7-26" in told
    seat.closes("Escape", "marked 7-26")

    seat.resize(NARROW)
    seat.wait(is_narrow, "what a narrow screen has")
    seat.press("PPage")
    rows = seat.wait(lambda text: squeezed(f"❯ {QUESTION}") in squeezed(text), "all of it").split(
        "\n"
    )
    assert widest(rows) <= NARROW[0]
    assert edges(rows) == set()
    seat.wait(
        lambda text: text.split("\n")[0].endswith("OFFLINE: no DEEPSEEK_API_KEY is set"),
        "its top row",
    )

    seat.resize(WIDE)
    seat.until("PACK", "EVIDENCE (")
    seat.until_gone("20 lines ")
    # It was scrolled, so other rows may be the first and last ones; each is as it was.
    shown = [row[:60].rstrip() for row in before.split("\n")]
    first = next(at for at, row in enumerate(shown) if "▸ Evidence" in row)
    kept = shown[first : first + 16]
    seat.wait(
        lambda text: all(row in text for row in kept), f"the rows to be as they were:\n{before}\n"
    )


def test_keys_that_come_at_once_keep_their_order(seat: Terminal) -> None:
    seat.press("a", "b", "c", "BSpace", "d", "Home", "x", "End", "e")
    seat.until("> xabde ")
    seat.press("C-u", "c", "a", "r", "t", "Enter", "n", "e", "x", "t")
    text = seat.until("❯ cart ", "> next ")
    assert "cartnext" not in text


def test_without_an_answer_there_is_nothing_to_copy(seat: Terminal) -> None:
    seat.tmux("set-buffer", "the user's own")
    seat.say("/copy", "no answer")
    assert seat.copied == "the user's own"


@pytest.mark.parametrize("keys", [["/quit", "Enter"], ["C-c", "C-c"]], ids=["command", "keys"])
def test_leaving_gives_the_terminal_back(seat: Terminal, keys: list[str]) -> None:
    assert seat.flag("alternate_on") == seat.flag("mouse_any_flag") == "1"
    assert BEFORE not in seat.text
    seat.press(*keys)
    assert seat.left() == 0
    assert BEFORE in seat.text
    assert "PACK" not in seat.text
    flags = ("alternate_on", "mouse_any_flag", "mouse_sgr_flag", "cursor_flag", "wrap_flag")
    assert [seat.flag(name) for name in flags] == ["0", "0", "0", "1", "1"]
    for mode in (b"2004", b"1004"):  # bracketed paste, focus
        assert seat.raw.rindex(b"\x1b[?%sl" % mode) > seat.raw.rindex(b"\x1b[?%sh" % mode)


def test_every_screen_opens_and_escape_closes_it(seat: Terminal) -> None:
    seat.type(KEPT)
    for key, words in (
        ("F1", "Review of edits"),
        ("F2", "frozen base"),
        ("F3", "some letters of a name"),
        ("C-p", "Search for commands"),
        ("C-r", "no sessions about this repository yet"),
        ("C-f", "\n find  "),
    ):
        rows = seat.opens(key, words).split("\n")
        assert widest(rows) <= WIDE[0]
        seat.closes("Escape", words)
        seat.until(f"> {KEPT}", "PACK", "ready")


def test_a_key_gives_the_mouse_to_the_terminal(seat: Terminal) -> None:
    seat.opens("F6", "the terminal has the mouse")
    assert seat.flag("mouse_any_flag") == "0"
    seat.opens("F6", "the mouse belongs to bathy again")
    assert seat.flag("mouse_any_flag") == "1"
