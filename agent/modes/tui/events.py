"""What the engine tells the screen beside the events of the loop: frozen data."""

from dataclasses import dataclass
from pathlib import Path

from bathy.agent.loop.events import Event
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
    """Something takes time: a few words, and bytes done of all, 0 of 0 if that is not known."""

    what: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Packed:
    """What the repository takes in the window.

    Attributes:
        manifest: File by file.
        cold_usd: Price of the pack when nothing of it is cached; 0 if unknown.
        warm_usd: When all of it is.
    """

    manifest: Manifest
    cold_usd: float
    warm_usd: float


@dataclass(frozen=True, slots=True)
class Span:
    """A place that the index finds for a question, with its lines."""

    path: str
    start_line: int
    end_line: int
    symbol: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EvidenceFound:
    """What the index finds for a question, before any model has answered."""

    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class TurnBegan:
    """A question has been taken up."""

    question: str


@dataclass(frozen=True, slots=True)
class SessionNamed:
    """The session that questions belong to from now on; "" for none."""

    session_id: str


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence for the user."""

    text: str


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """A question is done with: "answered", "stopped" or "failed"; `text` says why not answered."""

    how: str
    text: str = ""


EngineEvent = (
    Opened | Working | Packed | EvidenceFound | TurnBegan | SessionNamed | Told | TurnEnded
)
UiEvent = EngineEvent | Event
