"""An answer, its citations and what a judge said -> scores from 0 to 1. Pure functions."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from bathy.agent.modes.evaluate_answers.items import CRITERIA, Item

STATUSES = ("verified", "repaired", "unverified", "invalid")
"""Of citations, as the check of every answer gives them."""

_MARKUP = "*_`~()[]{}<>.:!\"' \t"
_GAP = r"[\s*_`~:()\[\]\"'-]{0,12}"
_FINAL = re.compile(
    rf"\bfinal answer(?: is)?{_GAP}(?:option )?{_GAP}([A-Za-z])(?![\w'])", re.IGNORECASE
)
_SAID = re.compile(rf"\b(?:answer|option|choice)(?: is)?{_GAP}([A-Z])(?![\w'])")


def asked_text(item: Item) -> str:
    """Return what is asked: the question, and for options how the answer must end.

    The last line is the one that LongCodeBench's own evaluator looks for.
    """
    if item.method != "choice":
        return item.question
    letters = f"{', '.join(item.letters[:-1])} or {item.letters[-1]}"
    return (
        f"{item.question.rstrip()}\n\nExactly one option is right. Reasons, if any, come first; the"
        f" last line of your answer is `Final answer: X`, with {letters} for X."
    )


def letter_of(answer: str, letters: str) -> str:
    """Return the option that an answer ends up with; "" if that cannot be told.

    The last "Final answer: X" counts; else a last line that is a letter alone; else the last
    "answer (option, choice) X" in capitals. A lower-case letter counts only at the end of a line,
    since "a" is a word. The first two are LongCodeBench's own rules (`codeqa_eval.py`), made to
    bear markup.
    """
    for match in reversed(list(_FINAL.finditer(answer))):
        letter, rest = match.group(1), answer[match.end() :].split("\n", 1)[0]
        if letter.upper() in letters and (letter.isupper() or not rest.strip(_MARKUP)):
            return letter.upper()
    lines = [line for line in answer.split("\n") if line.strip()]
    last = lines[-1].strip(_MARKUP) if lines else ""
    if len(last) == 1 and last.upper() in letters:
        return last.upper()
    said = [letter for letter in _SAID.findall(answer) if letter in letters]
    return said[-1] if said else ""


def fact_recall(stated: Sequence[bool]) -> float:
    """Return the share of facts that an answer states, as DeepCodeBench scores it.

    Args:
        stated: Whether each fact is; not empty.
    """
    return sum(stated) / len(stated)


def rubric_share(points: Mapping[str, int], most: int) -> float:
    """Return the share of all points that the criteria were given.

    Args:
        points: Of each of `CRITERIA`, from 1 to `most`; so that the worst share is 1 / `most`.
        most: Points of a criterion: 10 for SWE-QA-Pro, 20 for SWE-QA.
    """
    return sum(points[name] for name in CRITERIA) / (most * len(CRITERIA))


def count_statuses(statuses: Iterable[str]) -> dict[str, int]:
    """Return how many citations have which status; every status is a key."""
    counts = Counter(statuses)
    return {status: counts[status] for status in STATUSES}


def gold_share(paths: Iterable[str], gold: frozenset[str] | None) -> float | None:
    """Return the share of gold files that are cited; None if there are none.

    Args:
        paths: Of the citations that resolve.
        gold: Files that the answer should cite.
    """
    return len(gold.intersection(paths)) / len(gold) if gold else None
