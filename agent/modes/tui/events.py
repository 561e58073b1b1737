"""What the engine tells the screen beside the events of the loop: frozen data."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bathy.agent.errors import TryAgainError
from bathy.agent.loop.events import Event
from bathy.agent.loop.evidence import Span
from bathy.agent.pack.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Opened:
    """The repository has been looked at.

    Attributes:
        root: Its folder.
        name: For people.
        commit: Full id, or "".
        is_dirty: It differs from that commit.
        paths: Files that can be asked about, in byte order.
        why_offline: Why no model is asked; "" if one is.
        model: Id.
        effort: How hard it thinks.
        window_tokens: Of the model.
        sees_images: It takes pictures.
    """

    root: Path
    name: str
    commit: str
    is_dirty: bool
    paths: tuple[str, ...]
    why_offline: str
    model: str
    effort: str
    window_tokens: int
    sees_images: bool


@dataclass(frozen=True, slots=True)
class Working:
    """Something takes time.

    Attributes:
        what: In a few words.
        done: Bytes.
        total: Bytes in all; 0 if that is not known.
        is_done: It is over.
    """

    what: str
    done: int = 0
    total: int = 0
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class Packed:
    """What the repository takes in the window.

    Attributes:
        manifest: File by file; of the frozen base, if one is sent.
        cold_usd: Price of all of it when nothing is cached; 0 if unknown.
        warm_usd: When all of it is.
        is_frozen: The manifest is that of a base, made of a commit or remembered.
        appended_paths: Files that what follows the base speaks of.
        appended_tokens: Length of that.
        note: Why other clones would make another base; "" if they would not.
        session: What a choice of files means for the session that has begun: the next question
            "begins" another one, since this one holds other files; or it "goes on", since it holds
            these. "" if there is nothing to say.
    """

    manifest: Manifest
    cold_usd: float
    warm_usd: float
    is_frozen: bool = False
    appended_paths: frozenset[str] = frozenset()
    appended_tokens: int = 0
    note: str = ""
    session: Literal["", "begins", "goes on"] = ""

    @property
    def tokens(self) -> int:
        """Of all of it."""
        return self.manifest.tokens + self.appended_tokens


@dataclass(frozen=True, slots=True)
class RefitFailed:
    """Other globs gave no pack; those before hold again."""

    text: str


@dataclass(frozen=True, slots=True)
class EvidenceFound:
    """What the index finds for a question; it is the answer if no model will be asked."""

    spans: tuple[Span, ...]
    is_answer: bool


@dataclass(frozen=True, slots=True)
class Confirming:
    """The user is asked whether to go on; nothing else is done until it `is_over`."""

    is_over: bool


@dataclass(frozen=True, slots=True)
class TurnBegan:
    """A question has been taken up."""

    question: str


@dataclass(frozen=True, slots=True)
class SessionNamed:
    """The session that questions belong to from now on; "" for none.

    Attributes:
        session_id: Of its log.
        is_other: It takes the place of one that holds other files, of which it knows nothing.
    """

    session_id: str
    is_other: bool = False


@dataclass(frozen=True, slots=True)
class Saved:
    """What the cache has saved in the question that ends now."""

    usd: float


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence for the user."""

    text: str


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """A question is done with.

    Attributes:
        how: "answered", "stopped" or "failed".
        text: Why it was not answered; "" if it was.
        exit_code: That a process would end with for it.
    """

    how: str
    text: str = ""
    exit_code: int = 0

    @property
    def may_retry(self) -> bool:
        """Whether the same may work later: the service was busy, or could not be reached."""
        return self.exit_code == TryAgainError.exit_code


EngineEvent = (
    Opened
    | Working
    | Packed
    | RefitFailed
    | EvidenceFound
    | Confirming
    | TurnBegan
    | SessionNamed
    | Saved
    | Told
    | TurnEnded
)
UiEvent = EngineEvent | Event
