"""One request, made again as often as that helps -> its deltas, then the reply.

A reply that broke off is never kept: its text is void, its cost is counted. Only a whole one ends
this.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace

from bathy.agent.errors import TryAgainError
from bathy.agent.loop.events import Retry
from bathy.agent.loop.guard import RepetitionDetector
from bathy.agent.model.client import (
    Attempt,
    BusyError,
    LeakedCallError,
    ModelClient,
    Request,
    ServiceError,
    WindowError,
)
from bathy.agent.model.messages import ReasoningDelta, Reply, TextDelta, Usage
from bathy.agent.model.retry import wait_s

MIN_REPLY_TOKENS = 1_024
"""A window that leaves less than this for the reply is full."""

_CHARS_A_TOKEN = 4
_MARGIN = 1.1


class RepeatingError(ServiceError):
    """The model said the same thing over and over until it was stopped."""


@dataclass(frozen=True, slots=True)
class Void:
    """A request failed and may be billed all the same, for as far as it had come."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Window:
    """The service has said how many tokens it holds, which is fewer than was thought."""

    tokens: int


@dataclass(frozen=True, slots=True)
class Patience:
    """How failures are borne.

    Attributes:
        max_retries: Times that a request is made again.
        random: Numbers from 0 to 1, for jitter.
        sleep: Waits so many seconds.
    """

    max_retries: int
    random: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


Step = TextDelta | ReasoningDelta | Retry | Void | Window | Reply


@dataclass(slots=True)
class UnderWay:
    """The attempt that has neither failed nor come back yet; None between two, and behind them."""

    attempt: Attempt | None = None

    def begin(self) -> Attempt:
        """Begin another one."""
        self.attempt = Attempt()
        return self.attempt

    def end(self) -> Attempt:
        """End it; return how far it had come."""
        ended, self.attempt = self.attempt, None
        return ended or Attempt()


async def get_reply(
    client: ModelClient,
    request: Request,
    patience: Patience,
    way: UnderWay,
    *,
    prompt_tokens: int,
    again: Callable[[Request], Request],
) -> AsyncGenerator[Step, None]:
    """Ask until a whole reply has come.

    Args:
        client: The model.
        request: What is asked.
        patience: How often.
        way: Kept up to date.
        prompt_tokens: Expected length of the prompt.
        again: A request that has failed -> as it may be made once more; raises if it may not.

    Yields:
        Deltas; a `Void` after each failure that may be billed; a `Retry` before another attempt,
        which takes the deltas back; a `Window` if the service holds less than was thought; the
        `Reply`.

    Raises:
        TryAgainError: It still fails after the last attempt.
        ServiceError: It fails for good.
    """
    failures, has_shrunk, has_leaked = 0, False, False
    while True:
        status = 0
        try:
            detector = RepetitionDetector()
            async with aclosing(client.stream(request, way.begin())) as deltas:
                async for delta in deltas:
                    if isinstance(delta, Reply):
                        way.end()
                    elif detector.push(delta.text):
                        raise RepeatingError("the model repeated itself without end")
                    yield delta
            return
        except WindowError as error:
            way.end()
            smaller = _smaller(request, error, prompt_tokens)
            if has_shrunk or smaller is None:
                raise
            request, has_shrunk, reason, wait = smaller, True, str(error), 0.0
            yield Window(error.window_tokens)
        except ServiceError:
            if (ended := way.end()).may_be_billed:
                yield Void(ended)
            raise
        except TryAgainError as error:
            if (ended := way.end()).may_be_billed:
                yield Void(ended)
            # Each such reply was whole, and was paid for; a model that leaks twice goes on leaking.
            if isinstance(error, LeakedCallError) and has_leaked:
                raise
            has_leaked = has_leaked or isinstance(error, LeakedCallError)
            failures += 1
            asked = error.retry_after_s if isinstance(error, BusyError) else None
            found = wait_s(failures, asked, patience.random)
            if failures > patience.max_retries or found is None:
                raise
            reason, wait = str(error), found
            status = error.status if isinstance(error, BusyError) else 0
        request = again(request)
        yield Retry(max(1, failures), wait, reason, status)
        await patience.sleep(wait)


def _smaller(request: Request, error: WindowError, prompt_tokens: int) -> Request | None:
    """The same request with less room for the reply, if that makes it fit."""
    prompt = error.prompt_tokens
    if not error.is_exact:
        prompt = max(prompt, int(prompt_tokens * _MARGIN))
    room = error.window_tokens - prompt
    if room < MIN_REPLY_TOKENS or room >= request.max_tokens:
        return None
    return replace(request, max_tokens=room)


def billed(prompt_tokens: int, chars: int) -> Usage:
    """Return what a broken stream is taken to have cost.

    Args:
        prompt_tokens: All of them count, as if none had been cached; a bill may know better.
        chars: Of text and thinking that had come.
    """
    tokens = -(-chars // _CHARS_A_TOKEN)
    return Usage(prompt_tokens, 0, prompt_tokens, tokens, 0)
