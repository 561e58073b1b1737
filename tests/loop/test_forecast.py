from dataclasses import replace

import pytest
from bathy.agent.loop.forecast import (
    NEVER_ANYTHING_AFTER,
    NOT_A_UNIT,
    NOT_KEPT,
    NOTHING_AFTER,
    SLACK_TOKENS,
    SOON_S,
    UNIT_TOKENS,
    WARM_S,
    Forecast,
    Label,
    Mark,
    Sent,
    better_model,
    in_units,
    keeps_nothing,
    uncached_parts,
    why_cold,
    why_missed,
)
from hypothesis import given, settings
from hypothesis import strategies as st

NOW_S = 1_800_000_000.0
SENT = Sent(NOW_S - 60, "deepseek-flash", "auto", "tools", 2, "base")
NOW = replace(SENT, time_s=NOW_S)
LABELS: list[Label] = ["instructions", "base", "overlay", "evidence", "question", "turns"]


@st.composite
def rows_of_marks(draw: st.DrawFn) -> list[Mark]:
    sizes = draw(st.lists(st.integers(0, 700), min_size=1, max_size=12))
    labels = draw(st.lists(st.sampled_from(LABELS), min_size=len(sizes), max_size=len(sizes)))
    ends = [sum(sizes[: at + 1]) for at in range(len(sizes))]
    return [Mark(*row) for row in zip(labels, map(str, range(len(sizes))), ends, strict=True)]


@settings(deadline=None)
@given(rows_of_marks(), st.integers(0, 9_000))
def test_what_is_uncached_is_the_prompt_without_its_hit(marks: list[Mark], hit: int) -> None:
    prompt = marks[-1].tokens
    parts = uncached_parts(marks, hit)
    assert sum(parts.values()) == max(0, prompt - hit)
    assert all(tokens > 0 for tokens in parts.values())
    order = [mark.label for mark in marks]
    assert list(parts) == sorted(parts, key=lambda label: _first_beyond(marks, hit, label))
    assert set(parts) <= set(order)


def _first_beyond(marks: list[Mark], hit: int, label: str) -> int:
    start = 0
    for at, mark in enumerate(marks):
        if mark.label == label and mark.tokens > max(start, hit):
            return at
        start = mark.tokens
    raise AssertionError(label)


@settings(deadline=None)
@given(st.integers(0, 10**7))
def test_hits_come_in_whole_units(tokens: int) -> None:
    assert in_units(tokens) % UNIT_TOKENS == 0
    assert 0 <= tokens - in_units(tokens) < UNIT_TOKENS


def test_the_view_that_explains_the_reports_best_is_believed() -> None:
    assert better_model([]) == "units"
    assert better_model([(0, 500, 500)]) == "any"
    assert better_model([(0, 500, 0)]) == "units"
    assert better_model([(0, 500, 500), (100, 900, 100)]) == "units"
    assert better_model([(0, 500, 250)]) == "units"


def test_a_service_that_reports_no_hits_is_taken_at_its_word() -> None:
    assert keeps_nothing([0] * NEVER_ANYTHING_AFTER, ever_hit=False)
    assert not keeps_nothing([0] * (NEVER_ANYTHING_AFTER - 1), ever_hit=False)
    assert not keeps_nothing([0] * (NOTHING_AFTER - 1), ever_hit=True)
    assert keeps_nothing([0] * NOTHING_AFTER, ever_hit=True)
    assert not keeps_nothing([0] * (NOTHING_AFTER - 1) + [128], ever_hit=True)


@pytest.mark.parametrize(
    ("before", "cause"),
    [
        (None, "first request"),
        (replace(SENT, model="deepseek-v4-pro"), "model changed from deepseek-v4-pro to deepseek-flash"),
        (replace(SENT, version=1), "version of the prompt changed from 1 to 2"),
        (replace(SENT, effort="max"), "effort changed from max to auto"),
        (replace(SENT, instructions="others"), "tools or instructions changed"),
        (replace(SENT, base_id="other"), "new base"),
        # What stands further to the front in the prompt is named.
        (replace(SENT, base_id="other", instructions="others"), "tools or instructions changed"),
        (replace(SENT, instructions="others", effort="max"), "effort changed from max to auto"),
        (replace(SENT, version=1, model="m"), "model changed from m to deepseek-flash"),
    ],
)  # fmt: skip
def test_why_a_base_is_cold_is_said_by_what_has_changed(before: Sent | None, cause: str) -> None:
    assert why_cold(NOW, before) == cause


def test_a_base_that_was_sent_once_has_expired_whatever_was_asked_since() -> None:
    other = replace(SENT, model="deepseek-v4-pro", base_id="other")
    assert why_cold(NOW, other, NOW_S - 7 * 3600) == "expired: last sent 7 hours ago"
    assert why_cold(NOW, other, NOW_S - WARM_S) == "expired: last sent 6 hours ago"
    assert why_cold(NOW, None, NOW_S - 60) == NOT_A_UNIT
    assert why_cold(NOW, None, NOW_S + 10**6) == NOT_A_UNIT


WARM = Forecast(prompt_tokens=10_000, hit_tokens=9_000)
COLD = Forecast(prompt_tokens=10_000, hit_tokens=0, reason="new base")


@pytest.mark.parametrize(
    ("forecast", "hit", "age_s", "cause"),
    [
        (WARM, 9_000, 60, ""),
        (WARM, 9_900, 60, ""),
        (WARM, 9_000 - SLACK_TOKENS, 60, ""),
        (WARM, 9_000 - SLACK_TOKENS - 1, 60, NOT_KEPT),
        (WARM, 0, SOON_S - 1, NOT_KEPT),
        (WARM, 0, SOON_S, "expired"),
        (WARM, 0, 3 * 3600, "expired: last sent 3 hours ago"),
        (COLD, 0, 0, "new base"),
        (COLD, SLACK_TOKENS, 0, "new base"),
        # Somebody else has filled the cache: that is no miss.
        (COLD, 9_000, 0, ""),
        (replace(WARM, prompt_tokens=10**6), 9_000 - 8_000, 60, ""),
    ],
)
def test_a_miss_has_a_cause_and_nothing_else_has(
    forecast: Forecast, hit: int, age_s: float, cause: str
) -> None:
    assert why_missed(forecast, hit, age_s) == cause


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 10**6), st.floats(0, 10**6))
def test_who_finds_all_that_was_expected_needs_no_cause(hit: int, more: int, age_s: float) -> None:
    forecast = Forecast(prompt_tokens=hit + more, hit_tokens=hit)
    assert why_missed(forecast, hit + more, age_s) == ""
    assert forecast.miss_tokens == more
