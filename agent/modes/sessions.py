"""`bathy sessions`: the logs of earlier runs -> a list, or one of them for people or programs."""

import contextlib
import json
import sys
from pathlib import Path

from bathy.agent.config import Settings
from bathy.agent.errors import ConfigError
from bathy.agent.loop.sessions import (
    ID_CHARS,
    SessionInfo,
    export_json,
    export_markdown,
    find_session,
    list_sessions,
    sessions_folder,
)
from bathy.agent.modes.places import repo_root
from bathy.agent.modes.saving import save
from bathy.agent.modes.terminal import printable
from bathy.tools.base import count_of

_USAGE = b'{"type": "usage"'


def run_sessions(settings: Settings, action: str, session: str | None, *, of_all: bool) -> int:
    """List sessions, or show or export one; return the exit code.

    Args:
        settings: `output` gets an export; `output_format` json makes it JSON.
        action: "list", "show" or "export".
        session: A name, or the beginning of an id, for the last two.
        of_all: List those of every repository, not only of the current one.

    Raises:
        ConfigError: No such session, or none is named.
    """
    folder = sessions_folder()
    if action == "list":
        _list(
            settings,
            [
                s
                for s in list_sessions(folder)
                if of_all or s.folder == str(repo_root(settings.folder))
            ],
        )
        return 0
    if session is None:
        raise ConfigError(
            f"bathy sessions {action} needs an ID or a name; 'bathy sessions' lists them"
        )
    path = find_session(folder, session)
    if action == "export" and settings.output is not None and settings.output.is_file():
        raise ConfigError(f"{settings.output} is there already; name a new file with -o")
    text = export_markdown(path) if settings.output_format == "text" else export_json(path)
    if action == "export" and settings.output is not None:
        save(settings.output, text.encode("utf-8", "replace"))
        return 0
    sys.stdout.write(printable(text) if settings.output_format == "text" else text)
    return 0


def _spent(path: Path) -> tuple[int, float]:
    """Turns of a session, and what they and all else that it sent cost, in US dollars."""
    turns, usd = 0, 0.0
    with contextlib.suppress(OSError), path.open("rb") as file:
        for data in file:
            # Most lines are long, and no account.
            if not data.startswith(_USAGE):
                continue
            with contextlib.suppress(ValueError, KeyError, TypeError):
                line = json.loads(data)
                usd += float(line["cost_usd"])
                turns += line["turn"] > 0
    return turns, usd


def _list(settings: Settings, found: list[SessionInfo]) -> None:
    spent = [_spent(info.path) for info in found]
    if settings.output_format != "text":
        rows = [
            {"id": s.id, "name": s.name, "folder": s.folder, "created": s.created,
             "model": s.model, "question": s.question, "turns": turns, "cost_usd": round(usd, 6)}
            for s, (turns, usd) in zip(found, spent, strict=True)
        ]  # fmt: skip
        sys.stdout.write(json.dumps(rows) + "\n")
        return
    for info, (turns, usd) in zip(found, spent, strict=True):
        title = f"{info.name}: {info.question}" if info.name else info.question
        used = f"{count_of(turns, 'turn'):>8}  ${usd:.4f}"
        line = f"{info.id[:ID_CHARS]}  {info.created[:16]}  {info.model}  {used}  {title}"
        sys.stdout.write("".join(c if c.isprintable() else " " for c in line) + "\n")
    if not found:
        sys.stdout.write("no sessions about this repository yet; --all lists those of others\n")
