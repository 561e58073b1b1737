from dataclasses import replace

import pytest
from bathy.agent.modes.triage.finding.hypothesis import judge_hypothesis
from bathy.agent.modes.triage.opinion import HypothesisOpinion
from bathy.agent.modes.triage.report import Hypothesis, Signal, Suspect

CLAIM = HypothesisOpinion(
    state="supported",
    text="The total\nis never reset.",
    confidence="high",
    citations=("src/cart.py:12-14",),
    would_confirm=("a second call doubles it", " ", "b", "c", "d"),
    would_refute=("x" * 500,),
)


def suspect(rank: int, path: str, *evidence: Signal) -> Suspect:
    return Suspect(rank, path, 10, 20, "https://github.com/a/b", evidence)


FOUND = suspect(2, "src/cart.py", "lexical", "model")


def test_a_cause_that_lies_in_what_the_index_found_is_supported() -> None:
    judged = judge_hypothesis(CLAIM, [suspect(1, "a.py", "lexical"), FOUND], is_flagged=False)
    assert judged == Hypothesis(
        "supported",
        "The total is never reset.",
        "high",
        (2,),
        ("a second call doubles it", "b", "c"),
        ("x" * 280,),
    )


@pytest.mark.parametrize("evidence", [("model",), ("recent_change", "model")])
def test_a_model_does_not_support_itself(evidence: tuple[Signal, ...]) -> None:
    judged = judge_hypothesis(CLAIM, [suspect(1, "src/cart.py", *evidence)], is_flagged=False)
    assert (judged.state, judged.confidence, judged.citations) == ("plausible", "medium", (1,))


@pytest.mark.parametrize(
    "citation",
    [
        "src/cart.py:21-30",
        "src/cart.py:1-9",
        "cart.py:12-14",
        "src/cart.py",
        "src/cart.py:14-12",
        "other.py:12",
        "",
        "]" * 1000,
    ],
)
def test_a_citation_outside_every_suspect_tells_nothing(citation: str) -> None:
    claim = replace(CLAIM, citations=(citation,))
    assert judge_hypothesis(claim, [FOUND], is_flagged=False) == Hypothesis()


@pytest.mark.parametrize(
    "citation",
    ["src/cart.py:20", "[src/cart.py:1-10]", "./src/cart.py:L20-L90", " src/cart.py:15 "],
)
def test_a_citation_may_be_written_in_several_ways(citation: str) -> None:
    claim = replace(CLAIM, citations=("nothing.py:1", citation))
    assert judge_hypothesis(claim, [FOUND], is_flagged=False).citations == (2,)


@pytest.mark.parametrize(
    "claim",
    [
        replace(CLAIM, state="unknown"),
        replace(CLAIM, text=" \n "),
        replace(CLAIM, citations=()),
        HypothesisOpinion(),
    ],
)
def test_without_a_cause_or_a_citation_it_is_unknown(claim: HypothesisOpinion) -> None:
    assert judge_hypothesis(claim, [FOUND], is_flagged=False) == Hypothesis()


def test_without_a_suspect_it_is_unknown() -> None:
    assert judge_hypothesis(CLAIM, [], is_flagged=False) == Hypothesis()


def test_what_a_model_holds_for_plausible_stays_so() -> None:
    judged = judge_hypothesis(replace(CLAIM, state="plausible"), [FOUND], is_flagged=False)
    assert judged.state == "plausible"


def test_text_that_steers_lowers_the_confidence() -> None:
    assert judge_hypothesis(CLAIM, [FOUND], is_flagged=True).confidence == "medium"
    low = replace(CLAIM, confidence="low")
    assert judge_hypothesis(low, [FOUND], is_flagged=True).confidence == "low"
