"""Settings -> the mark that each result bears, so that one file never mixes what was asked how."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bathy.agent.config import Settings, read_service
from bathy.agent.errors import ConfigError
from bathy.agent.modes.batch.one import Mode
from bathy.agent.modes.batch.tasks import BatchTask
from bathy.tools.workspace import quote_path

Mark = Mapping[str, Any]


def marks_of(tasks: Sequence[BatchTask], common: Settings, mode: Mode) -> dict[str, Mark]:
    """Return the mark of each task, by id.

    It holds what an answer depends on, and no limit, which may be another one in a later run.

    Raises:
        ConfigError: The schema cannot be read.
    """
    service = read_service(common) if mode == "online" else None
    schema = _digest(common.output_schema)

    def mark(task: BatchTask) -> Mark:
        settings = task.settings(common)
        return {
            "mode": mode,
            "model": service and (settings.model or service.model),
            "effort": service and (settings.effort or service.effort),
            "context": settings.context,
            "budget": settings.budget,
            "include": list(settings.include),
            "exclude": list(settings.exclude),
            "diff": settings.diff,
            "output_schema": schema,
            "apply": settings.apply or settings.apply_all,
        }

    return {task.id: mark(task) for task in tasks}


def check_marks(path: Path, known: Mapping[str, Mapping[str, Any]], marks: dict[str, Mark]) -> None:
    """Refuse to go on with results that were asked for in another way.

    Args:
        path: File of the results.
        known: They, by id.
        marks: Of the tasks as they would be asked now.

    Raises:
        ConfigError: Names what differs.
    """
    for name, mark in marks.items():
        before = known.get(name, {}).get("settings")
        if not isinstance(before, dict) or before == mark:
            continue
        differing = [key for key in mark if before.get(key) != mark[key]]
        told = ", ".join(
            f"{key} {_shown(before.get(key))}, now {_shown(mark[key])}" for key in differing
        )
        raise ConfigError(
            f"{path} holds a result of {name} that was asked for in another way ({told}); give the"
            " same flags again, or name another file with -o"
        )


def _shown(value: object) -> str:
    return quote_path(" ".join(map(str, value)) if isinstance(value, list) else str(value)) or "''"


def _digest(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
