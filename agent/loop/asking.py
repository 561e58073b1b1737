"""A conversation and what a run may use -> its next request, made to fit window and limits."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bathy.agent.loop.agent import Agent
from bathy.agent.loop.compact import Compacted, compact
from bathy.agent.loop.events import Subtype
from bathy.agent.loop.limits import Spent, stopped_by
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
_FULL_PART, _TARGET_PART = 6, 2


@dataclass(frozen=True, slots=True)
class Asking:
    """The next request of a run.

    Attributes:
        request: As it is made.
        bound: The limit that keeps its reply short, or None.
    """

    request: Request
    bound: Subtype | None


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
    bound = None
    for left, subtype in _left(agent, messages, spent, prompt):
        if left < size:
            size, bound = left, subtype
    request = Request(agent.model.id, messages, agent.tools, agent.effort, size, reasoning_field)
    return Asking(request, bound)


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
    if not agent.warm_up:
        return []
    ends = list[int]()
    if agent.bill.is_cold(messages):
        ends.append(PREFIX_MESSAGES - 1)
    told = [at for at, one in enumerate(messages) if one.role == "user" and is_change(one)]
    if told and agent.bill.is_worth_keeping(messages[: told[-1] + 1]):
        ends.append(told[-1] + 1)
    found = [replace(request, messages=messages[:end], max_tokens=1) for end in ends]
    return found if _have_room(agent, spent, request, found) else []


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
        return usd + agent.meter.cost(Usage(hits, hits, 0, 64, 0)) <= limits.max_cost_usd
    return True


def shortened(
    agent: Agent, messages: Sequence[Message], asked: int, window_tokens: int
) -> Compacted | None:
    """Return a shorter conversation if this one nears the end of the window; None if it need not.

    What follows the base may fill five sixths of the room that the base leaves, and is brought down
    to a half of it at once, since each such break costs what was cached behind the base.

    Args:
        agent: Counts tokens.
        messages: The conversation.
        asked: Index of the question that is being answered.
        window_tokens: Prompt and reply together.
    """
    meter = agent.meter
    prompt = meter.prompt_tokens(messages)
    room = window_tokens - meter.prompt_tokens(messages[:PREFIX_MESSAGES])
    if room <= 0 or prompt <= window_tokens - room // _FULL_PART:
        return None
    own = sum(map(meter.tokens_of, messages))
    # The function counts messages alone; what the service puts around them is the rest.
    target = window_tokens - room // _TARGET_PART - (prompt - own)
    return compact(
        messages,
        frozen=PREFIX_MESSAGES,
        asked=asked,
        tokens_of=meter.tokens_of,
        target_tokens=target,
    )
