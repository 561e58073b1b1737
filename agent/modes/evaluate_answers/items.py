"""One question of a set, whatever its format: what is asked, of what, and how it is scored."""

from dataclasses import dataclass
from typing import Literal

Method = Literal["choice", "facts", "rubric"]
"""How an answer is scored: the letter of an option; the share of known facts that it states; or
points for five criteria beside a reference answer."""

CRITERIA = ("correctness", "completeness", "relevance", "clarity", "reasoning")
"""What a rubric gives points for, as SWE-QA (arXiv 2509.14635) and SWE-QA-Pro (arXiv 2603.16124)
name it."""


@dataclass(frozen=True, slots=True)
class Item:
    """A question.

    Attributes:
        id: Unique in its file.
        repo: OWNER/NAME or NAME; "" for the current repository.
        commit: To ask about; "" where the file does not say.
        question: As the set has it, options included.
        method: How its answers are scored.
        reference: An answer that is known to be right; "" without one.
        facts: What such an answer states, in order; for "facts" alone, and then not empty.
        letters: Of the options, in order, such as "ABCD"; for "choice" alone.
        letter: Of the right option, one of `letters`.
        points: Most points of each criterion; for "rubric" alone.
        gold_files: Paths that an answer should cite; None where nobody has said.
    """

    id: str
    repo: str
    commit: str
    question: str
    method: Method
    reference: str = ""
    facts: tuple[str, ...] = ()
    letters: str = ""
    letter: str = ""
    points: int = 0
    gold_files: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """A file of questions.

    Attributes:
        format: Name of its format.
        digest: SHA-256 of its bytes, in hex.
        items: In the order of the file; not empty.
    """

    format: str
    digest: str
    items: tuple[Item, ...]
