"""Events of the full screen <-> lines of JSON, so that what has happened once can be shown again."""

import dataclasses
import json
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bathy.agent.loop.events import Event
from bathy.agent.modes.tui.events import EngineEvent, UiEvent
from bathy.agent.pack.manifest import Manifest, dump_manifest, load_manifest

KINDS = {kind.__name__: kind for kind in (*typing.get_args(EngineEvent), *typing.get_args(Event))}


def write_tape(path: Path, events: Iterable[UiEvent]) -> None:
    """Write events, one a line."""
    lines = (json.dumps(_plain(event), ensure_ascii=True) for event in events)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def read_tape(path: Path) -> Iterator[UiEvent]:
    """Read events back."""
    for line in path.read_text(encoding="utf-8").splitlines():
        values = json.loads(line)
        yield _built(KINDS[values.pop("type")], values)


def _plain(value: object) -> Any:
    if isinstance(value, Manifest):
        return dump_manifest(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        named = {name: _plain(getattr(value, name)) for name in names}
        return {"type": type(value).__name__, **named}
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, frozenset):
        return sorted(value)
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _built(kind: Any, value: Any) -> Any:
    if kind is Manifest:
        return load_manifest(value)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints, given = typing.get_type_hints(kind), dict(value)
        given.pop("type", None)
        return kind(**{name: _built(hints[name], each) for name, each in given.items()})
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (tuple, frozenset):
        ends = isinstance(inner[-1], types.EllipsisType) or origin is frozenset
        kinds = [inner[0]] * len(value) if ends else inner
        return origin(_built(one, each) for one, each in zip(kinds, value, strict=True))
    if isinstance(value, Mapping):
        return dict(value)
    return kind(value) if kind is Path else value
