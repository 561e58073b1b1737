"""The sessions of this user: found, listed, named, forked, exported.

A name lies beside the log, not in it, so that a session can be named while another process writes.
"""

import contextlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bathy.agent.errors import BathyError, ConfigError
from bathy.agent.loop.evidence import evidence_of
from bathy.agent.loop.partial import read_partial
from bathy.agent.loop.record import Recorded, RecordError, kept_text, read_header, read_record
from bathy.tools.redact import redact
from bathy.tools.workspace import quote_path

ID_CHARS = 8
"""Of an id, as people are shown it."""

_NAME_CHARS = 100
_NAME_BYTES = 4 * _NAME_CHARS


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session, as a list shows it.

    Attributes:
        id: Of its log.
        folder: Repository that it is about.
        created: Moment of its first line, ISO 8601, UTC.
        question: The first question, in one line.
        model: Id of the model.
        path: The log.
        used_s: Moment of its last line, in seconds since 1970.
        name: Given by the user; "" for none.
    """

    id: str
    folder: str
    created: str
    question: str
    model: str
    path: Path
    used_s: float = 0.0
    name: str = ""


def sessions_folder() -> Path:
    """Return the folder of the logs, in the user's state folder."""
    return _state_folder() / "sessions"


def exports_folder() -> Path:
    """Return where exports go by themselves: not into a repository, which they would be part of."""
    return _state_folder() / "exports"


def _state_folder() -> Path:
    from platformdirs import user_state_path

    return user_state_path("bathy", appauthor=False)


def new_path(folder: Path) -> Path:
    """Return the path of a log that does not exist yet."""
    return folder / f"{uuid.uuid4()}.jsonl"


def list_sessions(folder: Path) -> Iterator[SessionInfo]:
    """Yield the sessions, the one last used first."""
    logs = list[tuple[int, Path]]()
    for path in folder.glob("*.jsonl") if folder.is_dir() else ():
        with contextlib.suppress(FileNotFoundError):
            logs.append((path.stat().st_mtime_ns, path))
    for used_ns, path in sorted(logs, reverse=True):
        if header := read_header(path):
            yield SessionInfo(
                path.stem,
                str(header.get("folder", "")),
                str(header.get("created", "")),
                str(header.get("question", "")),
                str(header.get("model", "")),
                path,
                used_ns / 1e9,
                name_of(path),
            )


def find_session(folder: Path, name: str) -> Path:
    """Find a session by its name, or by the beginning of its id.

    Raises:
        ConfigError: There is none, or there are several.
    """
    infos = list(list_sessions(folder)) if name.strip() else []
    called = [info for info in infos if info.name and info.name == as_name(name)]
    same = [info for info in infos if info.id == name]
    found = same or called or [info for info in infos if info.id.startswith(name)]
    if len(found) == 1:
        return found[0].path
    if called:
        ids = ", ".join(info.id[:ID_CHARS] for info in called)
        raise ConfigError(f"{len(called)} sessions are called {name!r}; give an ID: {ids}")
    what = f"{len(found)} sessions begin with" if found else "there is no session"
    raise ConfigError(f"{what} {name!r}; 'bathy sessions' lists them")


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


def as_name(text: str) -> str:
    """Return a text as a name: one short line, without secrets and without control characters."""
    shown = "".join(c if c.isprintable() else " " for c in redact(text).text)
    return " ".join(shown.split())[:_NAME_CHARS].rstrip()


def name_of(path: Path) -> str:
    """Return the name of a session by its log; "" for none."""
    try:
        with path.with_suffix(".name").open("rb") as file:
            return as_name(file.read(_NAME_BYTES).decode("utf-8", "replace"))
    except OSError:
        return ""


def name_session(path: Path, name: str) -> str:
    """Give a session a name.

    Args:
        path: The log.
        name: Any text; one that says nothing takes the name away.

    Returns:
        The name as it is kept.

    Raises:
        RecordError: The disk refuses.
    """
    kept, target = as_name(name), path.with_suffix(".name")
    try:
        if not kept:
            target.unlink(missing_ok=True)
            return ""
        unfinished = path.with_suffix(f".name-{os.getpid()}")
        unfinished.touch(mode=0o600)
        unfinished.write_text(kept, encoding="utf-8")
        unfinished.replace(target)
    except OSError as error:
        raise RecordError(f"cannot write {target}: {error.strerror}") from error
    return kept


