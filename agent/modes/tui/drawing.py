"""State and events -> what the widgets are told. Calls widgets, keeps nothing."""

from collections.abc import Sequence
from math import ceil

from bathy.agent.loop.citations import Cited
from bathy.agent.loop.events import (
    Finished,
    LimitReached,
    PatchApplied,
    PatchProposed,
    Retry,
    Shortened,
    ToolFinished,
    ToolStarted,
    TurnStarted,
    UsageReported,
)
from bathy.agent.model.messages import ReasoningDelta, TextDelta
from bathy.agent.modes.tui.events import (
    EvidenceFound,
    Packed,
    RefitFailed,
    SessionNamed,
    Told,
    TurnBegan,
    TurnEnded,
    UiEvent,
)
from bathy.agent.modes.tui.input.keymap import Keymap
from bathy.agent.modes.tui.panels.figures import columns, count_word, one_line, usd_word
from bathy.agent.modes.tui.panels.pack_tree import Appended, build_tree
from bathy.agent.modes.tui.panels.side_rows import CitedPlace, SideState, TurnLine
from bathy.agent.modes.tui.panels.status_row import WIDE, StatusState, keys_of, short_figures
from bathy.agent.modes.tui.panels.treemap import Item
from bathy.agent.modes.tui.sayings import BEGINS_HERE, guessed_words, session_words
from bathy.agent.modes.tui.sessions.replay import PastTurn
from bathy.agent.modes.tui.state import State
from bathy.agent.modes.tui.transcript.blocks import Proposed
from bathy.agent.modes.tui.transcript.view import Transcript
from bathy.tools.decode import decode
from bathy.tools.workspace import quote_path

_STATUS_KEYS = (
    ("everywhere.help", "help"),
    ("everywhere.palette", "commands"),
    ("everywhere.pack", "pack"),
    ("everywhere.review", "review"),
)
_MOST_TURNS = 40
"""Questions that the side panel could show at most, however high the terminal is."""

_STOP_KEY = (("everywhere.stop", "stop"),)
_CHARS_A_TOKEN = 4
"""About, of English and code, for a speed that is only shown while text comes."""


def draw(transcript: Transcript, event: UiEvent, cited: Sequence[Cited]) -> None:
    """Put an event into the transcript, if it belongs there.

    Args:
        transcript: Gets it.
        event: Any.
        cited: Where the answer cites, which is told just before its end.
    """
    match event:
        case TurnBegan():
            transcript.add_prompt(event.question)
        case ReasoningDelta():
            transcript.stream_reasoning(event.text)
        case TextDelta():
            transcript.stream_answer(event.text)
        case ToolStarted():
            transcript.add_tool(event.call_id, event.name, event.arguments)
        case ToolFinished():
            transcript.finish_tool(event.call_id, event.summary, event.is_error, event.text)
        case EvidenceFound():
            transcript.add_evidence(
                (((s.path, s.start_line, s.end_line), s.symbol, s.lines) for s in event.spans),
                is_answer=event.is_answer,
            )
            if not event.spans:
                transcript.add_notice("nothing in the index fits the question")
        case Retry():
            transcript.take_back()
            when = f"in {ceil(event.wait_s)} s; enter tries at once" if event.wait_s else "now"
            transcript.add_notice(f"{event.reason}; trying again {when}")
        case Finished() if event.text:
            transcript.finish_answer(cited, event.text)
        case _:
            _draw_words(transcript, event)


def draw_past(transcript: Transcript, turn: PastTurn) -> None:
    """Draw a question of an earlier time, what became of it, and how long that took."""
    for event, moment_s in zip(turn.events, turn.moments, strict=True):
        with transcript.at_moment(moment_s):
            draw(transcript, event, turn.cited)


def _draw_words(transcript: Transcript, event: UiEvent) -> None:
    match event:
        case TurnStarted() if event.turn < 2:
            transcript.add_notice(_asking_words(event))
        case PatchProposed():
            transcript.add_proposed(event.paths, _proposed_words)
        case PatchApplied():
            paths = ", ".join(map(quote_path, event.paths))
            transcript.add_notice(f"written: {paths}; /undo takes it back")
        case UsageReported() if event.turn:
            _draw_used(transcript, event)
        case Packed():
            transcript.add_notice(_packed_words(event))
        case RefitFailed():
            transcript.add_error(f"the pack stays as it was: {event.text}")
        case Shortened() | LimitReached():
            transcript.add_notice(event.reason)
        case SessionNamed() if event.is_other:
            transcript.add_notice(BEGINS_HERE)
        case Told():
            transcript.add_notice(event.text)
        case TurnEnded():
            transcript.end_turn()
            if event.how == "stopped" and not event.text:
                transcript.add_notice("stopped; what had come is kept")
            elif event.text:
                transcript.add_error(event.text)


def _proposed_words(block: Proposed) -> str:
    paths = ", ".join(map(quote_path, block.paths))
    if block.edits == 1:
        return f"1 edit is proposed to {paths}; F4 reviews it"
    return f"{block.edits} edits are proposed to {paths}; F4 reviews them"


def _draw_used(transcript: Transcript, event: UsageReported) -> None:
    if event.usage.reasoning_tokens:
        transcript.count_reasoning(event.usage.reasoning_tokens)
    if event.is_estimate:
        transcript.add_notice(guessed_words(event))
    if event.cause and event.expected_hit_tokens:
        transcript.add_notice(f"not found in the cache: {event.cause}")


def _asking_words(event: TurnStarted) -> str:
    what = "asking" if event.turn else "putting the repository into the cache"
    usd = event.expected_cost_usd
    price = f", {usd_word(usd)} expected" if usd else ""
    why = f" ({event.reason})" if event.reason else ""
    return f"{what}: {event.prompt_tokens:,} tokens{price}{why}"


