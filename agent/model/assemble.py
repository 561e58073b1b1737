"""Chunks of one stream, as JSON data -> deltas to show, and the whole reply at the end.

Servers differ: some leave out ids and indices of calls, some send frames without choices, some
write the thinking into `reasoning`, some leak calls as text. What comes out here is alike for all.
"""

import secrets
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from bathy.agent.model.client import BrokenStreamError
from bathy.agent.model.markup import MarkupFilter, split_leaked_calls
from bathy.agent.model.messages import (
    Message,
    ReasoningDelta,
    Reply,
    TextDelta,
    ToolCall,
    Usage,
)

_REASONING_FIELDS = ("reasoning_content", "reasoning")


class Assembler:
    """Puts one reply together; feed it chunks in order, then ask for the reply."""

    def __init__(self, tool_names: Collection[str]) -> None:
        """Take text that calls one of `tool_names` for a call that leaked."""
        self._tool_names = tool_names
        self._filter = MarkupFilter()
        self._text: list[str] = []
        self._shown: list[str] = []
        self._reasoning: list[str] = []
        self._calls: list[_Call] = []
        self._usage: Usage | None = None
        self._field = _REASONING_FIELDS[0]
        self.began = False
        """A chunk has come."""
        self.finish_reason = ""
        """Why the model stopped; "" until it says so."""

    def feed(self, chunk: Mapping[str, Any]) -> Iterator[TextDelta | ReasoningDelta]:
        """Take one chunk; yield what may be shown of it."""
        self.began = True
        if usage := chunk.get("usage"):
            self._usage = usage_of(usage)
        for choice in chunk.get("choices") or ():
            delta = choice.get("delta") or {}
            for field in _REASONING_FIELDS:
                if text := delta.get(field):
                    self._field = field
                    self._reasoning.append(text)
                    yield ReasoningDelta(text)
                    break
            if text := delta.get("content"):
                self._text.append(text)
                if shown := self._filter.push(text):
                    self._shown.append(shown)
                    yield TextDelta(shown)
            for part in delta.get("tool_calls") or ():
                self._take_call(part)
            self.finish_reason = choice.get("finish_reason") or self.finish_reason

    def partial(self) -> tuple[str, str]:
        """Return the text and the thinking so far, as they came."""
        return "".join(self._text), "".join(self._reasoning)

    def finish(self) -> Iterator[TextDelta | Reply]:
        """Yield what was held back, then the reply.

        Raises:
            BrokenStreamError: The model never said that it had ended, or ended for want of
                resources.
        """
        if not self.finish_reason:
            raise BrokenStreamError("the stream ended before the reply did", began=self.began)
        if self.finish_reason == "insufficient_system_resource":
            raise BrokenStreamError("the service ran out of resources in the middle of the reply")
        if rest := self._filter.finish():
            self._shown.append(rest)
            yield TextDelta(rest)
        message = Message("assistant", *self._text_and_calls())
        yield Reply(message, self.finish_reason, self._usage, self._field)

    def _text_and_calls(self) -> tuple[str, str, tuple[ToolCall, ...]]:
        """(text, thinking, calls) of the message; its text is what was shown of it."""
        text, reasoning = self.partial()
        shown = "".join(self._shown)
        calls = [call.whole() for call in self._calls if call.name]
        if not calls and shown != text:
            leaked = split_leaked_calls(text, self._tool_names)
            calls = [ToolCall(_new_id(), c.name, c.arguments) for c in leaked.calls]
            if not calls:
                # Markup of a call that was cut, or of a tool that there is not.
                raise BrokenStreamError("the reply holds a tool call that cannot be read")
        return shown.rstrip() if shown != text else text, reasoning, _with_own_ids(calls)

    def _take_call(self, part: Mapping[str, Any]) -> None:
        """Add a piece of a call to the call that it belongs to."""
        function = part.get("function") or {}
        index, call_id, name = part.get("index"), part.get("id") or "", function.get("name") or ""
        found = None
        if isinstance(index, int):
            found = next((c for c in self._calls if c.index == index), None)
        elif call_id:
            found = next((c for c in self._calls if c.id == call_id), None)
        elif self._calls and not name:
            found = self._calls[-1]
        if found is None:
            found = _Call(index if isinstance(index, int) else None)
            self._calls.append(found)
        found.id = found.id or call_id
        found.name = found.name or name
        found.arguments.append(function.get("arguments") or "")


class _Call:
    """A call while its pieces come in."""

    def __init__(self, index: int | None) -> None:
        self.index = index
        self.id = ""
        self.name = ""
        self.arguments: list[str] = []

    def whole(self) -> ToolCall:
        return ToolCall(self.id, self.name, "".join(self.arguments))


def usage_of(usage: Mapping[str, Any]) -> Usage:
    """Read a server's account; what it does not say of the cache counts as missed."""
    prompt = _count(usage.get("prompt_tokens"))
    details = usage.get("prompt_tokens_details") or {}
    hits = usage.get("prompt_cache_hit_tokens")
    hit = min(prompt, _count(details.get("cached_tokens") if hits is None else hits))
    output = usage.get("completion_tokens_details") or {}
    return Usage(
        prompt,
        hit,
        prompt - hit,
        _count(usage.get("completion_tokens")),
        _count(output.get("reasoning_tokens")),
    )


def _count(value: object) -> int:
    return max(0, value) if isinstance(value, int) else 0


def _with_own_ids(calls: list[ToolCall]) -> tuple[ToolCall, ...]:
    """The calls, each with an id that no other has; the service refuses anything else."""
    seen, found = set[str](), list[ToolCall]()
    for call in calls:
        call_id = call.id if call.id and call.id not in seen else _new_id()
        seen.add(call_id)
        found.append(ToolCall(call_id, call.name, call.arguments))
    return tuple(found)


def _new_id() -> str:
    return f"call_{secrets.token_hex(8)}"
