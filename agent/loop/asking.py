"""A conversation and what a run may use -> its next request, made to fit window and limits."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bathy.agent.loop.agent import Agent
from bathy.agent.loop.events import Subtype
from bathy.agent.loop.forecast import Forecast
from bathy.agent.loop.limits import LimitError, Spent, stopped_by
from bathy.agent.loop.prompt import PREFIX_MESSAGES
from bathy.agent.loop.reply import MIN_REPLY_TOKENS
from bathy.agent.loop.stretches import is_change
from bathy.agent.model.catalog import Model
from bathy.agent.model.client import Request, WindowError
from bathy.agent.model.messages import Message, Usage

REPLY_TOKENS: Mapping[str, int] = {"off": 16_384, "max": 131_072}
"""Room asked for a reply by effort; others get 65,536, the service's own default with thinking."""

_REPLY_TOKENS = 65_536
LEAST_REPLY_TOKENS = 64
"""A limit that leaves room for less of a reply ends the run before the request."""

_COUNT_SLACK = 64


@dataclass(frozen=True, slots=True)
class Asking:
    """The next request of a run.

    Attributes:
        request: As it is made.
        bound: The limit that keeps its reply short, or None.
    """

    request: Request
    bound: Subtype | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a run would send next.

    Attributes:
        request: The question.
        warming: Requests that would warm the cache before it.
        forecasts: Of these, and of the question after them.
        limit: The limit that keeps anything from being sent, and a sentence; None for none.
    """

    request: Request
    warming: tuple[Request, ...]
    forecasts: tuple[Forecast, ...]
    limit: tuple[Subtype, str] | None


def too_long(prompt_tokens: int, model: Model) -> str:
    """Say that a prompt does not fit a model, and what to do."""
    return (
        f"about {prompt_tokens:,} tokens do not fit the window of {model.id}; ask for less,"
        " lower --budget, or begin a new session"
    )


def next_request(
    agent: Agent,
    messages: tuple[Message, ...],
    spent: Spent,
    *,
    window_tokens: int,
    reasoning_field: str,
    may_be_long: bool = False,
) -> Asking:
    """Make the next request.

    Args:
        agent: What the run works with.
        messages: The conversation.
        spent: Used so far.
        window_tokens: Prompt and reply together, as far as is known.
        reasoning_field: Field in which this server takes the thinking.
        may_be_long: Let the server decide whether the prompt fits.

    Raises:
        WindowError: The prompt does not fit.
    """
    prompt = agent.meter.prompt_tokens(messages)
    if prompt > window_tokens and not may_be_long:
        raise WindowError(too_long(prompt, agent.model), window_tokens, prompt)
    wanted = min(REPLY_TOKENS.get(agent.effort, _REPLY_TOKENS), agent.model.max_output_tokens)
    size = min(wanted, max(window_tokens - prompt - _COUNT_SLACK, MIN_REPLY_TOKENS))
    request = Request(agent.model.id, messages, agent.tools, agent.effort, size, reasoning_field)
    return _bounded(agent, request, spent)


def next_attempt(agent: Agent, request: Request, spent: Spent) -> Asking:
    """Make a request anew that has failed: what that has cost leaves less of every limit.

    Raises:
        LimitError: It may not be made.
    """
    if limit := limit_of(agent, spent, request.messages):
        raise LimitError(*limit)
    return _bounded(agent, request, spent)


def _bounded(agent: Agent, request: Request, spent: Spent) -> Asking:
    """Shorten the reply of a request to what the limits leave room for."""
    size, bound, messages = request.max_tokens, None, request.messages
    for left, subtype in _left(agent, messages, spent, agent.meter.prompt_tokens(messages)):
        if left < size:
            size, bound = max(1, left), subtype
    return Asking(replace(request, max_tokens=size), bound)


def _left(
    agent: Agent, messages: Sequence[Message], spent: Spent, prompt_tokens: int
) -> Iterator[tuple[int, Subtype]]:
    """Tokens of a reply that each limit leaves room for."""
    limits = agent.limits
    if limits.max_tokens is not None:
        used = spent.usage.prompt_tokens + spent.usage.completion_tokens
        yield limits.max_tokens - used - prompt_tokens, "error_max_tokens"
    if limits.max_cost_usd is not None:
        usd = limits.max_cost_usd - spent.cost_usd - agent.bill.forecast(messages).cost_usd
        yield agent.meter.reply_tokens(usd), "error_max_cost"


def limit_of(agent: Agent, spent: Spent, messages: Sequence[Message]) -> tuple[Subtype, str] | None:
    """Return the limit that the next request would break, by its forecast; None for none."""
    forecast = agent.bill.forecast(messages)
    reply_usd = agent.meter.cost(Usage(0, 0, 0, LEAST_REPLY_TOKENS, 0))
    return stopped_by(
        agent.limits,
        spent,
        next_tokens=forecast.prompt_tokens + LEAST_REPLY_TOKENS,
        next_cost_usd=forecast.cost_usd + reply_usd,
    )


def warm_ups(agent: Agent, request: Request, spent: Spent) -> list[Request]:
    """Return the requests that put into the cache what a request should find there, in order.

    The service keeps a prefix where an input ends, so one ends where the base does, and one where
    the overlay does, and each asks for one token. Without them nobody's next question would find
    either by itself. A miss is paid anyway; what comes on top is a cheap hit of what stands before
    it, so the overlay is put there only where it costs more than that. There is none if that could
    break a limit.
    """
    messages = request.messages
    if not agent.warm_up or not agent.meter.has_cheap_hits:
        return []
    ends = list[int]()
    if agent.bill.is_cold(messages):
        ends.append(PREFIX_MESSAGES - 1)
    told = _overlay_end(messages)
    if told > PREFIX_MESSAGES and agent.bill.is_worth_keeping(messages[:told]):
        ends.append(told)
    found = [replace(request, messages=messages[:end], max_tokens=1) for end in ends]
    return found if _have_room(agent, spent, request, found) else []


def _overlay_end(messages: Sequence[Message]) -> int:
    """Where the last commit is told of that every session hears of; later ones only this one."""
    end = PREFIX_MESSAGES
    for at, message in enumerate(messages[PREFIX_MESSAGES:], PREFIX_MESSAGES):
        if not is_change(message):
            break
        end = at + 1 if message.role == "user" else end
    return end


def rehearse(
    agent: Agent, spent: Spent, warming: Sequence[Request]
) -> tuple[tuple[Forecast, ...], Spent]:
    """Return what requests that warm the cache should cost, and what a run has used after them.

    The bill takes them for made from then on.
    """
    found = list[Forecast]()
    for request in warming:
        forecast = agent.bill.forecast(request.messages)
        found.append(forecast)
        usage = Usage(forecast.prompt_tokens, forecast.hit_tokens, forecast.miss_tokens, 1, 0)
        spent = spent.add(usage, agent.meter.cost(usage))
        agent.bill.assume(request.messages)
    return tuple(found), spent


def _have_room(agent: Agent, spent: Spent, request: Request, more: Sequence[Request]) -> bool:
    """Whether the limits let other requests be made before one."""
    limits, usage = agent.limits, spent.usage
    prompts = [agent.meter.prompt_tokens(one.messages) for one in (*more, request)]
    if limits.max_tokens is not None:
        used = usage.prompt_tokens + usage.completion_tokens + sum(prompts)
        if used + LEAST_REPLY_TOKENS + len(more) > limits.max_tokens:
            return False
    if limits.max_cost_usd is not None:
        # Each of them finds what the one before it has put there; the last miss is paid once.
        hits = sum(prompts[1:])
        usd = spent.cost_usd + agent.bill.forecast(request.messages).cost_usd
        more_usd = agent.meter.cost(Usage(hits, hits, 0, LEAST_REPLY_TOKENS + len(more), 0))
        return usd + more_usd <= limits.max_cost_usd
    return True
