"""Records of a published set of questions -> `Item`s; which set it is, the records themselves tell.

The keys are those that the sets are published with, read in November 2026:

* `longcodebench`: LongCodeQA of LongCodeBench (arXiv 2505.07897; `codeqa.py` of
  github.com/Zteefano/long-code-bench): `repo`, `question` with its options as lines "A) ...",
  `correct_letter`. `repo_text` and `prompt` are left aside: the repository is read from a clone.
* `deepcodebench`: DeepCodeBench of Qodo (the dataset card of Qodo/deep_code_bench): `id`,
  `question`, `answer`, `facts`, and `metadata` with `repo` (an address) and `commit`.
* `swe-qa-pro`: SWE-QA-Pro (arXiv 2603.16124; the dataset card of TIGER-Lab/SWE-QA-Pro-Bench):
  `repo`, `commit_id`, `question`, `answer`; five criteria of 10 points.
* `swe-qa`: SWE-QA (arXiv 2509.14635; github.com/peng-weihan/SWE-QA-Bench): `question` and `answer`,
  and as extensions `id`, `repo`, `commit` and `answer_files`; five criteria of 20 points.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from bathy.agent.errors import ConfigError
from bathy.agent.modes.evaluate_answers.items import Item, QuestionSet
from bathy.agent.modes.evaluate_answers.reading import Record, parse_records, read_bytes
from bathy.tools.workspace import quote_path
from pydantic import StringConstraints, TypeAdapter, ValidationError

_PRO_POINTS, _SWE_QA_POINTS = 10, 20
_OPTION = re.compile(r"^[ \t]*([A-Z])[).][ \t]", re.MULTILINE)
_HOST = re.compile(r"^(?:https?://|git@)[^/:]+[/:]")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_TAIL = ".git"

_Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
_Id = str | int | None


@dataclass(frozen=True, slots=True)
class _Choice:
    question: _Text
    correct_letter: _Text
    repo: str = ""
    commit: str = ""
    id: _Id = None
    gold_files: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Source:
    repo: str = ""
    commit: str = ""


@dataclass(frozen=True, slots=True)
class _Facts:
    question: _Text
    facts: tuple[_Text, ...]
    answer: str = ""
    metadata: _Source = field(default_factory=_Source)
    repo: str = ""
    commit: str = ""
    id: _Id = None
    gold_files: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Rubric:
    question: _Text
    answer: str = ""
    aggregated_answer: str = ""
    repo: str = ""
    commit: str = ""
    commit_id: str = ""
    id: _Id = None
    answer_files: tuple[str, ...] | None = None
    gold_files: tuple[str, ...] | None = None


class _WrongError(Exception):
    """A record does not hold what its format needs; says what."""


def _choice(values: Mapping[str, Any]) -> Item:
    found = _CHOICE.validate_python(values)
    letters = "".join(dict.fromkeys(_OPTION.findall(found.question)))
    if len(letters) < 2:
        raise _WrongError("question: no options, which are lines such as 'A) ...'")
    letter = found.correct_letter.upper()
    if len(letter) != 1 or letter not in letters:
        raise _WrongError(f"correct_letter: none of the options {', '.join(letters)}")
    return Item(
        _id(found.id), found.repo, found.commit, found.question, "choice",
        letters=letters, letter=letter, gold_files=_paths(found.gold_files),
    )  # fmt: skip


def _facts(values: Mapping[str, Any]) -> Item:
    found = _FACTS.validate_python(values)
    if not found.facts:
        raise _WrongError("facts: there is none")
    source = found.metadata
    return Item(
        _id(found.id), found.repo or source.repo, found.commit or source.commit, found.question,
        "facts", found.answer, found.facts, gold_files=_paths(found.gold_files),
    )  # fmt: skip


def _rubric(values: Mapping[str, Any], points: int) -> Item:
    found = _RUBRIC.validate_python(values)
    reference = (found.answer or found.aggregated_answer).strip()
    if not reference:
        raise _WrongError("answer: there is none to judge by")
    gold = found.gold_files if found.gold_files is not None else found.answer_files
    commit = found.commit or found.commit_id
    return Item(
        _id(found.id), found.repo, commit, found.question, "rubric", reference,
        points=points, gold_files=_paths(gold),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Format:
    """A known format: `telling` are keys that all of its records have, and no format before it."""

    name: str
    telling: tuple[str, ...]
    item: Callable[[Mapping[str, Any]], Item]


_CHOICE, _FACTS, _RUBRIC = TypeAdapter(_Choice), TypeAdapter(_Facts), TypeAdapter(_Rubric)
_FORMATS = (
    _Format("longcodebench", ("question", "correct_letter"), _choice),
    _Format("deepcodebench", ("question", "facts"), _facts),
    _Format("swe-qa-pro", ("question", "answer", "commit_id"), lambda v: _rubric(v, _PRO_POINTS)),
    _Format("swe-qa", ("question", "answer"), lambda v: _rubric(v, _SWE_QA_POINTS)),
    _Format("swe-qa", ("question", "aggregated_answer"), lambda v: _rubric(v, _SWE_QA_POINTS)),
)


def read_questions(file: Path) -> QuestionSet:
    """Read a file of questions.

    Raises:
        ConfigError: It cannot be read, its format is not known, or a record is broken; names the
            line.
    """
    data = read_bytes(file)
    records = parse_records(data, str(file))
    name, items = items_of(records, str(file))
    return QuestionSet(name, hashlib.sha256(data).hexdigest(), items)


def items_of(records: Sequence[Record], name: str) -> tuple[str, tuple[Item, ...]]:
    """Tell the format of records, and read them.

    Args:
        records: At least one.
        name: Of their file, for errors.

    Returns:
        (name of the format, items in the same order). A record without an id has its number in the
        file, from 1, as its id.

    Raises:
        ConfigError: As `read_questions`; also where records are of several formats.
    """
    shown, found, lines = quote_path(name), list[Item](), dict[str, int]()
    first = _format_of(records[0], shown)
    for number, record in enumerate(records, 1):
        where = f"{shown}:{record.line}"
        form = _format_of(record, shown)
        if form.name != first.name:
            raise ConfigError(f"{where}: a record of {form.name} in a file of {first.name}")
        try:
            item = form.item(record.values)
            item = replace(
                item, id=item.id or str(number), repo=plain_repo(item.repo), commit=_rev(item)
            )
        except ValidationError as error:
            wrong = error.errors()[0]
            place = ".".join(map(str, wrong["loc"])) or "the record"
            raise ConfigError(f"{where}: {quote_path(place)}: {wrong['msg']}") from error
        except _WrongError as error:
            raise ConfigError(f"{where}: {error}") from error
        if item.id in lines:
            other = lines[item.id]
            raise ConfigError(f"{where}: the id {quote_path(item.id)} is that of line {other}")
        lines[item.id] = record.line
        found.append(item)
    return first.name, tuple(found)


def plain_repo(text: str) -> str:
    """Return OWNER/NAME, or NAME, of a repository that is given so or by its address.

    Raises:
        _WrongError: It is neither.
    """
    if not text.strip():
        return ""
    name = _HOST.sub("", text.strip()).rstrip("/")
    name = name.removesuffix(_TAIL)
    parts = name.split("/")
    if len(parts) > 2 or not all(_NAME.fullmatch(p) and p.strip(".") for p in parts):
        raise _WrongError("repo: neither OWNER/NAME nor an address")
    return name


def _format_of(record: Record, shown: str) -> _Format:
    for form in _FORMATS:
        if all(key in record.values for key in form.telling):
            return form
    known = "; ".join(f"{form.name}: {', '.join(form.telling)}" for form in _FORMATS[:4])
    raise ConfigError(
        f"{shown}:{record.line}: a record of no known format; known are, by their keys, {known}"
    )


def _rev(item: Item) -> str:
    commit = item.commit.strip()
    if not commit.isprintable() or commit.startswith("-") or len(commit) > 200:
        raise _WrongError("commit: no name of a commit")
    return commit


def _id(given: _Id) -> str:
    return "" if given is None else str(given).strip()


def _paths(given: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if given is None else frozenset(given)
