"""A small repository, a model that looks at it and answers, and what a run over it has told."""

import json
from collections.abc import Callable
from typing import Any

from conftest import Ran
from endpoint.script import Call, Reply
from endpoint.server import Endpoint

CART = "class Cart:\n    def add(self, item):\n        return item\n\n\ndef add_all(cart):\n    cart.add(1)\n"
READ = Call("read_file", {"path": "src/cart.py", "start_line": 1, "end_line": 3})
GREP = Call("grep", {"pattern": "add"})
FIND = Call("find_symbol", {"name": "Cart.add"})
ANSWER = "`add` gives the item back [src/cart.py:2-3]."
LOOK = Reply("", "must look", (READ, GREP, FIND))
DONE = Reply(ANSWER, "clear now")

Ask = Callable[..., Ran]


def events_of(ran: Ran) -> list[dict[str, Any]]:
    """What a run wrote, line by line."""
    return [json.loads(line) for line in ran.out.splitlines()]


def result_of(ran: Ran) -> dict[str, Any]:
    """The result of a run; there is exactly one, at the end, and it agrees with the exit code."""
    lines = events_of(ran)
    assert [line["type"] for line in lines].index("result") == len(lines) - 1
    result = lines[-1]
    assert result["is_error"] == (ran.code != 0) == (result["subtype"] != "success")
    assert bool(result["error"]) == result["is_error"]
    return result


def calls_told(ran: Ran) -> list[str]:
    """Names of the tools that were called, in order; each call begins once and ends once."""
    ids: dict[str, list[str]] = {"tool_started": [], "tool_finished": []}
    for event in events_of(ran):
        if event["type"] in ids:
            ids[event["type"]].append(event["call_id"])
    assert ids["tool_started"] == ids["tool_finished"]
    assert len(set(ids["tool_started"])) == len(ids["tool_started"])
    return [event["name"] for event in events_of(ran) if event["type"] == "tool_started"]


def text_shown(ran: Ran) -> str:
    """The text of the last turn, without what a retry took back."""
    shown = ""
    for event in events_of(ran):
        if event["type"] in ("turn_started", "retry"):
            shown = ""
        elif event["type"] == "text_delta":
            shown += event["text"]
    return shown


def tool_texts(endpoint: Endpoint) -> list[str]:
    """Results of tools in the last request; each call has exactly one, in the order of the calls."""
    messages = endpoint.requests[-1].messages
    called = [call["id"] for m in messages for call in m.get("tool_calls", ())]
    results = [m for m in messages if m["role"] == "tool"]
    assert [m["tool_call_id"] for m in results] == called
    return [m["content"] for m in results]
