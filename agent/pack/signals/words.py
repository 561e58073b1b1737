"""How well the words of a question fit a file: BM25 of its best spans, the whole and the title."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bathy.agent.index.view import Scores
from bathy.agent.pack.corpus import OpenCorpus
from bathy.agent.pack.question import Question
from bathy.agent.pack.signals.weights import FILE_PART, SPAN_PART, TITLE_PART

SPAN_SHARES = (1.0, 0.6, 0.36)
"""What a file's best spans count."""

PATH_SHARE = 1.0
"""What a word of the path counts in each span, in parts of what it would count standing there."""


@dataclass(frozen=True, slots=True)
class Words:
    """What the words say.

    Attributes:
        fit: By place of a file, 0 to 1; the best file gets 1. Files without any word are left out.
        spans: By blob position, (score, span), best first.
        by_path: By place of a file, what the words of its path count in each of its spans; files
            without such words are left out.
    """

    fit: Mapping[int, float]
    spans: Mapping[int, Sequence[tuple[float, int]]]
    by_path: Mapping[int, float]


def match_words(question: Question, corpus: OpenCorpus) -> Words:
    """Score every file by the words of a question. Deterministic."""
    view = corpus.view
    scores = view.score(question.terms)
    spans = view.by_blob(scores.spans)
    by_path = {
        place: _said_by_path(corpus.path_terms[place], question, scores)
        for place in corpus.naming(scores.idf)
    }
    best_spans = {
        place: sum(
            share * (score + by_path.get(place, 0.0))
            for share, (score, _) in zip(SPAN_SHARES, found, strict=False)
        )
        for position, found in spans.items()
        for place in corpus.owners[position]
    }
    whole = _by_file(corpus, scores.blobs)
    title: dict[int, float] = {}
    if question.title_terms:
        best = view.by_blob(view.score(question.title_terms).spans)
        title = {position: found[0][0] for position, found in best.items()}
    mixed: dict[int, float] = defaultdict(float)
    parts = ((SPAN_PART, best_spans), (FILE_PART, whole), (TITLE_PART, _by_file(corpus, title)))
    for part, values in parts:
        for place, share in shares_of_best(values).items():
            mixed[place] += part * share
    return Words(shares_of_best(mixed), spans, by_path)


def shares_of_best(values: Mapping[int, float]) -> dict[int, float]:
    """Divide by the largest value, so that it becomes 1."""
    most = max(values.values(), default=0.0)
    return {place: value / most for place, value in values.items()} if most > 0 else {}


def _by_file(corpus: OpenCorpus, by_blob: Mapping[int, float]) -> dict[int, float]:
    return {p: value for blob, value in by_blob.items() for p in corpus.owners[blob]}


def _said_by_path(path_terms: Sequence[str], question: Question, scores: Scores) -> float:
    """Score the words of a path as if they stood in each of the file's spans."""
    wanted = question.terms
    return PATH_SHARE * sum(
        wanted[term] * scores.idf[term]
        for term in path_terms
        if term in wanted and term in scores.idf
    )
