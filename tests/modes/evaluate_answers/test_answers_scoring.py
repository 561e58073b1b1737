import pytest
from bathy.agent.modes.evaluate_answers.items import Item
from bathy.agent.modes.evaluate_answers.scoring import (
    asked_text,
    count_statuses,
    fact_recall,
    gold_share,
    letter_of,
    rubric_share,
)
from bathy.agent.modes.evaluate_answers.statistics import paired
from hypothesis import given
from hypothesis import strategies as st

CHOICE = Item("1", "", "", "Which?\nA) x\nB) y\nC) z", "choice", letters="ABC", letter="B")


@pytest.mark.parametrize(
    ("answer", "letter"),
    [
        ("Because of x.\nFinal answer: B", "B"),
        ("Final Answer: **C**", "C"),
        ("**Final answer:** (b)", "B"),
        ("final answer is `A`.", "A"),
        ("Final answer: option C", "C"),
        ("Final answer: A\nNo, wait.\nFinal answer: C", "C"),
        ("Final answer: a cookie, that is\nB", "B"),
        ("Final answer: D\nthe answer is A, then", "A"),
        ("It is so [a.py:1-2].\n\nB)", "B"),
        ("(c)", "C"),
        ("The answer is B because A fails.", "B"),
        ("Option A is wrong, choice C holds.", "C"),
        ("A cart holds items.", ""),
        ("The answer is Alpha.", ""),
        ("Final answer: D", ""),
        ("", ""),
    ],
)
def test_the_letter_that_an_answer_ends_up_with(answer: str, letter: str) -> None:
    assert letter_of(answer, "ABC") == letter


@given(st.text(max_size=200), st.sampled_from("ABC"), st.sampled_from(("", "**", "`")))
def test_the_line_that_is_asked_for_is_always_read(said: str, letter: str, sign: str) -> None:
    assert letter_of(f"{said}\nFinal answer: {sign}{letter}{sign}", "ABC") == letter


@given(st.text(alphabet="final answer:ABCabc \n*()", max_size=80))
def test_a_letter_is_one_of_the_options_or_none(said: str) -> None:
    assert letter_of(said, "AB") in ("", "A", "B")


def test_a_question_with_options_asks_for_its_last_line() -> None:
    asked = asked_text(CHOICE)
    assert asked.startswith(CHOICE.question)
    assert asked.endswith("`Final answer: X`, with A, B or C for X.")
    assert letter_of(asked, "ABC") == ""


def test_shares() -> None:
    assert fact_recall((True, False, True, True)) == 0.75
    points = {"correctness": 10, "completeness": 5, "relevance": 8, "clarity": 9, "reasoning": 3}
    assert rubric_share(points, 10) == pytest.approx(35 / 50)
    assert rubric_share(points, 20) == pytest.approx(35 / 100)
    assert gold_share(("a", "a", "x"), frozenset("ab")) == 0.5
    assert gold_share(("a",), None) is None
    assert gold_share(("a",), frozenset()) is None
    assert count_statuses(("verified", "invalid", "verified")) == {
        "verified": 2, "repaired": 0, "unverified": 0, "invalid": 1,
    }  # fmt: skip


def test_a_difference_is_paired_and_repeats() -> None:
    first = {"1": 0.2, "2": 0.4, "3": 0.6, "only": 1.0}
    second = {"3": 0.9, "2": 0.5, "1": 0.4}
    found = paired(first, second)
    assert found is not None
    assert found.n == 3
    assert found.mean == pytest.approx(0.2)
    assert found == paired(dict(reversed(first.items())), second)
    assert (found.low, found.high) == pytest.approx((0.1, 0.3))
    assert paired({"1": 1.0}, {"2": 1.0}) is None
