"""Events, one after another -> what the header, the side panel and the status line show. Pure."""

from dataclasses import dataclass, replace
from typing import Literal

from bathy.agent.loop.events import (
    CitationsChecked,
    Finished,
    PatchApplied,
    PatchProposed,
    Retry,
    ToolStarted,
    TurnStarted,
    UsageReported,
)
from bathy.agent.model.messages import ReasoningDelta, TextDelta
from bathy.agent.modes.tui.events import (
    Opened,
    Packed,
    SessionNamed,
    TurnBegan,
    TurnEnded,
    UiEvent,
    Working,
)

Phase = Literal[
    "opening", "ready", "packing", "asking", "thinking", "reading", "answering", "retrying"
]


@dataclass(frozen=True, slots=True)
class Turn:
    """A question of this session, and what has become of it."""

    question: str
    how: str = "under way"


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation of the last answer, with its number, 1-based."""

    number: int
    path: str
    start_line: int
    end_line: int
    status: str


@dataclass(frozen=True, slots=True)
class State:
    """Everything that is shown around the transcript.

    Attributes:
        phase: What is going on.
        since_s: Moment at which that began, on the monotonic clock.
        repo: Name of the repository.
        why_offline: Why no model is asked; "" if one is.
        model: Id.
        effort: How hard it thinks.
        window_tokens: Of the model.
        prompt_tokens: Of the last prompt.
        hit_tokens: Of it, from the cache.
        turn_usd: Price of the question that is under way, or of the last one.
        session_usd: Of all.
        pack_tokens: Of the pack.
        cold_usd: Its price uncached.
        warm_usd: Its price cached.
        cited: Of the last answer.
        turns: Questions so far.
        proposed: Files with edits that wait for review.
        session_id: Of the log.
    """

    phase: Phase = "opening"
    since_s: float = 0.0
    repo: str = ""
    why_offline: str = ""
    model: str = ""
    effort: str = ""
    window_tokens: int = 0
    prompt_tokens: int = 0
    hit_tokens: int = 0
    turn_usd: float = 0.0
    session_usd: float = 0.0
    pack_tokens: int = 0
    cold_usd: float = 0.0
    warm_usd: float = 0.0
    cited: tuple[Cited, ...] = ()
    turns: tuple[Turn, ...] = ()
    proposed: tuple[str, ...] = ()
    session_id: str = ""

    @property
    def is_busy(self) -> bool:
        """Whether a question is being worked on."""
        return self.phase not in ("opening", "ready")

    @property
    def cached_share(self) -> float:
        """Part of the last prompt that came from the cache, 0 to 1."""
        return self.hit_tokens / self.prompt_tokens if self.prompt_tokens else 0.0


def reduce(state: State, event: UiEvent, now_s: float) -> State:
    """Return the state after an event; the same object if nothing shown has changed."""
    phase = _phase(state, event)
    if phase != state.phase:
        state = replace(state, phase=phase, since_s=now_s)
    match event:
        case Opened():
            return replace(
                state,
                repo=event.name,
                why_offline=event.why_offline,
                model=event.model,
                effort=event.effort,
                window_tokens=event.window_tokens,
            )
        case Packed():
            tokens, cold, warm = event.manifest.tokens, event.cold_usd, event.warm_usd
            return replace(state, pack_tokens=tokens, cold_usd=cold, warm_usd=warm)
        case SessionNamed():
            return replace(state, session_id=event.session_id)
        case TurnBegan():
            return replace(
                state, turns=(*state.turns, Turn(event.question)), turn_usd=0.0, cited=()
            )
        case TurnStarted() if event.turn:
            return replace(state, prompt_tokens=event.prompt_tokens, hit_tokens=event.hit_tokens)
        case UsageReported():
            return _used(state, event)
        case CitationsChecked():
            places = [(c.path, c.start_line, c.end_line, c.status) for c in event.citations]
            numbered = (Cited(n, *place) for n, place in enumerate(dict.fromkeys(places), 1))
            return replace(state, cited=tuple(numbered))
        case PatchProposed():
            return replace(state, proposed=tuple(dict.fromkeys((*state.proposed, *event.paths))))
        case PatchApplied():
            left = tuple(path for path in state.proposed if path not in event.paths)
            return replace(state, proposed=left)
        case TurnEnded() if state.turns:
            last = replace(state.turns[-1], how=event.how)
            return replace(state, turns=(*state.turns[:-1], last))
    return state


def _phase(state: State, event: UiEvent) -> Phase:
    match event:
        case Opened() | TurnEnded() | Finished():
            return "ready"
        case Working() if state.phase != "opening":
            return "packing"
        case TurnBegan() | TurnStarted():
            return "asking"
        case ReasoningDelta():
            return "thinking"
        case TextDelta():
            return "answering"
        case ToolStarted():
            return "reading"
        case Retry():
            return "retrying"
    return state.phase


def _used(state: State, event: UsageReported) -> State:
    usd = event.cost_usd
    state = replace(state, turn_usd=state.turn_usd + usd, session_usd=state.session_usd + usd)
    if not event.turn:
        return state
    used = event.usage
    return replace(state, prompt_tokens=used.prompt_tokens, hit_tokens=used.cache_hit_tokens)
