"""The arguments of a call, as a model wrote them -> arguments that fit the tool's schema.

What is plainly meant is mended, and each mend is named. What was cut off is never completed: half a
path is a path too. What cannot be mended is told to the model in words that let it do better.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MOST_BYTES = 1 << 20
"""Longest arguments that are read, as UTF-8."""

_WRAPPERS = ("arguments", "input", "parameters")
_MOST_WRAPPERS = 3
_MOST_PROBLEMS = 5
_MOST_SHOWN_CHARS = 80
_MOST_DIGITS = 400


class ArgumentsError(Exception):
    """Arguments that cannot be used. The message is for the model.

    Attributes:
        truncated: The text ends in the middle of the JSON.
    """

    def __init__(self, message: str, *, truncated: bool = False) -> None:
        super().__init__(message)
        self.truncated = truncated


@dataclass(frozen=True, slots=True)
class Repaired:
    """Arguments that fit.

    Attributes:
        value: By name, in the order in which the model wrote them.
        text: The same as JSON.
        repairs: What was mended, each kind once, such as "trailing commas"; () if nothing was.
    """

    value: dict[str, object]
    text: str
    repairs: tuple[str, ...]


def repair_arguments(arguments: str, schema: Mapping[str, object]) -> Repaired:
    """Read, mend and check the arguments of a call.

    Args:
        arguments: JSON text, or nearly.
        schema: Flat: an object whose properties are strings, integers, booleans or arrays of
            those (of strings, unless it says). Nothing but its properties is taken, whatever it
            says of additional ones.

    Returns:
        The same for the same text; arguments that were right come back as they were.

    Raises:
        ArgumentsError: They cannot be mended.
    """
    notes = dict[str, None]()
    if len(arguments.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise ArgumentsError(f"the arguments are longer than {MOST_BYTES >> 20} MiB")
    parameters = _Parameters.of(schema)
    try:
        given = _unwrap(_read(arguments, notes), parameters, notes)
        value = dict(_mend(given, parameters, notes))
        problems = list(_problems(value, parameters))
        if problems:
            raise ArgumentsError("; ".join(problems[:_MOST_PROBLEMS]))
    except ArgumentsError as error:
        message = f"{error}. {parameters.told()}"
        raise ArgumentsError(message, truncated=error.truncated) from error
    return Repaired(value, json.dumps(value, ensure_ascii=False), tuple(notes))


@dataclass(frozen=True, slots=True)
class _Parameters:
    """What a schema says: by name the kind, the kind of an array's items, what is allowed."""

    kinds: Mapping[str, str]
    items: Mapping[str, str]
    choices: Mapping[str, list[object]]
    required: tuple[str, ...]

    @staticmethod
    def of(schema: Mapping[str, object]) -> "_Parameters":
        kinds, items, choices = dict[str, str](), dict[str, str](), dict[str, list[object]]()
        for name, field in _mapping(schema.get("properties")).items():
            kinds[name] = str(_mapping(field).get("type", ""))
            items[name] = str(_mapping(_mapping(field).get("items")).get("type", "string"))
            allowed = _mapping(field).get("enum")
            if isinstance(allowed, list):
                choices[name] = allowed
        required = schema.get("required")
        names = tuple(map(str, required)) if isinstance(required, list | tuple) else ()
        return _Parameters(kinds, items, choices, names)

    def told(self) -> str:
        """One sentence for the model."""
        parts = [
            f"{name} ({_kind_in_words(self, name)}{', required' if name in self.required else ''})"
            for name in self.kinds
        ]
        return f"The parameters are {', '.join(parts)}" if parts else "There are no parameters"


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _kind_in_words(parameters: _Parameters, name: str) -> str:
    if name in parameters.choices:
        return "one of " + ", ".join(map(json.dumps, parameters.choices[name]))
    if parameters.kinds[name] == "array":
        return f"array of {parameters.items[name]}"
    return parameters.kinds[name]


# Reading

