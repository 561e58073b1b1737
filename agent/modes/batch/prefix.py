"""A task -> which other tasks' prompts begin with the same bytes, from git alone."""

from collections.abc import Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bathy.agent.config import Settings
from bathy.agent.errors import BathyError
from bathy.agent.index.mainline import base_candidates, read_line, shared_line
from bathy.agent.index.repo import locate, resolve_commit
from bathy.agent.modes.batch.tasks import BatchTask
from bathy.tools.git import GitError

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Place:
    """Where a task's prompt begins.

    Attributes:
        base: Commit that its base is made of, or what else is the same where the base is.
        behind: Commits between that and what it is about: what is told of them is shared, too.
    """

    base: str
    behind: int = 0


def find_places(tasks: Sequence[BatchTask]) -> dict[tuple[str, str], Place]:
    """Find where the prompts of tasks begin, by repository and commit.

    It is a forecast: a base that turns out to be too far away gives way to a nearer one. Then tasks
    wait for each other, or pay, without need; nothing else comes of it.
    """
    keys = list(dict.fromkeys((task.repo, task.rev) for task in tasks))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return dict(zip(keys, pool.map(lambda key: _place(*key), keys), strict=True))


def prefix_key(places: dict[tuple[str, str], Place], common: Settings, task: BatchTask) -> Hashable:
    """Return what is the same for tasks whose prompts begin alike."""
    settings = task.settings(common)
    place = places[task.repo, task.rev]
    return (
        task.repo, place.base, settings.model, settings.effort, settings.context, settings.budget,
        settings.include, settings.exclude,
    )  # fmt: skip


def in_order(
    tasks: Sequence[BatchTask], places: dict[tuple[str, str], Place], common: Settings
) -> list[BatchTask]:
    """Put tasks in the order in which they share most.

    Those of a repository follow each other, of these those on one base, and the nearest to it
    first, so that what is told of commits since grows and is never taken back.
    """
    firsts = dict[Hashable, int]()
    key = partial(prefix_key, places, common)
    for at, task in enumerate(tasks):
        firsts.setdefault(task.repo, at)
        firsts.setdefault(key(task), at)

    def rank(at: int) -> tuple[int, int, int, int]:
        task = tasks[at]
        return firsts[task.repo], firsts[key(task)], places[task.repo, task.rev].behind, at

    return [tasks[at] for at in sorted(range(len(tasks)), key=rank)]


def _place(folder: str, rev: str) -> Place:
    """A commit's place; one of its own where git cannot tell, as on a cluster's other machines."""
    if not Path(folder).is_absolute():
        # The name of something that is yet to be cloned.
        return Place(f"rev {rev}")
    try:
        repo = locate(Path(folder))
        if repo is None:
            return Place("")
        line = read_line(repo, resolve_commit(repo, rev or "HEAD"))
        shared = shared_line(repo, line)
    except (GitError, BathyError, OSError):
        return Place(f"rev {rev}")
    for _level, commit in base_candidates(shared.commits):
        return Place(commit, line.index(commit))
    return Place(line[0])
