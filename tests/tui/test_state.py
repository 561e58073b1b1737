"""Events -> what stands around the transcript: sizes, prices, whose session it is."""

from functools import reduce as fold

from bathy.agent.loop.citations import CheckedCitation, Cited
from bathy.agent.loop.events import Finished, UsageReported
from bathy.agent.loop.evidence import Span
from bathy.agent.model.messages import Usage
from bathy.agent.modes.tui import drawing
from bathy.agent.modes.tui.events import (
    Confirming,
    EvidenceFound,
    Packed,
    SessionNamed,
    TurnBegan,
    TurnEnded,
    UiEvent,
)
from bathy.agent.modes.tui.input.keymap import Keymap
from bathy.agent.modes.tui.panels.side_rows import side_rows
from bathy.agent.modes.tui.sessions.replay import PastTurn
from bathy.agent.modes.tui.state import State, reduce, resumed
from bathy.agent.pack.manifest import Manifest

USAGE = Usage(100, 90, 10, 5, 0)
PACK = Manifest("shop", "c" * 40, False, "t", 900, 80, 5, (), 0, 0, "It fits.", (), ())


def after(*events: UiEvent, state: State | None = None) -> State:
    return fold(lambda state, event: reduce(state, event, 0.0), events, state or State())


def cost_rows(state: State) -> list[str]:
    rows = side_rows(drawing.side_of(state, 1, ()), 30, 40, map_rows=())
    texts = ["".join(text for text, _ in row.row).rstrip() for row in rows]
    return texts[texts.index("COST") + 1 :][:2]


ASKED = after(
    SessionNamed("one"),
    TurnBegan("Why?"),
    UsageReported(1, USAGE, 0.25, is_estimate=False),
    TurnEnded("answered"),
)


def test_while_the_user_is_asked_no_seconds_are_counted() -> None:
    state = after(TurnBegan("Why?"), Confirming(is_over=False))
    status = drawing.status_of(state, Keymap())
    assert (status.phase, status.is_busy, state.can_stop) == ("waiting for you", False, True)
    state = reduce(state, Confirming(is_over=True), 26.0)
    assert (state.phase, state.since_s) == ("asking", 26.0)


def test_what_could_not_be_opened_is_not_ready() -> None:
    state = after(TurnEnded("failed", "there are no files"))
    status = drawing.status_of(state, Keymap())
    assert (status.phase, status.is_busy, state.can_stop) == ("not ready", False, False)
    assert after(Packed(PACK, 0.0, 0.0), state=state).phase == "ready"


def test_a_flag_that_keeps_from_asking_is_named_as_one() -> None:
    for why, told in (("--offline", "OFFLINE (--offline)"), ("no key", "OFFLINE: no key")):
        state = State(why_offline=why)
        status = drawing.status_of(state, Keymap())
        assert drawing.heading(state, status, 78, is_ascii=False).endswith(told)
        assert drawing.offline_words(state, Keymap()).startswith(f"{told}. ")


def test_what_was_cut_off_is_marked_as_an_estimate_in_turn_and_session() -> None:
    assert cost_rows(ASKED) == ["turn     $0.250", "session  $0.250"]
    stopped = after(
        TurnBegan("And?"),
        UsageReported(1, USAGE, 0.125, is_estimate=True),
        TurnEnded("stopped"),
        state=ASKED,
    )
    assert cost_rows(stopped) == ["turn     ≈$0.125", "session  ≈$0.375"]
    assert drawing.cost_words(stopped).startswith("this question ≈$0.125, this session ≈$0.375;")
    later = after(TurnBegan("So?"), UsageReported(1, USAGE, 0.25, is_estimate=False), state=stopped)
    assert cost_rows(later) == ["turn     $0.250", "session  ≈$0.625"]
    past = [
        PastTurn("a", "stopped", 0.5, (), (), is_guessed=True),
        PastTurn("b", "x", 0.25, (), ()),
    ]
    assert cost_rows(resumed(later, past)) == ["turn     $0.250", "session  ≈$0.750"]


def test_a_session_that_goes_on_has_the_places_of_its_last_question() -> None:
    span = Span("a.py", 1, 2, "f", ("x",))
    checked = CheckedCitation("b.py", 3, 4, "repaired", "b.py:1")
    found = (TurnBegan("Why?"), EvidenceFound((span,), is_answer=False))
    answered = (*found, Finished("success", "[b.py:3-4]", 1, USAGE, 0.0, "", 0))
    cited = (Cited(1, 9, checked), Cited(1, 9, checked))
    cut, whole = PastTurn("Why?", "stopped", 0, found, ()), PastTurn("Why?", "", 0, answered, cited)
    assert [(c.path, c.status) for c in resumed(State(), [whole, cut]).cited] == [
        ("a.py", "verified")
    ]
    assert [(c.number, c.path, c.status) for c in resumed(State(), [cut, whole]).cited] == [
        (1, "b.py", "repaired")
    ]
    assert resumed(State(), [PastTurn("Why?", "", 0, answered, ())]).cited == ()


def test_a_session_that_takes_the_place_of_another_has_a_bill_of_its_own() -> None:
    chosen = after(Packed(PACK, 0.5, 0.25, session="begins"), state=ASKED)
    # The last prompt was of the old one; what counts now is the pack.
    assert (chosen.prompt_tokens, chosen.session_usd, chosen.session_id) == (0, 0.25, "one")
    begun = after(TurnBegan("And?"), SessionNamed("two", is_other=True), state=chosen)
    assert [turn.question for turn in begun.turns] == ["And?"]
    assert (begun.session_id, begun.session_usd) == ("two", 0.0)
    same = after(TurnBegan("And?"), SessionNamed("one"), state=ASKED)
    assert (len(same.turns), same.session_usd) == (2, 0.25)
