"""A file of tasks, one JSON object a line -> tasks that are checked before the first one begins."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from bathy.agent.config import CONTEXTS, EFFORTS, Settings, parse_budget, parse_tokens
from bathy.agent.errors import ConfigError
from bathy.agent.toml_rules import COUNT, FLAG, TEXT, Rule, is_number, is_texts

MOST_ID_CHARS = 200
MOST_FILE_BYTES = 1 << 30

_AMOUNT: Rule = (lambda v: is_number(v, 0) and v > 0, "a number over 0")
_TOKENS: Rule = (lambda v: isinstance(v, str) or COUNT[0](v), 'tokens, such as 200000 or "200k"')
_TEXTS: Rule = (is_texts, "a list of texts")

OPTIONS: Mapping[str, Rule] = {
    "context": (CONTEXTS.__contains__, f"one of {', '.join(CONTEXTS)}"),
    "effort": (EFFORTS.__contains__, f"one of {', '.join(EFFORTS)}"),
    "model": TEXT,
    "budget": _TOKENS,
    "include": _TEXTS,
    "exclude": _TEXTS,
    "diff": TEXT,
    "apply": FLAG,
    "max_turns": COUNT,
    "max_cost": _AMOUNT,
    "max_tokens": _TOKENS,
    "time_limit": _AMOUNT,
}
"""What a task may ask for beside its text, and of which kind each is. They mean what the flags of
the same names do, and beat them."""

_PLACES: Mapping[str, Rule] = {"id": TEXT, "task": TEXT, "repo": TEXT, "rev": TEXT}
_FIELDS = {"max_cost": "max_cost_usd", "time_limit": "time_limit_s"}

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class BatchTask:
    """One task. Nothing in it is secret: it may travel to other machines.

    Attributes:
        id: Unique in its file.
        text: As asked.
        repo: The repository's folder; absolute, unless it is to be cloned by name.
        name: The repository as the file calls it.
        rev: Commit to read; "" for the working tree, or HEAD of a bare repository.
        options: By name, of `OPTIONS`, checked.
        clone_from: Folder or https address that the repository is cloned from; "" for a folder that
            is there.
        is_tested: Tests may stand in its patch.
        about: What places are looked for, where the text says more than that; "" for all of it.
        form: Names what the text says beside that, so that its words may change; "" if the user
            wrote all of it.
    """

    id: str
    text: str
    repo: str
    name: str
    rev: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    clone_from: str = ""
    is_tested: bool = True
    about: str = ""
    form: str = ""

    @property
    def digest(self) -> str:
        """Names what is asked, of what, with which options; not where it lies."""
        text = f"{self.form}: {self.about}" if self.form else self.text
        asked = [text, self.name, self.rev, dict(self.options), self.is_tested]
        data = json.dumps(asked, sort_keys=True).encode()
        return hashlib.sha256(data).hexdigest()[:16]

    def settings(self, common: Settings) -> Settings:
        """Return the settings of this task.

        Args:
            common: Of the whole batch.

        Raises:
            ConfigError: An option cannot be.
        """
        options = {_FIELDS.get(name, name): value for name, value in self.options.items()}
        for name in ("include", "exclude"):
            if name in options:
                options[name] = tuple(options[name])
        if "budget" in options:
            options["budget"] = parse_budget(str(options["budget"]))
        if "max_tokens" in options:
            options["max_tokens"] = parse_tokens("max_tokens", str(options["max_tokens"]))
        return replace(common, folder=Path(self.repo), rev=self.rev or None, **options)


def load_tasks(path: Path, repos: Path | None) -> tuple[BatchTask, ...]:
    """Read a file of tasks.

    Args:
        path: JSON Lines; empty lines are passed over.
        repos: Folder that holds the repositories; None for that of the file.

    Raises:
        ConfigError: A line is wrong; says which one, and why.
    """
    folder = (repos or path.parent).resolve()
    tasks = tuple(read_lines(path, lambda values: _task(values, folder)))
    return unique(path, tasks)


def unique(path: Path, tasks: tuple[BatchTask, ...]) -> tuple[BatchTask, ...]:
    """Return the tasks as they are.

    Raises:
        ConfigError: There are none, or two have one id.
    """
    seen = set[str]()
    for task in tasks:
        if task.id in seen:
            raise ConfigError(f"{path}: two tasks have the id {task.id}; ids name the results")
        seen.add(task.id)
    if not tasks:
        raise ConfigError(f"{path} holds no task")
    return tasks


def read_lines(path: Path, parse: Callable[[Mapping[str, Any]], Record]) -> Iterator[Record]:
    """Yield what each line of a JSON Lines file says.

    Args:
        path: The file, in UTF-8; LF ends a line.
        parse: Reads one object; raises ConfigError.

    Raises:
        ConfigError: The file cannot be read, or a line is wrong.
    """
    try:
        if path.stat().st_size > MOST_FILE_BYTES:
            raise ConfigError(f"{path} is larger than {MOST_FILE_BYTES >> 20} MiB; split it")
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            yield parse(_object(line))
        except ConfigError as error:
            raise ConfigError(f"{path}, line {number}: {error}") from error


def check_id(text: object) -> str:
    """Return an id that can stand on a terminal and in a file.

    Raises:
        ConfigError: It cannot.
    """
    if not isinstance(text, str) or not 0 < len(text) <= MOST_ID_CHARS or not text.isprintable():
        raise ConfigError(
            f"the id must be a text of 1 to {MOST_ID_CHARS} characters without control characters"
        )
    return text


def find_repository(name: str, folder: Path) -> Path:
    """Return where a repository lies; the folder need not be there.

    Args:
        name: A path, or OWNER/NAME of a folder that is called OWNER+NAME.
        folder: That relative names are looked up in.

    Raises:
        ConfigError: The system takes no such name.
    """
    found = folder / name
    flat = folder / name.replace("/", "+")
    try:
        return flat if not found.exists() and "/" in name and flat.exists() else found
    except OSError as error:
        raise ConfigError(f"'repo' names no folder: {error.strerror}") from error


def _task(values: Mapping[str, Any], folder: Path) -> BatchTask:
    known = {**_PLACES, **OPTIONS}
    if unknown := sorted(values.keys() - known.keys()):
        raise ConfigError(f"{unknown[0]!r} is none of {', '.join(known)}")
    if missing := sorted({"id", "task"} - values.keys()):
        raise ConfigError(f"{missing[0]!r} is missing")
    for key, value in values.items():
        is_right, what = known[key]
        if not is_right(value) or (key != "task" and isinstance(value, str) and "\0" in value):
            raise ConfigError(f"{key!r} must be {what}")
    if not values["task"].strip():
        raise ConfigError("'task' is empty")
    name = str(values.get("repo", "."))
    options = {key: value for key, value in values.items() if key in OPTIONS}
    task = BatchTask(
        check_id(values["id"]),
        values["task"],
        str(find_repository(name, folder)),
        name,
        values.get("rev", ""),
        options,
    )
    task.settings(Settings())  # says now what would go wrong later
    return task


def _object(line: bytes) -> Mapping[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise ConfigError("a key stands there twice")
        return found

    try:
        value = json.loads(line.decode("utf-8"), object_pairs_hook=once)
        # Half of a pair of surrogates is no text.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"it is no JSON ({error})") from error
    if not isinstance(value, dict):
        raise ConfigError("it is no JSON object")
    return value
