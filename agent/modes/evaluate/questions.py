"""A file of questions whose files are known -> items, or the line that is none."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from bathy.agent.errors import ConfigError
from bathy.agent.modes.evaluate.clones import clone_or_beside
from bathy.agent.modes.evaluate.items import Item
from bathy.tools.workspace import quote_path
from pydantic import Field, TypeAdapter, ValidationError

MAX_FILE_BYTES = 256 << 20
"""Longest file of questions that is read, in bytes."""

MAX_LINE = (1 << 31) - 1
"""Highest number of a line that a range may name."""

_Number = Annotated[int, Field(ge=1, le=MAX_LINE)]
_Range = tuple[_Number, _Number]
_Text = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Question:
    """A line of the file.

    Attributes:
        item: What is measured.
        folder: Clone to ask; None for the current repository. It need not exist.
    """

    item: Item
    folder: Path | None


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the file; what else it holds is ignored."""

    id: _Text | int
    repo: _Text | None = None
    commit: _Text | None = None
    base_commit: _Text | None = None
    query: str | None = None
    question: str | None = None
    gold_files: Annotated[tuple[_Text, ...], Field(min_length=1)] | None = None
    answer_files: Annotated[tuple[_Text, ...], Field(min_length=1)] | None = None
    changed_lines: Mapping[_Text, tuple[_Range, ...]] = field(default_factory=dict)


def read_questions(file: Path, repos: Path) -> list[Question]:
    """Read questions whose files are known.

    Args:
        file: One JSON object a line: `id`; `query` or `question`; `base_commit` or `commit`, the
            one to search; `gold_files` or `answer_files`, the paths that would be right; `repo`,
            OWNER/NAME or a path from where the file lies, unless the current repository is meant;
            and, if known, `changed_lines`: by path, the [first, last] lines that should be shown.
            Blank lines are skipped.
        repos: Folder of clones.

    Returns:
        Them, in order.

    Raises:
        ConfigError: The file cannot be read, holds nothing, or some lines of it are no questions
            or repeat an id; names each of these lines, the first ten.
    """
    found, wrong, seen = list[Question](), list[str](), dict[str, int]()
    for number, text in enumerate(_lines(file), 1):
        if not text.strip():
            continue
        try:
            one = _question(text, file, repos)
        except ValueError as error:
            wrong.append(f"line {number}: {error}")
            continue
        if one.item.id in seen:
            wrong.append(f"line {number}: the id stands in line {seen[one.item.id]}, too")
        seen[one.item.id] = number
        found.append(one)
    if wrong:
        more = f"; and {len(wrong) - 10} more" if len(wrong) > 10 else ""
        raise ConfigError(f"{file} cannot be used: {'; '.join(wrong[:10])}{more}")
    if not found:
        raise ConfigError(f"{file} holds no questions")
    return found


def _lines(file: Path) -> list[str]:
    try:
        data = _bytes(file)
        return data.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is no UTF-8 text; name a file of questions") from error
    except OSError as error:
        why = error.strerror or error
        raise ConfigError(f"{file} cannot be read: {why}; name a file of questions") from error


def _bytes(file: Path) -> bytes:
    """Read a file or a pipe, but wait for no pipe that nobody writes to."""
    number = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    with open(number, "rb") as opened:  # noqa: PTH123 - a descriptor
        os.set_blocking(number, True)
        data = opened.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise ConfigError(f"{file} is over {MAX_FILE_BYTES >> 20} MiB; cut it into parts")
    return data


_ADAPTER: TypeAdapter[_Line] = TypeAdapter(_Line)


def _question(text: str, file: Path, repos: Path) -> Question:
    """Read one line.

    Raises:
        ValueError: It is no question; says why.
    """
    try:
        line = _ADAPTER.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the line"
        raise ValueError(f"{quote_path(where)}: {first['msg']}") from error
    commit = line.base_commit or line.commit
    question, gold = line.query or line.question or "", line.gold_files or line.answer_files
    if commit is None:
        raise ValueError("it needs a base_commit or commit to search")
    if not question.strip():
        raise ValueError("it needs a query or question")
    if gold is None:
        raise ValueError("it needs gold_files or answer_files")
    if any(end < start for ranges in line.changed_lines.values() for start, end in ranges):
        raise ValueError("changed_lines holds a range that ends before it begins")
    paths = tuple(dict.fromkeys(gold))
    item = Item(str(line.id), line.repo or "", commit, question, paths, line.changed_lines)
    return Question(item, clone_or_beside(line.repo, file, repos) if line.repo else None)
