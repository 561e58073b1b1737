"""What a question names outright: paths, calls of a traceback, symbols, words of a path.

Each signal is a number from 0 to about 1.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

from bathy.agent.index.terms import parts_of, stem
from bathy.agent.pack.corpus import OpenCorpus
from bathy.agent.pack.question import Question

MOST = 1.5
"""A signal that is counted (several symbols of one file) stops growing here."""

INNERMOST = "innermost call of the traceback"
"""The reason given for the file where a traceback ends."""

_STEMS_WITHOUT_MEANING = frozenset(("__init__", "index", "main", "mod", "lib", "setup", "conftest"))
_LITTLE = frozenset(("stem", "path words"))


@dataclass(slots=True)
class Named:
    """What speaks for one file.

    Attributes:
        signals: Strength by name.
        why: Reasons for people, most telling first.
        spans: Spans that define what the question names, best first.
    """

    signals: dict[str, float] = field(default_factory=dict)
    why: dict[str, None] = field(default_factory=dict)
    spans: dict[int, float] = field(default_factory=dict)

    def add(self, signal: str, strength: float, why: str) -> None:
        """Count one piece of evidence."""
        self.signals[signal] = min(MOST, self.signals.get(signal, 0.0) + strength)
        if why:
            self.why[why] = None

    @property
    def is_named(self) -> bool:
        """The question names the file or something in it, beyond words that it shares."""
        return not self.signals.keys() <= _LITTLE


def find_named(question: Question, corpus: OpenCorpus) -> dict[int, Named]:
    """Look up what a question names; by place, for the files that have any of it."""
    found: dict[int, Named] = defaultdict(Named)
    _add_frames(question, corpus, found)
    _add_paths(question, corpus, found)
    _add_symbols(question, corpus, found)
    _add_path_words(question, corpus, found)
    return dict(found)


def _add_paths(question: Question, corpus: OpenCorpus, found: Mapping[int, Named]) -> None:
    for named in question.paths:
        same = corpus.named.get(named.rpartition("/")[2].lower(), ())
        tails = {place: _common_tail(named, corpus.files[place].path) for place in same}
        best = max(tails.values(), default=0)
        for place, tail in tails.items():
            whole = tail == corpus.files[place].path.count("/") + 1
            if tail == best and (tail > 1 or whole):
                found[place].add("path", 1.0, "path named in the question")
            found[place].add("name", 1 / sqrt(len(same)), "file name in the question")


def _add_frames(question: Question, corpus: OpenCorpus, found: Mapping[int, Named]) -> None:
    depth = 0
    seen: set[int] = set()
    for frame in reversed(question.frames):
        same = corpus.named.get(frame.path.rpartition("/")[2].lower(), ())
        tails = {place: _common_tail(frame.path, corpus.files[place].path) for place in same}
        best = max(tails.values(), default=0)
        here = [place for place in same if tails[place] == best]
        if best < 2 and not any("/" not in corpus.files[place].path for place in here):
            continue
        depth += 1
        for place in here:
            if place not in seen:
                why = INNERMOST if depth == 1 else "in the traceback"
                found[place].add("frame", 1 / (depth * len(here)), why)
        seen.update(here)


def _common_tail(one: str, other: str) -> int:
    """Count the path segments that two paths end with alike."""
    count = 0
    for a, b in zip(reversed(one.split("/")), reversed(other.split("/")), strict=False):
        if a.lower() != b.lower():
            break
        count += 1
    return count


def _add_symbols(question: Question, corpus: OpenCorpus, found: Mapping[int, Named]) -> None:
    kinds: Sequence[tuple[str, Sequence[str]]] = (
        ("title symbol", question.title_names),
        ("code symbol", question.code_names),
        ("trace symbol", question.trace_names),
    )
    view = corpus.view
    for kind, names in kinds:
        for name in names:
            spans = view.definers(name)
            owners = sorted({view.blob_of(span) for span in spans})
            if not owners:
                continue
            strength = 1 / sqrt(len(owners))
            signal = "member" if "." in name else kind
            for owner in owners:
                for place in corpus.owners[owner]:
                    found[place].add(signal, strength, f"defines `{name}`")
            for span in spans:
                for place in corpus.owners[view.blob_of(span)]:
                    kept = found[place].spans
                    kept[span] = kept.get(span, 0.0) + strength


def _add_path_words(question: Question, corpus: OpenCorpus, found: Mapping[int, Named]) -> None:
    words = {stem(word) for word in question.words}
    wanted = {term: weight for term, weight in question.terms.items() if weight >= 0.9}
    for place in corpus.naming({*wanted, *words}):
        fit = sum(
            min(wanted[term], 1.5) / (1 + 0.2 * len(corpus.in_paths[term])) ** 0.5
            for term in corpus.path_terms[place]
            if term in wanted
        )
        if fit:
            found[place].add("path words", min(1.0, fit / 2), "")
        name = corpus.files[place].path.rpartition("/")[2].partition(".")[0]
        if name.lower() in _STEMS_WITHOUT_MEANING:
            continue
        parts = [stem(part) for part in parts_of(name) if len(part) > 1]
        if parts and all(part in words for part in parts):
            found[place].add("stem", 1.0, "named like a word of the question")
