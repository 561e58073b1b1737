"""One frame of a stream, as JSON data -> what it says, of checked types.

Servers and gateways differ in what they leave out; that is taken as nothing said. What is there and
is of another type is an error: a reply with a hole in it is not an answer.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bathy.agent.model.client import BrokenStreamError
from bathy.agent.model.messages import Usage

REASONING_FIELDS = ("reasoning_content", "reasoning")
"""Names that servers give the thinking, the official one first."""

_MOST_TOKENS = 10**12


@dataclass(frozen=True, slots=True)
class CallPiece:
    """A piece of a tool call; what a server leaves out is None or ""."""

    index: int | None
    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What one frame adds to a reply; "", () and None where it says nothing.

    Attributes:
        text: Of the answer.
        reasoning: Of the thinking.
        reasoning_field: Name under which the thinking came; "" if none came.
        calls: Pieces of calls, in order.
        finish_reason: Why the model stopped.
        usage: Of the whole request.
    """

    text: str = ""
    reasoning: str = ""
    reasoning_field: str = ""
    calls: tuple[CallPiece, ...] = ()
    finish_reason: str = ""
    usage: Usage | None = None


def read_frame(data: object) -> Frame:
    """Read a frame.

    Raises:
        BrokenStreamError: It is not of the form of Chat Completions.
    """
    if not isinstance(data, dict):
        raise _wrong("it is no object")
    if data.get("object") == "error":
        raise BrokenStreamError(f"the service broke the reply off: {_text(data, 'message')}")
    text, reasoning, field, finish = "", "", "", ""
    calls = list[CallPiece]()
    for choice in _tables(data, "choices"):
        delta = _table(choice, "delta")
        for name in REASONING_FIELDS:
            if thought := _text(delta, name):
                reasoning, field = reasoning + thought, name
                break
        text += _text(delta, "content")
        calls += [_call_piece(piece) for piece in _tables(delta, "tool_calls")]
        finish = _text(choice, "finish_reason") or finish
    usage = usage_of(_table(data, "usage")) if data.get("usage") else None
    return Frame(text, reasoning, field, tuple(calls), finish, usage)


def usage_of(usage: Mapping[str, Any]) -> Usage:
    """Read a server's account; what it does not say of the cache counts as missed.

    Raises:
        BrokenStreamError: A figure is none.
    """
    prompt = _count(usage, "prompt_tokens")
    if usage.get("prompt_cache_hit_tokens") is not None:
        hit = _count(usage, "prompt_cache_hit_tokens")
    else:
        hit = _count(_table(usage, "prompt_tokens_details"), "cached_tokens")
    hit = min(prompt, hit)
    reasoning = _count(_table(usage, "completion_tokens_details"), "reasoning_tokens")
    return Usage(prompt, hit, prompt - hit, _count(usage, "completion_tokens"), reasoning)


def _call_piece(piece: Mapping[str, Any]) -> CallPiece:
    function, index = _table(piece, "function"), piece.get("index")
    if index is not None and not isinstance(index, int):
        raise _wrong("index")
    return CallPiece(index, _text(piece, "id"), _text(function, "name"), _arguments(function))


def _arguments(function: Mapping[str, Any]) -> str:
    """The arguments as JSON text. Some gateways send the object itself."""
    arguments = function.get("arguments")
    if arguments is None or isinstance(arguments, str):
        return _text(function, "arguments")
    try:
        # An empty object is what such gateways begin a call with.
        return _whole(json.dumps(arguments, ensure_ascii=False)) if arguments != {} else ""
    except RecursionError as error:
        raise _wrong("arguments") from error


def _text(table: Mapping[str, Any], key: str) -> str:
    """A text; some gateways send it as a list of parts."""
    value = table.get(key)
    if value is None:
        return ""
    if isinstance(value, str):
        return _whole(value)
    if isinstance(value, list):
        parts = [part.get("text") if isinstance(part, dict) else part for part in value]
        texts = [part for part in parts if isinstance(part, str)]
        if len(texts) == len(parts):
            return _whole("".join(texts))
    raise _wrong(key)


def _table(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = table.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong(key)
    return value


def _tables(table: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    value = table.get(key)
    if value is None:
        return
    if not isinstance(value, list):
        raise _wrong(key)
    for item in value:
        if not isinstance(item, dict):
            raise _wrong(key)
        yield item


def _count(table: Mapping[str, Any], key: str) -> int:
    """Tokens; some gateways send 12.0 for 12, or less than nothing for what they do not know."""
    value = table.get(key)
    if value is None:
        return 0
    if not isinstance(value, int | float) or not value < _MOST_TOKENS:
        raise _wrong(key)
    return int(max(0, value))


def _whole(text: str) -> str:
    """The text without halves of characters, which JSON can hold and UTF-8 cannot."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _wrong(what: str) -> BrokenStreamError:
    return BrokenStreamError(
        f"a frame of the stream is not of the form of Chat Completions ({what})"
    )
