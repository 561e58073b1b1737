"""Items and a folder of clones -> the clone and commit that each is asked about."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bathy.agent.config import Settings
from bathy.agent.errors import BathyError, ConfigError
from bathy.agent.index.repo import locate, resolve_commit
from bathy.agent.modes.evaluate.clones import find_clone
from bathy.agent.modes.evaluate_answers.items import Item
from bathy.agent.modes.triage.surroundings import clone_name
from bathy.tools.workspace import quote_path

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item is asked.

    Attributes:
        folder: The clone.
        commit: Full id; "" for a plain folder.
    """

    folder: Path
    commit: str


class _MissingError(Exception):
    """There is no clone, or no such commit; says which."""


def find_places(items: Sequence[Item], settings: Settings, repos: Path) -> dict[str, Place]:
    """Find the clone and commit of every item, before anything is paid for.

    Args:
        items: Of one file.
        settings: `folder` is the current repository; `rev` is taken where an item names no commit,
            and HEAD where that is missing, too.
        repos: Folder of clones: as `find_clone` takes it.

    Returns:
        Places by id.

    Raises:
        ConfigError: Some are not there; names them.
    """
    found, wrong, known = dict[str, Place](), dict[str, None](), dict[tuple[str, str], Place]()
    own = clone_name(settings)
    for item in items:
        key = item.repo, item.commit
        try:
            if key not in known:
                folder = find_clone(item.repo, repos) or _current(item.repo, settings, own)
                known[key] = Place(folder, _commit(folder, item.commit or settings.rev))
            found[item.id] = known[key]
        except _MissingError as error:
            wrong[str(error)] = None
    if wrong:
        named = "; ".join(list(wrong)[:_MOST_NAMED])
        more = len(wrong) - _MOST_NAMED
        raise ConfigError(named + (f"; and {more} more" if more > 0 else ""))
    return found


def _current(repo: str, settings: Settings, own: str) -> Path:
    """The current repository, if it may be the one that is meant."""
    folder = settings.folder
    names = {own.lower(), own.rpartition("/")[2].lower(), folder.resolve().name.lower()}
    if not repo or {repo.lower(), repo.rpartition("/")[2].lower()} & (names - {""}):
        return folder
    kept = repo.replace("/", "+")
    raise _MissingError(f"there is no clone of {repo}; give --repos DIR that holds {kept}")


def _commit(folder: Path, rev: str | None) -> str:
    try:
        repo = locate(folder)
        if repo is None:
            if rev is None:
                return ""
            raise _MissingError(f"{quote_path(str(folder))} has no commits, and {rev} is asked for")
        return resolve_commit(repo, rev or "HEAD")
    except BathyError as error:
        raise _MissingError(str(error)) from error
