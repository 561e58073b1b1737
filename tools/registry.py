"""The tools by name; a call in JSON -> a checked call -> its result."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bathy.tools.base import MAX_RESULT_CHARS, RepoView, Tool, ToolError
from bathy.tools.find_symbol import FIND_SYMBOL
from bathy.tools.grep import GREP
from bathy.tools.history import HISTORY
from bathy.tools.list_files import LIST_FILES
from bathy.tools.read_file import READ_FILE
from pydantic import BaseModel, ValidationError

READ_TOOLS: Mapping[str, Tool] = {
    tool.name: tool for tool in (LIST_FILES, READ_FILE, GREP, FIND_SYMBOL, HISTORY)
}
"""Tools that change nothing, in the order in which a model is told of them."""

_CUT = MAX_RESULT_CHARS + 4_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to.

    Attributes:
        text: For the model.
        summary: A few words for people.
        is_error: The call could not be answered.
    """

    text: str
    summary: str
    is_error: bool


def parameters_of(tool: Tool) -> dict[str, object]:
    """Return a tool's arguments as a flat JSON Schema, bare of all that a model trips over."""
    schema = tool.arguments.model_json_schema()
    properties = {name: _flat(field) for name, field in schema["properties"].items()}
    return {
        "type": "object",
        "properties": properties,
        "required": list(schema.get("required", [])),
        "additionalProperties": False,
    }


def run_tool(tool: Tool, arguments: Mapping[str, object], view: RepoView) -> Outcome:
    """Answer one call; whatever is wrong with it is told to the model."""
    try:
        result = tool.run(check_arguments(tool, arguments), view)
    except ToolError as error:
        return Outcome(f"error: {error}", "failed", is_error=True)
    text = result.text
    if len(text) > _CUT:
        text = f"{text[:_CUT]}\n[cut: {len(text) - _CUT} more characters]"
    return Outcome(text, result.summary, is_error=False)


def check_arguments(tool: Tool, arguments: Mapping[str, object]) -> BaseModel:
    """Validate the arguments of a call.

    Raises:
        ToolError: They do not fit; says which, and what there is.
    """
    try:
        return tool.arguments.model_validate(dict(arguments))
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'arguments'}: {item['msg'].lower()}"
            for item in error.errors(include_url=False)[:5]
        )
        known = ", ".join(tool.arguments.model_fields)
        raise ToolError(f"{tool.name}: {wrong}. Its parameters are {known}") from error


def _flat(field: dict[str, Any]) -> dict[str, object]:
    """A property without titles, defaults and the alternative null."""
    kinds = [kind for kind in field.get("anyOf", [field]) if kind.get("type") != "null"]
    found: dict[str, object] = {"type": kinds[0]["type"]}
    if "enum" in kinds[0]:
        found["enum"] = kinds[0]["enum"]
    found["description"] = field["description"]
    return found
