"""An answer and a JSON Schema -> whether it fits, and the JSON in it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bathy.agent.errors import ConfigError
from bathy.agent.loop.agent import Verdict

_MOST_PROBLEMS = 5


def check_schema(schema: object) -> None:
    """Make sure that a schema can be used.

    Raises:
        ConfigError: It is none.
    """
    import jsonschema

    if not isinstance(schema, dict):
        raise ConfigError("--output-schema: the file holds no JSON Schema object")
    try:
        jsonschema.validators.validator_for(schema).check_schema(schema)
    except jsonschema.SchemaError as error:
        raise ConfigError(f"--output-schema: {error.message}") from error
    for reference in _references(schema):
        if not _resolves(schema, reference):
            raise ConfigError(f"--output-schema: {reference!r} refers to nothing in the schema")


def judge_json(answer: str, schema: Mapping[str, Any]) -> Verdict:
    """Judge an answer that must be JSON of some shape.

    Args:
        answer: As the model wrote it; a code fence around it is taken off.
        schema: Has passed `check_schema`. References to other documents are not followed.

    Returns:
        The JSON text, or what the model is asked to mend.
    """
    import jsonschema

    text = _without_fence(answer.strip())
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Verdict(
            answer, f"Your answer is no JSON ({error}). Answer again with the JSON alone."
        )
    validator = jsonschema.validators.validator_for(schema)(schema, registry=_no_documents())
    problems = [
        f"{error.json_path}: {error.message[:300]}"
        for error in sorted(validator.iter_errors(value), key=lambda error: error.json_path)
    ]
    if problems:
        listed = "; ".join(problems[:_MOST_PROBLEMS])
        return Verdict(
            answer, f"Your answer does not fit the JSON Schema: {listed}. Answer again, mended."
        )
    return Verdict(text, is_data=True)


def _references(schema: object) -> Iterator[str]:
    """Every reference in a schema, at any depth."""
    left = [schema]
    while left:
        found = left.pop()
        if isinstance(found, dict):
            left.extend(found.values())
            reference = found.get("$ref", found.get("$dynamicRef"))
            if isinstance(reference, str):
                yield reference
        elif isinstance(found, list):
            left.extend(found)


def _resolves(schema: Mapping[str, Any], reference: str) -> bool:
    from referencing import Resource
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    whole = Resource.from_contents(schema, default_specification=DRAFT202012)
    registry = _no_documents().with_resource(schema.get("$id", ""), whole)
    try:
        registry.resolver(schema.get("$id", "")).lookup(reference)
    except Unresolvable:
        return False
    return True


def _without_fence(text: str) -> str:
    lines = text.split("\n")
    if len(lines) > 2 and lines[0].startswith("```") and lines[-1].strip() == "```":
        return "\n".join(lines[1:-1])
    return text


def _no_documents() -> Any:  # noqa: ANN401 - the library's registry
    """A registry that fetches nothing; the library would go to the network for a reference."""
    from referencing import Registry

    return Registry()
