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
_DAMPING = 0.85
_ROUNDS = 15


@dataclass(frozen=True, slots=True)
class Priority:
    """How much one file matters, and why.

    Attributes:
        path: The file.
        score: Over 0; only its order and ratios mean something.
        centrality: 0 to 1, share of the best file's PageRank in the graph of names.
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
    """Rank the text files of an index, best first; ties by path. Deterministic."""
    files = [f for f in index.files if f.facts.file_class in CLASS_WEIGHT and f.facts.encoding]
    edges = _edges(files)
    centrality = _page_rank(len(files), edges)
    used_by = [0] * len(files)
    for targets in edges:
        for target in targets:
            used_by[target] += 1
    top = max(centrality, default=1.0) or 1.0
    most = max((h.recent for h in index.history.values()), default=0.0)
    ranked = []
    for at, file in enumerate(files):
        history = index.history.get(file.path)
        activity = math.log1p(history.recent) / math.log1p(most) if history and most else 0.0
        note, bonus = _note(file)
        share = centrality[at] / top
        weight = CLASS_WEIGHT[file.facts.file_class]
        # The root keeps one hub from pushing every other file out of sight.
        score = weight * (0.15 + 0.5 * math.sqrt(share) + 0.35 * activity + bonus)
        changes = history.changes if history else 0
        ranked.append(
            Priority(file.path, round(score, 6), round(share, 6), used_by[at], changes, note)
        )
    return tuple(sorted(ranked, key=lambda p: (-p.score, p.path)))


def _note(file: SourceFile) -> tuple[str, float]:
    name = file.path.rpartition("/")[2]
    depth = file.path.count("/")
    stem = name.partition(".")[0].lower()
    file_class = file.facts.file_class
    if depth == 0 and file_class is FileClass.DOCUMENTATION and stem.startswith(_READ_FIRST):
        return "read first", 2.0
    if name.lower() in _MANIFESTS and depth <= 1:
        return "manifest", 1.0 if depth == 0 else 0.3
    if file_class is FileClass.SOURCE and stem in _ENTRY_STEMS and depth <= 3:
        return "entry point", 0.25
    return "", 0.0


def _edges(files: Sequence[SourceFile]) -> list[dict[int, float]]:
    """For each file, the files that define the names it uses, by weight.

    A name defined in many files says little about any of them: its weight is shared, and beyond
    `_MAX_DEFINERS` it is dropped. The root of the count is taken once a file.
    """
    definers: dict[str, list[int]] = {}
    for at, file in enumerate(files):
        symbols = file.facts.symbols
        names = {d.name for d in symbols.definitions if d.kind not in _NOT_NAMES}
        for name in sorted(names):
            if len(name) >= _MIN_NAME_CHARS:
                definers.setdefault(name, []).append(at)
    edges: list[dict[int, float]] = []
    for at, file in enumerate(files):
        targets: dict[int, float] = {}
        for name, count in file.facts.symbols.references:
            found = definers.get(name, ())
            if not 0 < len(found) <= _MAX_DEFINERS or at in found:
                continue
            weight = math.sqrt(count) / len(found)
            for target in found:
                targets[target] = targets.get(target, 0.0) + weight
        edges.append(targets)
    return edges


def _page_rank(count: int, edges: Sequence[Mapping[int, float]]) -> list[float]:
    """PageRank (Brin and Page, 1998) by power iteration; dangling files share with all."""
    if not count:
        return []
    shares = [
        [(target, weight / total) for target, weight in targets.items()]
        if (total := sum(targets.values()))
        else []
        for targets in edges
    ]
    rank = [1.0 / count] * count
    for _ in range(_ROUNDS):
        dangling = sum(rank[at] for at in range(count) if not shares[at])
        following = [(1 - _DAMPING + _DAMPING * dangling) / count] * count
        for at, targets in enumerate(shares):
            flow = _DAMPING * rank[at]
            for target, share in targets:
                following[target] += flow * share
        rank = following
    return rank
