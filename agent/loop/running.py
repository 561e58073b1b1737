"""The calls of one reply -> their results, told and kept in the order of the calls.

Calls that only read run side by side. One that changes files runs alone: after all before it, and
before all behind it.
"""

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import AsyncGenerator, Callable, Sequence

from bathy.agent.loop.agent import Agent
from bathy.agent.loop.calls import Prepared
from bathy.agent.loop.conversation import Conversation
from bathy.agent.loop.events import (
    PatchApplied,
    PatchProposed,
    ToolFinished,
    ToolStarted,
    edit_events,
)
from bathy.agent.loop.guard import CallGuard
from bathy.agent.model.messages import Message
from bathy.tools.base import Outcome, first_words

MOST_PARALLEL = 8
"""Tools that run at the same time."""

ToolEvent = ToolStarted | ToolFinished | PatchProposed | PatchApplied


async def run_calls(
    agent: Agent,
    conversation: Conversation,
    guard: CallGuard,
    began: set[str],
    prepared: Sequence[Prepared],
) -> AsyncGenerator[ToolEvent, None]:
    """Run the calls of a reply.

    Args:
        agent: Runs the tools.
        conversation: Ends with the reply; gets the results.
        guard: Notes and refuses repeated calls.
        began: Gets the ids of calls when they begin.
        prepared: The calls.

    Yields:
        The start of each call, then the end of each, both in the order of the calls.

    Raises:
        asyncio.CancelledError: What has a result by then is kept; the rest is left open.
    """
    gate = asyncio.Semaphore(MOST_PARALLEL)
    for item in prepared:
        yield ToolStarted(item.call.id, item.call.name, item.call.arguments)
    tasks = list[asyncio.Task[Outcome]]()
    for item in prepared:
        waits = _before(item, agent.exclusive, list(zip(prepared, tasks, strict=False)))
        tasks.append(asyncio.create_task(_run_call(agent, guard, began, item, gate, waits)))
    done = 0
    try:
        for item, task in zip(prepared, tasks, strict=True):
            outcome = await task
            _answer(conversation, item, outcome)
            done += 1
            call = item.call
            yield ToolFinished(call.id, call.name, outcome.summary, outcome.is_error, outcome.text)
            for event in edit_events(call.id, outcome.edit):
                yield event
    finally:
        left = list(zip(prepared, tasks, strict=True))[done:]
        # An edit that has begun is let finish, so that nobody need wonder what became of it.
        writing = [
            task
            for item, task in left
            if item.call.name in agent.exclusive and item.call.id in began and not task.done()
        ]
        if writing:
            await asyncio.wait(writing)
        for item, task in left:
            if task.done() and not task.cancelled() and task.exception() is None:
                _answer(conversation, item, task.result())
            else:
                task.cancel()
        if left:
            agent.stop_tools()


def _before(
    item: Prepared,
    exclusive: frozenset[str],
    earlier: Sequence[tuple[Prepared, asyncio.Task[Outcome]]],
) -> list[asyncio.Task[Outcome]]:
    """What must have ended before a call begins: everything, or what runs alone."""
    is_alone = item.call.name in exclusive
    return [task for other, task in earlier if is_alone or other.call.name in exclusive]


async def _run_call(
    agent: Agent,
    guard: CallGuard,
    began: set[str],
    item: Prepared,
    gate: asyncio.Semaphore,
    waits: Sequence[asyncio.Task[Outcome]],
) -> Outcome:
    call = item.call
    if waits:
        await asyncio.wait(waits)
    if refusal := guard.refuses(call.name, item.written):
        return Outcome(refusal, "refused", is_error=True)
    if item.problem:
        text = guard.note(call.name, item.written, item.problem)
        return Outcome(text, first_words(item.problem), is_error=True)
    async with gate:
        began.add(call.id)
        agent.log_started(call.id)
        outcome = await _in_thread(lambda: agent.run_tool(call.name, item.arguments))
    if outcome.edit is not None:
        guard.forget()
        return outcome
    text = guard.note(call.name, item.written, outcome.text)
    return Outcome(text, outcome.summary, outcome.is_error)


async def _in_thread(work: Callable[[], Outcome]) -> Outcome:
    """Run work in a thread that nobody has to wait for.

    The threads of `asyncio.to_thread` are joined before the process ends, so an interrupt in the
    middle of a long search would seem to do nothing.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Outcome] = loop.create_future()

    def settle(outcome: Outcome | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        elif outcome is not None:
            future.set_result(outcome)

    def run() -> None:
        outcome, failure = None, None
        try:
            outcome = work()
        except BaseException as error:
            failure = error
        # The loop has gone if nobody waits any more.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, outcome, failure)

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(run,), daemon=True).start()
    return await future


def _answer(conversation: Conversation, item: Prepared, outcome: Outcome) -> None:
    conversation.add(Message("tool", outcome.text, tool_call_id=item.call.id))
