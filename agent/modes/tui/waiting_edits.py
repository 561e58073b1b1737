"""Edits of a session that wait for review <-> a file beside its log, so that no end loses them."""

import base64
import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bathy.agent.loop.record import WITHOUT_A_LOG, RecordError
from bathy.tools.diff import FileState
from bathy.tools.workspace import quote_path

States = Mapping[str, tuple[FileState, FileState]]
"""A file before and after, by path."""


class WaitingEdits:
    """What the models of a session have proposed and nobody has decided about; from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: dict[str, tuple[FileState, FileState]] = {}
        self._log: Path | None = None

    @property
    def states(self) -> dict[str, tuple[FileState, FileState]]:
        """All of them."""
        with self._lock:
            return dict(self._states)

    def use(self, log: Path | None) -> None:
        """Go on with those of a session; None for a new one, which has none.

        Raises:
            RecordError: They cannot be read.
        """
        found = load_edits(log) if log is not None else {}
        with self._lock:
            self._log, self._states = log, found

    def keep_at(self, log: Path | None) -> None:
        """Keep them beside a log from now on, and no more beside another; None for nowhere.

        Raises:
            RecordError: The disk refuses.
        """
        with self._lock:
            before, self._log = self._log, log
            if log is not None and before not in (None, log):
                self._save()
                save_edits(before, {})

    def add(self, states: States) -> None:
        """Let more wait, in the place of older ones of the same files.

        Raises:
            RecordError: The disk refuses.
        """
        with self._lock:
            self._states.update(states)
            self._save()

    def drop(self, states: States) -> None:
        """Forget those that were decided about; what has come since stays.

        Raises:
            RecordError: The disk refuses.
        """
        with self._lock:
            for path, pair in states.items():
                if self._states.get(path) == pair:
                    del self._states[path]
            self._save()

    def _save(self) -> None:
        if self._log is not None:
            save_edits(self._log, self._states)


def told_of(states: States) -> str:
    """Say to a model that has not proposed them which edits wait; "" if none do."""
    if not states:
        return ""
    paths = ", ".join(map(quote_path, states))
    return (
        f"Edits of {paths} that were proposed in an earlier session wait for the user's review;"
        " the tools show these files with them, and nothing of them is written yet."
    )


def save_edits(log: Path, states: States) -> None:
    """Write the edits of a session in place of those that waited before; none take the file away.

    Args:
        log: Of the session.
        states: All that wait.

    Raises:
        RecordError: The disk refuses.
    """
    target = _beside(log)
    lines = {path: [_dumped(state) for state in pair] for path, pair in states.items()}
    try:
        if not lines:
            target.unlink(missing_ok=True)
            return
        unfinished = target.with_suffix(f".edits.{os.getpid()}")
        unfinished.touch(mode=0o600)
        unfinished.write_text(json.dumps(lines), encoding="ascii")
        unfinished.replace(target)
    except OSError as error:
        raise RecordError(f"cannot write {target}: {error.strerror}; {WITHOUT_A_LOG}") from error


def load_edits(log: Path) -> dict[str, tuple[FileState, FileState]]:
    """Return the edits that wait in a session.

    Raises:
        RecordError: They are there and cannot be read.
    """
    try:
        lines = json.loads(_beside(log).read_text(encoding="ascii"))
        return {path: (_loaded(one), _loaded(other)) for path, (one, other) in lines.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise RecordError(f"the edits that wait in {log.stem} cannot be read: {error}") from error


def _beside(log: Path) -> Path:
    return log.with_suffix(".edits")


def _dumped(state: FileState) -> dict[str, Any]:
    data = None if state.data is None else base64.b64encode(state.data).decode("ascii")
    return {"data": data, "is_executable": state.is_executable}


def _loaded(values: Mapping[str, Any]) -> FileState:
    data = values["data"]
    decoded = None if data is None else base64.b64decode(data, validate=True)
    return FileState(decoded, bool(values["is_executable"]))
