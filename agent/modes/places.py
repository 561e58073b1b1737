"""A folder that the user names -> its root, its cache, its journal."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bathy.agent.config import Settings
from bathy.agent.errors import ConfigError
from bathy.agent.index.denied import denier
from bathy.agent.index.repo import locate, read_snapshot
from bathy.agent.policy import read_policy

if TYPE_CHECKING:
    from bathy.tools.journal import Journal


@dataclass(frozen=True, slots=True)
class Private:
    """A working tree that is a copy, and is thrown away when its task is done.

    Attributes:
        repo: Top folder of the repository that it was made from.
        cache: Folder for what is known of that repository, which the copy shares.
        journal: Folder that gets what is written to the copy, apart from the user's own journal.
    """

    repo: Path
    cache: Path
    journal: Path


def repo_root(folder: Path) -> Path:
    """Return the top of the repository that a folder belongs to, or the plain folder itself."""
    repo = locate(folder)
    return repo.root if repo is not None else folder.resolve()


def open_journal(private: Private | None = None) -> "Journal":
    """Return the journal of what was written for this user, in the state folder; or of a copy."""
    from bathy.tools.journal import Journal
    from platformdirs import user_state_path

    if private is not None:
        return Journal(private.journal)
    return Journal(user_state_path("bathy", appauthor=False) / "patches")


def writable_root(folder: Path) -> Path:
    """Return the top of the working tree that a folder belongs to, or the plain folder itself.

    Raises:
        ConfigError: It is git's own folder, where nothing may be written.
    """
    repo, place = locate(folder), folder.resolve()
    own = (repo.git_dir, repo.common_dir) if repo is not None else ()
    is_own = any(place.is_relative_to(path) for path in own)
    if (repo is not None and (repo.is_bare or is_own)) or ".git" in place.parts:
        raise ConfigError(f"{place} holds git's own data; name a working tree with -C")
    return repo.root if repo is not None else place


def listed_paths(settings: Settings) -> tuple[str, ...]:
    """Return the files of the repository that the settings name and nothing denies, in order."""
    snapshot = read_snapshot(locate(settings.folder), settings.folder, rev=None, known={})
    is_denied = user_denier()
    return tuple(e.path for e in snapshot.entries if e.kind == "file" and not is_denied(e.path))


def user_denier() -> Callable[[str], bool]:
    """Return whether the user's `denied_paths` forbid a path.

    Raises:
        ConfigError: A pattern cannot be read, or could deny nothing.
    """
    return denier(read_policy().denied_paths)


def cache_folder(place: Path) -> Path:
    """Folder for what is known of a repository, in the user's cache folder."""
    from platformdirs import user_cache_path

    name = hashlib.sha256(os.fsencode(place)).hexdigest()[:16]
    return user_cache_path("bathy", appauthor=False) / "repos" / name
