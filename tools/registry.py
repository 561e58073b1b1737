"""The tools by name; a call in JSON -> a checked call -> its result."""

from collections.abc import Mapping
from typing import Any

from bathy.tools.apply_patch import APPLY_PATCH
from bathy.tools.base import MAX_RESULT_CHARS, Outcome, RepoView, Tool, ToolError
from bathy.tools.edit_file import EDIT_FILE
from bathy.tools.edits import Edits
from bathy.tools.find_symbol import FIND_SYMBOL
from bathy.tools.grep import GREP
from bathy.tools.history import HISTORY
from bathy.tools.list_files import LIST_FILES
from bathy.tools.paths import resolve_path
from bathy.tools.read_file import READ_FILE
from pydantic import BaseModel, ValidationError

READ_TOOLS: Mapping[str, Tool] = {
    tool.name: tool for tool in (LIST_FILES, READ_FILE, GREP, FIND_SYMBOL, HISTORY)
}
"""Tools that change nothing, in the order in which a model is told of them."""

WRITE_TOOLS: Mapping[str, Tool] = {tool.name: tool for tool in (EDIT_FILE, APPLY_PATCH)}
"""Tools that change files or propose to; they get the edits of the run, and run one at a time."""

TOOLS: Mapping[str, Tool] = {**READ_TOOLS, **WRITE_TOOLS}
"""All of them. A model is always told of all: what it is told stands at the start of the prompt."""

_CUT = MAX_RESULT_CHARS + 4_000


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


def run_tool(tool: Tool, arguments: Mapping[str, object], target: RepoView | Edits) -> Outcome:
    """Answer one call; whatever is wrong with it is told to the model.

    Args:
        tool: One that only reads, if `target` is a view.
        arguments: As the model gave them.
        target: The repository, with its edits if it may be edited; a read is then noted in them.
    """
    edits = target if isinstance(target, Edits) else None
    if edits is not None and tool.name in READ_TOOLS:
        target = edits.view
    try:
        result = tool.run(check_arguments(tool, arguments), target)
    except ToolError as error:
        return Outcome(f"error: {error}", error.told, is_error=True)
    text = result.text
    if len(text) > _CUT:
        text = f"{text[:_CUT]}\n[cut: {len(text) - _CUT} more characters]"
    if tool is READ_FILE and edits is not None:
        edits.note_read(resolve_path(edits.view, str(arguments["path"])))
    return Outcome(text, result.summary, is_error=False, edit=result.edit)


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
