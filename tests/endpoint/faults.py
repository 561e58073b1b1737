"""The events of a reply and what goes wrong with them -> what the server does, step by step.

A place counts the data events of the reply: the fault at place `i` comes when `i` of them are out.
"""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from endpoint.contract import WINDOW, error_body

DONE = "data: [DONE]"
"""The last event of a stream."""

Place = Literal["first", "middle", "last", "done"] | int
"""Before the first event, before a middle one, before the one with the finish reason, before
`[DONE]`; or before the event of an index, 0 for the first."""

PLACES: tuple[Place, ...] = ("first", "middle", "last", "done")

Kind = Literal[
    "cut",  # the connection is closed inside the body
    "torn",  # the same, in the middle of an event
    "reset",  # the same, with a reset: what was sent before may be lost with it
    "clean_end",  # the body ends as if it were whole
    "stall",  # keep-alive comments, and nothing else
    "silence",  # nothing, and the connection stays open
    "malformed",  # an event is broken JSON and what it held is lost
    "error_event",  # an error as an event, then the end
    "no_choices",  # events with an empty list of choices, here and after the last one
    "no_ids",  # calls without an id
    "empty_ids",  # calls with an empty id
    "no_index",  # calls without an index
    "status",  # an HTTP error and no stream
    "json_error_on_200",  # the body of an error, and a status of success
]

_MESSAGES = {
    400: ("Invalid request", "invalid_request_error"),
    401: ("Authentication Fails, Your api key is invalid", "authentication_error"),
    402: ("Insufficient Balance", "unknown_error"),
    422: ("Invalid parameters", "invalid_request_error"),
    429: ("Too many requests in flight", "rate_limit_error"),
    500: ("Internal Server Error", "internal_error"),
    503: ("Service is too busy", "service_unavailable_error"),
}

_NO_CHOICES = 'data: {"id":"x","object":"chat.completion.chunk","choices":[],"cost":"0"}'
_BROKEN = 'data: {"id":"x","object":"chat.completion.chunk","choices":[{"index"'


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with a reply.

    Attributes:
        kind: What.
        at: Where; means nothing to faults of the whole reply.
        status: Of an HTTP error.
        message: Text of an error; "" is a usual one for the status.
        headers: More headers of an HTTP error.
    """

    kind: Kind
    at: Place = "middle"
    status: int = 500
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> str:
        """The error as the service words it."""
        message, kind = _MESSAGES.get(self.status, ("It broke", "unknown_error"))
        return error_body(self.message or message, kind)

    @property
    def is_whole(self) -> bool:
        """Whether there is no stream at all."""
        return self.kind in ("status", "json_error_on_200")


def overflow(messages: int = 1_000_000, completion: int = 100_000, window: int = WINDOW) -> Fault:
    """Return the refusal of a request that does not fit, in tokens."""
    return Fault(
        "status",
        status=400,
        message=f"This model's maximum context length is {window} tokens. However, you requested"
        f" {messages + completion} tokens ({messages} in the messages, {completion} in the"
        " completion). Please reduce the length of the messages or completion.",
    )


class Hold:
    """A reply waits at a place until the test lets it go on, or the endpoint is closed."""

    def __init__(self, at: Place | Literal["headers"] = "middle") -> None:
        """Set the place; "headers" is before the status line."""
        self.at = at
        self._reached, self._released = threading.Event(), threading.Event()

    def wait(self, timeout_s: float = 30.0) -> None:
        """Wait until the reply has come here: all before it is sent, nothing after it.

        Raises:
            TimeoutError: If it has not come in time.
        """
        if not self._reached.wait(timeout_s):
            raise TimeoutError("no reply has come to where it is held")

    def release(self) -> None:
        """Let the reply go on; a reply that has yet to come will not wait."""
        self._released.set()

    def stay(self, closed: threading.Event, tick_s: float = 0.01) -> None:
        """Wait on the side of the server."""
        self._reached.set()
        while not closed.is_set() and not self._released.wait(tick_s):
            pass


Act = Literal["send", "tear", "cut", "reset", "stall", "silence", "hold", "written", "end"]


@dataclass(frozen=True, slots=True)
class Step:
    """What the server does next.

    Attributes:
        act: "written" says that the model has written all of its output.
        event: Sent or torn.
        hold: Stayed at.
    """

    act: Act
    event: str = ""
    hold: Hold | None = None


def plan(events: Sequence[str], faults: Sequence[Fault | Hold]) -> list[Step]:
    """Return what is done for a stream; faults of one place come in the order given.

    Args:
        events: Of the whole reply, `[DONE]` included if it is sent.
        faults: Those that do not replace the stream.
    """
    kinds = [fault.kind for fault in faults if isinstance(fault, Fault)]
    data = [_edited(event, kinds) for event in events if event != DONE]
    steps: list[Step] = []
    for i in range(len(data) + 1):
        event = data[i] if i < len(data) else ""
        here = [fault for fault in faults if _index(fault.at, len(data)) == i]
        for fault in here:
            steps += _steps(fault, event)
            if steps and steps[-1].act in _ENDS:
                return steps
        if i == max(len(data) - 1, 0):
            steps.append(Step("written"))
        if event and not any(_breaks(fault) for fault in here):
            steps.append(Step("send", event))
    if "no_choices" in kinds:
        steps.append(Step("send", _NO_CHOICES))
    steps += [Step("send", DONE)] * (DONE in events)
    return [*steps, Step("end")]


_ENDS = ("tear", "cut", "reset", "stall", "silence", "end")


def _index(at: Place | Literal["headers"], count: int) -> int:
    names = {
        "headers": -1, "first": 0, "middle": count // 2, "last": max(count - 1, 0), "done": count,
    }  # fmt: skip
    return names[at] if isinstance(at, str) else min(at, count)


def _steps(fault: Fault | Hold, event: str) -> list[Step]:
    if isinstance(fault, Hold):
        return [Step("hold", hold=fault)]
    match fault.kind:
        case "cut" | "reset" | "stall" | "silence":
            return [Step(fault.kind)]
        case "torn":
            return [Step("tear", event or DONE)]
        case "clean_end":
            return [Step("end")]
        case "error_event":
            return [Step("send", f"data: {fault.body}"), Step("end")]
        case "no_choices":
            return [Step("send", _NO_CHOICES)]
        case "malformed":
            return [Step("send", _BROKEN)]
        case _:
            return []


def _breaks(fault: Fault | Hold) -> bool:
    return isinstance(fault, Fault) and fault.kind == "malformed"


def _without_id(call: dict[str, Any]) -> None:
    call.pop("id", None)


def _with_empty_id(call: dict[str, Any]) -> None:
    if "id" in call:
        call["id"] = ""


def _without_index(call: dict[str, Any]) -> None:
    call.pop("index", None)


_EDITS: Mapping[Kind, Callable[[dict[str, Any]], None]] = {
    "no_ids": _without_id,
    "empty_ids": _with_empty_id,
    "no_index": _without_index,
}


def _edited(event: str, kinds: Sequence[Kind]) -> str:
    edits = [_EDITS[kind] for kind in kinds if kind in _EDITS]
    if not edits or not event.startswith("data: {"):
        return event
    chunk = json.loads(event.removeprefix("data: "))
    for choice in chunk["choices"]:
        for call in choice["delta"].get("tool_calls") or ():
            for edit in edits:
                edit(call)
    return f"data: {json.dumps(chunk, ensure_ascii=False, separators=(',', ':'))}"
