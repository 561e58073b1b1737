"""A file of JSON lines, or one JSON array -> its records, each with the line it begins on."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bathy.agent.errors import ConfigError
from bathy.tools.workspace import quote_path

_BLANK = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Record:
    """One object of the file.

    Attributes:
        line: Where it begins, 1-based; LF alone ends a line.
        values: By name.
    """

    line: int
    values: dict[str, Any]


def read_bytes(file: Path) -> bytes:
    """Return a file's bytes.

    Raises:
        ConfigError: It cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{quote_path(str(file))} cannot be read ({error.strerror}); name a file of questions"
        ) from error


def parse_records(data: bytes, name: str) -> list[Record]:
    """Read the objects of a file.

    Args:
        data: UTF-8, with or without a mark at its start.
        name: Of the file, for errors.

    Returns:
        At least one record, in order.

    Raises:
        ConfigError: It is no such file, and on which line.
    """
    shown = quote_path(name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{shown}:{line}: these bytes are not UTF-8") from error
    is_array = text.lstrip(_BLANK).startswith("[")
    found = list(_of_array(text, shown) if is_array else _of_lines(text, shown))
    if not found:
        raise ConfigError(f"{shown} holds no questions")
    return found


def _of_lines(text: str, shown: str) -> Iterator[Record]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip(_BLANK):
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{shown}:{number}: no JSON: {_why(error)}") from error
        yield _record(value, number, shown)


def _of_array(text: str, shown: str) -> Iterator[Record]:
    decoder = json.JSONDecoder()
    at, number, counted = _skip(text, text.index("[") + 1), 1, 0
    is_first = True
    while True:
        at = _skip(text, at)
        number, counted = number + text.count("\n", counted, at), at
        sign = text[at : at + 1]
        if sign == "]":
            break
        if not is_first:
            if sign != ",":
                raise ConfigError(f"{shown}:{number}: the array is not closed")
            at = _skip(text, at + 1)
            number, counted = number + text.count("\n", counted, at), at
        is_first = False
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{shown}:{number}: no JSON: {_why(error)}") from error
        yield _record(value, number, shown)
    if text[at + 1 :].strip(_BLANK):
        raise ConfigError(f"{shown}:{number}: something follows the array")


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANK:
        at += 1
    return at


def _record(value: object, line: int, shown: str) -> Record:
    if not isinstance(value, dict):
        raise ConfigError(f"{shown}:{line}: a record is a JSON object")
    return Record(line, value)


def _why(error: Exception) -> str:
    return error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
