"""Items and results -> what each context has come to, and how the contexts differ. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from bathy.agent.modes.evaluate_answers.items import CRITERIA, Item
from bathy.agent.modes.evaluate_answers.results import Answer, Results
from bathy.agent.modes.evaluate_answers.scoring import STATUSES, count_statuses, gold_share
from bathy.agent.modes.evaluate_answers.statistics import Difference, paired

_RESOLVED = frozenset(("verified", "repaired", "unverified"))
_VERIFIED = frozenset(("verified", "repaired"))


@dataclass(frozen=True, slots=True)
class Row:
    """What one context has come to. Means are over the questions that have what is averaged.

    Attributes:
        context: Which.
        asked: Questions of the set.
        answered: Of these, with an answer.
        scored: Of these, with a score.
        unscored: Answers that the judge failed to score, by reason.
        failed: Questions whose last run or verdict failed.
        score: Mean, from 0 to 1; None without any.
        criteria: Mean points by criterion; {} without a rubric.
        citations: Citations by status, over all answers.
        uncited: Answers without any citation.
        gold: Mean share of the gold files that are cited; None without gold files.
        cost_usd: Mean price of an answer, the judge's aside.
        judge_usd: Mean price of a score.
        hit_share: Part of all prompt tokens that came from the cache; None without a model.
        seconds: Mean.
        turns: Mean.
    """

    context: str
    asked: int
    answered: int
    scored: int
    unscored: Mapping[str, int]
    failed: int
    score: float | None
    criteria: Mapping[str, float]
    citations: Mapping[str, int]
    uncited: int
    gold: float | None
    cost_usd: float | None
    judge_usd: float | None
    hit_share: float | None
    seconds: float | None
    turns: float | None

    def citation_share(self, status: str) -> float | None:
        """Return the part of all citations that has a status; None without any."""
        total = sum(self.citations.values())
        return self.citations[status] / total if total else None


@dataclass(frozen=True, slots=True)
class Compared:
    """A paired difference: `second` minus `first`, over the questions that both have."""

    measure: str
    first: str
    second: str
    difference: Difference


@dataclass(frozen=True, slots=True)
class By:
    """Who answered and judged.

    Attributes:
        model: Who answered; None for the index.
        judge: Who judged; None if nobody did.
        is_same: They are the same model, by whatever names.
    """

    model: str | None = None
    judge: str | None = None
    is_same: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """All of it.

    Attributes:
        format: Of the questions.
        items: How many there are.
        by: Who answered and judged.
        rows: A context each.
        compared: Pairs of contexts, by measure.
        spent_usd: Price of every line of the file of results.
    """

    format: str
    items: int
    by: By
    rows: tuple[Row, ...]
    compared: tuple[Compared, ...]
    spent_usd: float


def make_report(
    name: str,
    items: Sequence[Item],
    contexts: Sequence[str],
    results: Results,
    by: By,
) -> Report:
    """Sum up.

    Args:
        name: Of the format.
        items: The questions that count; results of others are left out.
        contexts: Those that count, in order.
        results: As far as they go.
        by: Who answered and judged.

    Returns:
        The same for the same arguments.
    """
    rows = tuple(_row(context, items, results) for context in contexts)
    compared = [
        Compared(measure, first, second, difference)
        for measure, value in _MEASURES.items()
        for first, second in combinations(contexts, 2)
        if (difference := _compare(value, (first, second), items, results)) is not None
    ]
    return Report(name, len(items), by, rows, tuple(compared), results.spent_usd)


def _row(context: str, items: Sequence[Item], results: Results) -> Row:
    keys = [(item.id, context) for item in items]
    gold = {item.id: item.gold_files for item in items}
    answers = [results.answers[key] for key in keys if key in results.answers]
    scores = [results.scores[key] for key in keys if key in results.scores]
    given = [score for score in scores if score.score is not None]
    whys = [score.why for score in scores if score.score is None]
    rubrics = [score.detail for score in given if CRITERIA[0] in score.detail]
    shares = [gold_share(_resolved(answer), gold[answer.id]) for answer in answers]
    prompt = sum(answer.usage.get("prompt_tokens", 0) for answer in answers)
    hits = sum(answer.usage.get("cache_hit_tokens", 0) for answer in answers)
    return Row(
        context=context,
        asked=len(keys),
        answered=len(answers),
        scored=len(given),
        unscored={why: whys.count(why) for why in dict.fromkeys(whys)},
        failed=sum(key in results.failed for key in keys),
        score=_mean([score.score for score in given]),
        criteria={
            name: sum(points[name] for points in rubrics) / len(rubrics)
            for name in CRITERIA
            if rubrics
        },
        citations=count_statuses(c.status for answer in answers for c in answer.citations),
        uncited=sum(not answer.citations for answer in answers),
        gold=_mean(shares),
        cost_usd=_mean([answer.cost_usd for answer in answers]),
        judge_usd=_mean([score.cost_usd for score in scores]),
        hit_share=hits / prompt if prompt else None,
        seconds=_mean([answer.seconds for answer in answers]),
        turns=_mean([float(answer.turns) for answer in answers]),
    )


def _resolved(answer: Answer) -> list[str]:
    return [citation.path for citation in answer.citations if citation.status in _RESOLVED]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


Measure = Callable[[Item, str, Results], float | None]


def _compare(
    value: Measure, pair: tuple[str, str], items: Sequence[Item], results: Results
) -> Difference | None:
    sides = [
        {item.id: found for item in items if (found := value(item, context, results)) is not None}
        for context in pair
    ]
    return paired(*sides)


def _score(item: Item, context: str, results: Results) -> float | None:
    score = results.scores.get((item.id, context))
    return score.score if score is not None else None


def _verified(item: Item, context: str, results: Results) -> float | None:
    answer = results.answers.get((item.id, context))
    if answer is None or not answer.citations:
        return None
    return sum(c.status in _VERIFIED for c in answer.citations) / len(answer.citations)


def _gold(item: Item, context: str, results: Results) -> float | None:
    answer = results.answers.get((item.id, context))
    return gold_share(_resolved(answer), item.gold_files) if answer is not None else None


def _cost(item: Item, context: str, results: Results) -> float | None:
    answer = results.answers.get((item.id, context))
    return answer.cost_usd if answer is not None else None


_MEASURES: Mapping[str, Measure] = {
    "score": _score,
    "verified": _verified,
    "gold_files": _gold,
    "cost_usd": _cost,
}


def report_json(report: Report) -> dict[str, Any]:
    """Return a report as JSON; shares from 0 to 1, means null where there is nothing to average."""
    return {
        "type": "eval_answers",
        "schema_version": 1,
        "format": report.format,
        "questions": report.items,
        "model": report.by.model,
        "judge": report.by.judge,
        "judge_is_model": report.by.is_same,
        "spent_usd": round(report.spent_usd, 8),
        "contexts": {row.context: _row_json(row) for row in report.rows},
        "differences": [
            {
                "measure": one.measure,
                "first": one.first,
                "second": one.second,
                "n": one.difference.n,
                "mean": _rounded(one.difference.mean),
                "low": _rounded(one.difference.low),
                "high": _rounded(one.difference.high),
            }
            for one in report.compared
        ],
    }


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "questions": row.asked,
        "answered": row.answered,
        "scored": row.scored,
        "unscored": dict(row.unscored),
        "failed": row.failed,
        "score": _rounded(row.score),
        "criteria": {name: _rounded(value) for name, value in row.criteria.items()},
        "citations": {
            "count": dict(row.citations),
            "share": {status: _rounded(row.citation_share(status)) for status in STATUSES},
            "answers_without": row.uncited,
        },
        "gold_files_cited": _rounded(row.gold),
        "cost_usd": _rounded(row.cost_usd),
        "judge_cost_usd": _rounded(row.judge_usd),
        "cache_hit_share": _rounded(row.hit_share),
        "seconds": _rounded(row.seconds),
        "turns": _rounded(row.turns),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 8)
