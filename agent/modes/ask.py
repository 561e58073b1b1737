"""A repository, a model and a question -> a run that is ready to go, in a new or an old session."""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bathy.agent.config import Service
from bathy.agent.errors import ConfigError
from bathy.agent.loop.agent import Agent, Verdict
from bathy.agent.loop.bill import Bill, Books
from bathy.agent.loop.citations import check_citations
from bathy.agent.loop.events import CitationsChecked, Finished, UsageReported
from bathy.agent.loop.ledger import Ledger, account_of, ledger_path
from bathy.agent.loop.limits import Limits
from bathy.agent.loop.loop import Run
from bathy.agent.loop.outbound import Outbound
from bathy.agent.loop.partial import Partial, keep_partial
from bathy.agent.loop.prompt import base_id, prefix_messages
from bathy.agent.loop.record import Record, Recorded, read_record
from bathy.agent.loop.reply import Patience
from bathy.agent.model.catalog import Model
from bathy.agent.model.client import ModelClient, Request
from bathy.agent.model.deepseek import DeepSeekClient, Endpoint
from bathy.agent.model.messages import Message
from bathy.agent.modes.compose import Bench
from bathy.agent.modes.editing import open_edits
from bathy.agent.modes.first_prompt import FirstPrompt, Task, first_prompt
from bathy.agent.modes.sending import Sending
from bathy.agent.modes.start import (
    Start,
    converse,
    note_question,
    session_path,
)
from bathy.agent.modes.uploads import Destination
from bathy.tools.edits import Edits
from bathy.tools.redact import redact
from bathy.tools.registry import TOOLS, WRITE_TOOLS, run_tool
from bathy.tools.running import stop_git

Allow = Callable[[Destination, Start, int], None]
"""Told where a prompt would go, what it begins with, and its tokens; raises if it may not."""

MOST_TURNS = 100
"""Requests of a run for which no --max-turns is given."""

WARM_UP_TOKENS = 32_000
"""Least length of a base that is put into the cache by a request of its own."""

