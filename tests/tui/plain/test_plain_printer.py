"""Events in any order -> whole lines without anything that a terminal would obey."""

import io
from pathlib import Path

from bathy.agent.loop.citations import CheckedCitation
from bathy.agent.loop.events import (
    CitationsChecked,
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
from bathy.agent.loop.evidence import Span
from bathy.agent.model.messages import ReasoningDelta, TextDelta, Usage
from bathy.agent.modes.tui.events import (
    EvidenceFound,
    Opened,
    RefitFailed,
    SessionNamed,
    Told,
    TurnEnded,
    UiEvent,
    Working,
)
from bathy.agent.modes.tui.plain.printer import Printer
from hypothesis import given, settings
from hypothesis import strategies as st

ANY = st.one_of(st.text(max_size=12), st.sampled_from(["\x1b[2J", "a\nb", "\r", "\x9b1A", "\x07"]))
USAGE = Usage(10, 5, 5, 3, 1)


def opened(name: str, offline: str) -> Opened:
    return Opened(Path("/r"), name, "", False, (name,), offline, name, "auto", 9, False)


EVENTS: st.SearchStrategy[UiEvent] = st.one_of(
    ANY.map(TextDelta),
    ANY.map(ReasoningDelta),
    ANY.map(Told),
    ANY.map(RefitFailed),
    ANY.map(Shortened),
    ANY.map(SessionNamed),
    st.builds(opened, ANY, ANY),
    st.builds(lambda t: Span(t, 1, 3, t, (t, t)), ANY).map(
        lambda s: EvidenceFound((s,), is_answer=False)
    ),
    st.builds(ToolStarted, ANY, ANY, ANY),
    st.builds(ToolFinished, ANY, ANY, ANY, st.booleans(), ANY),
    st.builds(lambda t: PatchProposed(t, (t,), t), ANY),
    st.builds(lambda t: PatchApplied(t, (t,), t), ANY),
    st.builds(Retry, st.just(1), st.just(2.0), ANY),
    st.builds(lambda t: TurnStarted(1, 5, 0.1, 0, 0.1, t), ANY),
    st.builds(lambda t: UsageReported(1, USAGE, 0.1, False, 9, t), ANY),
    st.builds(lambda t: LimitReached("error_max_cost", t), ANY),
    st.builds(lambda t: CitationsChecked((CheckedCitation(t, 1, 2, "repaired", t),)), ANY),
    st.builds(lambda t: Finished("success", t, 1, USAGE, 0.1, t, 0), ANY),
    st.builds(TurnEnded, ANY, ANY, st.booleans()),
    st.builds(Working, ANY, st.integers(0, 9), st.integers(0, 9), st.booleans()),
)


def shown(*events: UiEvent, at_s: float = 0.0) -> str:
    out = io.StringIO()
    printer = Printer(out, lambda: at_s)
    for event in events:
        printer.show(event)
    printer.say("end")
    return out.getvalue()


@settings(deadline=None)
@given(st.lists(EVENTS, max_size=12))
def test_no_event_writes_what_a_terminal_would_obey(events: list[UiEvent]) -> None:
    text = shown(*events)
    assert all(char.isprintable() or char in "\n\t" for char in text)
    assert text.endswith("end\n")


@settings(deadline=None)
@given(ANY)
def test_a_fact_is_one_line_whatever_it_holds(text: str) -> None:
    assert shown(Told(text)).count("\n") == 2


def test_an_answer_stands_between_whole_lines() -> None:
    text = shown(ReasoningDelta("hm"), TextDelta("One. Tw"), TextDelta("o"), TurnEnded("answered"))
    assert text == "thought for 0 seconds, about 1 token\nmodel:\nOne. Two\nanswered\nend\n"


def test_what_is_known_of_a_repository_is_told_once() -> None:
    first, other = opened("shop", ""), opened("shop", "--offline")
    assert shown(first, first) == shown(first)
    assert shown(first, other) == (
        "repository: shop, no commit, 1 file\nmodel: shop, effort auto\n"
        "offline: --offline; no model is asked\n"
        "questions are answered with places from the index; /open e1 reads the first\nend\n"
    )


def test_a_retry_takes_back_what_was_written() -> None:
    text = shown(TextDelta("half"), Retry(1, 2.0, "the stream broke"))
    assert "half\nattempt 1 failed: the stream broke\n" in text
    assert "is void; trying again in 2 seconds" in text


def test_a_line_that_nobody_would_listen_to_is_cut_and_counted() -> None:
    out = io.StringIO()
    Printer(out).numbered(("x" * 401, "y" * 400), 7)
    assert out.getvalue() == f"7: {'x' * 400}... and 1 more character\n8: {'y' * 400}\n"


def test_a_wait_is_rounded_up() -> None:
    assert "trying again in 1 second\n" in shown(Retry(1, 0.4, "busy"))
    assert "trying again now\n" in shown(Retry(1, 0.0, "busy"))


def test_evidence_that_is_the_answer_is_read_out() -> None:
    span = Span("a.py", 4, 20, "f", ("def f():", *[f"    {n}" for n in range(16)]))
    text = shown(EvidenceFound((span,), is_answer=True))
    assert "evidence e1: a.py:4-20, f\n4: def f():\n5:     0\n" in text
    assert "9:     4\nand 11 more lines\n" in text
    assert "def f" not in shown(EvidenceFound((span,), is_answer=False))
