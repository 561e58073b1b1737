"""Events, one after another -> what the header, the side panel and the status line show. Pure."""

from collections.abc import Iterable, Sequence
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
    Confirming,
    EvidenceFound,
    Opened,
    Packed,
    RefitFailed,
    Saved,
    SessionNamed,
    TurnBegan,
    TurnEnded,
    UiEvent,
    Working,
)
from bathy.agent.modes.tui.sessions.replay import PastTurn

Phase = Literal[
    "opening",
    "ready",
    "not ready",
    "packing",
    "waiting for you",
    "asking",
    "thinking",
    "reading",
    "answering",
    "retrying",
]


@dataclass(frozen=True, slots=True)
class Turn:
    """A question of this session, and what has become of it."""

    question: str
    how: str = "under way"


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation of the last answer, with its number, 1-based; "found" before there is one."""

    number: int
    path: str
    start_line: int
    end_line: int
    status: str


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the work before a question can be asked; see `Working`. It began at `began_s`."""

    what: str
    done: int
    total: int
    is_done: bool
    began_s: float


@dataclass(frozen=True, slots=True)
class State:
    """Everything that is shown around the transcript.

    Attributes:
        phase: What is going on.
        since_s: Moment at which that began, on the monotonic clock.
        until_s: Moment at which a request is made again; 0 if none is going to be.
        stages: Work that goes on, or has gone on, since the repository was opened.
        repo: Name of the repository.
        commit: Full id, or "".
        is_dirty: It differs from that commit.
        why_offline: Why no model is asked; "" if one is.
        model: Id.
        effort: How hard it thinks.
        window_tokens: Of the model.
        prompt_tokens: Of the last prompt.
        hit_tokens: Of it, from the cache.
        turn_usd: Price of the question that is under way, or of the last one.
        session_usd: Of all.
        is_turn_guessed: The service did not say all of what the question has cost.
        is_session_guessed: Nor of all of them.
        saved_usd: What the cache has saved of that; None if nothing was asked yet.
        streamed_chars: Of text or thinking since the phase began.
        pack_tokens: Of the pack, with what is appended to it.
        cold_usd: Its price uncached.
        warm_usd: Its price cached.
        cited: Of the last answer.
        turns: Questions so far.
        proposed: Files with edits that wait for review.
        session_id: Of the log.
        may_retry: The last question failed, and may be asked again.
    """

    phase: Phase = "opening"
    since_s: float = 0.0
    until_s: float = 0.0
    stages: tuple[Stage, ...] = ()
    repo: str = ""
    commit: str = ""
    is_dirty: bool = False
    why_offline: str = ""
    model: str = ""
    effort: str = ""
    window_tokens: int = 0
    prompt_tokens: int = 0
    hit_tokens: int = 0
    turn_usd: float = 0.0
    session_usd: float = 0.0
    is_turn_guessed: bool = False
    is_session_guessed: bool = False
    saved_usd: float | None = None
    streamed_chars: int = 0
    pack_tokens: int = 0
    cold_usd: float = 0.0
    warm_usd: float = 0.0
    cited: tuple[Cited, ...] = ()
    turns: tuple[Turn, ...] = ()
    proposed: tuple[str, ...] = ()
    session_id: str = ""
    may_retry: bool = False

    @property
    def is_busy(self) -> bool:
        """Whether a question is being worked on."""
        return self.phase not in ("opening", "ready", "not ready")

    @property
    def can_stop(self) -> bool:
        """Whether that can be stopped; reading and packing cannot, they are over soon."""
        return self.phase not in ("opening", "packing", "ready", "not ready")

    @property
    def cached_share(self) -> float:
        """Part of the last prompt that came from the cache, 0 to 1."""
        return self.hit_tokens / self.prompt_tokens if self.prompt_tokens else 0.0


def reduce(state: State, event: UiEvent, now_s: float) -> State:
    """Return the state after an event; the same object if nothing shown has changed."""
    phase = _phase(state, event)
    if phase != state.phase:
        state = replace(state, phase=phase, since_s=now_s, until_s=0.0, streamed_chars=0)
    match event:
        case Opened() | Working() | Packed() | RefitFailed():
            return _prepared(state, event, now_s)
        case TurnBegan() | SessionNamed() | TurnEnded():
            return _conversed(state, event)
        case ReasoningDelta() | TextDelta():
            return replace(state, streamed_chars=state.streamed_chars + len(event.text))
        case Retry():
            return replace(state, until_s=now_s + event.wait_s if event.wait_s else 0.0)
        case TurnStarted() | UsageReported() | Saved():
            return _spent(state, event)
        case EvidenceFound():
            places = [(s.path, s.start_line, s.end_line, "found") for s in event.spans]
            return replace(state, cited=_numbered(places), stages=())
        case CitationsChecked():
            cited = [(c.path, c.start_line, c.end_line, c.status) for c in event.citations]
            return replace(state, cited=_numbered(cited))
        case PatchProposed():
            return replace(state, proposed=tuple(dict.fromkeys((*state.proposed, *event.paths))))
        case PatchApplied():
            left = tuple(path for path in state.proposed if path not in event.paths)
            return replace(state, proposed=left)
    return state


