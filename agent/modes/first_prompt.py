"""A question -> the prompt that would ask it, before anything is written down or sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bathy.agent.config import Service
from bathy.agent.errors import ConfigError
from bathy.agent.loop.asking import too_long
from bathy.agent.loop.cost import Head, Meter
from bathy.agent.loop.evidence import Span
from bathy.agent.loop.ledger import Ledger
from bathy.agent.loop.outbound import Outbound
from bathy.agent.loop.prompt import base_id, question_mark, question_message, system_text
from bathy.agent.loop.record import Recorded
from bathy.agent.model.catalog import find_model, prices_at
from bathy.agent.model.messages import Image, Message, ToolSpec
from bathy.agent.modes.basis import BasisFinder
from bathy.agent.modes.compose import Bench
from bathy.agent.modes.editing import NO_EDITS, States
from bathy.agent.modes.pictures import read_images
from bathy.agent.modes.sending import image_blob
from bathy.agent.modes.start import Start, as_before, begin, go_on
from bathy.tools.redact import redact


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked.

    Attributes:
        text: As asked.
        about: What places are looked for, where the text holds more than that; "" for all of it.
        proposed: Edits that an earlier question of the session has proposed, and that wait.
        evidence: What the user was shown for it, for the log alone; None if nothing was looked for.
    """

    text: str
    about: str = ""
    proposed: States = field(default_factory=lambda: NO_EDITS)
    evidence: Sequence[Span] | None = None


@dataclass(frozen=True, slots=True)
class FirstPrompt:
    """What the first request of a run holds.

    Attributes:
        service: Who is asked: as the session began, unless a flag says otherwise.
        start: What the conversation begins with.
        head: What stands before the messages.
        turn: The message that asks.
        quoted: Blobs that it quotes.
        outbound: The gate that it has passed.
        meter: Counts and prices it.
    """

    service: Service
    start: Start
    head: Head
    turn: Message
    quoted: tuple[str, ...]
    outbound: Outbound
    meter: Meter

    @property
    def messages(self) -> tuple[Message, ...]:
        """All of them, in order."""
        return (*self.start.messages, *self.start.updates, self.turn)

    @property
    def base_tokens(self) -> int:
        """Of the base; 0 where nothing is packed."""
        is_packed = bool(self.start.header.get("pack"))
        return self.meter.text_tokens(self.start.messages[1].content) if is_packed else 0

    @property
    def tokens(self) -> int:
        """Of all of it."""
        return self.meter.prompt_tokens(self.messages)


def first_prompt(
    bench: Bench,
    service: Service,
    task: Task,
    *,
    old: Recorded | None,
    ledger: Ledger,
    schema: str,
    is_dry: bool,
) -> FirstPrompt:
    """Put together what would be sent.

    Args:
        bench: The repository.
        service: The model, as the flags and the settings name it.
        task: What is asked.
        old: The session that goes on; None for a new one.
        ledger: What was sent before.
        schema: Of the answer, as the model reads it; "" for free text.
        is_dry: Nothing is going to be sent, so nothing is written down.

    Raises:
        ConfigError: Something that was asked for cannot be.
        BathyError: The repository cannot be read.
    """
    service = service if old is None else as_before(service, old.header, bench.settings)
    model = find_model(service.model, service.own_models)
    if bench.settings.max_cost_usd is not None and model.prices is None:
        raise ConfigError(f"--max-cost needs prices, and none are known of {model.id}")
    finder = BasisFinder(bench, model, ledger, is_dry=is_dry)
    start = begin(bench, service, finder) if old is None else go_on(old, bench, finder)
    head = Head(model, service.effort, _specs(start.header), _system(start))
    outbound = _outbound(start)
    images = read_images(bench.settings.images, model)
    turn, quoted = _turn(bench, task, start, schema, images)
    meter = _meter(head, start, bench)
    prompt = FirstPrompt(service, start, head, outbound.seal(turn), quoted, outbound, meter)
    if old is not None:
        _check_room(prompt)
    return prompt


def _turn(
    bench: Bench, task: Task, start: Start, schema: str, images: tuple[Image, ...]
) -> tuple[Message, tuple[str, ...]]:
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
    return turn, (*bench.blobs_of(pointers), *blobs, *map(image_blob, images))


def _diff(bench: Bench) -> tuple[str, Sequence[str]]:
    """The change that goes with the question, and the blobs it is of; "" if none was asked for."""
    rev = bench.settings.diff
    if rev is None:
        return "", ()
    text, blobs = bench.diff(rev)
    return text or f"(nothing has changed since {rev})", blobs


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


def _meter(head: Head, start: Start, bench: Bench) -> Meter:
    pack, base = start.header.get("pack") or {}, start.messages[1].content
    # A session that had to do with a smaller window goes on with a smaller base than it began with.
    is_known = pack.get("base_id") == base_id(base)
    return Meter(
        head,
        known=[(base, int(pack["tokens"]))] if is_known else [],
        count=bench.count_tokens,
        prices=lambda: prices_at(head.model, datetime.now(UTC)),
    )


def _check_room(prompt: FirstPrompt) -> None:
    """Refuse a question that is too long before it stands in the log, where it would stay.

    Raises:
        ConfigError: It does not fit beside what has been said.
    """
    model = prompt.head.model
    if prompt.tokens > model.window_tokens:
        raise ConfigError(too_long(prompt.tokens, model))
    if not model.sees_images and any(message.images for message in prompt.messages):
        raise ConfigError(f"the session holds pictures, which {model.id} does not see")
