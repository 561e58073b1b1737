"""The names that an issue writes as code -> the files for which one of them speaks.

A word such as `mode` or `collect` is the name of something in every project. It points at a file
only if it is written as code, and if few files define it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from bathy.agent.pack.question import Question, is_code_like
from bathy.agent.pack.ranking import RankedFile

RARE_FILES = 5
"""A name that more files define points at none of them."""

_DEFINES = re.compile(r"defines `([^`]+)`")
_WRITTEN = re.compile(r"`{1,2}([^`\n]{1,300})`{1,2}|([A-Za-z_$][\w$.]{0,100})\(")
_NAME = re.compile(r"[A-Za-z_$][\w$]*")


def written_names(question: Question) -> frozenset[str]:
    """Return the names that a question writes as code: by their form, in marks, or as calls."""
    title = question.text.partition("\n")[0]
    marked = {name for found in _WRITTEN.findall(title) for name in _NAME.findall(" ".join(found))}
    titled = (
        name for name in question.title_names if "." in name or name in marked or is_code_like(name)
    )
    return frozenset((*titled, *question.code_names, *question.trace_names))


def count_definers(ranked: Iterable[RankedFile]) -> Mapping[str, int]:
    """Count the files of a ranking that define each name of its question."""
    return Counter(name for file in ranked for name in _defined(file))


def points_by_symbol(
    file: RankedFile, written: frozenset[str], definers: Mapping[str, int]
) -> bool:
    """Whether a file defines a name that is written as code and that few files define."""
    return any(_is_telling(name, written, definers) for name in _defined(file))


def telling_first(
    file: RankedFile, written: frozenset[str], definers: Mapping[str, int]
) -> list[str]:
    """Return the reasons of a file; that it defines common names comes behind all others."""
    names = {reason: found[1] for reason in file.why if (found := _DEFINES.fullmatch(reason))}
    return sorted(
        file.why,
        key=lambda reason: reason in names and not _is_telling(names[reason], written, definers),
    )


def _is_telling(name: str, written: frozenset[str], definers: Mapping[str, int]) -> bool:
    return name in written and definers[name] <= RARE_FILES


def _defined(file: RankedFile) -> set[str]:
    """Names of the question that a file defines, as the reasons of the index have them."""
    found = (_DEFINES.fullmatch(reason) for reason in file.why)
    return {each[1] for each in found if each}
