"""A session of many long questions in the transcript: nothing is rendered but what is seen."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict
from pathlib import Path

import pytest
from bathy.agent.loop.citations import CheckedCitation, Cited
from bathy.agent.loop.events import CitationsChecked, Finished, ToolFinished, ToolStarted
from bathy.agent.loop.record import Record, read_record
from bathy.agent.model.messages import Message, ReasoningDelta, TextDelta, ToolCall, Usage
from bathy.agent.modes.tui.drawing import draw
from bathy.agent.modes.tui.events import TurnBegan, TurnEnded, UiEvent
from bathy.agent.modes.tui.sessions.replay import PastTurn, turns_of
from bathy.agent.modes.tui.transcript.blocks import Prompt, Reasoning, Tool
from bathy.agent.modes.tui.transcript.view import MoreWanted, Transcript
from textual.app import App, ComposeResult
from textual.pilot import Pilot

STEP, TURNS = 20, 500
ANSWER = (
    "# Why\n\nIt is so [cart.py:2] 中文.\n\n- one\n- two\n\n```py\n"
    + "x = 1\n" * 30
    + "```\n\nEnd."
)
CITED = Cited(17, 26, CheckedCitation("cart.py", 2, 2, "verified", "cart.py:2"))
EVIL = "why\x1b[2J?\x07 [red]x[/] \u202etxt"
END = Finished("success", ANSWER, 1, Usage(), 0.5, "", 0)


def log(path: Path, questions: Iterable[str]) -> tuple[PastTurn, ...]:
    """A session in which each question was answered after a call."""
    record = Record(path)
    record.write("session", {"folder": "/r"})
    for number, question in enumerate(questions):
        call = ToolCall(f"c{number}", "grep", '{"pattern": "add"}')
        record.write("question", {"text": question})
        record.write("request", {})
        record.write("usage", {"cost_usd": 0.5, "is_estimate": False})
        record.write_message(Message("assistant", "Let me look.", "Hm. " * 99, (call,)))
        record.write_message(Message("tool", "one\ntwo", tool_call_id=call.id))
        record.write("request", {})
        record.write_message(Message("assistant", ANSWER, "So."))
        record.write("citations", asdict(CitationsChecked((CITED.citation,), (CITED,))))
        record.write("result", asdict(END))
    record.close()
    return turns_of(read_record(path))


class Resumed(App[None]):
    """A transcript that shows some of the past, and more when it is asked to."""

    def __init__(self, turns: tuple[PastTurn, ...]) -> None:
        super().__init__()
        self.transcript = Transcript(clock=lambda: 0.0)
        self.past, self.wishes = list(turns), 0

    def compose(self) -> ComposeResult:
        yield self.transcript

    def resume(self) -> None:
        if len(self.past) > STEP:
            self.transcript.add_more(STEP, len(self.past))
        self._draw_some()
        self.transcript.flush()

    def on_more_wanted(self, event: MoreWanted) -> None:
        self.wishes += 1
        with self.transcript.above(left=max(0, len(self.past) - STEP)):
            self._draw_some()

    def _draw_some(self) -> None:
        for turn in self.past[-STEP:]:
            draw_all(self.transcript, turn.events, turn.cited)
        del self.past[-STEP:]

    @property
    def rows(self) -> list[str]:
        shown = self.transcript
        return [shown.render_line(y).text[1:].rstrip() for y in range(shown.size.height)]

    @property
    def questions(self) -> list[str]:
        return [b.text for b in self.transcript.content.blocks if isinstance(b, Prompt)]


def draw_all(transcript: Transcript, events: Iterable[UiEvent], cited: Iterable[Cited]) -> None:
    for event in events:
        draw(transcript, event, tuple(cited))


def run(
    play: Callable[[Resumed, Pilot[None]], Awaitable[None]],
    turns: tuple[PastTurn, ...] = (),
    size: tuple[int, int] = (80, 24),
) -> None:
    async def go() -> None:
        app = Resumed(turns)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await play(app, pilot)

    asyncio.run(go())


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_five_hundred_questions_cost_what_is_seen_of_them(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    turns = log(tmp_path / "a.jsonl", (f"Question {number}?" for number in range(TURNS)))
    assert sum(turn.cost_usd for turn in turns) == TURNS / 2

    async def play(app: Resumed, pilot: Pilot[None]) -> None:
        app.resume()
        kept = app.transcript.viewport.renderer
        await pilot.pause()
        assert app.questions == [f"Question {n}?" for n in range(TURNS - STEP, TURNS)]
        assert app.rows[-1] == "End."
        assert kept.kept_rows < 3 * size[1]
        await pilot.press("tab", "home")
        assert (
            app.rows[0] == "· 20 of 500 earlier questions are shown; enter or a click shows 20 more"
        )
        before = app.rows
        await pilot.press("enter")
        await pilot.pause()
        assert app.wishes == 1
        assert app.rows[1:] == before[1:]
        assert app.rows[0] == "End."
        app.transcript.viewport.move_cursor(0)
        while app.past:
            await pilot.press("enter")
            await pilot.pause()
        assert app.rows[1:] == before[1:]
        assert app.questions == [f"Question {n}?" for n in range(TURNS)]
        assert kept.kept_rows < 5 * size[1]
        await pilot.press("home")
        assert app.rows[1] == "❯ Question 0?"

    run(play, turns, size)


def test_a_short_session_is_shown_whole(tmp_path: Path) -> None:
    async def play(app: Resumed, pilot: Pilot[None]) -> None:
        app.resume()
        assert app.questions == ["one?", "two?"]
        assert app.transcript.content.more is None

    run(play, log(tmp_path / "a.jsonl", ["one?", "two?"]))


def test_what_is_replayed_looks_as_it_did(tmp_path: Path) -> None:
    turns = log(tmp_path / "a.jsonl", [EVIL])
    live: list[UiEvent] = [
        TurnBegan(EVIL),
        *map(ReasoningDelta, ["Hm. "] * 99),
        TextDelta("Let me "),
        TextDelta("look."),
        ToolStarted("c0", "grep", '{"pattern": "add"}'),
        ToolFinished("c0", "grep", "2 lines", False, "one\ntwo"),
        ReasoningDelta("So."),
        *map(TextDelta, ANSWER),
        END,
        TurnEnded("answered"),
    ]
    seen = list[list[str]]()
    for shown in (turns[0].events, live):

        async def play(app: Resumed, pilot: Pilot[None], shown: Iterable[UiEvent] = shown) -> None:
            draw_all(app.transcript, shown, [CITED])
            app.transcript.flush()
            seen.append(app.rows)
            blocks = app.transcript.content.blocks
            assert [b.shown for b in blocks if isinstance(b, Reasoning | Tool)] == ["line"] * 3

        run(play, size=(80, 60))
    assert seen[0] == seen[1]
    assert "It is so [1 cart.py:2] 中文." in seen[0]
    assert all(row.isprintable() for row in seen[0])


def test_a_question_that_was_interrupted_says_so_and_its_calls_run_no_more(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    log(path, ["one?", EVIL])
    lines = path.read_bytes().splitlines(keepends=True)
    # The second question ends in the middle of the line that tells of its call's result.
    path.write_bytes(b"".join(lines[:14]) + lines[14][:30])
    turns = turns_of(read_record(path))
    assert [turn.how for turn in turns] == ["answered", "interrupted"]

    async def play(app: Resumed, pilot: Pilot[None]) -> None:
        app.resume()
        assert any("Let me look." in row for row in app.rows)
        assert any('grep "add"  failed: stopped' in row for row in app.rows)
        assert app.rows[-1].endswith("interrupted before the answer was complete")
        assert all(row.isprintable() for row in app.rows)

    run(play, turns)
