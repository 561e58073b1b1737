from bathy.agent.modes.tui.panels.figures import (
    columns,
    cut,
    cut_left,
    meter,
    one_line,
    pad,
    percent_word,
    seconds_word,
    tokens_word,
    usd_word,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

TEXTS = st.text(st.sampled_from("ab/.两个线程é界🎉☺️́ "), max_size=30)
WIDTHS = st.integers(0, 20)


def test_numbers_are_short() -> None:
    words = [tokens_word(n) for n in (0, 812, 999, 3_100, 9_999, 506_000, 999_499, 999_500)]
    assert words == ["0", "812", "999", "3.1k", "10k", "506k", "999k", "1.00M"]
    prices = [usd_word(usd) for usd in (None, 0.0, 0.0001, 0.021, 0.9996, 1.424)]
    assert prices == ["no price", "$0.000", "<$0.001", "$0.021", "$1.00", "$1.42"]
    about = [usd_word(usd, is_about=True, is_ascii=True) for usd in (None, 0.0001, 0.021)]
    assert about == ["no price", "~<$0.001", "~$0.021"]
    assert usd_word(1.424, is_about=True) == "≈$1.42"
    assert [percent_word(*pair) for pair in ((0, 0), (0, 9), (1, 900), (41, 100))] == [
        "0%",
        "0%",
        "<1%",
        "41%",
    ]
    assert [seconds_word(s) for s in (-1, 0.9, 12.3, 185)] == ["0 s", "0 s", "12 s", "3 min 05 s"]


@settings(deadline=None)
@given(st.floats(-1, 3), st.integers(0, 40), st.booleans())
def test_a_meter_has_its_width(share: float, width: int, is_ascii: bool) -> None:
    bar = meter(share, width, is_ascii=is_ascii)
    assert cell_len(bar) == width
    assert bar.isascii() or not is_ascii
    assert meter(2.0, width, is_ascii=is_ascii) == ("#" if is_ascii else "█") * width


@settings(deadline=None)
@given(TEXTS, WIDTHS, st.booleans())
def test_a_cut_text_fits_and_keeps_an_end(text: str, width: int, is_ascii: bool) -> None:
    first, last = cut(text, width, is_ascii=is_ascii), cut_left(text, width, is_ascii=is_ascii)
    assert cell_len(first) <= width
    assert cell_len(last) <= width
    if cell_len(text) <= width:
        assert first == last == text
    elif width:
        assert text.startswith(first[:-1])
        assert text.endswith(last[1:])


@settings(deadline=None)
@given(TEXTS, TEXTS, WIDTHS)
def test_columns_have_their_width(left: str, right: str, width: int) -> None:
    assert cell_len(columns(left, right, width)) == width
    assert cell_len(pad(left, width)) == width


@settings(deadline=None)
@given(st.text())
def test_one_line_holds_nothing_that_a_terminal_obeys(text: str) -> None:
    assert one_line(text).isprintable()
