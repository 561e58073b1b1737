"""What the journal knows of each change: which stand, and which were one run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """A change in the journal.

    Attributes:
        id: Its name; later ones sort behind earlier ones.
        root: Folder that was written to.
        run: Name that the changes of one run have in common, or "".
        undoes: Ids of the changes that this one takes back.
        created: Moment, ISO 8601, UTC.
        paths: Files, as written.
        is_done: All of them were written.
    """

    id: str
    root: str
    run: str
    undoes: tuple[str, ...]
    created: str
    paths: tuple[str, ...]
    is_done: bool


def entry_of(folder: Path, values: Mapping[str, Any], *, is_done: bool) -> Entry:
    """Return the entry that a folder holds.

    Raises:
        KeyError: It is none.
    """
    undoes = values["undoes"]
    # There was one id, or none, before runs were taken back whole.
    ids = tuple(undoes) if isinstance(undoes, list) else (undoes,) * bool(undoes)
    paths = tuple(file["path"] for file in values["files"])
    run = values.get("run", "")
    return Entry(folder.name, values["root"], run, ids, values["created"], paths, is_done)


def undone_by(entries: Iterable[Entry]) -> set[str]:
    """Return the ids of the changes that have been taken back, and not brought again since."""
    undone, undoes = set[str](), dict[str, tuple[str, ...]]()
    for entry in entries:
        undone.update(entry.undoes)
        # An undo of an undo brings the first change again.
        for id_ in entry.undoes:
            undone.difference_update(undoes.get(id_, ()))
        undoes[entry.id] = entry.undoes
    return undone


def last_run(entries: Sequence[Entry]) -> list[Entry]:
    """Return the last change that is no undo and still stands, with all of its run that do."""
    undone = undone_by(entries)
    standing = [e for e in entries if not e.undoes and e.id not in undone]
    last = standing[-1:]
    return [e for e in standing if e in last or (e.run and e.run == last[0].run)]
