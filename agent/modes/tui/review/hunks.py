"""Files before and after -> hunks that are taken or not, each by itself -> bytes of every file.

A hunk is one run of replaced lines, or several that stand near each other, until it is split. What
has no lines to choose among (a file that is created, deleted, renamed or no text) is one hunk.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bathy.agent.loop.approval import runs_unseen
from bathy.agent.modes.tui.review.lines import Lines, join, read_lines
from bathy.agent.modes.tui.review.runs import Run, compare, replaced
from bathy.tools.diff import FileState
from bathy.tools.patch.plan import FileChange

CONTEXT_LINES = 3
"""Unchanged lines shown around a hunk, as git does; runs whose context would touch are one hunk."""

Choice = Literal["open", "accepted", "rejected"]
What = Literal["edited", "created", "deleted", "renamed", "replaced"]
Place = tuple[int, int]
"""A hunk: index of its file, and its own in the file, both 0-based."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Something of a file that is taken or not.

    Attributes:
        runs: Lines that take the place of others, ascending; () where lines tell nothing.
        choice: What the user has decided.
        comment: What the user says of it, for the model.
        is_mode: It is the file's permission to be run that changes, and no line.
        is_own: The user has changed its lines.
    """

    runs: tuple[Run, ...] = ()
    choice: Choice = "open"
    comment: str = ""
    is_mode: bool = False
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class FileReview:
    """A file that an edit changes.

    Attributes:
        path: As it is after the edit; of a deleted one, as it was.
        what: Happens to it; "replaced" is content that has no lines to choose among.
        before: The file as it was; of a renamed one, under its old name.
        after: As the edit makes it.
        hunks: In order; only a file that is "edited" can have other than one.
        lines: Lines of `before`, or of nothing for a created file; None if it is no text.
        new_lines: Likewise of `after`.
        old_path: Name before a renaming, else the same.
    """

    path: str
    what: What
    before: FileState
    after: FileState
    hunks: tuple[Hunk, ...]
    lines: Lines | None
    new_lines: Lines | None
    old_path: str

    @property
    def warning(self) -> str:
        """What it is, if an edit of it does harm that nobody sees; else ""."""
        return runs_unseen(self.path) or runs_unseen(self.old_path)

    @property
    def sides(self) -> tuple[Lines, Lines]:
        """Its lines before and after; none where it is no text."""
        return self.lines or Lines(()), self.new_lines or Lines(())


Files = tuple[FileReview, ...]


def review_of(
    states: Mapping[str, tuple[FileState, FileState]], *, renames: Mapping[str, str] | None = None
) -> Files:
    """Return what there is to review.

    Args:
        states: State before and after by path, as `Edits.states` gives it. What is the same on both
            sides is left out.
        renames: Old path by new one, as `FileChange.renamed_from` says; files that vanish here and
            appear there byte for byte are found without it.

    Returns:
        Files in the order given, all hunks open. Compared by one process of git.
    """
    moved = _renames(states, renames or {})
    pending = []
    for path, (before, after) in states.items():
        old_path = moved.get(path, path)
        before = states[old_path][0]
        is_same = before == after and old_path == path
        if is_same or before.data is after.data is None or path in moved.values():
            continue
        sides = [_lines(state.data) for state in (before, after)]
        pending.append((path, old_path, before, after, sides))
    runs = compare([(old or Lines(()), new or Lines(())) for *_, (old, new) in pending])
    return tuple(
        _file(path, old_path, (before, after), (old, new), found)
        for (path, old_path, before, after, (old, new)), found in zip(pending, runs, strict=True)
    )


def _lines(data: bytes | None) -> Lines | None:
    return Lines(()) if data is None else read_lines(data)


def _renames(
    states: Mapping[str, tuple[FileState, FileState]], told: Mapping[str, str]
) -> dict[str, str]:
    """Old path by new one: those told that are true, and those of equal bytes without a doubt."""
    gone = {path: a.data for path, (a, b) in states.items() if a.data and b.data is None}
    made = {path: b.data for path, (a, b) in states.items() if a.data is None and b.data}
    moved = dict[str, str]()
    for new, old in told.items():
        if new in made and old in gone and old not in moved.values():
            moved[new] = old
    for new, data in made.items():
        olds = [old for old, content in gone.items() if content == data]
        news = [path for path, content in made.items() if content == data]
        if new not in moved and len(olds) == len(news) == 1 and olds[0] not in moved.values():
            moved[new] = olds[0]
    return moved


def _file(
    path: str,
    old_path: str,
    states: tuple[FileState, FileState],
    sides: tuple[Lines | None, Lines | None],
    runs: tuple[Run, ...],
) -> FileReview:
    before, after = states
    old, new = sides
    what: What = "edited"
    if old_path != path:
        what = "renamed"
    elif before.data is None or after.data is None:
        what = "created" if before.data is None else "deleted"
    elif before.data != after.data and (old is None or new is None or not old.fits(new)):
        what = "replaced"
    hunks: tuple[Hunk, ...] = (Hunk(runs),)
    if what == "edited":
        mode = (Hunk(is_mode=True),) if before.is_executable != after.is_executable else ()
        hunks = (*mode, *map(Hunk, _grouped(runs)))
    return FileReview(path, what, before, after, hunks, old, new, old_path)


def _grouped(runs: Sequence[Run]) -> list[tuple[Run, ...]]:
    groups = list[list[Run]]()
    for run in runs:
        if groups and run.start - groups[-1][-1].end <= 2 * CONTEXT_LINES:
            groups[-1].append(run)
        else:
            groups.append([run])
    return [tuple(group) for group in groups]


def places_of(files: Files) -> list[Place]:
    """Return all hunks in order."""
    return [(at, number) for at, file in enumerate(files) for number in range(len(file.hunks))]


def hunk_at(files: Files, place: Place) -> Hunk:
    """Return a hunk."""
    return files[place[0]].hunks[place[1]]


def chosen(files: Files, choice: Choice = "accepted") -> frozenset[Place]:
    """Return the hunks of which the user has decided so."""
    return frozenset(place for place in places_of(files) if hunk_at(files, place).choice == choice)


def apply_choice(files: Files, choices: Collection[Place]) -> dict[str, bytes | None]:
    """Return every file with only some hunks applied.

    Args:
        files: What is reviewed.
        choices: Hunks that are taken; each goes with or without any of the others.

    Returns:
        Bytes by path, None for a file that is not to be there. Of a renaming both names are in it.
        With all hunks it is what was proposed, with none what was there, byte for byte.
    """
    found = dict[str, bytes | None]()
    for at, file in enumerate(files):
        taken = [hunk for number, hunk in enumerate(file.hunks) if (at, number) in choices]
        found[file.path] = _applied(file, taken)
        if file.old_path != file.path:
            found[file.old_path] = None if taken else file.before.data
    return found


def _applied(file: FileReview, taken: Sequence[Hunk]) -> bytes | None:
    if file.what != "edited":
        is_there = file.what != "renamed" or taken
        return (file.after if taken else file.before).data if is_there else None
    runs = [run for hunk in taken for run in hunk.runs]
    if not runs or file.lines is None:
        return file.before.data
    return join(file.lines, replaced(file.lines.units, runs))


def changes_of(files: Files, choices: Collection[Place]) -> tuple[FileChange, ...]:
    """Return what is to be written for some hunks; nothing of files that stay as they are.

    Args:
        files: What is reviewed.
        choices: Hunks that are taken.
    """
    contents = apply_choice(files, choices)
    changes = []
    for at, file in enumerate(files):
        taken = [hunk for number, hunk in enumerate(file.hunks) if (at, number) in choices]
        is_mode_taken = any(hunk.is_mode for hunk in taken) or file.what != "edited"
        is_changed = file.before.is_executable != file.after.is_executable and is_mode_taken
        before = None if file.what == "renamed" else file.before.data
        after = contents[file.path]
        mode = file.after.is_executable if is_changed and taken and after is not None else None
        origin = file.old_path if file.what == "renamed" else ""
        if before != after or mode is not None:
            changes.append(FileChange(file.path, before, after, origin, mode))
        if taken and origin:
            changes.append(FileChange(origin, file.before.data, None))
    return tuple(changes)
