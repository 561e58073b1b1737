import json

import pytest
from bathy.agent.modes.evaluate_answers.items import CRITERIA, Item
from bathy.agent.modes.evaluate_answers.verdict import judge_text, read_verdict
from hypothesis import given
from hypothesis import strategies as st

FACTS = Item("1", "", "", "Why?", "facts", facts=("one", "two\nlines"))
RUBRIC = Item("1", "", "", "Why?", "rubric", "Since so.", points=10)
GOOD = dict(zip(CRITERIA, (7, 6, 8, 9, 5), strict=True))


def test_facts_are_judged_one_by_one() -> None:
    assert read_verdict(FACTS, '{"1": true, "2": false}').values == {"1": 1, "2": 0}
    fenced = 'Here:\n```json\n{"2": true, "1": true}\n```'
    assert read_verdict(FACTS, fenced).values == {"1": 1, "2": 1}


def test_points_are_read() -> None:
    assert read_verdict(RUBRIC, json.dumps(GOOD)).values == GOOD


@pytest.mark.parametrize(
    ("item", "said", "problem"),
    [
        (FACTS, "", "no JSON object"),
        (FACTS, "[true, false]", "no JSON object"),
        (FACTS, '{"1": true}', "lacks 2"),
        (FACTS, '{"1": true, "2": true, "3": true}', "more than"),
        (FACTS, '{"1": 1, "2": "false"}', "1, 2 must be true or false"),
        (
            RUBRIC,
            json.dumps({**GOOD, "clarity": 11}),
            "clarity must be a whole number from 1 to 10",
        ),
        (RUBRIC, json.dumps({**GOOD, "clarity": 0}), "clarity must"),
        (RUBRIC, json.dumps({**GOOD, "clarity": True}), "clarity must"),
        (RUBRIC, json.dumps({**GOOD, "clarity": 7.5}), "clarity must"),
        (RUBRIC, json.dumps({"correctness": 7}), "lacks completeness, relevance"),
        (RUBRIC, "{" * 50_000 + "}", "no JSON object"),
    ],
)
def test_what_cannot_be_read_has_a_problem_and_no_values(
    item: Item, said: str, problem: str
) -> None:
    found = read_verdict(item, said)
    assert problem in found.problem
    assert found.values == {}


@given(st.text(max_size=80), st.sampled_from((FACTS, RUBRIC)))
def test_whatever_a_judge_says_is_read_or_has_a_problem(said: str, item: Item) -> None:
    found = read_verdict(item, said)
    assert bool(found.values) != bool(found.problem)


@given(st.text(max_size=80))
def test_an_answer_stands_between_marks_that_it_cannot_hold(answer: str) -> None:
    text = judge_text(FACTS, answer)
    assert text == judge_text(FACTS, answer)
    opening = next(line for line in text.split("\n") if line.endswith(" answer to grade"))
    mark = opening.split()[0].removeprefix("<<<")
    assert text.count(mark) == 1 + 2 * 3
    assert f"{opening}\n{answer}\n{mark}>>>" in text
    assert mark not in answer


def test_a_judge_is_told_what_the_set_scores() -> None:
    facts, rubric = judge_text(FACTS, "x"), judge_text(RUBRIC, "x")
    assert "1. one\n2. two lines\n" in facts
    assert "from 1 to 2" in facts
    assert "Since so." in rubric
    assert "points from 1 to 10" in rubric
    assert all(name in rubric for name in CRITERIA)
