"""A repository, a model and a question -> a run that is ready to go, in a new or an old session."""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bathy.agent.config import Service
from bathy.agent.errors import ConfigError
from bathy.agent.loop.agent import Agent, Verdict
from bathy.agent.loop.asking import too_long
from bathy.agent.loop.bill import Bill, Books
from bathy.agent.loop.citations import check_citations
from bathy.agent.loop.cost import Head, Meter
from bathy.agent.loop.events import CitationsChecked, Finished, UsageReported
from bathy.agent.loop.ledger import Ledger, account_of, ledger_path
from bathy.agent.loop.limits import Limits
from bathy.agent.loop.loop import Run
from bathy.agent.loop.outbound import Outbound
from bathy.agent.loop.partial import Partial, keep_partial
from bathy.agent.loop.prompt import (
    prefix_messages,
    question_mark,
    question_message,
    system_text,
)
from bathy.agent.loop.record import Record, Recorded, read_record
from bathy.agent.loop.reply import Patience
from bathy.agent.model.catalog import Model, find_model, prices_at
from bathy.agent.model.client import ModelClient, Request
from bathy.agent.model.deepseek import DeepSeekClient, Endpoint
from bathy.agent.model.messages import Image, Message, ToolSpec
from bathy.agent.modes.basis import BasisFinder
from bathy.agent.modes.compose import Bench
from bathy.agent.modes.editing import NO_EDITS, States, open_edits
from bathy.agent.modes.pictures import read_images
from bathy.agent.modes.sending import Sending, image_blob
from bathy.agent.modes.start import (
    Start,
    as_before,
    begin,
    converse,
    go_on,
    note_question,
    session_path,
)
from bathy.agent.modes.uploads import Destination
from bathy.tools.edits import Edits
from bathy.tools.git import stop_git
from bathy.tools.redact import redact
from bathy.tools.registry import TOOLS, WRITE_TOOLS, run_tool

Allow = Callable[[Destination, Start, int], None]
"""Told where a prompt would go, what it begins with, and its tokens; raises if it may not."""

MOST_TURNS = 100
"""Requests of a run for which no --max-turns is given."""

WARM_UP_TOKENS = 32_000
"""Least length of a base that is put into the cache by a request of its own."""

