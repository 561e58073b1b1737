"""What became of a request -> what it used: in the books, and as people are told.

A whole reply comes with the service's own count. One that broke off, or that nobody waited for, is
counted for what can be known of it: nothing before any of the request was sent; from then on its
prompt, at most, until the service begins to answer; and what has come of the reply.
"""

from collections.abc import Sequence

from bathy.agent.loop.agent import Agent
from bathy.agent.loop.bill import Open
from bathy.agent.loop.events import UsageReported
from bathy.agent.loop.reply import billed
from bathy.agent.model.client import Attempt
from bathy.agent.model.messages import Message, Reply, Usage


def count_reply(
    agent: Agent, turn: int, messages: Sequence[Message], reply: Reply, opened: Open
) -> UsageReported:
    """Account for a whole reply, and learn from it.

    Args:
        agent: Keeps the books.
        turn: Of the request.
        messages: Of the request.
        reply: To it.
        opened: The request in the books.
    """
    usage, expected = reply.usage, opened.forecast.hit_tokens
    if usage is None or not usage.prompt_tokens:
        guess = agent.meter.estimate(messages, reply.message)
        agent.bill.settle_unsaid(opened, messages, guess, reply.message)
        return UsageReported(turn, guess, agent.meter.cost(guess), True, expected)
    found = _settle(agent, turn, messages, usage, opened, reply.message)
    agent.meter.learn(messages, usage)
    return found


def count_broken(
    agent: Agent, turn: int, messages: Sequence[Message], attempt: Attempt, opened: Open
) -> UsageReported:
    """Account for a request that has brought no whole reply.

    Args:
        agent: Keeps the books.
        turn: Of the request.
        messages: Of the request.
        attempt: How far it had come.
        opened: The request in the books.
    """
    if attempt.usage is not None and attempt.usage.prompt_tokens:
        return _settle(agent, turn, messages, attempt.usage, opened)
    if not attempt.may_be_billed:
        return UsageReported(turn, Usage(), 0.0, is_estimate=True)
    used = agent.bill.estimate(opened, billed(opened.forecast.prompt_tokens, attempt.chars))
    agent.bill.settle_unsaid(opened, messages, used, is_read=attempt.is_read)
    cost, expected = agent.meter.cost(used), opened.forecast.hit_tokens
    return UsageReported(turn, used, cost, True, expected, is_most=not attempt.is_read)


def _settle(
    agent: Agent,
    turn: int,
    messages: Sequence[Message],
    usage: Usage,
    opened: Open,
    reply: Message | None = None,
) -> UsageReported:
    cause = agent.bill.settle(opened, messages, reply, usage)
    cost, expected = agent.meter.cost(usage), opened.forecast.hit_tokens
    return UsageReported(turn, usage, cost, False, expected, cause)
