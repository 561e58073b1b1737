"""Text that streams in any pieces is written whole, safe, and at ends of lines or sentences."""

from collections.abc import Sequence

from bathy.agent.modes.terminal import printable
from bathy.agent.modes.tui.plain.streaming import Pieces
from hypothesis import given, settings
from hypothesis import strategies as st

HOSTILE = st.sampled_from(
    ["\x1b", "[31m", "]0;title", "\x07", "\r", "\n", "\r\n", "\x9b", "\x00", "\u202e", "\ud800",
     ". ", "? ", "a.b", "word", " ", "\u4e24\u3002", "\t", "`x`. ", "", "\x1b[2J"]
)  # fmt: skip
DELTAS = st.lists(st.one_of(HOSTILE, st.text(max_size=8)), max_size=40)


def written(deltas: Sequence[str]) -> list[str]:
    pieces = Pieces()
    return [piece for piece in (*map(pieces.add, deltas), pieces.end()) if piece]


@settings(deadline=None)
@given(DELTAS)
def test_the_pieces_together_are_the_text_made_printable(deltas: list[str]) -> None:
    assert "".join(written(deltas)) == printable("".join(deltas))


@settings(deadline=None)
@given(DELTAS)
def test_no_piece_holds_what_a_terminal_would_obey(deltas: list[str]) -> None:
    for piece in written(deltas):
        assert all(char.isprintable() or char in "\n\t" for char in piece)


@settings(deadline=None)
@given(DELTAS, st.data())
def test_how_a_text_is_cut_does_not_change_what_is_written(
    deltas: list[str], data: st.DataObject
) -> None:
    text = "".join(deltas)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    parts = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert "".join(written(parts)) == "".join(written(deltas))


def test_single_tokens_are_held_until_a_sentence_ends() -> None:
    pieces = Pieces()
    assert [pieces.add(token) for token in ("It", " is", " so", ".", " Or", " not")] == [
        "", "", "", "", "It is so. ", "",
    ]  # fmt: skip
    assert pieces.end() == "Or not"


def test_an_end_of_two_characters_is_one_in_two_deltas() -> None:
    pieces = Pieces()
    assert (pieces.add("a\r"), pieces.add("\nb")) == ("", "a\n")


def test_a_name_with_dots_is_no_end_of_a_sentence() -> None:
    assert Pieces().add("see os.path.join and 3.14") == ""