_LOGGED = {UsageReported: "usage", CitationsChecked: "citations", Finished: "result"}


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked.

    Attributes:
        text: As asked.
        about: What places are looked for, where the text holds more than that; "" for all of it.
        proposed: Edits that an earlier question of the session has proposed, and that wait.
    """

    text: str
    about: str = ""
    proposed: States = field(default_factory=lambda: NO_EDITS)


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
    settings = bench.settings
    path = session_path(bench)
    session_id = path.stem if path is not None else ""
    judge, schema = _judge(settings.output_schema)
    with contextlib.ExitStack() as stack:
        # A session that goes on is locked before it is read; a new one is begun once it may be.
        has_begun = path is not None and path.exists()
        record = Record(path if has_begun and settings.keep_session and not is_dry else None)
        stack.callback(lambda: record.close())
        old = read_record(path) if path is not None and has_begun else None
        service = service if old is None else as_before(service, old.header, settings)
        model = find_model(service.model, service.own_models)
        if settings.max_cost_usd is not None and model.prices is None:
            raise ConfigError(f"--max-cost needs prices, and none are known of {model.id}")
        ledger = stack.enter_context(Ledger(ledger_path()))
        view = stack.enter_context(bench.view())
        finder = BasisFinder(bench, model, ledger, is_dry=is_dry)
        start = begin(bench, service, finder) if old is None else go_on(old, bench, finder)
        header = start.header
        head = Head(model, service.effort, _specs(header), _system(start))
        outbound = _outbound(start)
        images = read_images(settings.images, model)
        turn, quoted = _turn(bench, task, start, schema, images)
        turn = outbound.seal(turn)
        meter = _meter(head, start, bench)
        before = (*start.messages, *start.updates, turn)
        if old is not None:
            _check_room(meter, model, before)
        to = Destination(service.base_url, str(bench.home), model.id, session_id)
        allow(to, start, meter.prompt_tokens(before))
        kept = path if settings.keep_session and not is_dry else None
        record = Record(kept) if old is None else record
        partial = stack.enter_context(_partial(kept, old, record))
        conversation = converse(record, old, start, task.text, outbound)
        note_question(record, task.text, start)
        conversation.add(turn)
        bill = Bill(meter, ledger, _books(service, start, bench, session_id))
        edits = open_edits(bench, view, shown=start.in_full - start.changed, proposed=task.proposed)
        sending = Sending(to, start, view, quoted)

        def repack(window_tokens: int) -> tuple[Message, ...]:
            manifest, text = bench.pack(with_text=True, window_tokens=window_tokens)
            sending.add(e.blob for e in manifest.files if e.level in ("full", "outline"))
            return (*prefix_messages(text), turn)

        def log_request(request: Request) -> None:
            sending.note()
            record.write_request(request, model.thinking)

        client = DeepSeekClient(
            Endpoint(service.base_url, service.api_key, model.thinking, service.idle_timeout_s)
        )
        agent = Agent(
            client=client,
            model=model,
            effort=service.effort,
            tools=head.tools,
            run_tool=lambda name, arguments: run_tool(TOOLS[name], arguments, edits),
            exclusive=frozenset(WRITE_TOOLS),
            stop_tools=stop_git,
            check=lambda text: check_citations(text, view),
            limits=_limits(bench),
            patience=Patience(service.max_retries, random.random, sleep),
            meter=meter,
            bill=bill,
            log_field=lambda field: record.write("reasoning_field", {"field": field}),
            log_started=lambda call_id: record.write("tool_started", {"call_id": call_id}),
            log_request=log_request,
            log_delta=partial.add,
            log_event=lambda event: record.write(_LOGGED[type(event)], asdict(event)),
            judge=judge,
            strict=settings.strict_citations,
            warm_up=(header.get("pack") or {}).get("tokens", 0) >= WARM_UP_TOKENS,
            repack=repack if start.basis is not None else None,
            reasoning_field=start.reasoning_field,
        )
        began_s = time.monotonic() - bench.progress.elapsed_s
        run = Run(agent, conversation, began_s=began_s)
        yield Asked(run, client, session_id, model, to, start, edits, bill, outbound)


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


def _turn(
    bench: Bench, task: Task, start: Start, schema: str, images: tuple[Image, ...]
) -> tuple[Message, list[str]]:
    """The turn that asks, and the blobs of what it quotes."""
    tokens = int((start.header.get("pack") or {}).get("tokens", 0))
    about = task.about or task.text
    pointers = bench.pointers(about, shown=start.in_full, changed=start.changed, base_tokens=tokens)
    diff, blobs = _diff(bench)
    turn = question_message(
        redact(task.text, "").text,
        mark=question_mark(task.text),
        changes=start.changes or start.note,
        pointers=pointers,
        diff=diff,
        schema=schema,
        images=images,
    )
    return turn, [*bench.blobs_of(pointers), *blobs, *map(image_blob, images)]


def _specs(header: Mapping[str, Any]) -> tuple[ToolSpec, ...]:
    return tuple(ToolSpec(**tool) for tool in header["tools"])


def _system(start: Start) -> str:
    first = start.messages[0] if start.messages else None
    return first.content if first is not None and first.role == "system" else system_text()


def _outbound(start: Start) -> Outbound:
    """The gate; a base is made of files that have passed it one by one."""
    if start.basis is None:
        return Outbound()
    base = start.basis.base
    return Outbound(redacted=base.manifest.redacted, sealed=[base.text])


def _books(service: Service, start: Start, bench: Bench, session_id: str) -> Books:
    pack = start.header.get("pack") or {}
    return Books(
        account_of(service.base_url, service.api_key),
        service.base_url,
        str(bench.home),
        session_id,
        str(pack.get("base_id", "")),
        int(pack.get("tokens", 0)),
        start.basis.overlay_tokens if start.basis else 0,
    )


def _diff(bench: Bench) -> tuple[str, Sequence[str]]:
    """The change that goes with the question, and the blobs it is of; "" if none was asked for."""
    rev = bench.settings.diff
    if rev is None:
        return "", ()
    text, blobs = bench.diff(rev)
    return text or f"(nothing has changed since {rev})", blobs


def _check_room(meter: Meter, model: Model, messages: Sequence[Message]) -> None:
    """Refuse a question that is too long before it stands in the log, where it would stay.

    Raises:
        ConfigError: It does not fit beside what has been said.
    """
    prompt = meter.prompt_tokens(messages)
    if prompt > model.window_tokens:
        raise ConfigError(too_long(prompt, model))
    if not model.sees_images and any(message.images for message in messages):
        raise ConfigError(f"the session holds pictures, which {model.id} does not see")


def _limits(bench: Bench) -> Limits:
    """What the run may use."""
    settings = bench.settings
    return Limits(
        settings.max_turns or MOST_TURNS,
        settings.max_cost_usd,
        settings.max_tokens,
        settings.time_limit_s,
    )


def _meter(head: Head, start: Start, bench: Bench) -> Meter:
    pack = start.header.get("pack") or {}
    known = [(start.messages[1].content, int(pack["tokens"]))] if pack else []
    return Meter(
        head,
        known=known,
        count=bench.count_tokens,
        prices=lambda: prices_at(head.model, datetime.now(UTC)),
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
