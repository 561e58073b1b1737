"""Some files of an inverted index -> BM25 scores of their spans, as if nothing else were indexed.

Document frequencies and mean lengths are those of the files asked about: an answer depends on them
alone, not on which other commits were indexed before. FTS5's own ranking function could not say
that, since it counts every row of its table.
"""

import math
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from operator import itemgetter
from typing import NamedTuple, Protocol

from bathy.agent.index.spans import Span

K1, B = 1.5, 0.75
"""BM25's saturation and length normalisation: the usual values, and none tried was better."""

COMMON_SHARE = 0.3
"""Terms in more than this share of the spans say nothing about a place and are left out."""

TF_BITS = 8
"""A posting is a span's number, shifted by this, and how often the term stands in the span."""

MOST_KNOWN = 5_000
"""Terms whose postings a view keeps at hand."""

_TIMES = (1 << TF_BITS) - 1


class Names(NamedTuple):
    """Names of a span: what it calls, inherits, imports or takes as types; what it defines."""

    uses: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()


class Reader(Protocol):
    """What a view needs of an index; spans have numbers there, ascending within a file."""

    def spans_of(self, blob: str) -> tuple[Span, ...]:
        """Return a file's spans."""
        ...

    def names_of(self, blob: str) -> tuple[Names, ...]:
        """Return the names of each of a file's spans."""
        ...

    def lengths_of(self, blobs: Iterable[str]) -> dict[str, tuple[int, "array[int]"]]:
        """Return (number of the first span, terms in each span) of the files that are indexed."""
        ...

    def segments(self) -> dict[int, int]:
        """Return the number of the first span of every segment, and under -1 that of the next."""
        ...

    def postings_of(self, term: str) -> list[tuple[int, "array[int]"]]:
        """Return (segment, postings by span within the segment) of a term."""
        ...


@dataclass(frozen=True, slots=True)
class Scores:
    """What BM25 makes of one set of weighted terms.

    Attributes:
        spans: Score by span number, for the spans that hold a term.
        blobs: Score of whole files by blob position, likewise.
        idf: Inverse document frequency of each term that was counted, among spans.
    """

    spans: Mapping[int, float]
    blobs: Mapping[int, float]
    idf: Mapping[str, float]


