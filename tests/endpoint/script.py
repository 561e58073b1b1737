"""What a test has the model say -> the events in which the service sends it.

Both halves are DeepSeek's own: their renderer writes a reply in the dialect of the model, and their
stream processor reads that, two tokens at a time, and makes the chunks.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deepseek_recipe import (
    AssistantMessage,
    ChatCompletionRequest,
    Conversation,
    InferenceChunk,
    InferenceFinishReason,
    ParsingOptions,
    PromptUsage,
    StreamProcessor,
    ToolCall,
    ToolDefinition,
    UserMessage,
)

from endpoint.contract import Taken, encoding, encoding_of, tokenizer
from endpoint.faults import DONE, Fault, Hold

TOKENS_A_FRAME = 2
"""Tokens that a model writes between two chunks."""

_END = "<｜end▁of▁sentence｜>"
_THOUGHT = "</think>"
_VERBATIM_PIECE_CHARS = 5
# Without any tool the thinking of a turn that has ended is left out when it is rendered.
_ANY_TOOL = [ToolDefinition("any")]
_FINISH = {
    "length": InferenceFinishReason.Length,
    "content_filter": InferenceFinishReason.ContentFilter,
}


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a tool.

    Attributes:
        name: Of the tool.
        arguments: Values by name, written by the model in its markup; or a text, which goes over
            the wire as it stands, broken or not.
    """

    name: str
    arguments: Mapping[str, Any] | str


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model means to say, well formed.

    Attributes:
        text: Of the answer. Markup in it stays text, as when it leaks.
        reasoning: Of the thinking; not said if the request turns thinking off.
        calls: After the text.
        finish: Reason to end; "" is the model's own ("tool_calls" after calls, else "stop").
        faults: What goes wrong on the way, and where the reply is held.
    """

    text: str = ""
    reasoning: str = ""
    calls: Sequence[Call] = ()
    finish: str = ""
    faults: Sequence[Fault | Hold] = ()

    def __post_init__(self) -> None:
        if _THOUGHT in self.text + self.reasoning:
            raise ValueError("the end of thinking is markup; say it with an Output")
        if self.calls and "｜DSML｜" in self.text + self.reasoning:
            raise ValueError("leaked markup beside calls would be read as calls; use an Output")


@dataclass(frozen=True, slots=True)
class Output:
    """What the model writes, token for token, with its own markup; read as the service reads it.

    Attributes:
        raw: From after `<think>`, if it thinks, to before the end of the turn.
        finish: As of a `Reply`.
        faults: As of a `Reply`.
    """

    raw: str
    finish: str = ""
    faults: Sequence[Fault | Hold] = ()


@dataclass(frozen=True, slots=True)
class Raw:
    """Events that go out as they stand.

    Attributes:
        events: Each with its `data: `, without the empty line after it.
        faults: As of a `Reply`.
    """

    events: Sequence[str]
    faults: Sequence[Fault | Hold] = ()


Said = Reply | Output | Raw


@dataclass(frozen=True, slots=True)
class Framed:
    """A reply, ready to be sent.

    Attributes:
        events: In order, `[DONE]` last.
        output: What the model wrote, end of turn included; "" if nobody knows.
        output_tokens: Length of it.
    """

    events: list[str]
    output: str
    output_tokens: int


def recorded(text: str) -> Raw:
    """Read a recorded stream: events with empty lines between, or a chunk of JSON on each line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    events = [line if line.startswith(("data:", ":")) else f"data: {line}" for line in lines]
    return Raw(events if DONE in events else [*events, DONE])


def markup(calls: Iterable[Call], *, is_pro: bool = False) -> str:
    """Write calls as the model itself writes them, for an `Output` or a leak."""
    return _written(Reply(calls=tuple(calls)), thinks=False, is_pro=is_pro).strip()


