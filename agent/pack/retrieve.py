"""A question and an indexed repository -> files and spans, best first, each with its reasons.

    words, names, past  --weights, prior-->  first look  --second hop-->  ranking

The first look scores each file by itself: (words + weighted signals) x prior. The second follows
what the best spans use and who uses them, and lifts the files that they lead to.
"""

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bathy.agent.index.files import FileClass
from bathy.agent.index.postings import PostingsLost
from bathy.agent.pack.corpus import Corpus, CorpusFile, OpenCorpus
from bathy.agent.pack.question import Question
from bathy.agent.pack.ranking import RankedFile, RankedSpan, Ranking
from bathy.agent.pack.signals.floor import FLOOR_FILES, Told, has_to_do, matches, tell_words
from bathy.agent.pack.signals.hop import Hop, follow, lift
from bathy.agent.pack.signals.named import Named, find_named
from bathy.agent.pack.signals.past import changed_often, changed_together, match_messages
from bathy.agent.pack.signals.weights import CHANGE_LOG_PRIOR, Weights, weights_for
from bathy.agent.pack.signals.words import Words, match_words
from bathy.tools.workspace import quote_path

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
BEST_FILES = 10
SPANS_OF_BEST, SPANS_OF_OTHERS = 24, 5
"""Most spans of each of the first ten files, which are quoted from, and of the other ones."""

NAMED_SPAN, USED_SPAN = 0.5, 0.25
"""What a span gains that defines what the question names, or what the best spans use, in parts of
the file's best score by words."""

TELLING_PAST = 0.5
"""Strength from which on a signal of the past is given as a reason."""

_OF_THE_PAST = (
    ("old messages", "messages of its changes speak of this"),
    ("changed together", "often changed together with what fits best"),
)
_SPANS_LOOKED_AT = 40


def retrieve(question: Question, corpus: Corpus, *, detailed: int = 50) -> Ranking:
    """Rank the files of a repository for a question, indexing first what is new.

    Args:
        question: From `parse_question`.
        corpus: The repository.
        detailed: Files, from the best on, that get spans and reasons; the rest have neither.

    Returns:
        Every file that scored. The same for the same files, past and question, whatever else the
        index holds. Equal scores are in the order of the paths.
    """
    for _ in range(2):
        try:
            return _retrieve(question, corpus.open(), detailed)
        except PostingsLost:
            corpus.forget()
    return _retrieve(question, corpus.open(), detailed)


def prior_of(file: CorpusFile, weights: Weights) -> float:
    """Return what a file's score is multiplied by; 0 for files without text."""
    if file.file_class is FileClass.DOCUMENTATION:
        *folders, name = file.path.lower().split("/")
        if name.partition(".")[0] in CHANGE_LOGS or not CHANGE_LOGS.isdisjoint(folders):
            return CHANGE_LOG_PRIOR
    return weights.prior.get(file.file_class, 0.0)


@dataclass(frozen=True, slots=True)
class _Look:
    """One question over one corpus: what speaks for each file, by place.

    `first` are the scores before the second hop.
    """

    corpus: OpenCorpus
    words: Words
    named: Mapping[int, Named]
    signals: Mapping[int, Mapping[str, float]]
    priors: Mapping[int, float]
    first: Mapping[int, float]
    hop: Hop


def _retrieve(question: Question, corpus: OpenCorpus, detailed: int) -> Ranking:
    weights = weights_for(question.text)
    look, scores = _look_twice(question, corpus, weights)
    order = sorted(scores, key=lambda place: (-scores[place], corpus.files[place].path))
    told = tell_words(question, corpus.view)
    # Judged without the hop: what it finds need hold no word, and must not crowd out what does.
    scored = [(-score, place) for place, score in look.first.items() if score > 0]
    judged = [place for _, place in heapq.nsmallest(FLOOR_FILES, scored)]
    if not any(_is_answer(look, told, place) for place in judged):
        return Ranking(())
    best = (
        _detailed(
            look, told, place, scores[place], SPANS_OF_BEST if n < BEST_FILES else SPANS_OF_OTHERS
        )
        for n, place in enumerate(order[:detailed])
    )
    rest = (_bare(look, place, scores[place]) for place in order[detailed:])
    return Ranking((*best, *rest), {one.word: one.idf for one in told if one.holders})


