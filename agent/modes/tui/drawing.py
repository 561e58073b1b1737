"""State and events -> what the widgets are told. Calls widgets, keeps nothing."""

from collections.abc import Sequence

from bathy.agent.loop.citations import Cited
from bathy.agent.loop.events import (
    Finished,
    LimitReached,
    PatchProposed,
    Retry,
    Shortened,
    ToolFinished,
    ToolStarted,
    TurnStarted,
)
from bathy.agent.model.messages import ReasoningDelta, TextDelta
from bathy.agent.modes.terminal import printable
from bathy.agent.modes.tui.events import EvidenceFound, Packed, Told, TurnBegan, TurnEnded, UiEvent
from bathy.agent.modes.tui.panels.pack_tree import Appended, build_tree
from bathy.agent.modes.tui.panels.side_rows import CitedPlace, SideState, TurnLine
from bathy.agent.modes.tui.panels.status import StatusState
from bathy.agent.modes.tui.state import State
from bathy.agent.modes.tui.transcript.view import Transcript
from bathy.agent.pack.manifest import Manifest
from bathy.tools.decode import decode
from bathy.tools.workspace import quote_path

HELP = (
    "enter sends, shift+enter or ctrl+j begins a line, @ names a file, / gives commands. esc stops."
    " F2 shows the pack, F4 the edits that wait, alt+1 to alt+9 open citations, ctrl+c leaves."
)


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
                ((s.path, s.start_line, s.end_line), s.symbol, s.lines) for s in event.spans
            )
            if not event.spans:
                transcript.add_notice("nothing in the index fits the question")
        case Retry():
            transcript.take_back()
            transcript.add_notice(f"{event.reason}; trying again in {event.wait_s:.0f} s")
        case Finished() if event.text:
            transcript.finish_answer(cited, event.text)
        case _:
            _draw_words(transcript, event)


def _draw_words(transcript: Transcript, event: UiEvent) -> None:
    match event:
        case TurnStarted() if event.turn < 2:
            what = "asking" if event.turn else "putting the repository into the cache"
            tokens = f"{event.prompt_tokens:,} tokens"
            transcript.add_notice(f"{what}: {tokens}, ${event.expected_cost_usd:.4f} expected")
        case PatchProposed():
            paths = ", ".join(map(quote_path, event.paths))
            transcript.add_notice(f"edits are proposed to {paths}; F4 reviews them")
        case Shortened() | LimitReached():
            transcript.add_notice(event.reason)
        case Told():
            transcript.add_notice(event.text)
        case TurnEnded():
            transcript.end_turn()
            if event.text:
                transcript.add_error(event.text)


def heading(state: State) -> str:
    """The line at the top."""
    if state.why_offline:
        return printable(f"bathy · {state.repo} · OFFLINE: {state.why_offline}")
    return printable(f"bathy · {state.repo} · {state.model} · effort {state.effort}")


def side_of(state: State, manifest: Manifest | None) -> SideState:
    """What the side panel shows."""
    blocks = build_tree(manifest, Appended()).map_items("") if manifest else ()
    return SideState(
        files=len(manifest.files) if manifest else 0,
        used_tokens=state.prompt_tokens or state.pack_tokens,
        window_tokens=state.window_tokens,
        blocks=tuple(blocks),
        cited=tuple(CitedPlace(c.number, c.path, c.start_line, c.status) for c in state.cited),
        turn_usd=state.turn_usd if state.turns else None,
        session_usd=state.session_usd if state.turns else None,
        cached_share=state.cached_share if state.prompt_tokens else None,
        turns=tuple(TurnLine(n, t.question, t.how) for n, t in enumerate(state.turns, 1)),
    )


def status_of(state: State) -> StatusState:
    """What the status line shows."""
    return StatusState(
        used_tokens=state.prompt_tokens or state.pack_tokens,
        window_tokens=state.window_tokens,
        cached_share=state.cached_share if state.prompt_tokens else None,
        turn_usd=state.turn_usd if state.turns else None,
        session_usd=state.session_usd if state.turns else None,
        phase=state.phase,
        is_busy=state.is_busy or state.phase == "opening",
        since_s=state.since_s,
        keys=(("F2", "pack"), ("F4", "review"), ("/", "commands")),
    )


def price_of(packed: Packed, tokens: int) -> tuple[float, float] | None:
    """(cold, warm) price of so many tokens; None if it is not known."""
    if not packed.cold_usd:
        return None
    share = tokens / max(1, packed.manifest.tokens)
    return packed.cold_usd * share, packed.warm_usd * share


def cost_words(state: State) -> str:
    """What was spent, in a sentence."""
    share = 100 * state.cached_share
    return (
        f"this question ${state.turn_usd:.4f}, this session ${state.session_usd:.4f};"
        f" {share:.0f} % of the last prompt came from the cache"
    )


def lines_of(path: str, data: bytes) -> Sequence[str]:
    """Lines of a file as they are shown."""
    decoded = decode(data)
    text = decoded.text.replace("\r\n", "\n") if decoded else f"{path} is no text"
    return text.split("\n")