def frame(taken: Taken, said: Said, hit_tokens: int) -> Framed:
    """Frame a reply as the service does.

    Args:
        taken: The request that is answered; a reply longer than its `max_tokens` is cut there.
        said: The reply; its faults are left alone.
        hit_tokens: Tokens of the prompt that were cached.
    """
    if isinstance(said, Raw):
        return Framed(list(said.events), "", 0)
    options = taken.request.parsing_options
    if isinstance(said, Reply):
        is_pro = encoding_of(taken.request) is encoding(is_pro=True)
        raw = _written(said, thinks=taken.thinks, is_pro=is_pro)
        options.parse_tool_calls = options.parse_tool_calls and bool(said.calls)
    else:
        raw = said.raw
    ids = tokenizer().encode(raw)
    finish = _FINISH.get(said.finish, InferenceFinishReason.Stop)
    if len(ids) > taken.max_tokens:
        ids, finish = ids[: taken.max_tokens], InferenceFinishReason.Length
    chunks = _chunks(taken, options, hit_tokens, ids, finish)
    if isinstance(said, Reply):
        chunks = _verbatim(chunks, said.calls)
    if said.finish and len(ids) <= taken.max_tokens:
        chunks[-1]["choices"][0]["finish_reason"] = said.finish
    return Framed([*(f"data: {_json(chunk)}" for chunk in chunks), DONE], raw + _END, len(ids) + 1)


def _written(reply: Reply, *, thinks: bool, is_pro: bool) -> str:
    """Render a reply as the last turn of a small conversation; return what the turn adds."""
    calls = [
        ToolCall(str(i), c.name, "{}" if isinstance(c.arguments, str) else json.dumps(c.arguments))
        for i, c in enumerate(reply.calls)
    ]
    asked = UserMessage("")
    said = AssistantMessage(reply.text, reply.reasoning if thinks else None, calls or None)
    before, after = (
        encoding(is_pro=is_pro)
        .render_conversation(Conversation(messages, thinking_mode=thinks, tools=_ANY_TOOL))
        .prompt
        for messages in ([asked], [asked, said])
    )
    if not after.startswith(before):
        raise ValueError("the model has no way to say this")
    return after[len(before) : after.rindex(_END)]


def _chunks(
    taken: Taken,
    options: ParsingOptions,
    hit_tokens: int,
    ids: Sequence[int],
    finish: InferenceFinishReason,
) -> list[dict[str, Any]]:
    generator = ChatCompletionRequest.chunk_generator(taken.request, _ID, taken.model)
    processor = StreamProcessor(generator, options, tokenizer())
    usage = PromptUsage(prompt_tokens=taken.prompt_tokens, prompt_cache_hit_tokens=hit_tokens)
    found = processor.push(InferenceChunk.ready(prompt_usage=usage, system_fingerprint="fp_test"))
    for at in range(0, len(ids), TOKENS_A_FRAME):
        found += processor.push(InferenceChunk.tokens(ids[at : at + TOKENS_A_FRAME]))
    found += processor.push(InferenceChunk.finish(finish))
    found += processor.finish()
    return [json.loads(chunk.to_json()) for chunk in found]


_ID = "00000000-0000-4000-8000-000000000000"


def _verbatim(chunks: list[dict[str, Any]], calls: Sequence[Call]) -> list[dict[str, Any]]:
    """Put arguments that were given as a text in the place of the empty ones."""
    texts = {i: c.arguments for i, c in enumerate(calls) if isinstance(c.arguments, str)}
    found = []
    for chunk in chunks:
        call = next(iter(chunk["choices"][0]["delta"].get("tool_calls", ())), None)
        if call is None or call["index"] not in texts:
            found.append(chunk)
        elif "id" in call:
            found.append(chunk)
            found += _argument_chunks(chunk, texts[call["index"]])
    return found


def _argument_chunks(first: dict[str, Any], text: str) -> list[dict[str, Any]]:
    index = first["choices"][0]["delta"]["tool_calls"][0]["index"]
    found = []
    for at in range(0, len(text), _VERBATIM_PIECE_CHARS):
        piece = text[at : at + _VERBATIM_PIECE_CHARS]
        delta = {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
        found.append({**first, "choices": [{**first["choices"][0], "delta": delta}]})
    return found


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
