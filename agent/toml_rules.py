"""Values of config.toml -> nothing, or an error that names the key and says what it must be."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from bathy.agent.errors import ConfigError

MOST = 10**9
"""The largest number that any setting takes."""

Rule = tuple[Callable[[Any], bool], str]
"""What a value must be: the test and the words."""


def is_whole(value: object, least: int) -> bool:
    """Whether it is a whole number, not under `least`."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= MOST


def is_number(value: object, least: float) -> bool:
    """Whether it is a number, not under `least`."""
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= MOST


def is_texts(value: object) -> bool:
    """Whether it is a list of texts, none of them blank."""
    return isinstance(value, list) and all(isinstance(v, str) and v.strip() for v in value)


TEXT: Rule = (lambda v: isinstance(v, str) and bool(v.strip()), "a text that is not empty")
TABLE: Rule = (lambda v: isinstance(v, dict), "a table")
COUNT: Rule = (lambda v: is_whole(v, 1), "a whole number over 0")
FLAG: Rule = (lambda v: isinstance(v, bool), "true or false")


def check(table: Mapping[str, object], rules: Mapping[str, Rule], where: str = "") -> None:
    """Check all values of a table.

    Args:
        table: As read.
        rules: By key; any other key is wrong.
        where: Stands before a key that is named, such as "models.mine.".

    Raises:
        ConfigError: A key is none of them, or a value is wrong.
    """
    for key, value in table.items():
        if key not in rules:
            raise ConfigError(
                f"config.toml: {where}{toml_key(key)} is no setting;"
                f" there are {', '.join(sorted(rules))}"
            )
        is_right, words = rules[key]
        if not is_right(value):
            raise ConfigError(f"config.toml: {where}{key} must be {words}")


def toml_key(key: str) -> str:
    """Write a key as one does in TOML."""
    import json

    return key if re.fullmatch(r"[\w-]+", key, re.ASCII) else json.dumps(key)
