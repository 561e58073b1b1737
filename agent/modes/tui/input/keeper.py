"""Where the draft of a process is kept, as its session changes; files are written in any thread."""

import contextlib
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

from bathy.agent.modes.tui.input.kept import (
    Draft,
    left_behind,
    load_draft,
    path_beside,
    path_without,
    save_draft,
)


class Keeper:
    """Keeps what is written in one place at a time, without its secrets."""

    def __init__(self, folder: Path, repository: str, redact: Callable[[str], str] = str) -> None:
        """Set up.

        Args:
            folder: For drafts that belong to no session yet.
            repository: A name of the repository that no other has.
            redact: Takes the secrets out of a text, as they are taken out of the history; what
                comes back in another process has marks in their place.
        """
        self._folder, self._repository, self._redact = folder, repository, redact
        self._process = uuid4().hex
        self._lock = threading.Lock()
        self._at: Path | None = None
        self._taken: Path | None = None
        self._wanted: tuple[Path, Draft] | None = None
        self._holding = ExitStack()
        self._redacted: dict[str, str] = {}

    def want(self, draft: Draft, log: Path | None) -> None:
        """Say what is to be kept beside the log of a session; None while there is none."""
        self._wanted = self._path(log), draft

    def _path(self, log: Path | None) -> Path:
        if log is not None:
            return path_beside(log)
        return path_without(self._folder, self._repository, self._process)

    def keep(self) -> None:
        """Write what is wanted last, and take away what was kept elsewhere.

        Raises:
            OSError: The disk refuses; the next call tries again.
        """
        with self._lock:
            wanted, self._wanted = self._wanted, None
            if wanted is None:
                return
            try:
                self._write(*wanted)
            except OSError:
                self._want_again(*wanted)
                raise

    def _want_again(self, path: Path, draft: Draft) -> None:
        if self._wanted is None:  # nothing newer
            self._wanted = path, draft

    def _write(self, path: Path, draft: Draft) -> None:
        before, self._redacted = self._redacted, {}
        holding = ExitStack()
        save_draft(path, draft.changed(lambda text: self._without_secrets(text, before)), holding)
        self._holding.close()
        self._holding = holding
        at, self._at = self._at, path
        taken, self._taken = self._taken, None
        for other in (at, taken):
            if other not in (None, path):
                other.unlink(missing_ok=True)

    def _without_secrets(self, text: str, before: dict[str, str]) -> str:
        # Pasted texts may be long, and are the same each time.
        found = before.get(text)
        self._redacted[text] = self._redact(text) if found is None else found
        return self._redacted[text]

    def close(self) -> None:
        """Leave what is kept to another process."""
        with self._lock:
            self._holding.close()

    def found(self, log: Path | None) -> Draft:
        """Return what another process has left in a session; else in the repository.

        Its file stays until `keep` has written something: until then nothing else holds the text.
        """
        if log is not None:
            if self._path(log) == self._at:
                return Draft()
            if draft := load_draft(path_beside(log)):
                return draft
        with contextlib.suppress(OSError):  # a folder that cannot be read holds none
            for path in left_behind(self._folder, self._repository):
                if path != self._at and (draft := load_draft(path)):
                    self._taken = path
                    return draft
        return Draft()
