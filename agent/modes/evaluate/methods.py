"""A repository and a question -> the rankings that are compared: ours and two plain ones."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bathy.agent.index.build import SourceFile
from bathy.agent.index.files import FileClass
from bathy.agent.index.terms import count_terms
from bathy.agent.index.view import inverse_frequency
from bathy.agent.modes.compose import Bench
from bathy.agent.modes.evaluate.items import Lines
from bathy.agent.pack.layer import order_places, order_whole
from bathy.agent.pack.question import parse_question
from bathy.agent.pack.ranking import Ranking

OURS = "bathy"
PATH_WORDS = "words in the path"
WHOLE_FILES = "BM25 of whole files"
RANDOM = "random order"
METHODS = (OURS, PATH_WORDS, WHOLE_FILES, RANDOM)

SHOWN_SPANS = 10
"""Spans that are looked at: those that a model is pointed at first."""


@dataclass(frozen=True, slots=True)
class Rankings:
    """What the methods make of one question.

    Attributes:
        orders: Paths by method, best first, for all methods but the random one; files that a method
            says nothing of are missing.
        packed: Paths in the order in which ours would be put into a prompt whole.
        places: Path and lines of our spans, best first.
    """

    orders: Mapping[str, Sequence[str]]
    packed: Sequence[str]
    places: Sequence[tuple[str, Lines]]


@dataclass(frozen=True)
class Field:
    """One commit that can be searched, and what of it may be found.

    Attributes:
        bench: Of that commit.
    """

    bench: Bench

    @cached_property
    def blobs(self) -> Mapping[str, str]:
        """Blob ids of the text files by path: what every method ranks."""
        return {file.path: file.blob for file in self._texts}

    @cached_property
    def tokens(self) -> Mapping[str, int]:
        """Exact tokens of those files by path."""
        return {file.path: file.facts.tokens for file in self._texts}

    @cached_property
    def lines(self) -> Mapping[str, int]:
        """Number of lines of those files by path."""
        return {file.path: file.facts.lines for file in self._texts}

    def is_source(self, path: str) -> bool:
        """Whether the index calls a file source."""
        file = self.bench.facts.by_path.get(path)
        return file is not None and file.facts.file_class is FileClass.SOURCE

    @cached_property
    def _texts(self) -> list[SourceFile]:
        return [
            file
            for file in self.bench.facts.files
            if file.facts.encoding and file.facts.file_class is not FileClass.LFS_POINTER
        ]

    def rankings(self, question: str) -> Rankings:
        """Rank the files for a question, by every method.

        Raises:
            BathyError: The index of words cannot be read.
        """
        ranking = self.bench.search(question)
        ours = Ranking(tuple(file for file in ranking.files if file.path in self.blobs))
        terms = parse_question(question).terms
        orders = {
            OURS: [file.path for file in ours.files],
            PATH_WORDS: by_path_words(terms, self.blobs),
            WHOLE_FILES: self._by_whole_files(terms),
        }
        places = [(path, (span.start_line, span.end_line)) for path, span in order_places(ours)]
        return Rankings(orders, order_whole(ours, self.tokens), places)

    def _by_whole_files(self, terms: Mapping[str, float]) -> list[str]:
        view = self.bench.corpus.open().view
        scores = {view.blobs[at]: score for at, score in view.score(terms).blobs.items()}
        return _ordered({path: scores.get(blob, 0.0) for path, blob in self.blobs.items()})


def by_path_words(
    terms: Mapping[str, float], paths: Sequence[str] | Mapping[str, str]
) -> list[str]:
    """Rank files by the words of a question that stand in their paths, rare words first.

    Args:
        terms: Weights in the question by index term.
        paths: Of all files.
    """
    held = {path: frozenset(terms.keys() & count_terms(path).keys()) for path in paths}
    common = Counter(term for found in held.values() for term in found)
    worth = {term: inverse_frequency(n, len(held)) for term, n in common.items()}
    return _ordered({p: sum(worth[term] for term in sorted(found)) for p, found in held.items()})


def _ordered(scores: Mapping[str, float]) -> list[str]:
    """Paths that score, best first; equal scores in the order of the paths."""
    return sorted((p for p, s in scores.items() if s > 0), key=lambda p: (-scores[p], p))