def resumed(state: State, turns: Sequence[PastTurn]) -> State:
    """Return the state after a session was taken up, or left for a new one (no turns)."""
    last = turns[-1] if turns else None
    return replace(
        state,
        turns=tuple(Turn(turn.question, turn.how) for turn in turns),
        turn_usd=last.cost_usd if last else 0.0,
        session_usd=sum(turn.cost_usd for turn in turns),
        is_turn_guessed=last is not None and last.is_guessed,
        is_session_guessed=any(turn.is_guessed for turn in turns),
        saved_usd=None,
        prompt_tokens=0,
        hit_tokens=0,
        cited=_cited_in(last) if last else (),
        proposed=(),
        may_retry=False,
        session_id=state.session_id if turns else "",
    )


def _cited_in(turn: PastTurn) -> tuple[Cited, ...]:
    """Where an answer of an earlier time cites; without one, what was found for the question."""
    if not turn.answer:
        return _numbered((s.path, s.start_line, s.end_line, "verified") for s in turn.evidence)
    checked = (each.citation for each in turn.cited)
    return _numbered((c.path, c.start_line, c.end_line, c.status) for c in checked)


def _phase(state: State, event: UiEvent) -> Phase:
    match event:
        case TurnEnded() if not state.pack_tokens:
            return "not ready"
        case Packed() | RefitFailed() | TurnEnded() | Finished():
            return "ready"
        case Opened() if state.phase == "opening":
            return "packing"
        case Working() if not event.is_done and state.phase in ("ready", "not ready", "opening"):
            return "packing"
        case Confirming():
            return "asking" if event.is_over else "waiting for you"
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


def _prepared(state: State, event: Opened | Working | Packed | RefitFailed, now_s: float) -> State:
    match event:
        case Opened():
            return replace(
                state,
                repo=event.name,
                commit=event.commit,
                is_dirty=event.is_dirty,
                why_offline=event.why_offline,
                model=event.model,
                effort=event.effort,
                window_tokens=event.window_tokens,
            )
        case Working():
            known = {stage.what: stage for stage in state.stages}
            began_s = known[event.what].began_s if event.what in known else now_s
            stage = Stage(event.what, event.done, event.total, event.is_done, began_s)
            return replace(state, stages=tuple({**known, event.what: stage}.values()))
        case Packed():
            cold, warm = event.cold_usd, event.warm_usd
            state = replace(state, pack_tokens=event.tokens, cold_usd=cold, warm_usd=warm)
            if event.session:
                # The last prompt is not what the next one will be like.
                state = replace(state, prompt_tokens=0, hit_tokens=0)
    return replace(state, stages=())


def _conversed(state: State, event: TurnBegan | SessionNamed | TurnEnded) -> State:
    match event:
        case SessionNamed():
            if event.is_other:
                now = state.turns[-1:]
                state = replace(resumed(state, ()), turns=now, proposed=state.proposed)
            return replace(state, session_id=event.session_id)
        case TurnBegan():
            turns = (*state.turns, Turn(event.question))
            return replace(
                state, turns=turns, turn_usd=0.0, is_turn_guessed=False, cited=(), may_retry=False
            )
    state = replace(state, stages=(), may_retry=event.how == "failed" and bool(state.turns))
    if not state.turns:
        return state
    return replace(state, turns=(*state.turns[:-1], replace(state.turns[-1], how=event.how)))


def _numbered(places: Iterable[tuple[str, int, int, str]]) -> tuple[Cited, ...]:
    """Each place once, with its number."""
    return tuple(Cited(n, *place) for n, place in enumerate(dict.fromkeys(places), 1))


def _spent(state: State, event: TurnStarted | UsageReported | Saved) -> State:
    match event:
        case Saved():
            return replace(state, saved_usd=(state.saved_usd or 0.0) + event.usd)
        case UsageReported():
            turn_usd = state.turn_usd + event.cost_usd
            session_usd = state.session_usd + event.cost_usd
            state = replace(
                state,
                turn_usd=turn_usd,
                session_usd=session_usd,
                is_turn_guessed=state.is_turn_guessed or event.is_estimate,
                is_session_guessed=state.is_session_guessed or event.is_estimate,
            )
            prompt, hit = event.usage.prompt_tokens, event.usage.cache_hit_tokens
        case TurnStarted():
            prompt, hit = event.prompt_tokens, event.hit_tokens
    # What only fills the cache is no prompt of the user's.
    if event.turn:
        state = replace(state, prompt_tokens=prompt, hit_tokens=hit)
    return replace(state, stages=())
