from pathlib import Path

import pytest
from bathy.agent.model.catalog import Prices
from bathy.agent.modes.evaluate_answers.estimate import Habit, question_usd
from bathy.agent.modes.evaluate_answers.items import CRITERIA, Item
from bathy.agent.modes.evaluate_answers.places import Place
from bathy.agent.modes.evaluate_answers.plan import plan_groups
from bathy.agent.modes.evaluate_answers.report import By, make_report, report_json
from bathy.agent.modes.evaluate_answers.results import Answer, Citation, Results, Score, Spent
from bathy.agent.modes.evaluate_answers.table import report_lines
from hypothesis import given
from hypothesis import strategies as st

ITEMS = tuple(
    Item(str(n), "", "", "Why?", "rubric", "So.", points=10, gold_files=frozenset(("a.py", "b.py")))
    for n in (1, 2, 3)
)
POINTS = dict(zip(CRITERIA, (8, 7, 6, 5, 4), strict=True))


def answer(item: str, context: str, *statuses: str, usd: float = 0.01) -> Answer:
    cited = tuple(Citation(f"{'ab'[n % 2]}.py", 1, 2, s) for n, s in enumerate(statuses))
    usage = {"prompt_tokens": 1000, "cache_hit_tokens": 750}
    return Answer(item, context, "c0", "success", "So.", cited, usage, usd, 2, 3.0)


def results() -> Results:
    held = Results()
    for line in (
        answer("1", "pack", "verified", "invalid"),
        Score("1", "pack", 0.6, POINTS, cost_usd=0.002),
        answer("2", "pack", "repaired", "unverified", usd=0.03),
        Score("2", "pack", None, why="unreadable", cost_usd=0.004),
        Spent("3", "pack", "answer", "it broke", 0.5),
        answer("1", "map"),
        Score("1", "map", 0.4, POINTS),
        Spent("9", "map", "answer", "of no question that counts"),
    ):
        held.take(line)
    return held


def test_a_report_averages_over_what_there_is() -> None:
    report = make_report(
        "swe-qa-pro", ITEMS, ("pack", "map"), results(), By("m", "m", is_same=True)
    )
    pack, other = report.rows
    assert (pack.asked, pack.answered, pack.scored, pack.failed) == (3, 2, 1, 1)
    assert (other.asked, other.answered, other.scored, other.failed) == (3, 1, 1, 0)
    assert pack.unscored == {"unreadable": 1}
    assert pack.score == 0.6
    assert pack.criteria == POINTS
    assert pack.citations == {"verified": 1, "repaired": 1, "unverified": 1, "invalid": 1}
    # The first answer's citation of b.py is invalid, so that one of two files counts.
    assert pack.gold == pytest.approx((0.5 + 1.0) / 2)
    assert pack.cost_usd == pytest.approx(0.02)
    assert pack.judge_usd == pytest.approx(0.003)
    assert pack.hit_share == 0.75
    assert other.uncited == 1
    assert other.citation_share("verified") is None
    assert report.spent_usd == pytest.approx(0.556)
    measures = {(one.measure, one.difference.n) for one in report.compared}
    assert measures == {("score", 1), ("gold_files", 1), ("cost_usd", 1)}
    score = next(one.difference for one in report.compared if one.measure == "score")
    assert score.mean == pytest.approx(-0.2)


def test_people_are_told_what_the_figures_are_worth() -> None:
    report = make_report(
        "swe-qa-pro", ITEMS, ("pack", "map"), results(), By("m", "m", is_same=True)
    )
    text = "\n".join(report_lines(report))
    assert text.startswith("3 questions (swe-qa-pro), answered by m\n")
    header, pack, other = text.split("\n")[2:5]
    cells = dict(zip(header.split(), pack.split(), strict=True))
    assert cells == {
        "context": "pack", "n": "2", "score": "60.0", "scored": "1", "verified": "25.0",
        "repaired": "25.0", "unverified": "25.0", "invalid": "25.0", "gold": "75.0",
        "$/question": "0.0200", "cached": "75.0", "s": "3.0", "turns": "2.0",
    }  # fmt: skip
    assert other.split()[:5] == ["map", "1", "40.0", "1", "-"]
    assert "pack: 30.0 points in all; correctness 8.0" in text
    assert "pack: 1 unscored: unreadable" in text
    assert "pack: 1 failed" in text
    assert "map: 1 cite nothing" in text
    assert "map: 2 not asked yet" in text
    assert "judged by m, the model that answered: such scores flatter" in text
    assert "spent so far, failures and judge included: $0.5560" in text
    other_judge = make_report("swe-qa-pro", ITEMS, ("pack",), results(), By("m", "j"))
    assert "judged by j; the scores are its opinion" in "\n".join(report_lines(other_judge))


def test_programs_get_the_same() -> None:
    found = report_json(make_report("f", ITEMS, ("pack",), results(), By("m", "m", is_same=True)))
    assert found["judge_is_model"] is True
    assert found["contexts"]["pack"]["citations"]["share"]["invalid"] == 0.25
    assert found["contexts"]["pack"]["score"] == 0.6
    assert found["differences"] == []


def test_control_characters_of_a_file_reach_no_terminal() -> None:
    held = Results()
    held.take(answer("1", "pack"))
    held.take(Score("1", "pack", None, why="\x1b[31mred"))
    report = make_report("f", ITEMS, ("pack",), held, By("m\x1b", "j\x07"))
    assert "\n".join(report_lines(report)).replace("\n", "").isprintable()


def test_a_run_is_priced_request_by_request() -> None:
    prices = Prices(hit=1.0, miss=10.0, output=100.0)
    one = question_usd(Habit(1, 50, 0), 10_000, 4_000, prices)
    assert one == pytest.approx((4_000 * 1 + 6_000 * 10 + 50 * 100) / 1e6)
    two = question_usd(Habit(2, 50, 78), 12_800, 0, prices)
    first = 12_800 * 10 + 50 * 100
    second = 12_800 * 1 + 128 * 10 + 50 * 100
    assert two == pytest.approx((first + second) / 1e6)
    assert question_usd(Habit(2, 50, 78), 12_800, 0, None) == 0


@given(st.lists(st.sampled_from("xyz"), min_size=1, max_size=9), st.permutations(("pack", "map")))
def test_questions_of_one_prefix_stand_together(commits: list[str], contexts: list[str]) -> None:
    items = [Item(str(n), "", c, "q", "rubric", "a") for n, c in enumerate(commits)]
    places = {item.id: Place(Path(), item.commit) for item in items}
    groups = plan_groups(items, places, contexts)
    assert len(groups) == len(set(commits)) * len(contexts)
    keys = [key for group in groups for key in group.keys]
    assert sorted(keys) == sorted((item.id, c) for item in items for c in contexts)
    assert [group.context for group in groups[:2]] == contexts
    assert all(len({item.commit for item in group.items}) == 1 for group in groups)