_LOGGED = {UsageReported: "usage", CitationsChecked: "citations", Finished: "result"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A run that is ready to go.

    Attributes:
        run: To be worked off.
        client: To be closed when it is done.
        session_id: Name of the session; "" without one.
        model: What is asked.
        to: Where it goes.
        start: What the conversation begins with.
        edits: What the run has changed, or proposes to.
        bill: What it costs, and was expected to.
        outbound: Counts what was redacted.
    """

    run: Run
    client: ModelClient
    session_id: str
    model: Model
    to: Destination
    start: Start
    edits: Edits
    bill: Bill
    outbound: Outbound


@contextlib.contextmanager
def open_run(
    bench: Bench,
    service: Service,
    task: Task,
    *,
    allow: Allow = lambda _to, _start, _tokens: None,
    is_dry: bool = False,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Iterator[Asked]:
    """Prepare to ask a question.

    Args:
        bench: The repository.
        service: The model; a session that goes on keeps its own, unless a flag says otherwise.
        task: What is asked.
        allow: Told where how much would go, before anything is written down; raises if it may not.
        is_dry: Nothing is going to be sent, so nothing is written down.
        sleep: Waits before a request is made again.

    Raises:
        ConfigError: Something that was asked for cannot be.
        BathyError: The repository or the session cannot be read.
    """
    path = session_path(bench)
    is_kept = bench.settings.keep_session and not is_dry
    session_id = path.stem if path is not None else ""
    judge, schema = _judge(bench.settings.output_schema)
    with contextlib.ExitStack() as stack:
        record, old = _go_on(stack, path, is_kept=is_kept)
        ledger = stack.enter_context(Ledger(ledger_path()))
        view = stack.enter_context(bench.view())
        prompt = first_prompt(
            bench, service, task, old=old, ledger=ledger, schema=schema, is_dry=is_dry
        )
        service, start, model = prompt.service, prompt.start, prompt.head.model
        to = Destination(service.base_url, str(bench.home), model.id, session_id)
        allow(to, start, prompt.tokens)
        kept = path if is_kept else None
        if old is None:
            record = stack.enter_context(contextlib.closing(Record(kept)))
        partial = stack.enter_context(_partial(kept, old, record))

        def log_message(message: Message) -> None:
            thought_s = partial.take_thought_s() if message.role == "assistant" else 0.0
            record.write_message(message, thought_s)

        conversation = converse(
            record, old, start, task.text, outbound=prompt.outbound, log_message=log_message
        )
        note_question(record, task.text, start, task.evidence)
        conversation.add(prompt.turn)
        bill = Bill(prompt.meter, ledger, _books(prompt, bench, session_id))
        edits = open_edits(bench, view, shown=start.in_full - start.changed, proposed=task.proposed)
        sending = Sending(to, start, view, list(prompt.quoted))
        patience = Patience(service.max_retries, random.random, sleep)
        desk = _Desk(record, partial, edits, sending, bill)
        agent = _agent(bench, prompt, desk, patience, judge)
        began_s = time.monotonic() - bench.progress.elapsed_s
        run = Run(agent, conversation, began_s=began_s)
        yield Asked(run, agent.client, session_id, model, to, start, edits, bill, prompt.outbound)


@dataclass(frozen=True, slots=True)
class _Desk:
    """What a run reads and writes while it lasts."""

    record: Record
    partial: Partial
    edits: Edits
    sending: Sending
    bill: Bill


def _go_on(
    stack: contextlib.ExitStack, path: Path | None, *, is_kept: bool
) -> tuple[Record, Recorded | None]:
    """Lock a session that goes on before it is read; a new one begins once it may be sent."""
    has_begun = path is not None and path.exists()
    record = stack.enter_context(
        contextlib.closing(Record(path if has_begun and is_kept else None))
    )
    return record, read_record(path) if path is not None and has_begun else None


def _agent(
    bench: Bench,
    prompt: FirstPrompt,
    desk: _Desk,
    patience: Patience,
    judge: Any,  # noqa: ANN401
) -> Agent:
    """Put together what a run works with."""
    service, start, model = prompt.service, prompt.start, prompt.head.model
    record, edits, sending = desk.record, desk.edits, desk.sending

    def repack(window_tokens: int) -> tuple[Message, ...]:
        manifest, text = bench.pack(with_text=True, window_tokens=window_tokens)
        sending.add(e.blob for e in manifest.files if e.level in ("full", "outline"))
        return (*prefix_messages(text), prompt.turn)

    def log_request(request: Request) -> None:
        sending.note()
        record.write_request(request, model.thinking)

    return Agent(
        client=DeepSeekClient(
            Endpoint(service.base_url, service.api_key, model.thinking, service.idle_timeout_s)
        ),
        model=model,
        effort=service.effort,
        tools=prompt.head.tools,
        run_tool=lambda name, arguments: run_tool(TOOLS[name], arguments, edits),
        exclusive=frozenset(WRITE_TOOLS),
        stop_tools=stop_git,
        check=lambda text: check_citations(text, sending.view),
        limits=_limits(bench),
        patience=patience,
        meter=prompt.meter,
        bill=desk.bill,
        log_field=lambda field: record.write("reasoning_field", {"field": field}),
        log_started=lambda call_id: record.write("tool_started", {"call_id": call_id}),
        log_request=log_request,
        log_delta=desk.partial.add,
        log_event=lambda event: record.write(_LOGGED[type(event)], asdict(event)),
        judge=judge,
        strict=bench.settings.strict_citations,
        warm_up=prompt.base_tokens >= WARM_UP_TOKENS,
        repack=repack if start.basis is not None else None,
        reasoning_field=start.reasoning_field,
    )


@contextlib.contextmanager
def _partial(path: Path | None, old: Recorded | None, record: Record) -> Iterator[Partial]:
    """What streams in; of an old session, what a cut reply had brought goes into the log first."""
    if old is not None:
        keep_partial(old, record)
    partial = Partial(path)
    try:
        yield partial
    finally:
        partial.close()


def _books(prompt: FirstPrompt, bench: Bench, session_id: str) -> Books:
    service, start = prompt.service, prompt.start
    return Books(
        account_of(service.base_url, service.api_key),
        service.base_url,
        str(bench.home),
        session_id,
        base_id(start.messages[1].content) if start.header.get("pack") else "",
        prompt.base_tokens,
        start.basis.overlay_tokens if start.basis else 0,
    )


def _limits(bench: Bench) -> Limits:
    """What the run may use."""
    settings = bench.settings
    return Limits(
        settings.max_turns or MOST_TURNS,
        settings.max_cost_usd,
        settings.max_tokens,
        settings.time_limit_s,
    )


def _judge(path: Path | None) -> tuple[Any, str]:
    """What judges an answer, and the schema as the model reads it."""
    if path is None:
        return Verdict, ""
    from bathy.agent.loop.shape import check_schema, judge_json

    if path.exists() and not path.is_file():
        raise ConfigError(f"--output-schema {path} is no file")
    try:
        schema = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"--output-schema {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"--output-schema {path} is no JSON: {error}") from error
    check_schema(schema)
    return lambda text: judge_json(text, schema), redact(json.dumps(schema)).text
