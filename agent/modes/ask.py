"""A repository, a model and a question -> a run that is ready to go, in a new or an old session."""

import contextlib
import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bathy.agent.config import Service, Settings
from bathy.agent.errors import ConfigError
from bathy.agent.loop.agent import Agent, Verdict
from bathy.agent.loop.citations import check_citations
from bathy.agent.loop.conversation import Conversation
from bathy.agent.loop.cost import Meter
from bathy.agent.loop.events import CitationsChecked, Finished, UsageReported
from bathy.agent.loop.limits import Limits
from bathy.agent.loop.loop import Run, too_long
from bathy.agent.loop.prompt import prefix_messages, question_message, system_text
from bathy.agent.loop.record import Record, Recorded, read_record
from bathy.agent.loop.reply import Patience
from bathy.agent.loop.sessions import (
    find_session,
    fork_session,
    last_session,
    new_path,
    sessions_folder,
)
from bathy.agent.model.catalog import Model, find_model, prices_at
from bathy.agent.model.client import ModelClient
from bathy.agent.model.deepseek import DeepSeekClient, Endpoint
from bathy.agent.model.messages import Message, ToolSpec
from bathy.agent.modes.compose import Bench
from bathy.agent.modes.editing import open_edits
from bathy.agent.modes.pictures import read_images
from bathy.agent.pack.manifest import Manifest
from bathy.tools.edits import Edits
from bathy.tools.git import stop_git
from bathy.tools.redact import redact
from bathy.tools.registry import TOOLS, WRITE_TOOLS, parameters_of, run_tool

MOST_TURNS = 100
"""Requests of a run for which no --max-turns is given."""

