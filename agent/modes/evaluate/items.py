"""What is measured: a question, the commit to ask it of, and the files that would be right."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Lines = tuple[int, int]
"""First and last line, 1-based and inclusive."""


@dataclass(frozen=True, slots=True)
class Item:
    """One question.

    Attributes:
        id: Names it.
        repo: Name of its repository, for people.
        commit: Full id, or another name, of the commit that is searched.
        question: All of its text.
        gold: Paths of the files that would be right, each once; not empty.
        lines: Lines of those files, in that commit, that the answer changed; {} if unknown.
    """

    id: str
    repo: str
    commit: str
    question: str
    gold: tuple[str, ...]
    lines: Mapping[str, Sequence[Lines]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """First line of the question."""
        return self.question.strip().split("\n")[0]


def names_gold(question: str, gold: Sequence[str]) -> bool:
    """Whether a question names one of the right files, by its path or by its whole name."""
    text = question.replace("\\", "/")
    for path in gold:
        name = path.rpartition("/")[2]
        if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", text):
            return True
    return False
