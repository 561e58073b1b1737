"""Chunks of one stream, as JSON data -> deltas to show, and the whole reply at the end.

Servers differ: some leave out ids and indices of calls, some send frames without choices, some
write the thinking into `reasoning`, some leak calls as text. What comes out here is alike for all.
"""

import secrets
from collections.abc import Collection, Iterator

from bathy.agent.model.client import Attempt, BrokenStreamError, LeakedCallError
from bathy.agent.model.frame import REASONING_FIELDS, CallPiece, Frame, read_frame
from bathy.agent.model.markup import MarkupFilter, split_leaked_calls
from bathy.agent.model.messages import (
    Message,
    ReasoningDelta,
    Reply,
    TextDelta,
    ToolCall,
    Usage,
)


class Assembler:
    """Puts one reply together; feed it chunks in order, then ask for the reply."""

    def __init__(
        self,
        tool_names: Collection[str],
        reasoning_field: str = REASONING_FIELDS[0],
        attempt: Attempt | None = None,
    ) -> None:
        """Begin a reply.

        Args:
            tool_names: Text that calls one of these is taken for a call that leaked.
            reasoning_field: Name that the server gives the thinking, as far as is known; it holds
                until the thinking comes under another one.
            attempt: Told what has come.
        """
        self._tool_names = tool_names
        self._filter = MarkupFilter()
        self._text: list[str] = []
        self._shown: list[str] = []
        self._reasoning: list[str] = []
        self._calls: list[_Call] = []
        self._usage: Usage | None = None
        self._attempt = attempt or Attempt()
        self._field = reasoning_field
        self.finish_reason = ""
        """Why the model stopped; "" until it says so."""

    def feed(self, chunk: object) -> Iterator[TextDelta | ReasoningDelta]:
        """Take one chunk; yield what may be shown of it.

        Raises:
            BrokenStreamError: It is not of the form of Chat Completions.
        """
        self._attempt.is_read = True
        frame = read_frame(chunk)
        self._note(frame)
        if frame.reasoning:
            self._field = frame.reasoning_field
            self._reasoning.append(frame.reasoning)
            yield ReasoningDelta(frame.reasoning)
        if frame.text:
            self._text.append(frame.text)
            if shown := self._filter.push(frame.text):
                self._shown.append(shown)
                yield TextDelta(shown)
        for piece in frame.calls:
            self._take_call(piece)
        self.finish_reason = frame.finish_reason or self.finish_reason

    def _note(self, frame: Frame) -> None:
        """Take note of what came before any of it is shown, since the run may be stopped there."""
        arguments = sum(len(piece.arguments) for piece in frame.calls)
        self._attempt.chars += len(frame.reasoning) + len(frame.text) + arguments
        # Some gateways end with a frame of their own that counts nothing.
        if frame.usage is not None and (frame.usage.prompt_tokens or self._usage is None):
            self._usage = frame.usage
        # What is counted before the end is not all of it.
        if frame.finish_reason or self.finish_reason:
            self._attempt.usage = self._usage

    def partial(self) -> tuple[str, str]:
        """Return the text and the thinking so far, as they came."""
        return "".join(self._text), "".join(self._reasoning)

    def finish(self) -> Iterator[TextDelta | Reply]:
        """Yield what was held back, then the reply.

        Raises:
            BrokenStreamError: The model never said that it had ended, or ended for want of
                resources.
            LeakedCallError: A call leaked into its text and cannot be read.
        """
        if not self.finish_reason:
            raise BrokenStreamError("the stream ended before the reply did")
        if self.finish_reason == "insufficient_system_resource":
            raise BrokenStreamError("the service ran out of resources in the middle of the reply")
        text, reasoning = self.partial()
        calls = [call.whole() for call in self._calls if call.name]
        leaked = split_leaked_calls(text, self._tool_names)
        if not calls:
            calls = [ToolCall(_new_id(), c.name, c.arguments) for c in leaked.calls]
            if not calls and leaked.text != text:
                raise LeakedCallError("the reply holds a tool call that cannot be read")
        # A block that calls no tool of ours was held back with all that follows: it is text.
        if rest := leaked.text[len("".join(self._shown)) :]:
            yield TextDelta(rest)
        message = Message("assistant", leaked.text, reasoning, _with_own_ids(calls))
        yield Reply(message, self.finish_reason, self._usage, self._field)

    def _take_call(self, piece: CallPiece) -> None:
        """Add a piece of a call to the call that it belongs to."""
        found = self._call_of(piece)
        if found is None:
            found = _Call(piece.index)
            self._calls.append(found)
        found.id = found.id or piece.id
        found.name = found.name or piece.name
        found.arguments.append(piece.arguments)

    def _call_of(self, piece: CallPiece) -> "_Call | None":
        """The call that a piece goes on with; None if it begins one."""
        latest = self._calls[::-1]
        if piece.index is not None:
            found = next((c for c in latest if c.index == piece.index), None)
            # Some servers number every call 0; a name beside the id tells a call from a piece.
            if found and found.id and piece.id and piece.name:
                same = (c for c in latest if (c.index, c.id) == (piece.index, piece.id))
                return next(same, None)
            return found
        if piece.id:
            return next((c for c in latest if c.id == piece.id), None)
        return latest[0] if latest and not piece.name else None


class _Call:
    """A call while its pieces come in."""

    def __init__(self, index: int | None) -> None:
        self.index = index
        self.id = ""
        self.name = ""
        self.arguments: list[str] = []

    def whole(self) -> ToolCall:
        return ToolCall(self.id, self.name, "".join(self.arguments))


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