def _look_twice(
    question: Question, corpus: OpenCorpus, weights: Weights
) -> tuple[_Look, dict[int, float]]:
    words, named = match_words(question, corpus), find_named(question, corpus)
    signals: dict[int, dict[str, float]] = {}
    _note(signals, "words", words.fit)
    for place, found in named.items():
        signals.setdefault(place, {}).update(found.signals)
    _note(signals, "old messages", match_messages(question, corpus))
    spoken_for = set(signals)
    _note(signals, "changed often", _only(spoken_for, changed_often(corpus)))
    priors = {place: prior_of(corpus.files[place], weights) for place in signals}
    first = {place: _sum(found, weights) * priors[place] for place, found in signals.items()}
    companions = changed_together(first, corpus)
    _note(signals, "changed together", companions)
    for place, strength in companions.items():
        priors.setdefault(place, prior_of(corpus.files[place], weights))
        gain = weights.signals["changed together"] * strength * priors[place]
        first[place] = first.get(place, 0.0) + gain
    hop = follow(question, first, words, corpus)
    places = sorted({*first, *hop.leads_here, *hop.comes_from_here})
    priors |= {p: prior_of(corpus.files[p], weights) for p in places if p not in priors}
    _note(signals, "leads here", hop.leads_here)
    _note(signals, "comes from here", hop.comes_from_here)
    gains = [
        priors[place]
        * (
            weights.signals["leads here"] * hop.leads_here.get(place, 0.0)
            + weights.signals["comes from here"] * hop.comes_from_here.get(place, 0.0)
        )
        for place in places
    ]
    lifted = lift([first.get(place, 0.0) for place in places], gains)
    scores = {place: score for place, score in zip(places, lifted, strict=True) if score > 0}
    return _Look(corpus, words, named, signals, priors, first, hop), scores


def _note(signals: dict[int, dict[str, float]], name: str, strengths: Mapping[int, float]) -> None:
    for place, strength in strengths.items():
        signals.setdefault(place, {})[name] = strength


def _only(places: set[int], strengths: Mapping[int, float]) -> dict[int, float]:
    """Keep what no other signal speaks for out: that a file is changed often is no answer."""
    return {place: strength for place, strength in strengths.items() if place in places}


def _sum(signals: Mapping[str, float], weights: Weights) -> float:
    known = weights.signals
    return signals.get("words", 0.0) + sum(
        known[name] * strength for name, strength in signals.items() if name != "words"
    )


def _is_answer(look: _Look, told: list[Told], place: int) -> bool:
    named = look.named.get(place)
    is_named = named is not None and named.is_named
    return is_named or has_to_do(told, look.corpus.position[place])


def _bare(look: _Look, place: int, score: float) -> RankedFile:
    path, prior = look.corpus.files[place].path, look.priors[place]
    return RankedFile(path, score, (), (), look.signals.get(place, {}), prior)


def _detailed(
    look: _Look, told: list[Told], place: int, score: float, most_spans: int
) -> RankedFile:
    named = look.named.get(place) or Named()
    why = [*named.why, *matches(told, look.corpus.position[place])]
    if place in look.hop.why:
        leader, name = look.hop.why[place]
        there = quote_path(look.corpus.files[leader].path)
        leads_here = place in look.hop.leads_here
        why.append(
            f"defines `{name}`, which {there} uses" if leads_here else f"uses `{name}` of {there}"
        )
    bare = _bare(look, place, score)
    why += [reason for name, reason in _OF_THE_PAST if bare.signals.get(name, 0.0) >= TELLING_PAST]
    spans = tuple(_best_spans(look, place, named, most_spans))
    return RankedFile(bare.path, score, spans, tuple(why), bare.signals, bare.prior)


def _best_spans(look: _Look, place: int, named: Named, most: int) -> Iterable[RankedSpan]:
    """Choose a file's spans: by words, and more for those that define what is named or used."""
    view, position = look.corpus.view, look.corpus.position[place]
    scored = look.words.spans.get(position, ())
    best = max((score for score, _ in scored), default=1.0)
    totals = {span: score for score, span in scored[:_SPANS_LOOKED_AT]}
    for span, strength in named.spans.items():
        totals[span] = totals.get(span, 0.0) + NAMED_SPAN * best * min(1.0, strength)
    for span, strength in look.hop.spans.get(position, {}).items():
        totals[span] = totals.get(span, 0.0) + USED_SPAN * best * strength
    for number, score in sorted(totals.items(), key=lambda pair: (-pair[1], pair[0]))[:most]:
        at = view.span_at(number)
        yield RankedSpan(at.start_line, at.end_line, score, at.symbol)