def export_session(path: Path, target: Path | None, folder: Path) -> Path:
    """Write a session as Markdown into a new file; what there is already is never overwritten.

    Args:
        path: The log.
        target: The file, or a folder for it; a number is added if it is there. None for `folder`.
        folder: Made if it is needed.

    Returns:
        The file that was written.

    Raises:
        BathyError: The session cannot be read, or the disk refuses.
    """
    wanted = target or folder
    data = export_markdown(path).encode("utf-8", "replace")
    try:
        if target is None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if wanted.is_dir():
            wanted /= f"bathy-{path.stem[:ID_CHARS]}.md"
        return _write_new(wanted, data)
    except OSError as error:
        raise BathyError(f"cannot write {wanted}: {error.strerror}") from error


def _write_new(wanted: Path, data: bytes) -> Path:
    """Write a file of that name, or of the next one with a number that is free; return which."""
    number, free = 1, wanted
    while True:
        try:
            with free.open("xb") as file:
                file.write(data)
            return free
        except FileExistsError:
            number += 1
            free = wanted.with_stem(f"{wanted.stem}-{number}")


def export_json(path: Path) -> str:
    """Return a session as one JSON object, long texts in their places."""
    recorded = read_record(path)
    lines = [_with_text(path.parent, line) for line in recorded.lines]
    head = {"schema_version": 1, "id": path.stem, "name": name_of(path)}
    return json.dumps({**head, "events": lines}, indent=1) + "\n"


def _with_text(folder: Path, line: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(line)
    if reference := found.pop("content_ref", ""):
        found["content"] = kept_text(folder, reference)
    return found


def export_markdown(path: Path) -> str:
    """Return a session as Markdown for people: questions, calls and answers, without the pack.

    Raises:
        RecordError: A line of the log is not as it should be.
    """
    recorded = read_record(path)
    header, name = recorded.header, name_of(path)
    title = f"# Session {name} ({path.stem})" if name else f"# Session {path.stem}"
    parts = [
        f"{title}\n\n{header.get('created', '')} · {header.get('model', '')}"
        f" · {header.get('repo', {}).get('name', '')} {header.get('repo', {}).get('commit', '')}\n"
    ]
    try:
        return "\n".join([*parts, *_markdown(recorded)])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise RecordError(f"{path} holds a line that cannot be read") from error


def _markdown(recorded: Recorded) -> Iterator[str]:
    """Questions, calls, and the answers as they were shown, in order."""
    cut = {"type": "partial", "text": read_partial(recorded).text}
    is_copy = False
    for line in (*recorded.lines, cut):
        if line["type"] == "question":
            yield f"## Question{_when(line)}\n\n{line['text']}\n"
        elif line["type"] == "evidence":
            yield from _found(line)
        elif line["type"] in ("restart", "request"):
            # What was made shorter is written down again, up to the request that sends it.
            is_copy = line["type"] == "restart"
        elif line["type"] == "message" and not is_copy:
            for call in line["tool_calls"]:
                yield f"- `{call['name']}` {_code(call['arguments'])}"
        elif line["type"] == "result":
            yield f"\n{line['text'] or line['error']}\n"
        elif line["type"] == "partial" and line["text"]:
            yield f"\n{line['text']}\n\n*(interrupted)*\n"


def _when(line: Mapping[str, Any]) -> str:
    """When a line was written, behind a heading; "" if it does not say so."""
    if "at_s" not in line:
        return ""
    return f", {datetime.fromtimestamp(line['at_s'], UTC):%Y-%m-%d %H:%M} UTC"


def _found(line: Mapping[str, Any]) -> Iterator[str]:
    """The places that were shown before the answer, without their lines."""
    if spans := evidence_of(line):
        yield "Found in the index:\n"
        for span in spans:
            place = f"{quote_path(span.path)}:{span.start_line}-{span.end_line}"
            yield f"- {_code(place)} {_code(span.symbol) if span.symbol else ''}".rstrip()
        yield ""


def _code(text: str) -> str:
    ticks = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    gap = " " if "`" in text else ""
    return f"{ticks}{gap}{' '.join(text.splitlines())}{gap}{ticks}"
