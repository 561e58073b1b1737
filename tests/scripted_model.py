"""A model that says what a test has written down, for the loop without a wire."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from bathy.agent.loop.agent import Agent, Verdict
from bathy.agent.loop.bill import Bill, Books
from bathy.agent.loop.citations import Checked
from bathy.agent.loop.conversation import Conversation
from bathy.agent.loop.cost import Head, Meter
from bathy.agent.loop.events import Event, Finished
from bathy.agent.loop.ledger import Ledger
from bathy.agent.loop.limits import Limits
from bathy.agent.loop.loop import Run
from bathy.agent.loop.prompt import change_messages, prefix_messages
from bathy.agent.loop.reply import Patience
from bathy.agent.model.catalog import find_model, prices_at
from bathy.agent.model.client import Attempt, BusyError, Request, ServiceError
from bathy.agent.model.messages import (
    Delta,
    Message,
    ReasoningDelta,
    Reply,
    TextDelta,
    ToolCall,
    ToolSpec,
    Usage,
)
from bathy.tools.base import Outcome

Step = Reply | Exception | list[Delta | Exception]
USAGE = Usage(1000, 900, 100, 10, 5)
NO_LIMITS = Limits()
OFF_PEAK = datetime(2026, 11, 21, 12, tzinfo=UTC)

READ = ToolSpec(
    "read",
    "reads",
    {
        "type": "object",
        "properties": {"path": {"type": "string"}},
        "required": ["path"],
        "additionalProperties": False,
    },
)


def says(
    text: str = "",
    *calls: ToolCall,
    reasoning: str = "",
    reason: str | None = None,
    usage: Usage | None = USAGE,
) -> Reply:
    message = Message("assistant", text, reasoning, calls)
    return Reply(message, reason or ("tool_calls" if calls else "stop"), usage)


def reads(path: str, call_id: str = "") -> ToolCall:
    return ToolCall(call_id or f"call_{path}", "read", f'{{"path": "{path}"}}')


@dataclass
class ScriptedModel:
    """Answers each request with the next step; what it was asked is kept.

    Behind the deltas of a step it waits for `hang`, and tells so.
    """

    steps: list[Step]
    requests: list[Request] = field(default_factory=list)
    hang: asyncio.Event | None = None
    is_hanging: asyncio.Event = field(default_factory=asyncio.Event)

    async def stream(self, request: Request, attempt: Attempt) -> AsyncGenerator[Delta, None]:
        self.requests.append(request)
        attempt.is_sent = True
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            attempt.is_refused = isinstance(step, BusyError | ServiceError)
            raise step
        if isinstance(step, Reply):
            step = [
                *([ReasoningDelta(step.message.reasoning)] if step.message.reasoning else []),
                *([TextDelta(step.message.content)] if step.message.content else []),
                step,
            ]
        for delta in step:
            if isinstance(delta, Exception):
                raise delta
            attempt.is_read = True
            if not isinstance(delta, Reply):
                attempt.chars += len(delta.text)
            yield delta
        if self.hang is not None:
            self.is_hanging.set()
            await self.hang.wait()

    async def close(self) -> None:
        pass


@dataclass
class Lab:
    """A run over a scripted model and one tool, with everything that it logged."""

    model: ScriptedModel
    run: Run
    ledger: Ledger
    started: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    added: list[Message] = field(default_factory=list)
    restarts: list[str] = field(default_factory=list)
    logged: list[Request] = field(default_factory=list)

    def go(self) -> list[Event]:
        async def collect() -> list[Event]:
            return [event async for event in self.run.events()]

        return asyncio.run(collect())

    def end(self) -> Finished:
        last = self.go()[-1]
        assert isinstance(last, Finished)
        return last


FLASH = find_model("deepseek-flash", {})


def build(
    *steps: Step,
    tool: Callable[[str], str] = lambda path: f"text of {path}",
    limits: Limits = NO_LIMITS,
    check: Callable[[str], Checked] = lambda text: Checked(text, ()),
    judge: Callable[[str], Verdict] = Verdict,
    strict: bool = False,
    max_retries: int = 5,
    question: str = "why?",
    history: Sequence[Message] = (),
    base: str = "",
    updates: Sequence[str] = (),
    window_tokens: int = FLASH.window_tokens,
    repack: Callable[[int], tuple[Message, ...]] | None = None,
    ledger: Ledger | None = None,
    clock: Callable[[], float] = lambda: 1_800_000_000.0,
) -> Lab:
    """Make a run; one that has a base warms the cache for it. A token is a character."""
    model = ScriptedModel(list(steps))
    found = replace(FLASH, window_tokens=window_tokens)
    started, waits, added = list[str](), list[float](), list[Message]()
    restarts, logged = list[str](), list[Request]()
    prices = prices_at(found, OFF_PEAK)

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    def run_tool(name: str, arguments: Mapping[str, object]) -> Outcome:
        return Outcome(tool(str(arguments["path"])), "ok", is_error=False)

    prefix = prefix_messages(base)[1:] if base else ()
    start = [Message("system", "s"), *prefix, *change_messages(updates), *history]
    meter = Meter(Head(found, "auto", (READ,), "s"), count=len, prices=lambda: prices)
    books = Books("me", "https://service", "/repo", "", "b" if base else "", len(base))
    opened = ledger or Ledger(None)
    agent = Agent(
        client=model,
        model=found,
        effort="auto",
        tools=(READ,),
        run_tool=run_tool,
        exclusive=frozenset({"write"}),
        stop_tools=lambda: None,
        check=check,
        limits=limits,
        patience=Patience(max_retries, lambda: 1.0, sleep),
        meter=meter,
        bill=Bill(meter, opened, books, clock),
        log_started=started.append,
        log_field=lambda _field: None,
        log_request=logged.append,
        log_event=lambda _event: None,
        judge=judge,
        strict=strict,
        warm_up=bool(base),
        repack=repack,
    )
    conversation = Conversation(start, added.append, restarts.append)
    conversation.add(Message("user", question))
    return Lab(model, Run(agent, conversation), opened, started, waits, added, restarts, logged)


def roles(messages: Sequence[Message]) -> list[str]:
    return [message.role for message in messages]


Json = dict[str, Any]