_QUESTION_CHARS = 200
_PREFIX_MESSAGES = 3
_LOGGED = {UsageReported: "usage", CitationsChecked: "citations", Finished: "result"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A run that is ready to go.

    Attributes:
        run: To be worked off.
        client: To be closed when it is done.
        session_id: Name of the session; "" without one.
        model: What is asked.
        manifest: What the pack holds; None in a session that goes on, and without a pack.
        pack: The account of the pack; None without one.
        edits: What the run has changed, or proposes to.
    """

    run: Run
    client: ModelClient
    session_id: str
    model: Model
    manifest: Manifest | None
    pack: Mapping[str, Any] | None
    edits: Edits


@contextlib.contextmanager
def open_run(bench: Bench, service: Service, question: str) -> Iterator[Asked]:
    """Prepare to ask a question.

    Args:
        bench: The repository.
        service: The model; a session that goes on keeps its own, unless a flag says otherwise.
        question: As asked.

    Raises:
        ConfigError: Something that was asked for cannot be.
        BathyError: The repository or the session cannot be read.
    """
    settings = bench.settings
    path = _session_path(bench)
    has_begun = path is not None and path.exists()
    record = Record(path if settings.keep_session else None)
    try:
        old = read_record(path) if path is not None and has_begun else None
        service = service if old is None else _as_before(service, old.header, settings)
        model = find_model(service.model, service.own_models)
        if settings.max_cost_usd is not None and model.prices is None:
            raise ConfigError(f"--max-cost needs prices, and none are known of {model.id}")
        images = read_images(settings.images, model)
        judge, schema = _judge(settings.output_schema)
        with bench.view() as view:
            start = _begin(bench, service, model) if old is None else _go_on(old, bench)
            header = start.header
            conversation = _converse(record, old, start, question)
            asked = redact(question, "").text
            turn = question_message(
                asked,
                pointers=bench.pointers(question, start.manifest),
                note=_changed(header, bench) if old is not None else "",
                diff=_diff(bench),
                schema=schema,
                images=images,
            )
            meter = _meter(model, header, start, bench)
            if old is not None:
                _check_room(meter, model, (*conversation.messages, turn))
            record.write("question", {"text": asked})
            conversation.add(turn)
            tools = tuple(ToolSpec(**tool) for tool in header["tools"])
            client = DeepSeekClient(
                Endpoint(service.base_url, service.api_key, model.thinking, service.idle_timeout_s)
            )

            def repack(window_tokens: int) -> tuple[Message, ...]:
                text = bench.pack(with_text=True, window_tokens=window_tokens)[1]
                return (*prefix_messages(text), turn)

            edits = open_edits(bench, view, shown=_in_full(start.manifest))
            agent = Agent(
                client=client,
                model=model,
                effort=service.effort,
                tools=tools,
                run_tool=lambda name, arguments: run_tool(TOOLS[name], arguments, edits),
                exclusive=frozenset(WRITE_TOOLS),
                stop_tools=stop_git,
                check=lambda text: check_citations(text, view),
                limits=_limits(bench),
                patience=Patience(service.max_retries, random.random),
                meter=meter,
                log_field=lambda field: record.write("reasoning_field", {"field": field}),
                log_started=lambda call_id: record.write("tool_started", {"call_id": call_id}),
                log_request=lambda request: record.write_request(request, model.thinking),
                log_event=lambda event: record.write(_LOGGED[type(event)], asdict(event)),
                judge=judge,
                strict=settings.strict_citations,
                repack=repack if old is None and start.manifest is not None else None,
                reasoning_field=start.reasoning_field,
            )
            yield Asked(
                Run(agent, conversation, began_s=time.monotonic() - bench.progress.elapsed_s),
                client,
                path.stem if path is not None else "",
                model,
                start.manifest,
                header.get("pack"),
                edits,
            )
    finally:
        record.close()


@dataclass(frozen=True, slots=True)
class _Start:
    """What a session begins or goes on with."""

    header: Mapping[str, Any]
    messages: tuple[Message, ...]
    manifest: Manifest | None
    reasoning_field: str = "reasoning_content"


def _diff(bench: Bench) -> str:
    """The change that goes with the question; "" if none was asked for."""
    rev = bench.settings.diff
    return "" if rev is None else bench.diff(rev) or f"(nothing has changed since {rev})"


def _in_full(manifest: Manifest | None) -> frozenset[str]:
    """Paths of the files that a pack shows in full."""
    return (
        frozenset(f.path for f in manifest.files if f.level == "full") if manifest else frozenset()
    )


def _begin(bench: Bench, service: Service, model: Model) -> _Start:
    settings, snapshot = bench.settings, bench.snapshot
    manifest, text = None, ""
    if settings.context != "tools":
        manifest, text = bench.pack(with_text=True, window_tokens=model.window_tokens)
    tools = [
        {"name": t.name, "description": t.description, "parameters": parameters_of(t)}
        for t in TOOLS.values()
    ]
    header = {
        "schema_version": 1,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "folder": str(snapshot.root),
        "repo": bench.repo_json,
        "model": service.model,
        "base_url": service.base_url,
        "effort": service.effort,
        "context": settings.context,
        "prefix_messages": _PREFIX_MESSAGES,
        "tools": tools,
        "pack": pack_json(manifest) if manifest is not None else None,
    }
    return _Start(header, prefix_messages(text), manifest)


def _go_on(old: Recorded, bench: Bench) -> _Start:
    if old.header["folder"] != str(bench.snapshot.root):
        raise ConfigError(
            f"the session {old.path.stem} is about {old.header['folder']}; "
            + ("name it with -C" if Path(old.header["folder"]).exists() else "which has gone")
        )
    fields = [line["field"] for line in old.lines if line["type"] == "reasoning_field"]
    return _Start(old.header, old.messages, None, fields[-1] if fields else "reasoning_content")


def _converse(record: Record, old: Recorded | None, start: _Start, question: str) -> Conversation:
    """Begin a conversation, or go on with one, every message of it in the log."""
    if old is None:
        record.write("session", {**start.header, "question": _one_line(question)})
    conversation = Conversation(
        start.messages if old is not None else (),
        record.write_message,
        lambda: record.write("restart", {}),
    )
    if old is not None:
        conversation.settle(old.started.__contains__)
        return conversation
    for message in start.messages:
        conversation.add(message)
    return conversation


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


def _changed(header: Mapping[str, Any], bench: Bench) -> str:
    """What a session that goes on must know, if the repository is no longer as it was shown."""
    now = bench.repo_json
    if header["repo"] == now and not now["dirty"]:
        return ""
    return (
        "The repository may have changed since it was shown above; the tools read it as it is now."
    )


def _as_before(service: Service, header: Mapping[str, Any], settings: Settings) -> Service:
    """The service of a session that goes on: changing it would throw its cached prefix away.

    Raises:
        ConfigError: The key would go to a server that it may not be meant for.
    """
    if settings.base_url is None and header["base_url"] != service.base_url:
        raise ConfigError(
            f"the session was held with {header['base_url']}, and the settings name"
            f" {service.base_url}; say which with --base-url"
        )
    return replace(
        service,
        model=settings.model or header["model"],
        effort=settings.effort or header["effort"],
    )


def _session_path(bench: Bench) -> Path | None:
    settings, folder = bench.settings, sessions_folder()
    if settings.resume is None:
        return new_path(folder) if settings.keep_session else None
    if settings.resume:
        found = find_session(folder, settings.resume)
    else:
        found = last_session(folder, str(bench.snapshot.root))
    return fork_session(found) if settings.fork else found


def _meter(model: Model, header: Mapping[str, Any], start: _Start, bench: Bench) -> Meter:
    pack = header.get("pack") or {}
    known = [(start.messages[1].content, int(pack["tokens"]))] if pack else []
    frame = len(system_text()) + len(json.dumps(header["tools"]))
    return Meter(
        frame_tokens=frame // 3,
        known=known,
        count=bench.count_tokens,
        prices=lambda: prices_at(model, datetime.now(UTC)),
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


def pack_json(manifest: Manifest) -> dict[str, Any]:
    """Return the account of a pack that stands in every result."""
    counts = {level: manifest.count(level) for level in ("full", "outline", "path", "skipped")}
    return {"tokens": manifest.tokens, "budget": manifest.budget, **counts}


def _one_line(question: str) -> str:
    text = " ".join(redact(question, "").text.split())
    return text if len(text) <= _QUESTION_CHARS else text[: _QUESTION_CHARS - 1] + "…"
