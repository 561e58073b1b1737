"""What each signal counts, as data: one column for reports of faults, one for questions.

A file's score is (words + the sum of weight x signal) x prior. All signals are numbers from 0 to
about 1, so a weight says what a signal counts beside the best possible match of words, which is 1.
Found by trial on issues and questions about nine repositories; `benchmarks/weights.py` fits them
anew and checks them by cross-validation. Each may be off by half without harm.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bathy.agent.index.files import FileClass

MOST_WORDS_OF_A_QUESTION = 70
"""A longer text of one line reports something; so does any text of several lines."""

SPAN_PART, FILE_PART, TITLE_PART = 2.0, 0.5, 0.5
"""Parts of the words' score: best spans, the whole file, the title alone."""

CHANGE_LOG_PRIOR = 0.1
"""Change logs hold every word of every issue that was ever closed."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights for one kind of text.

    Attributes:
        signals: By the name of the signal.
        prior: Factor by class; classes that are not there hold no text.
    """

    signals: Mapping[str, float]
    prior: Mapping[FileClass, float]


_BOTH = {
    "path": 0.3,
    "name": 0.3,
    "frame": 0.6,
    "title symbol": 0.08,
    "code symbol": 0.12,
    "trace symbol": 0.2,
    "member": 0.2,
    "stem": 0.12,
    "path words": 0.06,
    "leads here": 0.3,
    "comes from here": 0.15,
}
_LITTLE = {
    FileClass.GENERATED: 0.3,
    FileClass.VENDORED: 0.3,
    FileClass.TRANSLATION: 0.1,
    FileClass.MINIFIED: 0.1,
    FileClass.LOCK_FILE: 0.05,
    FileClass.SECRET: 0.05,
}
ISSUE = Weights(
    _BOTH | {"old messages": 0.15, "changed often": 0.1, "changed together": 0.1},
    _LITTLE
    | {
        FileClass.SOURCE: 1.0,
        FileClass.TEST: 0.4,
        FileClass.DOCUMENTATION: 0.3,
        FileClass.NOTEBOOK: 0.3,
        FileClass.CONFIGURATION: 0.3,
        FileClass.DATA: 0.2,
    },
)
"""Faults are mended in source, most often where much was mended before."""

QUESTION = Weights(
    _BOTH | {"old messages": 0.1, "changed often": 0.0, "changed together": 0.067},
    _LITTLE
    | {
        FileClass.SOURCE: 1.0,
        FileClass.TEST: 0.6,
        FileClass.DOCUMENTATION: 0.5,
        FileClass.NOTEBOOK: 0.5,
        FileClass.CONFIGURATION: 0.4,
        FileClass.DATA: 0.3,
    },
)
"""Questions are answered by tests and documents, too."""


def weights_for(text: str) -> Weights:
    """Choose the weights for a text by its form alone."""
    is_question = "\n" not in text and len(text.split()) <= MOST_WORDS_OF_A_QUESTION
    return QUESTION if is_question else ISSUE
