"""What a session was sent stays in it -> which session a question belongs to, by what is chosen."""

from collections.abc import Iterable
from typing import Literal

from bathy.agent.index.repo import chooser
from bathy.agent.modes.globs import Globs


class Holding:
    """The session that goes on, and the one that was left since it holds other files.

    Attributes:
        session: Id of the one that goes on; None for a new one, "" for the last one.
    """

    def __init__(self, session: str | None) -> None:
        """Begin with a session, as of the command line."""
        self.session = session
        self._globs: Globs = ((), ())
        self._left: tuple[str, Globs] | None = None
        self._seen, self._paths = set[Globs](), set[str]()

    @property
    def has_left(self) -> bool:
        """Whether the next question begins a session because of a choice of files."""
        return self._left is not None

    def know(self, globs: Globs, paths: Iterable[str]) -> None:
        """Take note of the files that a choice lets through."""
        self._seen.add(globs)
        self._paths.update(paths)

    def use(self, session: str | None, globs: Globs = ((), ())) -> None:
        """Go on with a session, or with a new one (None), as the user says."""
        self.session, self._globs, self._left = session, globs, None

    def begin(self, session: str, globs: Globs) -> None:
        """Take note that a question has been asked in a session, with these globs."""
        if session != self.session:
            self.use(session, globs)

    def choose(self, globs: Globs) -> Literal["", "begins", "goes on"]:
        """Let the next question follow other globs; return what that means, as `Packed` has it."""
        if self._left is not None:
            session, before = self._left
            if not self._are_alike(before, globs):
                return "begins"
            self.use(session, before)
            return "goes on"
        if self.session is None or self._are_alike(self._globs, globs):
            return ""
        self._left, self.session = (self.session, self._globs), None
        return "begins"

    def _are_alike(self, one: Globs, other: Globs) -> bool:
        """Whether two choices let the same files through; in doubt they do not."""
        if one == other:
            return True
        if not {one, other} <= self._seen:
            return False
        is_in, is_in_other = chooser(*one), chooser(*other)
        return all(is_in(path) == is_in_other(path) for path in self._paths)
