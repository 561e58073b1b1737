"""The table of keys and the user's changes -> bindings, hints and help.

A file of changes names contexts and actions as the table does:

```
[composer]
send = "ctrl+enter"
newline = ["enter", "ctrl+j"]
```
"""

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from bathy.agent.errors import ConfigError
from bathy.agent.modes.tui.contexts import AROUND, TITLES, TYPED_IN, Context
from bathy.agent.modes.tui.keys import TABLE, Key
from textual.binding import Binding
from textual.keys import Keys, key_to_character

_BY_ID = {key.id: key for key in TABLE}
_MODIFIERS = frozenset(("ctrl", "alt", "shift", "super", "meta", "hyper"))
_NAMES = frozenset(key.value.rpartition("+")[2] for key in Keys if "<" not in key.value)
_SAME_TO_A_TERMINAL = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+h": "backspace"}
_CHARACTERS = {"slash": "/", "plus": "+", "minus": "-", "underscore": "_"}
_FUNCTION = re.compile(r"f\d+")
_SHOWN = {"escape": "esc", "pageup": "pgup", "pagedown": "pgdn", "delete": "del"}


@dataclass(frozen=True, slots=True)
class HelpRow:
    """A line of the help: keys as people read them, and what they do."""

    keys: str
    help: str


@dataclass(frozen=True, slots=True)
class HelpGroup:
    """The keys of one place."""

    title: str
    rows: tuple[HelpRow, ...]


@dataclass(frozen=True, slots=True)
class Keymap:
    """The keys in use.

    Attributes:
        changed: Keys by the id of an action, where they are not those of the table; none for an
            action that has no key.
    """

    changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def keys_of(self, action: str) -> tuple[str, ...]:
        """Return the keys of an action by its id."""
        return self.changed.get(action, _BY_ID[action].keys)

    def shown(self, action: str) -> str:
        """Return the keys of an action for people, as in "shift+enter / ctrl+j"; "" for none."""
        return " / ".join(map(show_key, self.keys_of(action)))

    def for_textual(self) -> dict[str, str]:
        """Return what `App.set_keymap` takes."""
        # An empty string would leave the default in force, so an action without a key gets one
        # that no terminal sends.
        return {
            action: ",".join(keys) or f"no-key-{action}" for action, keys in self.changed.items()
        }

    def help(self, *, is_ascii: bool = False) -> tuple[HelpGroup, ...]:
        """Return the F1 help; actions without a key are left out."""
        groups = []
        for context, title in TITLES.items():
            rows: dict[str, list[str]] = {}
            for key in TABLE:
                if key.context == context and (keys := self.keys_of(key.id)):
                    rows.setdefault(key.help, []).extend(map(show_key, keys))
            shown = tuple(
                HelpRow(_listed(keys, "..." if is_ascii else "…"), text)
                for text, keys in rows.items()
            )
            groups.append(HelpGroup(title, shown))
        return tuple(group for group in groups if group.rows)


def _listed(keys: list[str], to: str) -> str:
    return f"{keys[0]} {to} {keys[-1]}" if len(keys) > 4 else " / ".join(keys)


def show_key(key: str) -> str:
    """Return a key for people: "pageup" as "pgup"."""
    *modifiers, name = _parts(key)
    shown = name.upper() if _FUNCTION.fullmatch(name) else _SHOWN.get(name, name)
    return "+".join((*modifiers, shown))


def bindings(*wanted: str) -> list[Binding]:
    """Return bindings for a class.

    Args:
        wanted: Contexts, or ids of single actions, in the order in which they come.

    Returns:
        With the ids by which `App.set_keymap` changes them.
    """
    found = [key for name in wanted for key in TABLE if name in (key.context, key.id)]
    return [Binding(",".join(k.keys), k.call, k.help, show=False, id=k.id) for k in found]


def load_keys(path: Path) -> Keymap:
    """Read the user's changes.

    Args:
        path: A TOML file; none need be there.

    Raises:
        ConfigError: It cannot be read, names what there is not, or binds a key twice.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Keymap()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except ValueError as error:  # of TOML, or of UTF-8
        raise ConfigError(f"{path}: {error}") from error
    try:
        keymap = Keymap(dict(_changes(tables)))
        _check_clashes(keymap)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return keymap


def _changes(tables: Mapping[str, object]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for context, actions in tables.items():
        if context not in TITLES or not isinstance(actions, dict):
            raise ConfigError(f"there is no [{context}]{_meant(context, TITLES)}")
        known = [key.id.partition(".")[2] for key in TABLE if key.context == context]
        for action, given in actions.items():
            if action not in known:
                raise ConfigError(f"[{context}] has no action {action}{_meant(action, known)}")
            keys = [given] if isinstance(given, str) else given
            if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
                raise ConfigError(f"{context}.{action} is a key or a list of keys, not {given!r}")
            yield f"{context}.{action}", tuple(_checked(key, context) for key in keys)


def _meant(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), 1)
    return f'; is "{near[0]}" meant?' if near else f" (there are {', '.join(known)})"


def _checked(key: str, context: str) -> str:
    """Return a key in the form of the table; refuse what no terminal sends or what is typed."""
    *modifiers, name = _parts(key.strip())
    if not modifiers and len(name) > 1 and name not in _NAMES - {"underscore"}:
        name = _CHARACTERS.get(name) or key_to_character(name) or name  # "question_mark" is "?"
    is_typed = name == "space" or (len(name) == 1 and name.isprintable() and name != ",")
    is_known = name in _NAMES or (is_typed and (name.isalnum() or not modifiers))
    if not is_known or not _MODIFIERS.issuperset(modifiers):
        raise ConfigError(f'no key is called "{key}"')
    checked = "+".join((*sorted(modifiers), name))
    if same := _SAME_TO_A_TERMINAL.get(checked):
        raise ConfigError(f"{checked} is the same as {same} to a terminal")
    if is_typed and not set(modifiers) - {"shift"} and context in TYPED_IN:
        raise ConfigError(f'"{checked}" is needed for typing, so it cannot be a key in [{context}]')
    return checked


def _parts(key: str) -> list[str]:
    """Modifiers and the name of a key, which may be "+" itself."""
    head, plus, name = key[:-1].rpartition("+")
    return [*head.split("+"), name + key[-1:]] if plus and head else [key]


def _check_clashes(keymap: Keymap) -> None:
    """Refuse a key with two meanings in one place; that some have two by default is thought out."""
    meant = set(_clashes(Keymap()))
    for key, one, other in _clashes(keymap):
        if (key, one, other) not in meant:
            raise ConfigError(f"{key} is bound twice, by {one} and {other}")


def _clashes(keymap: Keymap) -> Iterator[tuple[str, str, str]]:
    for one, other in combinations(TABLE, 2):
        if _meet(one, other):
            both = set(keymap.keys_of(one.id)).intersection(keymap.keys_of(other.id))
            yield from ((key, one.id, other.id) for key in sorted(both))


def _meet(one: Key, other: Key) -> bool:
    first, second = one.context, other.context
    return first == second or _is_around(first, second) or _is_around(second, first)


def _is_around(outer: Context, inner: Context) -> bool:
    return outer in AROUND[inner]
