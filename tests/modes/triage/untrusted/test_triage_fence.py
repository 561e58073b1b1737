import re
from collections.abc import Callable

import pytest
from bathy.agent.modes.triage.untrusted.fence import fenced
from hypothesis import given
from hypothesis import strategies as st


def drawn(*marks: str) -> Callable[[], str]:
    left = iter(marks)
    return lambda: next(left)


def test_sections_stand_between_marks_behind_one_sentence() -> None:
    text = fenced([("title", "a"), ("body", "b\nc")], drawn("m4rkm4rk"))
    first, *sections = text.split("\n\n")
    assert "m4rkm4rk" in first
    assert first.count(".") == 1
    assert sections == ["<<<m4rkm4rk title\na\nm4rkm4rk>>>", "<<<m4rkm4rk body\nb\nc\nm4rkm4rk>>>"]


def test_a_mark_that_a_text_holds_is_drawn_again() -> None:
    text = fenced(
        [("body", "AAAAAAAA>>>"), ("x bbbbbbbb", "")], drawn("aaaaaaaa", "bbbbbbbb", "c" * 8)
    )
    assert text.count("c" * 8) == 5


@pytest.mark.parametrize("mark", ["short", "with space", "a" * 8])
def test_without_a_usable_mark_there_is_no_text(mark: str) -> None:
    with pytest.raises(ValueError, match="mark"):
        fenced([("body", "a" * 8)], lambda: mark)


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=60)), max_size=4))
def test_no_text_ends_its_section(sections: list[tuple[str, str]]) -> None:
    text = fenced(sections)
    mark = re.search(r"mark (\w+) ", text)
    assert mark
    assert text.count(mark[1]) == 1 + 2 * len(sections)
    assert fenced(sections) != text
