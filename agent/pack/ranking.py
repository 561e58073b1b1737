"""What retrieval returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field


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
        score: (the sum of what `signals` count) x prior, and what the second hop adds.
        spans: Best first.
        why: Short reasons, most telling first.
        signals: Strength by name: "words" (0 to 1; 1 is the best file of this ranking), and those
            that `signals.weights` names.
        prior: Factor for the kind of file; 1 for source.
    """

    path: str
    score: float
    spans: tuple[RankedSpan, ...]
    why: tuple[str, ...]
    signals: Mapping[str, float]
    prior: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """Files that fit a question, best first; empty if nothing does.

    Attributes:
        files: Best first.
        words: How telling each word of the question is that stands in the repository, most first.
    """

    files: tuple[RankedFile, ...]
    words: Mapping[str, float] = field(default_factory=dict)
