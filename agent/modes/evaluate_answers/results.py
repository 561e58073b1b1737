"""The file of results: a line for what holds for all of it, then answers and scores as they come.

A line is written whole, by one call, and is on the disk before the next question is asked. Whatever
ends a process, the next one goes on with the same file: what an answer or a verdict has cost is
never paid twice, and a last line that was cut off is taken away.
"""

import fcntl
import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from bathy.agent.errors import BathyError, ConfigError
from bathy.agent.modes.evaluate_answers.plan import Key
from bathy.agent.modes.terminal import printable
from bathy.tools.workspace import quote_path
from pydantic import TypeAdapter, ValidationError

SCHEMA = 1

_SETTINGS, _ANSWER, _SCORE, _SPENT = "settings", "answer", "score", "spent"
_BEGINNING = b'{"type": "settings"'


@dataclass(frozen=True, slots=True)
class Citation:
    """A citation of an answer, with the status that its check gave it; lines are 1-based."""

    path: str
    start_line: int
    end_line: int
    status: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that came.

    Attributes:
        id: Of the item.
        context: In which it was asked.
        commit: That it was asked about, full id.
        subtype: How the run ended, as in a result of `--task`: what a limit of the user's cut
            short counts as an answer, too.
        answer: Its text; "" where a limit of the user's left no room for any.
        citations: Each once, in the order of the text.
        usage: Tokens of all requests of the run, by name.
        cost_usd: Their price; 0 where no prices are known.
        turns: Requests that were answered.
        seconds: From question to answer.
    """

    id: str
    context: str
    commit: str
    subtype: str
    answer: str
    citations: tuple[Citation, ...] = ()
    usage: Mapping[str, int] = field(default_factory=dict)
    cost_usd: float = 0.0
    turns: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Score:
    """What an answer is worth.

    Attributes:
        id: Of the item.
        context: Of the answer.
        score: From 0 to 1; None if it could not be scored.
        detail: What it is made of: `letter`, or `stated` (fact by fact), or points by criterion.
        why: Why there is no score, or no letter; "" otherwise.
        usage: Tokens of the judge, by name.
        cost_usd: Price of the judge.
    """

    id: str
    context: str
    score: float | None
    detail: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""
    usage: Mapping[str, int] = field(default_factory=dict)
    cost_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Spent:
    """What was paid for nothing: a run or a verdict that failed; it is tried again next time."""

    id: str
    context: str
    what: str
    error: str
    cost_usd: float = 0.0


Line = Answer | Score | Spent

_ADAPTERS: Mapping[str, TypeAdapter[Any]] = {
    _ANSWER: TypeAdapter(Answer),
    _SCORE: TypeAdapter(Score),
    _SPENT: TypeAdapter(Spent),
}
_KINDS: Mapping[type[Line], str] = {Answer: _ANSWER, Score: _SCORE, Spent: _SPENT}


@dataclass
class Results:
    """What a file of results holds.

    Attributes:
        answers: By item and context.
        scores: Likewise.
        failed: Errors of the last attempts at what has neither, likewise.
        spent_usd: Price of all lines.
    """

    answers: dict[Key, Answer] = field(default_factory=dict)
    scores: dict[Key, Score] = field(default_factory=dict)
    failed: dict[Key, str] = field(default_factory=dict)
    spent_usd: float = 0.0

    def take(self, line: Line) -> None:
        """Add a line; of several about the same the last one counts, and all of them cost."""
        key = line.id, line.context
        self.spent_usd += line.cost_usd
        if isinstance(line, Spent):
            self.failed[key] = line.error
            return
        self.failed.pop(key, None)
        if isinstance(line, Answer):
            self.answers[key] = line
        else:
            self.scores[key] = line


class ResultsFile:
    """A file of results being written; nobody else writes to it meanwhile.

    Attributes:
        held: What it holds.
    """

    def __init__(self, path: Path, settings: Mapping[str, Any]) -> None:
        """Go on with a file, or begin one.

        Args:
            path: The file; a special file is refused.
            settings: What holds for all of its lines, as JSON.

        Raises:
            ConfigError: It is none of ours, was made with other settings, or is in use.
            BathyError: The disk refuses.
        """
        self._shown = quote_path(str(path))
        try:
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
            self._file = os.open(path, flags, 0o666)
        except OSError as error:
            raise ConfigError(f"cannot write {self._shown}: {error.strerror}") from error
        try:
            if not stat.S_ISREG(os.fstat(self._file).st_mode):
                raise ConfigError(f"{self._shown} is no regular file; name another with -o")
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.held = self._begin(path.read_bytes(), settings)
        except BlockingIOError as error:
            os.close(self._file)
            raise ConfigError(f"{self._shown} is in use by another process") from error
        except BaseException:
            os.close(self._file)
            raise

    def __enter__(self) -> "ResultsFile":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._file)

    def add(self, line: Line) -> None:
        """Append a line, and have it on the disk.

        Raises:
            BathyError: The disk refuses.
        """
        self._append({"type": _KINDS[type(line)], **asdict(line)})
        self.held.take(line)

    def _begin(self, data: bytes, settings: Mapping[str, Any]) -> Results:
        header = _header(settings)
        found = _held(data, header, self._shown)
        whole = data.rfind(b"\n") + 1
        os.ftruncate(self._file, whole)
        if not whole:
            self._append(header)
        return found

    def _append(self, value: Mapping[str, Any]) -> None:
        data = json.dumps(value).encode() + b"\n"
        try:
            while data:
                data = data[os.write(self._file, data) :]
            os.fsync(self._file)
        except OSError as error:
            raise BathyError(f"cannot write {self._shown}: {error.strerror}") from error


def read_held(path: Path, settings: Mapping[str, Any]) -> Results:
    """Return what a file of results holds, and leave it as it is; nothing if there is none.

    Raises:
        ConfigError: As `ResultsFile`.
    """
    shown = quote_path(str(path))
    try:
        if not path.exists():
            return Results()
        if not path.is_file():
            raise ConfigError(f"{shown} is no regular file; name another with -o")
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {shown}: {error.strerror}") from error
    return _held(data, _header(settings), shown)


def read_results(data: bytes, header: Mapping[str, Any], shown: str) -> Results:
    """Read the whole lines of a file of results.

    Args:
        data: Lines, the last one with its LF.
        header: What the first one should say.
        shown: Name of the file, for errors.

    Raises:
        ConfigError: It is none of ours, was made with other settings, or a line is broken.
    """
    lines = data.decode("utf-8", "replace").removesuffix("\n").split("\n")
    first = _object(lines[0])
    if first is None or first.get("type") != _SETTINGS:
        raise ConfigError(_not_ours(shown))
    if others := list(_differences(first, header)):
        raise ConfigError(
            f"{shown} was made with other settings ({'; '.join(others)}); give the same ones, or"
            " name another file with -o"
        )
    found = Results()
    for number, text in enumerate(lines[1:], 2):
        values = _object(text) or {}
        adapter = _ADAPTERS.get(str(values.pop("type", "")))
        try:
            if adapter is None:
                raise ConfigError(_broken(shown, number))
            found.take(adapter.validate_python(values))
        except ValidationError as error:
            raise ConfigError(_broken(shown, number)) from error
    return found


def _header(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": _SETTINGS, "schema_version": SCHEMA, **settings}


def _held(data: bytes, header: Mapping[str, Any], shown: str) -> Results:
    """What the whole lines of a file hold; a first line that was cut off is no line."""
    whole = data[: data.rfind(b"\n") + 1]
    if whole:
        return read_results(whole, header, shown)
    if data[: len(_BEGINNING)] != _BEGINNING[: len(data)]:
        raise ConfigError(_not_ours(shown))
    return Results()


def _differences(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys((*wanted, *found)):
        if found.get(name) != wanted.get(name):
            was, now = json.dumps(found.get(name)), json.dumps(wanted.get(name))
            yield f"{printable(name)} {was} instead of {now}"


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _broken(shown: str, number: int) -> str:
    return f"{shown}:{number}: no line of results; take it out by hand"


def _not_ours(shown: str) -> str:
    return f"{shown} is no file of results of 'bathy eval answers'; name another with -o"
