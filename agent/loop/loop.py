"""A conversation that ends in a question, a model and tools -> events, up to the checked answer.

Turn by turn: ask the model; run the calls of its reply side by side, since they only read; give it
their results in the order of the calls; until it answers. Every message is logged before it is
used, and whatever ends a run leaves a conversation that can be sent again.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from bathy.agent.errors import BathyError, TryAgainError
from bathy.agent.loop.accounting import count_broken, count_reply
from bathy.agent.loop.agent import Agent
from bathy.agent.loop.asking import (
    Preview,
    limit_of,
    next_attempt,
    next_request,
    rehearse,
    warm_ups,
)
from bathy.agent.loop.bill import Open
from bathy.agent.loop.calls import prepare_calls
from bathy.agent.loop.conversation import Conversation
from bathy.agent.loop.events import (
    CitationsChecked,
    Event,
    Finished,
    LimitReached,
    Retry,
    Subtype,
    TurnStarted,
    UsageReported,
)
from bathy.agent.loop.fitting import Fitting
from bathy.agent.loop.guard import CallGuard
from bathy.agent.loop.limits import LimitError, Spent
from bathy.agent.loop.reply import (
    RepeatingError,
    UnderWay,
    Void,
    Window,
    get_reply,
)
from bathy.agent.loop.running import run_calls
from bathy.agent.model.client import Request, ServiceError, WindowError
from bathy.agent.model.messages import Message, ReasoningDelta, Reply, TextDelta, Usage

_FLAGS: Mapping[Subtype, str] = {
    "error_max_tokens": "--max-tokens",
    "error_max_cost": "--max-cost",
}
_MOST_EMPTY = 2
_ANNOUNCED_CHARS = 300

ASK_FOR_ANSWER = "You thought, but wrote no answer. Write the answer to the question now."
GO_ON = "You announced a step but did not take it. Take it now, or answer."
STOP_REPEATING = "Your reply repeated itself and was stopped. Answer in a few sentences."
LAST_TURN = "[note: this is the last turn; answer now, without further calls]"


@dataclass
class Run:
    """One question on its way to an answer.

    Attributes:
        agent: What it works with.
        conversation: Ends with the question.
        spent: Used so far.
        text: The answer so far; void text is taken back.
        stopped: What the run's stop left to be billed, zero where the service had no request of it;
            None if it was not stopped, or between two questions to the model.
        began_s: Moment from which the time limit counts, on the monotonic clock.
    """

    agent: Agent
    conversation: Conversation
    spent: Spent = field(default_factory=Spent)
    text: str = ""
    stopped: UsageReported | None = None
    began_s: float = field(default_factory=time.monotonic)
    _field: str = ""
    _guard: CallGuard = field(default_factory=CallGuard)
    _began: set[str] = field(default_factory=set)
    _nudges: set[str] = field(default_factory=set)
    _empty: int = 0
    _mended: bool = False
    _is_warm: bool = False
    _bound: Subtype | None = None
    _fitting: Fitting = field(init=False)

    def __post_init__(self) -> None:
        self._field = self.agent.reasoning_field
        self._fitting = Fitting(self.agent, self.conversation, self._guard.forget)

    async def events(self) -> AsyncGenerator[Event, None]:
        """Work; yield what happens, `Finished` last, whatever it is that ends the run.

        Raises:
            asyncio.CancelledError: The run was interrupted; the conversation is settled.
        """
        limit_s = self.agent.limits.time_limit_s
        try:
            async with aclosing(self._turns()) as steps:
                while True:
                    left = None if limit_s is None else self.began_s + limit_s - time.monotonic()
                    if left is not None and left <= 0:
                        raise TimeoutError
                    async with asyncio.timeout(left):
                        event = await anext(steps, None)
                    if event is None:
                        return
                    yield event
        except TimeoutError:
            if limit_s is None:
                raise
            if self.stopped is not None and self.stopped.usage.prompt_tokens:
                yield self.stopped
            reason = f"stopped after {limit_s:g} s (--time-limit)"
            yield LimitReached("error_time_limit", reason)
            yield self._finished("error_time_limit", reason, 3)
        except LimitError as error:
            yield LimitReached(error.kind, str(error))
            yield self._finished(error.kind, str(error), error.exit_code)
        except BathyError as error:
            yield self._finished("error_during_execution", str(error), error.exit_code)
        finally:
            self.conversation.settle(self._began.__contains__)

    def preview(self) -> Preview:
        """Return what would be sent next; nothing of it may be sent after this.

        Raises:
            WindowError: It does not fit.
        """
        self._fitting.shorten()
        request = self._request()
        limit = limit_of(self.agent, self.spent, request.messages)
        warming = () if limit else tuple(warm_ups(self.agent, request, self.spent))
        before, self.spent = rehearse(self.agent, self.spent, warming)
        forecast = self.agent.bill.forecast(request.messages)
        return Preview(self._request(), warming, (*before, forecast), limit)

    async def _turns(self) -> AsyncGenerator[Event, None]:
        while True:
            self._announce_end()
            reply: Reply | None = None
            try:
                for event in self._fitting.shorten():
                    yield event
                request = self._request()
                if limit := limit_of(self.agent, self.spent, request.messages):
                    raise LimitError(*limit)
                async with aclosing(self._send(request)) as steps:
                    async for step in steps:
                        if isinstance(step, Reply):
                            reply = step
                        else:
                            yield step
            except RepeatingError as error:
                yield self._stop_repeating(error)
            except WindowError as error:
                for event in self._fitting.make_room(error, turns=self.spent.turns):
                    yield event
            if reply is None:
                continue
            async with aclosing(self._take(reply)) as steps:
                async for event in steps:
                    yield event
                    if isinstance(event, Finished):
                        return

    def _request(self) -> Request:
        asking = next_request(
            self.agent,
            self.conversation.messages,
            self.spent,
            window_tokens=self._fitting.window_tokens,
            reasoning_field=self._field,
            may_be_long=self._fitting.is_repacked,
        )
        self._bound = asking.bound
        return asking.request

    def _again(self, request: Request) -> Request:
        """A request that has failed, as the limits let it be made again."""
        asking = next_attempt(self.agent, request, self.spent)
        self._bound = asking.bound or self._bound
        return asking.request

    def _stop_repeating(self, error: RepeatingError) -> Retry:
        """Ask a model that repeats itself for less, once."""
        if STOP_REPEATING in self._nudges:
            raise error
        self._nudge(STOP_REPEATING)
        return Retry(1, 0.0, str(error))

    async def _send(self, request: Request) -> AsyncGenerator[Event | Reply, None]:
        """Make a request; or, before the first one, those that warm the cache for it.

        These leave less of every limit, so that the request is planned anew after them.
        """
        warming = [] if self._is_warm else warm_ups(self.agent, request, self.spent)
        self._is_warm = True
        requests = [(one, 0) for one in warming] or [(request, self.spent.turns + 1)]
        try:
            for one, turn in requests:
                async with aclosing(self._ask(one, turn)) as steps:
                    async for step in steps:
                        if turn or isinstance(step, TurnStarted | Retry | UsageReported):
                            yield step
        except ServiceError as error:
            if not warming or isinstance(error, WindowError):
                raise
            # If it refuses more than that one token, the question will tell.
            yield Retry(1, 0.0, f"{error}; asking without it")

    def _announce_end(self) -> None:
        """Tell the model, at the end of what it reads, that it has no turn after this one."""
        last = self.agent.limits.max_turns
        is_last = last is not None and last > 1 and self.spent.turns == last - 1
        if is_last and LAST_TURN not in self._nudges:
            self._nudge(LAST_TURN)

    async def _ask(self, request: Request, turn: int) -> AsyncGenerator[Event | Reply, None]:
        """One turn of the model, with what it used; turn 0 is no turn, and fills the cache."""
        agent, bill, messages = self.agent, self.agent.bill, request.messages
        kind = "turn" if turn > 1 else "question" if turn else "warm-up"
        agent.log_request(request)
        agent.log_delta(None)
        opened: Open | None = (first := bill.open(messages, kind))
        way, prompt = UnderWay(), first.forecast.prompt_tokens
        yield _started(agent, turn, first)
        self.text = ""
        steps = get_reply(
            agent.client, request, agent.patience, way, prompt_tokens=prompt, again=self._again
        )
        try:
            async with aclosing(steps):
                async for step in steps:
                    if isinstance(step, TextDelta | ReasoningDelta):
                        self.text += step.text if turn and isinstance(step, TextDelta) else ""
                        if turn:
                            agent.log_delta(step)
                        yield step
                    elif isinstance(step, Retry):
                        opened = opened or bill.open(messages, kind)
                        self.text = ""
                        agent.log_delta(None)
                        yield step
                    elif isinstance(step, Window):
                        self._fitting.narrow(step.tokens)
                    elif opened is not None:
                        settled, opened = opened, None
                        if isinstance(step, Void):
                            yield self._use(
                                count_broken(agent, turn, messages, step.attempt, settled)
                            )
                        else:
                            yield self._count(turn, messages, step, settled)
                            yield step
        except BaseException as error:
            # What was sent is billed, whatever keeps its end from being awaited: a full disk, too.
            is_stopped = isinstance(error, asyncio.CancelledError | GeneratorExit)
            if opened is not None and (is_stopped or way.attempt is not None):
                told = count_broken(agent, turn, messages, way.end(), opened)
                self.stopped = self._use(told)
            raise

    def _count(
        self, turn: int, messages: Sequence[Message], reply: Reply, opened: Open
    ) -> UsageReported:
        """Account for a whole reply."""
        told = self._use(count_reply(self.agent, turn, messages, reply, opened), turns=min(turn, 1))
        if reply.message.reasoning and reply.reasoning_field != self._field:
            self._field = reply.reasoning_field
            self.agent.log_field(self._field)
        return told

    def _use(self, report: UsageReported, *, turns: int = 0) -> UsageReported:
        """Add what a request has used to what the run has."""
        self.spent = self.spent.add(report.usage, report.cost_usd, turns=turns)
        self.agent.log_event(report)
        return report

    async def _take(self, reply: Reply) -> AsyncGenerator[Event, None]:
        """Act on a reply: run its calls, or end with its answer, or ask for a better one."""
        message, reason = reply.message, reply.finish_reason
        if reason == "content_filter":
            raise ServiceError("the service's content filter stopped the answer; ask otherwise")
        specs = {tool.name: tool for tool in self.agent.tools}
        prepared = prepare_calls(message.tool_calls, specs, last_is_cut=reason == "length")
        if prepared:
            calls = tuple(p.call for p in prepared)
            self.conversation.add(Message("assistant", message.content, message.reasoning, calls))
            running = run_calls(self.agent, self.conversation, self._guard, self._began, prepared)
            async with aclosing(running) as steps:
                async for step in steps:
                    yield step
            if self._guard.must_stop:
                raise ServiceError("the model keeps making the same call; ask in another way")
        elif reason == "length":
            self.conversation.add(message)
            text = "the answer was cut at its longest length; lower --effort, or ask for less"
            if self._bound is not None:
                text = f"the answer was cut, since no more was allowed ({_FLAGS[self._bound]})"
            subtype = self._bound or "error_max_tokens"
            yield LimitReached(subtype, text)
            yield self._finished(subtype, text, 3)
        elif not message.content.strip():
            self._recover(message)
        elif self._is_announcement(message.content):
            self.conversation.add(message)
            self._nudge(GO_ON)
        else:
            self.conversation.add(message)
            for event in self._conclude(message.content):
                yield event

    def _recover(self, message: Message) -> None:
        """Deal with a reply without text: nothing of it is ever made an answer."""
        self._empty += 1
        if self._empty > _MOST_EMPTY:
            raise TryAgainError("the model gave no answer, several times; try again, or rephrase")
        if message.reasoning.strip():
            if ASK_FOR_ANSWER in self._nudges:
                raise TryAgainError("the model thought, twice, but gave no answer; try again")
            self.conversation.add(message)
            self._nudge(ASK_FOR_ANSWER)

    def _nudge(self, text: str) -> None:
        self._nudges.add(text)
        self.conversation.add(Message("user", text))

    def _is_announcement(self, text: str) -> bool:
        """Whether a reply says what it is going to do and then ends; asked about once."""
        is_open = len(text) < _ANNOUNCED_CHARS and text.rstrip().endswith(":")
        return is_open and GO_ON not in self._nudges and not self.agent.check(text).citations

    def _conclude(self, answer: str) -> list[Event]:
        """Check an answer; end with it, or have it mended once."""
        verdict = self.agent.judge(answer)
        if verdict.problem:
            if self._mended:
                raise ServiceError(f"the answer is not what was asked for: {verdict.problem}")
            self._mended = True
            self.conversation.add(Message("user", verdict.problem))
            return []
        checked = self.agent.check(verdict.text)
        # Data is printed as it is: a link or a mended line number would break it.
        self.text = verdict.text if verdict.is_data else checked.text
        shown = CitationsChecked(checked.citations, () if verdict.is_data else checked.cited)
        self.agent.log_event(shown)
        bad = sum(c.status in ("unverified", "invalid") for c in checked.citations)
        if bad and self.agent.strict:
            reason = f"{bad} of {len(checked.citations)} citations could not be verified"
            return [shown, self._finished("error_citations", reason, 4)]
        return [shown, self._finished("success", "", 0)]

    def _finished(self, subtype: Subtype, error: str, exit_code: int) -> Finished:
        failed = subtype == "error_during_execution"
        end = Finished(
            subtype,
            "" if failed else self.text,
            self.spent.turns,
            self.spent.usage,
            self.spent.cost_usd,
            error,
            exit_code,
            self.text if failed else "",
        )
        self.agent.log_event(end)
        self.agent.log_delta(None)
        return end


def _started(agent: Agent, turn: int, opened: Open) -> TurnStarted:
    forecast = opened.forecast
    prompt = forecast.prompt_tokens
    return TurnStarted(
        turn,
        prompt,
        agent.meter.cost(Usage(prompt, 0, prompt, 0, 0)),
        forecast.hit_tokens,
        forecast.cost_usd,
        forecast.reason,
    )