_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["{}\[\]]', re.S)
_STRING_OR_COMMA = re.compile(r'("[^"\\]*+(?:\\.[^"\\]*+)*+")|,(?=\s*+[}\]])', re.S)
_CLOSERS = {"{": "}", "[": "]"}


def _read(text: str, notes: dict[str, None]) -> object:
    """Read JSON, mending its form.

    Raises:
        ArgumentsError: It is none, or it was cut.
    """
    try:
        return _load(text, notes)
    except ValueError as error:
        reason = error
    # From here on all strings of the text are known to end, which keeps the search linear.
    end = _end_of_value(text)
    rest = text[end:].strip(" \t\r\n")
    if not end or rest.strip("}] \t\r\n"):
        raise ArgumentsError(f"the arguments are no valid JSON: {reason}")
    if rest:
        notes["surplus brackets"] = None
    tidy = _STRING_OR_COMMA.sub(r"\1", text[:end])
    if tidy != text[:end]:
        notes["trailing commas"] = None
    for strict in (True, False):
        try:
            value = _load(tidy, notes, strict=strict)
        except ValueError as error:
            reason = error
        else:
            if not strict:
                notes["control characters"] = None
            return value
    raise ArgumentsError(f"the arguments are no valid JSON: {reason}")


def _load(text: str, notes: dict[str, None], *, strict: bool = True) -> object:
    """Parse JSON without NaN and the like; of keys that come twice, the last one counts.

    Raises:
        ValueError: It is none.
    """

    def make(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            notes["duplicate keys"] = None
        return found

    try:
        return json.loads(
            text,
            strict=strict,
            object_pairs_hook=make,
            parse_constant=_refuse_constant,
            parse_int=_short_int,
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no number")


def _short_int(digits: str) -> int:
    # Python itself refuses thousands of digits, in words that are of no use to a model.
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a number has more than {_MOST_DIGITS} digits")
    return int(digits)


def _end_of_value(text: str) -> int:
    """Where the first object, array or string of a text ends; 0 if it holds none.

    Raises:
        ArgumentsError: It does not end, or its brackets do not match.
    """
    if text.strip()[:1] not in ("", "{", "[", '"'):
        return 0
    waiting = list[str]()
    for token in _TOKEN.finditer(text):
        char = token[0]
        if char in _CLOSERS:
            waiting.append(_CLOSERS[char])
        elif char in "}]":
            if not waiting or waiting.pop() != char:
                raise ArgumentsError(f"the arguments are no valid JSON: unexpected {char}")
        elif char == '"':
            break
        if not waiting:
            return token.end()
    raise ArgumentsError("the arguments are cut off: the JSON does not end", truncated=True)


def _unwrap(value: object, parameters: _Parameters, notes: dict[str, None]) -> dict[str, object]:
    """Take arguments out of what a model has put around them.

    Raises:
        ArgumentsError: There is no object inside.
    """
    for _ in range(_MOST_WRAPPERS):
        if isinstance(value, dict):
            if len(value) != 1:
                return value
            ((key, inner),) = value.items()
            is_wrapper = key in _WRAPPERS and key not in parameters.kinds
            if not is_wrapper or not isinstance(inner, dict | str):
                return value
            value = inner
        elif not isinstance(value, str):
            break
        if isinstance(value, str):
            value = _from_string(value, parameters, notes)
        notes["wrapped arguments"] = None
    if isinstance(value, dict):
        return value
    raise ArgumentsError(f"the arguments must be a JSON object, not {_kind_of(value)}")


def _from_string(text: str, parameters: _Parameters, notes: dict[str, None]) -> object:
    """Read arguments that came as one string: an object, or the one thing that is required."""
    if text.lstrip().startswith("{"):
        return _read(text, notes)
    if len(parameters.required) == 1:
        return {parameters.required[0]: text}
    raise ArgumentsError("the arguments must be a JSON object, not a string")


# Mending values

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_BOOLEANS = {"true": True, "false": False}


def _mend(
    given: Mapping[str, object], parameters: _Parameters, notes: dict[str, None]
) -> Iterator[tuple[str, object]]:
    """Drop what stands for nothing, and turn values into the kind that they should be."""
    for name, value in given.items():
        is_placeholder = value is None or value in ("", {}, [])
        if is_placeholder and name in parameters.kinds and name not in parameters.required:
            notes["placeholders"] = None
            continue
        kind = parameters.kinds.get(name, "")
        mended = _as_array(value, parameters.items[name]) if kind == "array" else _as(value, kind)
        if type(mended) is not type(value) or mended != value:
            notes[f"{_kind_of(value)} for {kind}"] = None
        whole = _with_whole_characters(mended)
        if whole != mended:
            notes["broken characters"] = None
        yield name, whole


def _as(value: object, kind: str) -> object:
    """The value as one of a kind, if there is no doubt; else as it is."""
    if isinstance(value, str) and kind == "integer" and _INTEGER.fullmatch(value.strip()):
        return int(value)
    if isinstance(value, str) and kind == "boolean":
        return _BOOLEANS.get(value.strip().lower(), value)
    if isinstance(value, float) and kind == "integer" and value.is_integer():
        return int(value)
    if type(value) is int and kind == "string":
        return str(value)
    return value


def _as_array(value: object, kind: str) -> object:
    if isinstance(value, str) and value.strip().startswith("["):
        try:
            found = _load(value, {})
        except ValueError:
            found = None  # A glob such as [ab].py.
        value = found if isinstance(found, list) else value
    if isinstance(value, str | int | float) and value != "":
        value = [value]
    return [_as(item, kind) for item in value] if isinstance(value, list) else value


def _with_whole_characters(value: object) -> object:
    """Replace halves of characters, which JSON can hold and UTF-8 cannot."""
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_with_whole_characters(i) if isinstance(i, str) else i for i in value]
    return value


# Checking

_SCALARS = (str, int, float)
_TYPES = {"string": (str,), "integer": (int,), "boolean": (bool,), "array": (list,)}


def _problems(value: Mapping[str, object], parameters: _Parameters) -> Iterator[str]:
    for name in value:
        if name not in parameters.kinds:
            yield f"there is no parameter {_shown(name)}"
    for name in parameters.required:
        if name not in value:
            yield f"{name} is missing"
    for name, item in value.items():
        if name in parameters.kinds and not _is_right(name, item, parameters):
            wrong = _shown(item) if isinstance(item, _SCALARS) else _kind_of(item)
            yield f"{name} must be {_kind_in_words(parameters, name)}, not {wrong}"


def _is_right(name: str, value: object, parameters: _Parameters) -> bool:
    if name in parameters.choices and value not in parameters.choices[name]:
        return False
    if not _is(value, parameters.kinds[name]):
        return False
    return not isinstance(value, list) or all(_is(item, parameters.items[name]) for item in value)


def _is(value: object, kind: str) -> bool:
    if isinstance(value, float) and not math.isfinite(value):
        return False
    if isinstance(value, bool) and kind in ("integer", "number"):
        return False
    return isinstance(value, _TYPES.get(kind, _SCALARS))


def _kind_of(value: object) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}
    names |= {int: "a number", float: "a number", type(None): "null"}
    return names.get(type(value), "something else")


def _shown(value: object) -> str:
    text = json.dumps(_with_whole_characters(value), ensure_ascii=False)
    return text if len(text) <= _MOST_SHOWN_CHARS else f"{text[:_MOST_SHOWN_CHARS]}…"
