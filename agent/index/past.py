"""A commit -> the newest changes of its main line, ready to be searched by what was said of them.

Old fixes are described in the words that new questions use, and files that were changed together
belong together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bathy.agent.index.history import read_changes
from bathy.agent.index.terms import count_terms
from bathy.tools.git import GitError, GitRepo
from bathy.tools.workspace import decode_path

MOST_CHANGES = 3_000
"""Commits of the main line that are looked at; fewer lose recall, by trial."""


@dataclass(frozen=True, slots=True)
class Past:
    """The newest changes.

    Attributes:
        paths: Every path that they touched.
        changes: Indexes into `paths`, newest change first.
        lengths: Terms in the message of each change.
        said: By term, (index of a change, occurrences in its message) one after another.
        is_whole: git walked to the end; what there is otherwise is right, but not to be kept.
    """

    paths: tuple[str, ...]
    changes: tuple[tuple[int, ...], ...]
    lengths: tuple[int, ...]
    said: Mapping[str, Sequence[int]]
    is_whole: bool = field(default=True, compare=False)


NO_PAST = Past((), (), (), {})


def read_past(repo: GitRepo, commit: str) -> Past:
    """Read what the main line of a commit says, as far as git can walk it.

    The same for the same commit, except in shallow clones, which know less.
    """
    numbers: dict[bytes, int] = {}
    changes, lengths = list[tuple[int, ...]](), list[int]()
    said: dict[str, list[int]] = {}
    is_whole = True
    try:
        for change in read_changes(repo, commit, most=MOST_CHANGES, with_messages=True):
            counts = count_terms(change.message)
            for term, times in counts.items():
                said.setdefault(term, []).extend((len(changes), times))
            lengths.append(sum(counts.values()))
            changes.append(tuple(numbers.setdefault(path, len(numbers)) for path in change.paths))
    except GitError:
        is_whole = False
    paths = tuple(decode_path(path) for path in numbers)
    return Past(paths, tuple(changes), tuple(lengths), dict(sorted(said.items())), is_whole)


def dump_past(past: Past) -> dict[str, Any]:
    """Return a past as JSON values, which `load_past` reads back."""
    return {
        "paths": past.paths,
        "changes": past.changes,
        "lengths": past.lengths,
        "said": past.said,
    }


def load_past(body: Mapping[str, Any]) -> Past:
    """Rebuild a past from what `dump_past` made."""
    return Past(
        tuple(body["paths"]),
        tuple(map(tuple, body["changes"])),
        tuple(body["lengths"]),
        body["said"],
    )
