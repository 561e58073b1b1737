"""A question and an indexed repository -> files and spans, best first, each with its reasons.

score = (base + evidence) x prior. Base is how well the words fit (BM25), evidence is what the
question names outright, prior is what kind of file it is. The three are computed apart.
"""

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bathy.agent.index.files import FileClass
from bathy.agent.index.postings import IndexedSpan, Postings, PostingsLost
from bathy.agent.index.terms import count_terms, terms_of
from bathy.agent.index.view import Scores, View, inverse_frequency
from bathy.agent.pack.evidence import Evidence, find_evidence
from bathy.agent.pack.question import Question

SPAN_SHARES = (1.0, 0.5, 0.25)
"""What a file's best spans count."""

PATH_SHARE = 1.0
"""What a word of the path counts in each span, in parts of what it would count standing there."""

SPAN_PART, FILE_PART, TITLE_PART = 2.0, 0.5, 0.2
PRIOR: Mapping[FileClass, float] = {
    FileClass.SOURCE: 1.0,
    FileClass.TEST: 0.55,
    FileClass.DOCUMENTATION: 0.35,
    FileClass.NOTEBOOK: 0.35,
    FileClass.CONFIGURATION: 0.35,
    FileClass.GENERATED: 0.3,
    FileClass.VENDORED: 0.3,
    FileClass.DATA: 0.2,
    FileClass.TRANSLATION: 0.1,
    FileClass.MINIFIED: 0.1,
    FileClass.LOCK_FILE: 0.05,
    FileClass.SECRET: 0.05,
}
"""What a file's score is multiplied by, by its class; 0 for those that hold no text."""

CHANGE_LOGS = frozenset(
    (
        "changes",
        "changelog",
        "changelogs",
        "history",
        "news",
        "whatsnew",
        "releases",
        "release_notes",
    )
)
CHANGE_LOG_PRIOR = 0.1
"""Change logs hold every word of every issue that was ever closed."""

MOST_SPANS = 5
MOST_WORDS = 60
MATCHES_SHOWN = 5

FLOOR_FILES, FLOOR_SHARE = 3, 0.45
"""A ranking whose best files all hold less than this share of the question is no answer."""


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """One file that may answer."""

    path: str
    blob: str
    file_class: FileClass


@dataclass(frozen=True, slots=True)
class Corpus:
    """An indexed repository.

    Attributes:
        files: Those that may be named in an answer, by path.
        postings: Index of their text.
        index: Reads files that the index lacks: yields (blob, what `index_text` makes of them).
    """

    files: Sequence[CorpusFile]
    postings: Postings
    index: Callable[[Sequence[CorpusFile]], Iterable[tuple[str, Sequence[IndexedSpan]]]]


@dataclass(frozen=True, slots=True)
class RankedSpan:
    """A range of lines, 1-based and inclusive; `symbol` is what it is (part of), or ""."""

    start_line: int
    end_line: int
    score: float
    symbol: str


@dataclass(frozen=True, slots=True)
class RankedFile:
    """A file that fits.

    Attributes:
        path: The file.
        score: (base + evidence) x prior.
        spans: Best first.
        why: Short reasons, most telling first.
        base: How well the words fit, 0 to 1; 1 is the best file of this ranking.
        evidence: Weight of what the question names outright.
        prior: Factor for the kind of file.
    """

    path: str
    score: float
    spans: tuple[RankedSpan, ...]
    why: tuple[str, ...]
    base: float
    evidence: float
    prior: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """Files that fit a question, best first; empty if nothing does."""

    files: tuple[RankedFile, ...]


def retrieve(question: Question, corpus: Corpus, *, detailed: int = 50) -> Ranking:
    """Rank the files of a repository for a question, indexing first what is new.

    Args:
        question: From `parse_question`.
        corpus: The repository.
        detailed: Files, from the best on, that get spans and reasons; the rest have neither.

    Returns:
        Every file that scored. The same for the same files and question, whatever else the index
        holds. Equal scores are in the order of the paths.
    """
    for _ in range(2):
        with contextlib.suppress(PostingsLost):
            return _retrieve(question, corpus, detailed)
    return _retrieve(question, corpus, detailed)


def _retrieve(question: Question, corpus: Corpus, detailed: int) -> Ranking:
    files = [file for file in corpus.files if prior_of(file) > 0]
    bring_up_to_date(files, corpus)
    view = corpus.postings.view([file.blob for file in files])
    at = {blob: position for position, blob in enumerate(view.blobs)}
    paths: dict[int, list[str]] = defaultdict(list)
    for file in files:
        paths[at[file.blob]].append(file.path)
    scores = view.score(question.terms)
    evidence = find_evidence(question, [file.path for file in files], view, paths)
    by_blob = _spans_by_blob(view, scores)
    base = _base(view, scores, by_blob, question, paths)
    ranked = []
    for file in files:
        words, named = base.get(at[file.blob], 0.0), evidence.get(file.path)
        weight = named.total if named else 0.0
        if words + weight > 0:
            prior = prior_of(file)
            score = (words + weight) * prior
            ranked.append(RankedFile(file.path, score, (), (), words, weight, prior))
    ranked.sort(key=lambda item: (-item.score, item.path))
    blobs = {file.path: at[file.blob] for file in files}
    told = tell_words(question, view)
    if not any(_fits(told, blobs[i.path], evidence.get(i.path)) for i in ranked[:FLOOR_FILES]):
        return Ranking(())
    for place, item in enumerate(ranked[:detailed]):
        named = evidence.get(item.path) or Evidence()
        position = blobs[item.path]
        spans = _best_spans(view, by_blob.get(position, ()), named)
        ranked[place] = replace(item, spans=spans, why=(*named.why, *_matches(told, position)))
    return Ranking(tuple(ranked))


