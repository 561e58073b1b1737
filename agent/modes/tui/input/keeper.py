"""Where the draft of a process is kept, as its session changes; files are written in any thread."""

import threading
from pathlib import Path

from bathy.agent.modes.tui.input.kept import (
    Draft,
    left_behind,
    load_draft,
    path_beside,
    path_without,
    save_draft,
)


class Keeper:
    """Keeps what is written in one place at a time."""

    def __init__(self, folder: Path, repository: str) -> None:
        """Set up.

        Args:
            folder: For drafts that belong to no session yet.
            repository: A name of the repository that no other has.
        """
        self._folder, self._repository = folder, repository
        self._lock = threading.Lock()
        self._at: Path | None = None
        self._wanted: tuple[Path, Draft] | None = None

    def want(self, draft: Draft, log: Path | None) -> None:
        """Say what is to be kept beside the log of a session; None while there is none."""
        path = path_beside(log) if log else path_without(self._folder, self._repository)
        self._wanted = path, draft

    def keep(self) -> None:
        """Write what is wanted last, and take away what was kept elsewhere.

        Raises:
            OSError: The disk refuses.
        """
        with self._lock:
            wanted, self._wanted = self._wanted, None
            if wanted is None:
                return
            path, draft = wanted
            save_draft(path, draft)
            if self._at is not None and self._at != path:
                save_draft(self._at, Draft())
            self._at = path

    def found(self, log: Path | None) -> Draft:
        """Return what another process has left in a session; else in the repository.

        What belongs to no session is taken out of its file, to be kept by this process.
        """
        if log and (draft := load_draft(path_beside(log))):
            return draft
        path = left_behind(self._folder, self._repository)
        if path is None:
            return Draft()
        draft = load_draft(path)
        path.unlink(missing_ok=True)
        return draft
