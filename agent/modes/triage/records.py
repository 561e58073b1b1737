"""A file of labelled issues -> records: dossier, clone, commit, and what would be right."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bathy.agent.errors import ConfigError
from bathy.agent.modes.evaluate.clones import clone_or_beside
from bathy.agent.modes.triage.dossier import Dossier, Issue, Label, Target
from bathy.agent.modes.triage.scores import Gold
from pydantic import TypeAdapter, ValidationError

HOST = "github.com"
"""Of the links; nothing is asked there."""


@dataclass(frozen=True, slots=True)
class Record:
    """One labelled issue.

    Attributes:
        id: Names it.
        repo: Of the repository, as the file has it.
        folder: Its clone; it need not exist.
        commit: To judge at.
        dossier: The issue and its tracker.
        gold: What would be right.
    """

    id: str
    repo: str
    folder: Path
    commit: str
    dossier: Dossier
    gold: Gold


@dataclass(frozen=True, slots=True)
class _Older:
    number: int
    title: str
    body: str | None = None
    labels: tuple[str, ...] = ()
    state: Literal["open", "closed"] = "open"
    state_reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the file; what else it holds is ignored."""

    id: str | int
    repo: str
    commit: str = ""
    base_commit: str = ""
    number: int = 0
    title: str = ""
    body: str | None = None
    query: str = ""
    labels: tuple[str, ...] | None = None
    repo_labels: tuple[str | Label, ...] = ()
    duplicates: tuple[int, ...] | None = None
    issues: tuple[_Older, ...] = field(default_factory=tuple)
    gold_files: tuple[str, ...] | None = None


def read_records(file: Path, repos: Path) -> tuple[Record, ...]:
    """Read labelled issues.

    Args:
        file: One JSON object a line: `id`, `repo` (OWNER/NAME or a path), `commit` or
            `base_commit`, `title` and `body` or `query`, and what gold there is: `gold_files`,
            `labels` with `repo_labels`, `duplicates` with `issues`.
        repos: Folder of clones, OWNER+NAME each.

    Raises:
        ConfigError: The file cannot be read, or a line of it is no record.
    """
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read as UTF-8 text; name a file of records") from error
    return tuple(_records(lines, file, repos))


def _records(lines: list[str], file: Path, repos: Path) -> Iterator[Record]:
    adapter = TypeAdapter(_Line)
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            line = adapter.validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the line"
            raise ConfigError(f"{file}:{number}: {where}: {first['msg']}") from error
        commit = line.commit or line.base_commit
        if not commit or not (line.title or line.query):
            raise ConfigError(f"{file}:{number}: a record needs a commit, and a title or a query")
        folder = clone_or_beside(line.repo, file, repos)
        yield Record(str(line.id), line.repo, folder, commit, _dossier(line, folder), _gold(line))


def _dossier(line: _Line, folder: Path) -> Dossier:
    title, _, body = line.query.replace("\r\n", "\n").partition("\n")
    title, body = (line.title, line.body or "") if line.title else (title, body)
    number = line.number or 1 + max((older.number for older in line.issues), default=0)
    owner, _, name = line.repo.partition("/")
    is_name = bool(owner and name) and "/" not in name and owner not in {".", ".."}
    return Dossier(
        target=Target(HOST, "", line.repo if is_name else f"local/{folder.name}", number),
        trigger="cli",
        issue=Issue(number, title, body),
        labels=tuple(one if isinstance(one, Label) else Label(one) for one in line.repo_labels),
        others=tuple(
            Issue(
                older.number,
                older.title,
                older.body or "",
                state=older.state,
                state_reason=older.state_reason or "",
                labels=older.labels,
            )
            for older in line.issues
        ),
    )


def _gold(line: _Line) -> Gold:
    return Gold(
        files=None if line.gold_files is None else frozenset(line.gold_files),
        labels=None if line.labels is None else frozenset(line.labels),
        duplicates=None if line.duplicates is None else frozenset(line.duplicates),
    )
