"""What goes wrong on the way: faults at the first, a middle or the last frame of a reply."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Place = Literal["first", "middle", "last"]
PLACES: tuple[Place, ...] = ("first", "middle", "last")

Kind = Literal[
    "cut",  # the connection goes away
    "clean_end",  # the stream ends as if it were whole
    "stall",  # keep-alives, and nothing else
    "malformed",  # a frame that is no JSON
    "error_event",  # an error as an event of the stream
    "no_choices",  # frames without choices
    "no_ids",  # calls without ids and indices
    "status",  # an HTTP error
    "json_error",  # an error body under status 200
    "hold",  # waits until the test lets go
]

OVERFLOW = (
    "This model's maximum context length is 1048576 tokens. However, you requested 1100000 tokens"
    " (1000000 in the messages, 100000 in the completion). Please reduce the length of the messages"
    " or completion."
)


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        kind: What goes wrong.
        at: Where in the stream.
        status: Of an HTTP error.
        message: Its text.
        headers: More headers of it.
    """

    kind: Kind
    at: Place = "middle"
    status: int = 500
    message: str = "it broke"
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        """An error as the service words it."""
        error = {"message": self.message, "type": "unknown_error", "param": None,
                 "code": "invalid_request_error"}  # fmt: skip
        return json.dumps({"error": error}).encode()


Step = str
"""What the server does next: "data …", "comment …", "cut", "stall", "hold" or "end"."""


def steps(frames: Sequence[str], fault: Fault | None) -> list[Step]:
    """Return what is done for a stream, fault included."""
    whole = [f"data {frame}" for frame in frames]
    done = ["data [DONE]", "end"]
    if fault is None:
        return [*whole, *done]
    at = {"first": 0, "middle": len(whole) // 2, "last": len(whole)}[fault.at]
    if fault.kind in ("cut", "stall"):
        return [*whole[:at], fault.kind]
    if fault.kind == "clean_end":
        # At the last place it is the finish reason that is missing.
        return [*whole[: min(at, len(whole) - 1)], "end"]
    if fault.kind == "hold":
        return [*whole[:at], "hold", *whole[at:], *done]
    if fault.kind == "no_ids":
        return [*(f"data {_without_ids(frame)}" for frame in frames), *done]
    extra = {
        "malformed": 'data {"choices": [',
        "error_event": f"data {fault.body.decode()}",
        "no_choices": 'data {"id": "x", "object": "chat.completion.chunk", "choices": [], "cost": 0}',
    }[fault.kind]
    if fault.kind == "no_choices":
        return [*whole[:at], extra, *whole[at:], extra, *done]
    return [*whole[:at], extra, *whole[at:], *done]


def _without_ids(frame: str) -> str:
    value = json.loads(frame)
    for choice in value["choices"]:
        for call in choice["delta"].get("tool_calls") or ():
            call.pop("index", None)
            if "id" in call:
                call["id"] = ""
    return json.dumps(value)
