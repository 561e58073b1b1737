"""The sessions of this user: found, listed, forked, exported."""

import json
import shutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bathy.agent.errors import ConfigError
from bathy.agent.loop.record import Recorded, kept_text, read_header, read_record


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session, as a list shows it.

    Attributes:
        id: Its name.
        folder: Repository that it is about.
        created: Moment of its first line, ISO 8601, UTC.
        question: The first question, in one line.
        model: Id of the model.
        path: The log.
    """

    id: str
    folder: str
    created: str
    question: str
    model: str
    path: Path


def sessions_folder() -> Path:
    """Return the folder of the logs, in the user's state folder."""
    from platformdirs import user_state_path

    return user_state_path("bathy", appauthor=False) / "sessions"


def new_path(folder: Path) -> Path:
    """Return the path of a log that does not exist yet."""
    return folder / f"{uuid.uuid4()}.jsonl"


def list_sessions(folder: Path) -> Iterator[SessionInfo]:
    """Yield the sessions, the one last used first."""
    logs = [(p.stat().st_mtime_ns, p) for p in folder.glob("*.jsonl")] if folder.is_dir() else []
    for _, path in sorted(logs, reverse=True):
        if header := read_header(path):
            yield SessionInfo(
                path.stem,
                str(header.get("folder", "")),
                str(header.get("created", "")),
                str(header.get("question", "")),
                str(header.get("model", "")),
                path,
            )


def find_session(folder: Path, name: str) -> Path:
    """Find a session by its id, or by the beginning of it.

    Raises:
        ConfigError: There is none, or several begin so.
    """
    found = (
        [info.path for info in list_sessions(folder) if info.id.startswith(name)] if name else []
    )
    if len(found) != 1:
        what = f"{len(found)} sessions begin with" if found else "there is no session"
        raise ConfigError(f"{what} {name!r}; 'bathy sessions' lists them")
    return found[0]


def last_session(folder: Path, about: str) -> Path:
    """Return the log of the session last used for a repository.

    Raises:
        ConfigError: There is none.
    """
    for info in list_sessions(folder):
        if info.folder == about:
            return info.path
    raise ConfigError(f"there is no session about {about} to continue; leave --continue out")


def fork_session(path: Path) -> Path:
    """Copy a log, so that what follows goes into the copy; return its path."""
    target = new_path(path.parent)
    target.touch(mode=0o600)
    shutil.copyfile(path, target)
    return target


def export_json(path: Path) -> str:
    """Return a session as one JSON object, long texts in their places."""
    recorded = read_record(path)
    lines = [_with_text(path.parent, line) for line in recorded.lines]
    return json.dumps({"schema_version": 1, "id": path.stem, "events": lines}, indent=1) + "\n"


def _with_text(folder: Path, line: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(line)
    if reference := found.pop("content_ref", ""):
        found["content"] = kept_text(folder, reference)
    return found


def export_markdown(path: Path) -> str:
    """Return a session as Markdown for people: questions, calls and answers, without the pack."""
    recorded = read_record(path)
    header = recorded.header
    parts = [
        f"# Session {path.stem}\n\n{header.get('created', '')} · {header.get('model', '')}"
        f" · {header.get('repo', {}).get('name', '')} {header.get('repo', {}).get('commit', '')}\n"
    ]
    return "\n".join([*parts, *_markdown(recorded)])


def _markdown(recorded: Recorded) -> Iterator[str]:
    """Questions, calls, and the answers as they were shown, in order."""
    for line in recorded.lines:
        if line["type"] == "question":
            yield f"## Question\n\n{line['text']}\n"
        elif line["type"] == "message":
            for call in line["tool_calls"]:
                yield f"- `{call['name']}` {_code(call['arguments'])}"
        elif line["type"] == "result":
            yield f"\n{line['text'] or line['error']}\n"


def _code(text: str) -> str:
    return f"`{text}`" if "`" not in text else text
