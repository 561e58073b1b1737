"""What old changes say: what was said of them, how often a file was changed, and with which others.

Files that are always changed together with one that fits a question may have to do with it, too.
The measure is of the kind of Zimmermann et al., "Mining version histories" (2005).
"""

import heapq
from collections import defaultdict
from collections.abc import Mapping
from math import log1p, sqrt

from bathy.agent.index.view import COMMON_SHARE, K1, B, inverse_frequency
from bathy.agent.pack.corpus import OpenCorpus
from bathy.agent.pack.question import Question
from bathy.agent.pack.signals.words import shares_of_best

BEST_CHANGES = 30
"""Changes whose messages fit best; only their files gain."""

SEEDS, WIDEST = 5, 20
"""Best files whose companions gain, and the most files of a change that says something of pairs."""

_DOUBT = 3
"""Added to the number of a file's changes: two changes that agree prove little."""


def match_messages(question: Question, corpus: OpenCorpus) -> dict[int, float]:
    """Score files by the messages of old changes to them; by place, 0 to 1."""
    past, touched = corpus.past.past, corpus.past.touched
    of = sum(1 for files in touched if files)
    if not of:
        return {}
    counted = [n for n, files in zip(past.lengths, touched, strict=True) if files]
    mean = max(1.0, sum(counted) / of)
    scores: dict[int, float] = defaultdict(float)
    for term, weight in sorted(question.terms.items()):
        flat = past.said.get(term, ())
        places = [(c, n) for c, n in zip(flat[::2], flat[1::2], strict=True) if touched[c]]
        if not 0 < len(places) < COMMON_SHARE * max(of, 100):
            continue
        gain = weight * inverse_frequency(len(places), of) * (K1 + 1)
        for change, times in places:
            norm = K1 * (1 - B + B * past.lengths[change] / mean)
            scores[change] += gain * times / (times + norm)
    found: dict[int, float] = defaultdict(float)
    best = heapq.nsmallest(BEST_CHANGES, scores.items(), key=lambda pair: (-pair[1], pair[0]))
    for change, score in best:
        for place in touched[change]:
            found[place] += score / sqrt(len(touched[change]))
    return shares_of_best(found)


def changed_often(corpus: OpenCorpus) -> dict[int, float]:
    """Score files by how often they were changed; by place, 0 to 1, on a logarithmic scale."""
    return shares_of_best({place: log1p(n) for place, n in corpus.past.times.items()})


def changed_together(scores: Mapping[int, float], corpus: OpenCorpus) -> dict[int, float]:
    """Score the companions of the best files.

    Args:
        scores: Of files, by place.
        corpus: With its past.

    Returns:
        0 to 1 by place; the best files themselves gain nothing.
    """
    best = heapq.nsmallest(SEEDS, scores.items(), key=lambda pair: (-pair[1], pair[0]))
    most = max((score for _, score in best), default=0.0)
    seeds = {place: score / most for place, score in best if score > 0}
    times, found = corpus.past.times, defaultdict[int, float](float)
    for files in corpus.past.touched:
        here = [place for place in files if place in seeds]
        if not here or len(files) > WIDEST:
            continue
        weight = sum(seeds[place] / (times[place] + _DOUBT) for place in here) / sqrt(len(files))
        for place in files:
            if place not in seeds:
                found[place] += weight
    return shares_of_best(found)
