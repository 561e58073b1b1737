from dataclasses import replace

import pytest
from bathy.agent.config import Effort
from bathy.agent.loop.agent import Agent
from bathy.agent.loop.asking import (
    LEAST_REPLY_TOKENS,
    REPLY_TOKENS,
    limit_of,
    next_request,
    rehearse,
    warm_ups,
)
from bathy.agent.loop.cost import Meter
from bathy.agent.loop.limits import Limits, Spent
from bathy.agent.loop.prompt import PREFIX_MESSAGES, change_messages
from bathy.agent.loop.reply import MIN_REPLY_TOKENS
from bathy.agent.model.catalog import Prices
from bathy.agent.model.client import Request, WindowError
from bathy.agent.model.messages import Message, Usage
from scripted_model import NO_LIMITS, Lab, build, says

BASE = "p" * 40_000
COMMIT = "<commit {}>\n" + "c" * 900 + "\n</commit>"
WINDOW = 1_048_576
NOTHING = Spent()


def lab(**options: object) -> Lab:
    return build(says("Done."), **options)  # type: ignore[arg-type]


def request_of(
    found: Lab, spent: Spent = NOTHING, *, agent: Agent | None = None, window_tokens: int = WINDOW
) -> Request:
    messages = found.run.conversation.messages
    return next_request(
        agent or found.run.agent, messages, spent, window_tokens=window_tokens, reasoning_field="r"
    ).request


def warming(found: Lab, spent: Spent = NOTHING, limits: Limits = NO_LIMITS) -> list[int]:
    """How many messages each request that warms the cache has."""
    agent = replace(found.run.agent, limits=limits)
    request = request_of(found, spent, agent=agent)
    made = warm_ups(agent, request, spent)
    for one in made:
        assert one == replace(request, messages=request.messages[: len(one.messages)], max_tokens=1)
    return [len(one.messages) for one in made]


def prompt_of(found: Lab, end: int | None = None) -> int:
    return found.run.agent.meter.prompt_tokens(found.run.conversation.messages[:end])


# The size of the reply.


@pytest.mark.parametrize(
    ("effort", "tokens"), [("auto", 65_536), ("off", REPLY_TOKENS["off"]), ("max", 131_072)]
)
def test_a_reply_may_be_as_long_as_the_effort_suggests(effort: Effort, tokens: int) -> None:
    found = lab()
    request = request_of(found, agent=replace(found.run.agent, effort=effort))
    assert (request.max_tokens, request.effort, request.reasoning_field) == (tokens, effort, "r")
    assert request.messages == found.run.conversation.messages


def test_a_reply_fits_what_the_window_leaves_and_is_never_tiny() -> None:
    found = lab(base=BASE)
    prompt = prompt_of(found)
    assert request_of(found, window_tokens=prompt + 10_064).max_tokens == 10_000
    assert request_of(found, window_tokens=prompt).max_tokens == MIN_REPLY_TOKENS


def test_a_prompt_that_does_not_fit_is_refused_unless_the_server_is_to_decide() -> None:
    found, agent = lab(base=BASE), lab(base=BASE).run.agent
    messages, prompt = found.run.conversation.messages, prompt_of(found)
    with pytest.raises(WindowError, match="do not fit the window") as refused:
        request_of(found, window_tokens=prompt - 1)
    assert (refused.value.window_tokens, refused.value.prompt_tokens) == (prompt - 1, prompt)
    asking = next_request(
        agent, messages, NOTHING, window_tokens=9, reasoning_field="r", may_be_long=True
    )
    assert asking.request.max_tokens == MIN_REPLY_TOKENS


def test_limits_shorten_the_reply_and_are_named() -> None:
    found = lab(base=BASE)
    agent, messages, prompt = found.run.agent, found.run.conversation.messages, prompt_of(found)
    spent = Spent(1, Usage(1_000, 0, 1_000, 200, 0), 0.5)
    cases = [
        (Limits(max_tokens=prompt + 1_200 + 500), 500, "error_max_tokens"),
        (Limits(max_cost_usd=0.5 + prompt * 0.15e-6 + 700.5 * 0.6e-6), 700, "error_max_cost"),
        (Limits(max_tokens=10), 1, "error_max_tokens"),
        (Limits(max_cost_usd=0.5), 1, "error_max_cost"),
        (Limits(max_tokens=10**9, max_cost_usd=10**3), 65_536, None),
    ]
    for limits, size, bound in cases:
        asking = next_request(
            replace(agent, limits=limits), messages, spent, window_tokens=WINDOW, reasoning_field="r"
        )  # fmt: skip
        assert (asking.request.max_tokens, asking.bound) == (size, bound)


# Limits, by forecast.


def test_a_cold_prompt_over_the_limit_stops_a_run_and_a_warm_one_does_not() -> None:
    found = lab(base=BASE)
    agent = replace(found.run.agent, limits=Limits(max_cost_usd=0.004))
    messages = found.run.conversation.messages
    stopped = limit_of(agent, NOTHING, messages)
    assert stopped is not None
    assert stopped[0] == "error_max_cost"
    assert "the next request should cost at least $0.00" in stopped[1]
    agent.bill.assume(messages[:2])
    assert limit_of(agent, NOTHING, messages) is None
    assert limit_of(agent, Spent(0, Usage(), 0.004), messages) is not None


