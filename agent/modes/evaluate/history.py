"""A commit -> the commits before it that make good questions, newest first.

The message is the question, the source files that were changed are what should be found, and the
first parent is what is searched, so that nothing of the change can be seen.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from bathy.agent.index.build import open_reader
from bathy.agent.index.commits import FileChange, ToldCommit, read_told
from bathy.agent.index.edits import Replaced, compare_texts
from bathy.agent.index.files import FileClass, class_by_path
from bathy.agent.index.history import MASS_EDIT_FILES
from bathy.agent.index.repo import Snapshot
from bathy.agent.modes.evaluate.items import Lines
from bathy.agent.modes.evaluate.messages import clean_message, why_unfit
from bathy.tools.git import GitRepo

MOST_SOURCE_FILES = 5
"""A commit that changed more source files is about no place in particular."""

MOST_COMMITS = 5_000
"""How far back a line is followed."""

MASS_EDIT = "a mass edit"
NO_SOURCE = "no source file of the parent was changed"
MANY_SOURCES = f"more than {MOST_SOURCE_FILES} source files were changed"

_BATCH = 200
_NEVER_SOURCE = frozenset(
    (
        FileClass.TEST,
        FileClass.DOCUMENTATION,
        FileClass.LOCK_FILE,
        FileClass.TRANSLATION,
        FileClass.NOTEBOOK,
        FileClass.BINARY,
        FileClass.SECRET,
    )
)
"""Classes by path alone that no attribute and no content turns into source."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A commit whose message could be a question.

    Attributes:
        commit: Its id.
        parent: Id of the commit to search.
        question: What its message says.
        files: What it changed of files that the parent has, by their path there.
    """

    commit: str
    parent: str
    question: str
    files: dict[str, FileChange]


def read_candidates(repo: GitRepo, newest: str, left_out: Counter[str]) -> Iterator[Candidate]:
    """Walk a line of first parents back.

    Args:
        repo: The repository.
        newest: Full id of the commit to begin with.
        left_out: Counts why commits are no candidates, as the walk goes on; their sum and that of
            the candidates is the number of commits seen.

    Yields:
        Candidates, newest first. Of `MOST_COMMITS` commits at most.

    Raises:
        GitError: git fails, as it does where objects are missing.
    """
    for told in _walk(repo, newest):
        why = why_unfit(told.author, told.message)
        files = {(f.old_path or f.path): f for f in told.files if f.before}
        # A file that was only moved was not edited.
        edited = {path: f for path, f in files.items() if f.before != f.after}
        if not why and len(told.files) > MASS_EDIT_FILES:
            why = MASS_EDIT
        if not why and all(class_by_path(path, {})[0] in _NEVER_SOURCE for path in edited):
            why = NO_SOURCE
        if why:
            left_out[why] += 1
            continue
        yield Candidate(told.commit, told.parent, clean_message(told.message), edited)


def _walk(repo: GitRepo, newest: str) -> Iterator[ToldCommit]:
    """Commits that have a parent; in batches, since a call of git may not last for hours."""
    seen, at = 0, newest
    while at and seen < MOST_COMMITS:
        batch = read_told(repo, at, min(_BATCH, MOST_COMMITS - seen))
        for told in batch:
            if told.parent:
                yield told
        seen += len(batch)
        at = batch[-1].parent if batch else ""


def changed_lines(snapshot: Snapshot, files: dict[str, FileChange]) -> dict[str, list[Lines]]:
    """Find the lines that a change took the place of.

    Args:
        snapshot: The state before it.
        files: The change, by the paths of that state.

    Returns:
        By path, ascending, as lines of the text as shown. Where lines were only put in, the one
        above them stands for the place. Files that are not text have none.

    Raises:
        GitError: git fails, or there is no room for the texts.
    """
    with closing(open_reader(snapshot)) as reader:
        pairs = {
            path: (
                reader.read_shown(path, change.before) or "",
                (reader.read_shown(change.path, change.after) or "") if change.after else "",
            )
            for path, change in files.items()
        }
    found = compare_texts(list(pairs.values()))
    return {
        path: [_lines(one) for one in replaced]
        for path, replaced in zip(pairs, found, strict=True)
        if replaced
    }


def _lines(replaced: Replaced) -> Lines:
    start, count = replaced.old_start, replaced.old_count
    return (start + 1, start + count) if count else (max(1, start), max(1, start))
