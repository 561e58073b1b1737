"""A ranking -> places in the order in which they should be looked at, whatever file they are in.

The ranking of files says where to look; a prompt has room for places. The best places of the best
file come first, and a good place of a lesser file before the tenth of the best.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from bathy.agent.pack.ranking import RankedFile, RankedSpan, Ranking

SPAN_POWER = 0.25
"""How fast a file's lesser places fall behind its best one. Of 178 issues' changed lines, the first
ten places show most at this power; without it (0) or with plain shares (1) they show less."""

SIZE_POWER = 0.2
"""How much a long file falls behind where whole files are packed: by trial, as above."""


class Place(NamedTuple):
    """One range of lines of a file."""

    path: str
    span: RankedSpan


def order_places(ranking: Ranking) -> list[Place]:
    """Put the spans of all files in order, best first; ties as in the ranking. Deterministic."""
    valued = [
        (file.score * share**SPAN_POWER, Place(file.path, span))
        for file in ranking.files
        for share, span in _shares(file)
    ]
    return [place for _, place in sorted(valued, key=lambda pair: -pair[0])]


def _shares(file: RankedFile) -> Iterator[tuple[float, RankedSpan]]:
    """(score in parts of the file's best one, span)."""
    best = max((span.score for span in file.spans), default=0.0)
    for span in file.spans:
        yield (max(0.0, span.score / best) if best > 0 else 0.0), span


def order_whole(ranking: Ranking, sizes: Mapping[str, int]) -> list[str]:
    """Put files in the order in which to pack them whole, if only some fit.

    Args:
        ranking: Of a question.
        sizes: Of the files, by path, in any one unit.

    Returns:
        Their paths: by score for the size, so that one long file does not cost ten short ones.
    """
    return order_by_size({file.path: file.score for file in ranking.files}, sizes)


def order_by_size(scores: Mapping[str, float], sizes: Mapping[str, int]) -> list[str]:
    """Put files in that order, whatever they are scored by; ties by path.

    Args:
        scores: Of the files, by path.
        sizes: Likewise.
    """
    return sorted(
        scores, key=lambda path: (-scores[path] / max(1, sizes[path]) ** SIZE_POWER, path)
    )