@pytest.mark.parametrize("more", [0, 1])
def test_a_word_in_reply_must_fit_the_limits_too(more: int) -> None:
    found = lab(base=BASE)
    messages, prompt = found.run.conversation.messages, prompt_of(found)
    tokens = prompt + LEAST_REPLY_TOKENS - more
    usd = prompt * 0.15e-6 + LEAST_REPLY_TOKENS * 0.6e-6
    for limits in (Limits(max_tokens=tokens), Limits(max_cost_usd=usd * (1 - more / 1000) + 1e-12)):
        stopped = limit_of(replace(found.run.agent, limits=limits), NOTHING, messages)
        assert bool(stopped) == bool(more)


# What warms the cache.


def test_a_cold_base_is_warmed_and_a_warm_one_is_not() -> None:
    found = lab(base=BASE)
    assert warming(found) == [2]
    found.run.agent.bill.assume(found.run.conversation.messages[:2])
    assert warming(found) == []
    assert warming(lab()) == []
    small = lab(base=BASE)
    request = request_of(small)
    assert warm_ups(replace(small.run.agent, warm_up=False), request, NOTHING) == []


@pytest.mark.parametrize("prices", [None, Prices(1, 2, 4)])
def test_nothing_is_warmed_where_a_hit_is_not_known_to_be_cheap(prices: Prices | None) -> None:
    found = lab(base=BASE)
    dear = Meter(found.run.agent.meter.head, count=len, prices=lambda: prices)
    agent = replace(found.run.agent, meter=dear)
    assert warm_ups(agent, request_of(found), NOTHING) == []


def test_the_overlay_is_warmed_where_it_is_worth_that() -> None:
    updates = [COMMIT.format(n) for n in range(3)]
    found = lab(base=BASE, updates=updates)
    assert warming(found) == [2, 8]
    found.run.agent.bill.assume(found.run.conversation.messages[:2])
    assert warming(found) == [8]
    found.run.agent.bill.assume(found.run.conversation.messages[:8])
    assert warming(found) == []
    # A hit of all costs as much as a miss of a fiftieth.
    assert warming(lab(base=BASE, updates=["<commit small>"])) == [2]


def test_commits_that_only_this_session_hears_of_are_not_warmed() -> None:
    answered = [Message("user", "Why?"), Message("assistant", "So.")]
    later = change_messages([COMMIT.format(n) for n in range(9)])
    found = lab(base=BASE, history=[*answered, *later])
    assert warming(found) == [2]
    found = lab(base=BASE, updates=[COMMIT.format(1) * 3], history=[*answered, *later])
    assert warming(found) == [2, PREFIX_MESSAGES + 1]


def test_what_could_break_a_limit_is_not_made() -> None:
    found = lab(base=BASE, updates=[COMMIT.format(n) for n in range(3)])
    prompts = [prompt_of(found, end) for end in (2, 8, None)]
    tokens = sum(prompts) + LEAST_REPLY_TOKENS + 2
    assert warming(found, limits=Limits(max_tokens=tokens)) == [2, 8]
    assert warming(found, limits=Limits(max_tokens=tokens - 1)) == []
    spent = Spent(0, Usage(10, 0, 10, 5, 0), 0.0)
    assert warming(found, spent, Limits(max_tokens=tokens + 15)) == [2, 8]
    assert warming(found, spent, Limits(max_tokens=tokens + 14)) == []
    # The whole prompt is missed once, and the two that follow hit what stands before them.
    usd = prompts[2] * 0.15e-6 + sum(prompts[1:]) * 0.003e-6 + (LEAST_REPLY_TOKENS + 2) * 0.6e-6
    assert warming(found, limits=Limits(max_cost_usd=usd * 1.0001)) == [2, 8]
    assert warming(found, limits=Limits(max_cost_usd=usd * 0.9999)) == []


def test_a_rehearsal_gives_the_price_of_all_that_would_be_sent() -> None:
    found = lab(base=BASE, updates=[COMMIT.format(n) for n in range(3)])
    agent, messages = found.run.agent, found.run.conversation.messages
    made = warm_ups(agent, request_of(found), NOTHING)
    cold = agent.bill.forecast(messages)
    forecasts, spent = rehearse(agent, NOTHING, made)
    question = agent.bill.forecast(messages)
    assert [f.hit_tokens for f in forecasts] == [0, prompt_of(found, 2) // 128 * 128]
    assert question.hit_tokens == prompt_of(found, 8) // 128 * 128
    assert [f.reason for f in (*forecasts, question)] == ["first request", "", ""]
    assert spent.usage.prompt_tokens == prompt_of(found, 2) + prompt_of(found, 8)
    assert spent.usage.completion_tokens == 2
    assert spent.turns == 0
    whole_usd = spent.cost_usd + question.cost_usd
    hits_usd = (forecasts[1].hit_tokens + question.hit_tokens) * 0.003e-6
    assert whole_usd == pytest.approx(cold.cost_usd + hits_usd + 2 * 0.6e-6, rel=0.01)
    assert rehearse(agent, NOTHING, []) == ((), NOTHING)