class View:
    """Some of the files of an index, as if nothing else were in it.

    Span numbers mean something within one view only; `blob_of` and `span_at` resolve them.
    """

    def __init__(self, postings: Reader, blobs: Sequence[str]) -> None:
        """Read the spans' lengths; `Postings.view` makes these."""
        self._postings = postings
        self._blobs = tuple(dict.fromkeys(blobs))
        self._bases = postings.segments()
        total = self._bases[-1]
        found = postings.lengths_of(self._blobs)
        self._lacking = tuple(blob for blob in self._blobs if blob not in found)
        self._owner = array("i", [-1]) * total
        self._firsts: list[int] = []
        lengths, self._file_lengths = array("I", [0]) * total, []
        for position, blob in enumerate(self._blobs):
            first, own = found.get(blob, (0, array("I")))
            if first + len(own) > total:  # added by another process since
                first, own = 0, array("I")
            self._firsts.append(first)
            self._file_lengths.append(sum(own))
            lengths[first : first + len(own)] = own
            self._owner[first : first + len(own)] = array("i", [position]) * len(own)
        self._spans = total - self._owner.count(-1)
        self._all = self._spans == total
        mean = max(1.0, sum(self._file_lengths) / max(1, self._spans))
        self._norms = [K1 * (1 - B + B * n / mean) for n in lengths]
        self._file_norms = self._norms_of_files()
        self._known: dict[str, array[int]] = {}
        self._spans_of: dict[int, tuple[Span, ...]] = {}
        self._names: dict[int, tuple[Names, ...]] = {}

    @property
    def blobs(self) -> Sequence[str]:
        """The ids looked at, each once; a blob's position is its place here."""
        return self._blobs

    @property
    def lacking(self) -> Sequence[str]:
        """The ids looked at that are not indexed, in their order."""
        return self._lacking

    @property
    def span_count(self) -> int:
        """How many spans the files have."""
        return self._spans

    def blob_of(self, span: int) -> int:
        """Return the position of the file that holds a span."""
        return self._owner[span]

    def span_at(self, span: int) -> Span:
        """Return the lines and symbol of a span."""
        position = self._owner[span]
        spans = self._spans_of.get(position)
        if spans is None:
            spans = self._spans_of[position] = self._postings.spans_of(self._blobs[position])
        return spans[span - self._firsts[position]]

    def names_at(self, span: int) -> Names:
        """Return the names that a span uses and defines."""
        position = self._owner[span]
        by_span = self._names.get(position)
        if by_span is None:
            by_span = self._names[position] = self._postings.names_of(self._blobs[position])
        at = span - self._firsts[position]
        return by_span[at] if at < len(by_span) else Names()

    def by_blob(self, scores: Mapping[int, float]) -> dict[int, list[tuple[float, int]]]:
        """Group the scores of spans by blob position: (score, span), best first, then ascending.

        Args:
            scores: By span, ascending, as `score` gives them.
        """
        grouped: dict[int, list[tuple[float, int]]] = defaultdict(list)
        owner = self._owner
        for span, score in scores.items():
            grouped[owner[span]].append((score, span))
        for found in grouped.values():
            if len(found) > 1:
                found.sort(key=itemgetter(0), reverse=True)
        return grouped

    def blobs_holding(self, term: str) -> frozenset[int]:
        """Return the positions of the files that hold a term."""
        owner = self._owner
        return frozenset([owner[packed >> TF_BITS] for packed in self._packed(term)])

    def count(self, term: str) -> int:
        """Return how many spans hold a term."""
        return len(self._packed(term))

    def holders(self, term: str) -> list[int]:
        """Return the spans that hold a term, ascending."""
        return [packed >> TF_BITS for packed in self._packed(term)]

    def definers(self, name: str) -> list[int]:
        """Return the spans in which a definition of that name begins, ascending."""
        return self.holders("=" + name)

    def users(self, name: str) -> list[int]:
        """Return the spans that use a name, ascending."""
        return self.holders(">" + name)

    def score(self, terms: Mapping[str, float]) -> Scores:
        """Score spans and files by BM25.

        Args:
            terms: Weight in the question by term, > 0.

        Returns:
            The same scores for the same files and terms, to the last bit.
        """
        spans = [0.0] * len(self._norms)
        blobs: dict[int, float] = defaultdict(float)
        idf: dict[str, float] = {}
        owner, norms = self._owner, self._norms
        common = COMMON_SHARE * max(self._spans, 100)
        file_norms = self._file_norms
        for term, weight in sorted(terms.items()):
            packed = self._packed(term)
            if not packed or len(packed) > common:
                continue
            idf[term] = inverse_frequency(len(packed), self._spans)
            gain = weight * idf[term] * (K1 + 1)
            # The spans of a file stand in a row, so its postings do.
            last, files, sums = -1, list[int](), list[int]()
            for posting in packed:
                span, times = posting >> TF_BITS, posting & _TIMES
                spans[span] += gain * times / (times + norms[span])
                position = owner[span]
                if position == last:
                    sums[-1] += times
                else:
                    last = position
                    files.append(position)
                    sums.append(times)
            gain = weight * inverse_frequency(len(files), len(self._blobs)) * (K1 + 1)
            for position, times in zip(files, sums, strict=True):
                blobs[position] += gain * times / (times + file_norms[position])
        return Scores(dict(compress(enumerate(spans), spans)), blobs, idf)

    def _norms_of_files(self) -> list[float]:
        mean = max(1.0, sum(self._file_lengths) / max(1, len(self._file_lengths)))
        return [K1 * (1 - B + B * n / mean) for n in self._file_lengths]

    def _packed(self, term: str) -> "array[int]":
        """Postings of a term in this view: span number << 8 | frequency."""
        known = self._known.get(term)
        if known is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            known = self._known[term] = array("Q")
            for segment, found in self._postings.postings_of(term):
                base = self._bases.get(segment)
                if base is None:  # added by another process since
                    continue
                if self._all:
                    known.extend(packed + (base << TF_BITS) for packed in found)
                    continue
                for packed in found:
                    span = (packed >> TF_BITS) + base
                    if self._owner[span] >= 0:
                        known.append(packed + (base << TF_BITS))
        return known


def inverse_frequency(holding: int, of: int) -> float:
    """Return BM25's weight of a term that so many of so many spans hold; > 0."""
    return math.log(1 + (of - holding + 0.5) / (holding + 0.5))
