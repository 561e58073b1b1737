from pathlib import Path

import pytest
from bathy.agent.loop.citations import check_citations
from bathy.agent.modes.terminal import printable, show_answer
from hypothesis import given
from hypothesis import strategies as st


class Files:
    paths = ("a b.py", "src/cart.py")

    def lines(self, path: str) -> list[str]:
        return ["def add():", "    return 1"]


def show(answer: str, *, is_linked: bool = False) -> str:
    checked = check_citations(answer, Files())
    return show_answer(checked.text, checked.cited, Path("/top"), is_linked=is_linked)


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("`add` [src/cart.py:1-2].", "`add` [src/cart.py:1-2]."),
        ("`sub` [src/cart.py:1].", "`sub` [src/cart.py:1] (unverified)."),
        ("`sub` [cart.py:1].", "`sub` [cart.py:1] (unverified)."),
        ("See [none.py:1].", "See [none.py:1] (invalid)."),
        ("See [src/cart.py:1, 9].", "See [src/cart.py:1, 9 (invalid)]."),
        ("See `none.py:3`.", "See `none.py:3 (invalid)`."),
        (
            "`add` [src/cart.py:1]. `sub` [src/cart.py:1].",
            "`add` [src/cart.py:1]. `sub` [src/cart.py:1] (unverified).",
        ),
    ],
)
def test_what_was_not_found_is_marked_where_it_stands(answer: str, shown: str) -> None:
    assert show(answer) == shown


def test_what_was_found_is_a_link_to_its_first_line() -> None:
    link = "\033]8;;file:///top/a%20b.py#L2\033\\[a b.py:2]\033]8;;\033\\"
    assert show("See [a b.py:2] and [none.py:1].", is_linked=True) == (
        f"See {link} and [none.py:1] (invalid)."
    )


@given(st.text(max_size=80), st.sampled_from(["", " [src/cart.py:1] ", " [x.py:3] "]))
def test_no_answer_can_drive_the_terminal(text: str, place: str) -> None:
    shown = show(text + place + text)
    assert all(c.isprintable() or c in "\n\t" for c in shown)


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=80))
def test_ordinary_text_is_shown_as_it_is(text: str) -> None:
    assert printable(f"{text}\n\t{text}\n") == f"{text}\n\t{text}\n"
