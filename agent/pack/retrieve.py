"""A question and an indexed repository -> files and spans, best first, each with its reasons.

score = (base + evidence) x prior. Base is how well the words fit (BM25), evidence is what the question
names outright, prior is what kind of file it is. The three are computed apart.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bathy.agent.index.files import FileClass
from bathy.agent.index.postings import IndexedSpan, Postings, PostingsLost, Scores, View
from bathy.agent.pack.evidence import Evidence, find_evidence
from bathy.agent.pack.question import Question

SPAN_SHARES = (1.0, 0.5, 0.25)
"""What a file's best spans count."""

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
        files: Those that may be named in an answer.
        postings: Index of their text.
        index: Makes the spans of files that the index lacks.
    """

    files: Sequence[CorpusFile]
    postings: Postings
    index: Callable[[Sequence[CorpusFile]], object]
