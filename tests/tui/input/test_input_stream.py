"""What a terminal sends, in any pieces: a paste is one text and never a key, and nothing raises."""

from itertools import pairwise

import pytest
from bathy.agent.modes.tui.input import pasted
from bathy.agent.modes.tui.input.paste import clean
from bathy.agent.modes.tui.input.pasted import END, QUIET_S, START, Pasted, Splitter, Typed
from bathy.agent.modes.tui.input.stream import Stream
from hypothesis import given, settings
from hypothesis import strategies as st
from textual import events
from textual.message import Message

LATER_S = 1000.0
COLOURED = "plain \x1b[31mred\x1b[0m end\nsecond line\nthird"
PIECES = (
    *("a", "\r", "\x1b", "\x1b[A", "\x1bOP", "\x1b[1;5C", "\x1bx", "数", "\xff", "\x1b[I", "~"),
    *("\x1b[<0;3;4M", "\x1b[<0;3;4m", "\x1b[2", "0", "\x1b[99999999999u", "\x1b[?2026;2$y"),
    *("\x1b[97;5u", "\x1b]0;owned\x07", "\x1b[31m", START, END, START + COLOURED + END),
)
BYTES = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=12).map(lambda pieces: "".join(pieces).encode()),
    st.binary(max_size=60),
)


def told(messages: list[Message]) -> list[object]:
    """What has happened, so that it can be compared."""
    return [
        (m.key, m.character)
        if isinstance(m, events.Key)
        else m.text
        if isinstance(m, events.Paste)
        else (type(m), m.x, m.y)
        if isinstance(m, events.MouseEvent)
        else type(m)
        for m in messages
    ]


def read(*chunks: bytes) -> list[object]:
    stream, found = Stream(), []
    for chunk in chunks:
        found += stream.feed(chunk, 0.0)
    return told([*found, *stream.tick(LATER_S)])


@settings(max_examples=300, deadline=None)
@given(BYTES, st.lists(st.integers(0, 200), max_size=8))
def test_any_pieces_of_the_same_bytes_mean_the_same(data: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    assert read(*(data[start:end] for start, end in pairwise(places))) == read(data)


@settings(deadline=None)
@given(st.text(st.sampled_from("ae\r\n\x1b[]0123~;m\x03数"), max_size=40))
def test_nothing_of_a_paste_is_a_key(text: str) -> None:
    text = text.replace(END, "")
    assert read(f"a{START}{text}{END}b".encode()) == [
        ("a", "a"),
        *([text] if text else []),
        ("b", "b"),
    ]


def test_a_coloured_log_is_one_paste_and_clean() -> None:
    (paste,) = read(f"{START}{COLOURED}".encode(), b"\x1b[20", b"1~")
    assert paste == COLOURED
    assert clean(str(paste)) == "plain red end\nsecond line\nthird"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("\x1b(B\x1b[mok", "ok"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x07", "link"),
        ("\x1b]broken\nnext", "\nnext"),
        ("\x1b[200~in", "in"),
    ],
)
def test_sequences_go_whole_and_take_nothing_along(text: str, left: str) -> None:
    assert clean(text) == left


def test_escape_alone_is_the_key_after_its_time() -> None:
    splitter = Splitter(0.1)
    assert splitter.feed("\x1b", 5.0) == []
    assert splitter.due_s == 5.1
    assert splitter.tick(5.0) == []
    assert splitter.tick(5.2) == [Typed("\x1b", is_over=True)]
    assert splitter.due_s is None


def test_a_paste_that_never_ends_gives_the_keyboard_back() -> None:
    splitter = Splitter()
    assert splitter.feed(f"{START}some\ntext", 0.0) == []
    assert splitter.tick(QUIET_S - 0.1) == []
    assert splitter.tick(QUIET_S) == [Pasted("some\ntext")]
    assert splitter.feed("a", 2.0) == [Typed("a", may_be_pasted=True)]
    assert splitter.feed("a", 12.0) == [Typed("a")]


def test_a_paste_that_paused_goes_on_as_a_paste() -> None:
    splitter = Splitter()
    splitter.feed(f"{START}one\n", 0.0)
    assert splitter.tick(2.0) == [Pasted("one\n")]
    assert splitter.feed(f"two\n{END}a", 3.0) == [Pasted("two\n"), Typed("a")]
    splitter.feed(f"{START}one\n", 4.0)
    assert splitter.tick(6.0) == [Pasted("one\n")]
    assert splitter.feed("rm\n" * 40, 7.0) == []
    assert splitter.feed(END, 7.1) == [Pasted("rm\n" * 40)]
    assert splitter.feed("\x1b[A" * 40, 8.0) == [Typed("\x1b[A" * 40)]


def test_a_new_paste_after_one_without_an_end_is_its_own() -> None:
    splitter = Splitter()
    splitter.feed(f"{START}one", 0.0)
    splitter.tick(2.0)
    assert splitter.feed(f"a{START}two{END}", 3.0) == [
        Typed("a", may_be_pasted=True),
        Pasted("two"),
    ]


def test_a_paste_without_bounds_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pasted, "MOST_CHARS", 10)
    splitter = Splitter()
    splitter.feed(START + "a" * 8, 0.0)
    splitter.feed("b" * 8, 0.0)
    (paste,) = splitter.feed("c" * 8 + END, 0.0)
    assert paste.text.startswith("aaaaaaaabb\n[what follows")


@pytest.mark.parametrize("enter", ["\r", "\n", "\x1bOM", "\x1b[13u"])
def test_an_enter_that_may_belong_to_a_paste_is_text(enter: str) -> None:
    stream = Stream()
    stream.feed(f"{START}hello".encode(), 0.0)
    assert told(stream.tick(1.1)) == ["hello"]
    assert told(stream.feed(f"rm{enter}".encode(), 1.2)) == [("r", "r"), ("m", "m"), "\n"]
    assert told(stream.feed(f"more {END}\r".encode(), 1.3)) == ["more ", ("enter", "\r")]


def test_an_enter_that_the_parser_holds_back_is_text_too() -> None:
    stream = Stream()
    stream.feed(f"{START}hello".encode(), 0.0)
    stream.tick(1.1)
    assert stream.feed(b"\x1b\r", 1.2) == []
    assert told(stream.feed(f"more{END}".encode(), 1.3)) == ["\n", "more"]


def test_enter_is_a_key_again_after_a_silence() -> None:
    stream = Stream()
    stream.feed(f"{START}hello".encode(), 0.0)
    stream.tick(1.1)
    assert told(stream.feed(b"\r", 9.0)) == ["\n"]
    stream.feed(b"\x1b[<35;3;4M", 18.0)  # the mouse moves by itself
    assert told(stream.feed(b"\r", 19.0)) == [("enter", "\r")]


def test_many_reports_of_the_mouse_are_no_paste() -> None:
    stream = Stream()
    stream.feed(f"{START}hello".encode(), 0.0)
    stream.tick(1.1)
    found = told(stream.feed(b"".join(b"\x1b[<35;%d;4M" % x for x in range(1, 9)) + b"q\r", 2.0))
    assert found[8:] == [("q", "q"), "\n"]
    assert len(found) == 10
