"""What a session was sent stays in it -> which session a question belongs to, by what is chosen."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bathy.agent.index.repo import chooser
from bathy.agent.modes.globs import Globs


@dataclass(frozen=True, slots=True)
class Held:
    """Which session questions belong to.

    Attributes:
        session: Id of the one that goes on; None for a new one, "" for the last one.
        globs: That it began with; None if its log does not say so.
        left: The one that was left since it holds other files, and what that began with.
    """

    session: str | None
    globs: Globs | None = ((), ())
    left: tuple[str, Globs | None] | None = None


class Holding:
    """The session that goes on, and the one that was left since it holds other files.

    Attributes:
        held: Which they are; what was read may be put back.
    """

    def __init__(self, session: str | None) -> None:
        """Begin with a session, as of the command line."""
        self.held = Held(session)
        self._seen, self._paths = set[Globs](), set[str]()

    @property
    def session(self) -> str | None:
        """Id of the one that goes on; None for a new one, "" for the last one."""
        return self.held.session

    @property
    def has_left(self) -> bool:
        """Whether the next question begins a session because of a choice of files."""
        return self.held.left is not None

    def know(self, globs: Globs, paths: Iterable[str]) -> None:
        """Take note of the files that a choice lets through."""
        self._seen.add(globs)
        self._paths.update(paths)

    def use(self, session: str | None, globs: Globs | None = ((), ())) -> None:
        """Go on with a session, or with a new one (None), as the user says.

        Args:
            session: Its id.
            globs: That it began with; None if its log does not say so.
        """
        self.held = Held(session, globs)

    def begin(self, session: str, globs: Globs) -> None:
        """Take note that a question has been asked in a session, with these globs."""
        if session != self.session:
            self.use(session, globs)

    def choose(self, globs: Globs) -> Literal["", "begins", "goes on"]:
        """Let the next question follow other globs; return what that means, as `Packed` has it."""
        held = self.held
        if held.left is not None:
            session, before = held.left
            if not self._are_alike(before, globs):
                return "begins"
            self.use(session, before)
            return "goes on"
        if held.session is None or self._are_alike(held.globs, globs):
            return ""
        self.held = Held(None, left=(held.session, held.globs))
        return "begins"

    def globs_for(self, chosen: Globs) -> Globs:
        """Return how the session that goes on says a choice: as it began, if that is the same."""
        held = self.held
        if held.session is None or held.globs is None or not self._are_alike(held.globs, chosen):
            return chosen
        return held.globs

    def _are_alike(self, one: Globs | None, other: Globs) -> bool:
        """Whether two choices let the same files through; in doubt they do not."""
        if one is None:
            return not any(other)
        if one == other:
            return True
        if not {one, other} <= self._seen:
            return False
        is_in, is_in_other = chooser(*one), chooser(*other)
        return all(is_in(path) == is_in_other(path) for path in self._paths)
