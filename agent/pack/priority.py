"""An index -> how much each file matters when nobody has asked anything yet.

Priority decides what survives a budget. It does not decide where a file stands in the prompt.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bathy.agent.index.build import Index, SourceFile
from bathy.agent.index.files import FileClass

CLASS_WEIGHT: Mapping[FileClass, float] = {
    FileClass.SOURCE: 1.0,
    FileClass.DOCUMENTATION: 0.3,
    FileClass.CONFIGURATION: 0.3,
    FileClass.NOTEBOOK: 0.2,
    FileClass.TEST: 0.2,
    FileClass.SECRET: 0.1,
    FileClass.VENDORED: 0.04,
    FileClass.GENERATED: 0.04,
    FileClass.DATA: 0.03,
    FileClass.TRANSLATION: 0.01,
    FileClass.LOCK_FILE: 0.01,
    FileClass.MINIFIED: 0.005,
    FileClass.LFS_POINTER: 0.005,
}
"""Prior by class: what people ask about and change. Classes that are not listed hold no text."""

_READ_FIRST = ("readme", "architecture", "contributing", "agents", "claude", "design")
_MANIFESTS = {
    "pyproject.toml", "setup.py", "setup.cfg", "package.json", "cargo.toml", "go.mod", "pom.xml",
    "build.gradle", "build.gradle.kts", "gemfile", "composer.json", "cmakelists.txt", "makefile",
}  # fmt: skip
_ENTRY_STEMS = {"main", "__main__", "cli", "app", "index", "lib", "server", "__init__"}

_NOT_NAMES = {"heading", "key", "table", "selector"}
_MAX_DEFINERS = 6
_MIN_NAME_CHARS = 3
_LEAST = 0.3
"""What a file counts that nobody changes and nobody uses, beside 1 for the one that most use."""


@dataclass(frozen=True, slots=True)
class Priority:
    """How much one file matters, and why.

    Attributes:
        path: The file.
        score: Over 0; only its order and ratios mean something.
        centrality: 0 to 1, on a logarithmic scale: 1 is the file that most others use.
        used_by: Files that refer to a name that this file defines.
        changes: Changes on the main line.
        note: A rule that raised it ("entry point", "read first", "manifest"), or "".
    """

    path: str
    score: float
    centrality: float
    used_by: int
    changes: int
    note: str


def rank_files(index: Index) -> tuple[Priority, ...]:
    """Rank the text files of an index, best first; ties by path. Deterministic.

    What was changed of late will be asked about, and what much depends on. Both count by their
    logarithm, so that neither one hub nor one busy file pushes all others out of sight. PageRank
    over the same graph was tried, and is no better than the plain number of users.
    """
    files = [f for f in index.files if f.facts.file_class in CLASS_WEIGHT and f.facts.encoding]
    used_by = _count_users(files)
    most = math.log1p(max(used_by, default=0)) or 1.0
    ranked = []
    for file, users in zip(files, used_by, strict=True):
        history = index.history.get(file.path)
        activity = math.log1p(history.recent) if history else 0.0
        note, bonus = _note(file)
        centrality = math.log1p(users) / most
        weight = CLASS_WEIGHT[file.facts.file_class]
        score = weight * (_LEAST + activity + centrality + bonus)
        changes = history.changes if history else 0
        ranked.append(
            Priority(file.path, round(score, 6), round(centrality, 6), users, changes, note)
        )
    return tuple(sorted(ranked, key=lambda p: (-p.score, p.path)))


def _note(file: SourceFile) -> tuple[str, float]:
    name = file.path.rpartition("/")[2]
    depth = file.path.count("/")
    stem = name.partition(".")[0].lower()
    file_class = file.facts.file_class
    if depth == 0 and file_class is FileClass.DOCUMENTATION and stem.startswith(_READ_FIRST):
        return "read first", 5.0
    if name.lower() in _MANIFESTS and depth <= 1:
        return "manifest", 2.5 if depth == 0 else 0.8
    if file_class is FileClass.SOURCE and stem in _ENTRY_STEMS and depth <= 3:
        return "entry point", 0.6
    return "", 0.0


def _count_users(files: Sequence[SourceFile]) -> list[int]:
    """For each file, count the others that use a name that it defines.

    A name that more than `_MAX_DEFINERS` files define says little about any of them.
    """
    definers: dict[str, list[int]] = {}
    for at, file in enumerate(files):
        symbols = file.facts.symbols
        names = {d.name for d in symbols.definitions if d.kind not in _NOT_NAMES}
        for name in names:
            if len(name) >= _MIN_NAME_CHARS:
                definers.setdefault(name, []).append(at)
    users = [0] * len(files)
    for at, file in enumerate(files):
        used: set[int] = set()
        for name, _ in file.facts.symbols.references:
            found = definers.get(name, ())
            if 0 < len(found) <= _MAX_DEFINERS and at not in found:
                used.update(found)
        for target in used:
            users[target] += 1
    return users
