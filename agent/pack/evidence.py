"""What a question names outright -> evidence for files: paths, calls of a traceback, symbols.

Each kind of evidence is a number from 0 to about 1; `WEIGHTS` says what they count beside the best
possible match of words, which is 1. Weights may be off by half without harm, by trial.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

from bathy.agent.index.terms import count_terms, parts_of, stem
from bathy.agent.index.view import View
from bathy.agent.pack.question import Question

WEIGHTS: Mapping[str, float] = {
    "path": 0.3,
    "name": 0.3,
    "frame": 0.4,
    "title symbol": 0.15,
    "code symbol": 0.1,
    "trace symbol": 0.2,
    "member": 0.2,
    "stem": 0.05,
    "path words": 0.05,
}

MOST = 1.5
"""Evidence that is counted (several symbols of one file) stops growing here."""

_STEMS_WITHOUT_MEANING = frozenset(("__init__", "index", "main", "mod", "lib", "setup", "conftest"))


@dataclass(slots=True)
class Evidence:
    """What speaks for one file.

    Attributes:
        features: Strength by kind, kinds of `WEIGHTS`.
        why: Reasons for people, most telling first.
        spans: Spans that define what the question names, best first.
    """

    features: dict[str, float] = field(default_factory=dict)
    why: dict[str, None] = field(default_factory=dict)
    spans: dict[int, float] = field(default_factory=dict)

    def add(self, kind: str, strength: float, why: str) -> None:
        """Count one piece of evidence."""
        self.features[kind] = min(MOST, self.features.get(kind, 0.0) + strength)
        if why:
            self.why[why] = None

    @property
    def is_named(self) -> bool:
        """The question names the file or something in it, beyond words that it shares."""
        return any(kind not in ("stem", "path words") for kind in self.features)

    @property
    def total(self) -> float:
        """The weighted sum."""
        return sum(WEIGHTS[kind] * value for kind, value in sorted(self.features.items()))


def find_evidence(
    question: Question, paths: Sequence[str], view: View, positions: Mapping[int, Sequence[str]]
) -> dict[str, Evidence]:
    """Collect the evidence of a question.

    Args:
        question: What is asked.
        paths: Of the files that may answer, in order.
        view: Index of these files.
        positions: Their paths by blob position in the view.

    Returns:
        Evidence by path, for the files that have any.
    """
    found: dict[str, Evidence] = defaultdict(Evidence)
    by_name: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        by_name[path.rpartition("/")[2].lower()].append(path)
    _add_frames(question, by_name, found)
    _add_paths(question, by_name, found)
    _add_symbols(question, view, positions, found)
    _add_path_words(question, paths, found)
    return dict(found)


def _add_paths(
    question: Question, by_name: Mapping[str, Sequence[str]], found: dict[str, Evidence]
) -> None:
    for named in question.paths:
        same = by_name.get(named.rpartition("/")[2].lower(), ())
        best = max((_common_tail(named, path) for path in same), default=0)
        for path in same:
            tail = _common_tail(named, path)
            whole = tail == path.count("/") + 1
            if tail == best and (tail > 1 or whole):
                found[path].add("path", 1.0, "path named in the question")
            found[path].add("name", 1 / sqrt(len(same)), "file name in the question")


def _add_frames(
    question: Question, by_name: Mapping[str, Sequence[str]], found: dict[str, Evidence]
) -> None:
    depth = 0
    seen: set[str] = set()
    for frame in reversed(question.frames):
        same = by_name.get(frame.path.rpartition("/")[2].lower(), ())
        tails = {path: _common_tail(frame.path, path) for path in same}
        best = max(tails.values(), default=0)
        here = [path for path in same if tails[path] == best]
        if best < 2 and not any("/" not in path for path in here):
            continue
        depth += 1
        for path in here:
            if path not in seen:
                why = "innermost call of the traceback" if depth == 1 else "in the traceback"
                found[path].add("frame", 1 / (depth * len(here)), why)
        seen.update(here)


def _common_tail(one: str, other: str) -> int:
    """Count the path segments that two paths end with alike."""
    count = 0
    for a, b in zip(reversed(one.split("/")), reversed(other.split("/")), strict=False):
        if a.lower() != b.lower():
            break
        count += 1
    return count


def _add_symbols(
    question: Question,
    view: View,
    positions: Mapping[int, Sequence[str]],
    found: dict[str, Evidence],
) -> None:
    kinds = (
        ("title symbol", question.title_names),
        ("code symbol", question.code_names),
        ("trace symbol", question.trace_names),
    )
    for kind, names in kinds:
        for name in names:
            spans = view.holders("=" + name)
            owners = sorted({view.blob_of(span) for span in spans})
            if not owners:
                continue
            strength = 1 / sqrt(len(owners))
            for owner in owners:
                for path in positions[owner]:
                    evidence = found[path]
                    evidence.add("member" if "." in name else kind, strength, f"defines `{name}`")
            for span in spans:
                for path in positions[view.blob_of(span)]:
                    kept = found[path].spans
                    kept[span] = kept.get(span, 0.0) + strength


def _add_path_words(question: Question, paths: Sequence[str], found: dict[str, Evidence]) -> None:
    words = {stem(word) for word in question.words}
    terms_of_path = {path: count_terms(path) for path in paths}
    holding: dict[str, int] = defaultdict(int)
    for terms in terms_of_path.values():
        for term in terms:
            holding[term] += 1
    wanted = question.terms
    for path, terms in terms_of_path.items():
        fit = sum(
            min(wanted[term], 1.5) / (1 + 0.2 * holding[term]) ** 0.5
            for term in terms
            if term in wanted and wanted[term] >= 0.9
        )
        if fit:
            found[path].add("path words", min(1.0, fit / 2), "")
        name = path.rpartition("/")[2].partition(".")[0]
        if name.lower() in _STEMS_WITHOUT_MEANING:
            continue
        parts = [stem(part) for part in parts_of(name) if len(part) > 1]
        if parts and all(part in words for part in parts):
            found[path].add("stem", 1.0, "named like a word of the question")
