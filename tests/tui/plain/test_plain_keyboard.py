"""Questions and choices, read line by line."""

import io

import pytest
from bathy.agent.modes.tui.plain.keyboard import Attentive, Script, choose, read_question

YES_NO = ("yes", "no")


def script(text: str) -> Script:
    return Script(io.StringIO(text))


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("why?\nno\n", "why?"),
        ("why \\\nso?\n", "why \nso?"),
        ("why\\", "why"),
        (" /pack\r\n", " /pack"),
        ("\n", ""),
        ('"""\ndef f():\n\n    return "\\\\"\n"""\nnext\n', 'def f():\n\n    return "\\\\"'),
        ('why\\\n"""\n', 'why\n"""'),
        ('"""\nhalf', "half"),
        ('"""\n"""\n', ""),
    ],
)
def test_a_backslash_or_fences_let_a_question_go_on(text: str, question: str) -> None:
    assert read_question(script(text)) == question


def test_nothing_left_is_the_end() -> None:
    with pytest.raises(EOFError):
        read_question(script(""))


@pytest.mark.parametrize(
    ("text", "number"), [("1\n", 1), ("2\n", 2), ("\n", 2), ("yes\n0\n3\n 1 \n", 1)]
)
def test_only_a_number_chooses(text: str, number: int) -> None:
    said = list[str]()
    assert choose(script(text), said.append, YES_NO, usual=2) == number
    assert said[0] == "1 yes, 2 no (the default)"


def test_where_nothing_is_usual_an_empty_line_is_asked_again() -> None:
    said = list[str]()
    assert choose(script("\n1\n"), said.append, YES_NO) == 1
    assert said == ["1 yes, 2 no", "type a number from 1 to 2"]


def test_ctrl_c_between_two_lines_counts_for_the_next_one_alone() -> None:
    keyboard = Attentive(script("one\ntwo\n"))
    assert keyboard.line("") == "one"
    keyboard.interrupt()
    with pytest.raises(KeyboardInterrupt):
        keyboard.line("")
    assert keyboard.line("") == "two"
