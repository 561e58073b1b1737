"""The calls of a reply -> calls that may be run, and what is wrong with the others."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bathy.agent.model.arguments import ArgumentsError, repair_arguments
from bathy.agent.model.messages import ToolCall, ToolSpec

CUT = "error: not run, because the call was cut off before its end; make it again"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A call that has been looked at.

    Attributes:
        call: As it is kept and sent back: arguments are always a JSON object, since the service
            shows the model anything else as one parameter named "arguments" and so teaches it the
            wrong form.
        arguments: The checked arguments; empty if there is a problem.
        problem: What the model is told instead of a result, or "".
        written: The arguments as the model wrote them, mended where that could be done; what tells
            one call from another.
    """

    call: ToolCall
    arguments: Mapping[str, object]
    problem: str
    written: str


def prepare_calls(
    calls: tuple[ToolCall, ...], tools: Mapping[str, ToolSpec], *, last_is_cut: bool
) -> tuple[Prepared, ...]:
    """Mend and check the calls of one reply.

    Args:
        calls: As the model wrote them.
        tools: Those that it may call, by name.
        last_is_cut: The reply ended for want of room, so its last call is never run.
    """
    found = [_prepare(call, tools) for call in calls]
    if last_is_cut and found:
        found[-1] = replace(found[-1], arguments={}, problem=CUT)
    return tuple(found)


def _prepare(call: ToolCall, tools: Mapping[str, ToolSpec]) -> Prepared:
    name = call.name if call.name in tools else call.name.rpartition(".")[2]
    tool = tools.get(name)
    if tool is None:
        problem = f"error: there is no tool {call.name!r}; there are {', '.join(tools)}"
        kept = ToolCall(call.id, _safe_name(call.name), "{}")
        return Prepared(kept, {}, problem, call.arguments)
    try:
        repaired = repair_arguments(call.arguments.strip() or "{}", tool.parameters)
    except ArgumentsError as error:
        text = CUT if error.truncated else f"error: {error}"
        return Prepared(ToolCall(call.id, name, "{}"), {}, text, call.arguments)
    kept = ToolCall(call.id, name, repaired.text)
    return Prepared(kept, repaired.value, "", repaired.text)


def _safe_name(name: str) -> str:
    """A name that the service takes back in a conversation."""
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in name)
    return safe[:64] or "unknown"