def _packed_words(event: Packed) -> str:
    files = count_word(len(event.manifest.files), "file")
    text = f"packed: {files}, {event.tokens:,} tokens"
    if event.appended_tokens:
        text += f", {event.appended_tokens:,} of them changes since the base"
    if event.cold_usd:
        text += f"; to send them costs {usd_word(event.cold_usd)} the first time"
        text += f", {usd_word(event.warm_usd)} from the cache"
    if event.note:
        text += f"; other clones do not share it: {event.note}"
    return f"{text}; {told}" if (told := session_words(event)) else text


def heading(state: State, status: StatusState, width: int, *, is_ascii: bool) -> str:
    """The line at the top, in so many cells; a narrow one says what the status line cannot."""
    commit = f" @ {state.commit[:7]}" if state.commit else ""
    left = f"bathy  {one_line(state.repo)}{commit}{' (changed)' if state.is_dirty else ''}"
    if state.why_offline:
        right = _offline(state)
    else:
        right = f"{one_line(state.model)}   think: {state.effort}" if state.model else ""
        if width < WIDE and (figures := short_figures(status, is_ascii=is_ascii)):
            right = figures
    return columns(left, right, width, is_ascii=is_ascii)


def offline_words(state: State, keymap: Keymap) -> str:
    """What can be done without a model."""
    keys = {name: keymap.shown(f"everywhere.{name}") for name in ("pack", "viewer", "sessions")}
    is_wanted = state.why_offline == "--offline"
    how = "start without it" if is_wanted else "set DEEPSEEK_API_KEY and start again"
    return (
        f"{_offline(state)}. Questions are answered from the index: places quoted and"
        f" cited. {keys['pack']} shows the pack, {keys['viewer']} opens a file,"
        f" {keys['sessions']} shows earlier sessions. To ask a model, {how}."
    )


def _offline(state: State) -> str:
    why = state.why_offline
    return f"OFFLINE ({why})" if why == "--offline" else f"OFFLINE: {why}"


def blocks_of(packed: Packed) -> tuple[Item, ...]:
    """The treemap of a pack, for the side panel."""
    return build_tree(packed.manifest, appended_of(packed)).map_items("")


def appended_of(packed: Packed) -> Appended:
    """What follows the base."""
    return Appended(packed.appended_paths, packed.appended_tokens)


def side_of(state: State, files: int, blocks: tuple[Item, ...]) -> SideState:
    """What the side panel shows, given the files of the pack and its treemap."""
    return SideState(
        files=files,
        used_tokens=state.prompt_tokens or state.pack_tokens,
        window_tokens=state.window_tokens,
        blocks=blocks,
        cited=tuple(CitedPlace(c.number, c.path, c.start_line, c.status) for c in state.cited),
        turn_usd=state.turn_usd if _has_cost(state) else None,
        session_usd=state.session_usd if _has_cost(state) else None,
        is_turn_guessed=state.is_turn_guessed,
        is_session_guessed=state.is_session_guessed,
        cached_share=state.cached_share if state.prompt_tokens else None,
        saved_usd=state.saved_usd,
        turns=_last_turns(state),
    )


def status_of(state: State, keymap: Keymap) -> StatusState:
    """What the status line shows."""
    return StatusState(
        used_tokens=state.prompt_tokens or state.pack_tokens,
        window_tokens=state.window_tokens,
        cached_share=state.cached_share if state.prompt_tokens else None,
        turn_usd=state.turn_usd if _has_cost(state) else None,
        session_usd=state.session_usd if _has_cost(state) else None,
        is_turn_guessed=state.is_turn_guessed,
        is_session_guessed=state.is_session_guessed,
        phase=state.phase,
        # How long the user takes is nothing that goes on.
        is_busy=state.phase not in ("ready", "not ready", "waiting for you"),
        since_s=state.since_s,
        until_s=state.until_s,
        streamed_tokens=state.streamed_chars // _CHARS_A_TOKEN,
        stop=next(iter(keys_of(keymap, _STOP_KEY)), None) if state.can_stop else None,
        keys=keys_of(keymap, _STATUS_KEYS),
    )


def _last_turns(state: State) -> tuple[TurnLine, ...]:
    first = max(0, len(state.turns) - _MOST_TURNS)
    return tuple(
        TurnLine(n, t.question, t.how) for n, t in enumerate(state.turns[first:], first + 1)
    )


def _has_cost(state: State) -> bool:
    return bool(state.turns) and (state.session_usd > 0 or not state.why_offline)


def price_of(packed: Packed, tokens: int) -> tuple[float, float] | None:
    """(cold, warm) price of so many tokens; None if it is not known."""
    if not packed.cold_usd:
        return None
    share = tokens / max(1, packed.tokens)
    return packed.cold_usd * share, packed.warm_usd * share


def cost_words(state: State) -> str:
    """What was spent, in a sentence."""
    turn = usd_word(state.turn_usd, is_about=state.is_turn_guessed)
    session = usd_word(state.session_usd, is_about=state.is_session_guessed)
    text = f"this question {turn}, this session {session}"
    if not state.prompt_tokens:
        return text
    return f"{text}; {100 * state.cached_share:.0f} % of the last prompt came from the cache"


def lines_of(path: str, data: bytes) -> Sequence[str]:
    """Lines of a file as they are shown."""
    decoded = decode(data)
    text = decoded.text.replace("\r\n", "\n") if decoded else f"{path} is no text"
    return text.removesuffix("\n").split("\n")
