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
from bathy.agent.pack.layer import order_by_size, order_places, order_whole
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
        packed: The same paths by method, in the order in which they would be put into a prompt
            whole: by score for the size, whatever the method scores by.
        places: Path and lines of our spans, best first.
    """

    orders: Mapping[str, Sequence[str]]
    packed: Mapping[str, Sequence[str]]
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
            BathyError: The files cannot be read.
        """
        ranking = self.bench.search(question)
        ours = Ranking(tuple(file for file in ranking.files if file.path in self.blobs))
        terms = parse_question(question).terms
        plain = {
            PATH_WORDS: score_path_words(terms, self.blobs),
            WHOLE_FILES: self._score_whole_files(terms),
        }
        orders = {OURS: [file.path for file in ours.files]}
        packed = {OURS: order_whole(ours, self.tokens)}
        for method, scores in plain.items():
            orders[method] = sorted(scores, key=lambda path: (-scores[path], path))
            packed[method] = order_by_size(scores, self.tokens)
        places = [(path, (span.start_line, span.end_line)) for path, span in order_places(ours)]
        return Rankings(orders, packed, places)

    def _score_whole_files(self, terms: Mapping[str, float]) -> dict[str, float]:
        view = self.bench.corpus.open().view
        scores = {view.blobs[at]: score for at, score in view.score(terms).blobs.items()}
        return {path: scores[blob] for path, blob in self.blobs.items() if scores.get(blob, 0) > 0}


def score_path_words(
    terms: Mapping[str, float], paths: Sequence[str] | Mapping[str, str]
) -> dict[str, float]:
    """Score files by the words of a question that stand in their paths, rare words more.

    Args:
        terms: Weights in the question by index term.
        paths: Of all files; those that hold no such word are left out.
    """
    held = {path: frozenset(terms.keys() & count_terms(path).keys()) for path in paths}
    common = Counter(term for found in held.values() for term in found)
    worth = {term: inverse_frequency(n, len(held)) for term, n in common.items()}
    scores = {p: sum(worth[term] for term in sorted(found)) for p, found in held.items()}
    return {path: score for path, score in scores.items() if score > 0}