def bring_up_to_date(files: Sequence[CorpusFile], corpus: Corpus) -> None:
    """Index the files whose text the index lacks."""
    missing = set(corpus.postings.missing(file.blob for file in files))
    if not missing:
        return
    new = {file.blob: file for file in reversed(files) if file.blob in missing}
    corpus.postings.add(corpus.index([file for file in files if new.get(file.blob) is file]))


def prior_of(file: CorpusFile) -> float:
    """Return what a file's score is multiplied by; 0 for files without text."""
    if file.file_class is FileClass.DOCUMENTATION:
        *folders, name = file.path.lower().split("/")
        if name.partition(".")[0] in CHANGE_LOGS or not CHANGE_LOGS.isdisjoint(folders):
            return CHANGE_LOG_PRIOR
    return PRIOR.get(file.file_class, 0.0)


def _spans_by_blob(view: View, scores: Scores) -> dict[int, list[tuple[float, int]]]:
    """Return (score, span) by blob position, best first."""
    grouped: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for span, score in scores.spans.items():
        grouped[view.blob_of(span)].append((score, span))
    for found in grouped.values():
        found.sort(key=lambda pair: (-pair[0], pair[1]))
    return grouped


def _base(
    view: View,
    scores: Scores,
    by_blob: Mapping[int, Sequence[tuple[float, int]]],
    question: Question,
    paths: Mapping[int, Sequence[str]],
) -> dict[int, float]:
    """Mix span and file scores, each divided by its best; the best file gets 1."""
    said = {
        position: max(_said_by_path(path, question, scores) for path in paths[position])
        for position in by_blob
    }
    spans = {
        position: sum(
            share * (score + said[position])
            for share, (score, _) in zip(SPAN_SHARES, best, strict=False)
        )
        for position, best in by_blob.items()
    }
    mixed: dict[int, float] = defaultdict(float)
    title: dict[int, float] = {}
    if question.title_terms:
        for span, score in view.score(question.title_terms).spans.items():
            position = view.blob_of(span)
            title[position] = max(title.get(position, 0.0), score)
    for part, values in (
        (SPAN_PART, spans),
        (FILE_PART, scores.blobs),
        (TITLE_PART * (SPAN_PART + FILE_PART), title),
    ):
        most = max(values.values(), default=0.0)
        for position, value in values.items():
            mixed[position] += part * value / most
    most = max(mixed.values(), default=0.0)
    return {position: value / most for position, value in mixed.items()}


def _said_by_path(path: str, question: Question, scores: Scores) -> float:
    """Score the words of a path as if they stood in each of the file's spans."""
    wanted = question.terms
    return PATH_SHARE * sum(
        wanted[term] * scores.idf[term]
        for term in count_terms(path)
        if term in wanted and term in scores.idf
    )


@dataclass(frozen=True, slots=True)
class Told:
    """A word of the question: how telling it is here, and the blob positions that hold it."""

    word: str
    idf: float
    holders: frozenset[int]


def tell_words(question: Question, view: View) -> list[Told]:
    """Look the words of a question up, most telling first."""
    told = []
    for word in question.words[:MOST_WORDS]:
        terms = terms_of(word)
        if terms:
            spans = view.holders(terms[-1])
            holders = frozenset(view.blob_of(span) for span in spans)
            told.append(Told(word, inverse_frequency(len(spans), view.span_count), holders))
    return sorted(told, key=lambda t: (-t.idf, t.word))


def _fits(told: Sequence[Told], position: int, named: Evidence | None) -> bool:
    """Say whether a file has to do with the question at all.

    It does if the question names it or something in it, or if it holds two of the question's words,
    half of them, or half of what they tell. One stray word of many is chance.
    """
    if named is not None and named.is_named:
        return True
    held = [t.idf for t in told if position in t.holders]
    if len(held) >= 2 or not held:
        return bool(held)
    return len(told) <= 2 or sum(held) >= FLOOR_SHARE * sum(t.idf for t in told)


def _matches(told: Sequence[Told], position: int) -> tuple[str, ...]:
    words = [t.word for t in told if position in t.holders][:MATCHES_SHOWN]
    return (f"matches: {', '.join(words)}",) if words else ()


def _best_spans(
    view: View, scored: Sequence[tuple[float, int]], named: Evidence
) -> tuple[RankedSpan, ...]:
    """Choose a file's spans: those that define what is named gain half of the best span's score."""
    best = max((score for score, _ in scored), default=1.0)
    totals = {span: score for score, span in scored[:40]}
    for span, strength in named.spans.items():
        totals[span] = totals.get(span, 0.0) + 0.5 * best * min(1.0, strength)
    chosen = sorted(totals.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_SPANS]
    return tuple(
        RankedSpan(span.start_line, span.end_line, score, span.symbol)
        for span, score in ((view.span_at(number), score) for number, score in chosen)
    )
