"""The field under any keys: nothing raises, the cursor stays inside, undo brings everything back."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from bathy.agent.modes.tui.input.area import PromptArea
from bathy.agent.modes.tui.input.paste import atoms
from bathy.agent.modes.tui.keys import TABLE
from hypothesis import given, settings
from hypothesis import strategies as st
from textual import events
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widgets.text_area import Selection
from tui.input.test_input_composer import PASTED, Screen, play

Step = str | tuple[str, str] | tuple[str, tuple[int, int, int, int]]
MARK = "[Pasted text #1 +84 lines]"
# What leaves the screen, or asks other programs.
ELSEWHERE = {"composer.editor", "edit.paste"}
CALLS = {
    key.id: key.call
    for key in TABLE
    if key.context in ("edit", "composer", "popup") and key.id not in ELSEWHERE
}
PIECES = ("a", "two words", " ", "\n", "\n\n", "数据", "e\u0301", "👩‍👩‍👧", "🇩🇪", "@", "/", MARK)
STEPS = st.one_of(
    st.sampled_from(sorted(CALLS)),
    st.tuples(st.just("type"), st.sampled_from(PIECES)),
    st.tuples(st.just("paste"), st.sampled_from((*PIECES, PASTED))),
    st.tuples(st.just("select"), st.tuples(*[st.integers(0, 9)] * 4)),
)


def test_nothing_that_is_done_to_a_text_breaks_it_and_undo_brings_it_back() -> None:
    with runner_of(app := Screen()) as (pilot, runner):

        @settings(max_examples=60, deadline=None)
        @given(st.lists(st.sampled_from(PIECES), max_size=5), st.lists(STEPS, max_size=25))
        def holds(pieces: list[str], steps: list[Step]) -> None:
            runner.run(act(app, pilot, "".join(pieces), steps))

        holds()


@contextmanager
def runner_of(app: Screen) -> Iterator[tuple[Pilot[None], asyncio.Runner]]:
    """An app that stays the same for many examples, since starting one takes long."""
    test = app.run_test(size=(40, 12))
    with asyncio.Runner() as runner:
        pilot = runner.run(test.__aenter__())
        runner.run(begin(app, pilot))
        try:
            yield pilot, runner
        finally:
            runner.run(test.__aexit__(None, None, None))


async def begin(app: Screen, pilot: Pilot[None]) -> None:
    app.composer.area.post_message(events.Paste(PASTED))
    await pilot.pause()
    assert app.text == MARK


async def act(app: Screen, pilot: Pilot[None], text: str, steps: list[Step]) -> None:
    area = app.composer.area
    area.load_text(text)
    for step in steps:
        await do(app, step)
        is_inside(app, area)
    await pilot.pause()
    is_inside(app, area)
    area.render_lines(Region(0, 0, *area.size))
    after = area.text
    done = area.history.undo_stack
    for _ in done:
        area.undo()
        is_inside(app, area)
    assert area.text == text
    for _ in done:
        area.redo()
        is_inside(app, area)
    assert area.text == after


async def do(app: Screen, step: Step) -> None:
    area = app.composer.area
    match step:
        case "type", str(text):
            area.insert_text(text)
        case "paste", str(text):
            app.composer.paste(text)
        case "select", (row, column, end_row, end_column):
            area.selection = Selection((row, column), (end_row, end_column))
        case str(name):
            owner = app.composer if name.startswith("composer.") else area
            await owner.run_action(CALLS[name])


def is_inside(app: Screen, area: PromptArea) -> None:
    for row, column in area.selection:
        assert 0 <= row < area.document.line_count
        line = area.document.get_line(row)
        assert 0 <= column <= len(line)
        spans = atoms(line, app.composer._drafts.attachments)
        assert not [span for span in spans if span[0] < column < span[1]]


@pytest.mark.parametrize(
    ("keys", "left"),
    [
        ("ctrl+k", ""),
        ("ctrl+x", ""),
        ("a ctrl+j ctrl+k", "a\n"),
        ("a ctrl+a ctrl+k ctrl+k", ""),
        ("a ctrl+j ctrl+j b up ctrl+k", "a\nb"),
        ("a ctrl+x", ""),
        ("a ctrl+j b ctrl+x", "a"),
        ("a ctrl+j b up ctrl+x", "b"),
        ("a ctrl+j b ctrl+x ctrl+v", "a\nb"),
        ("a ctrl+j b up ctrl+x ctrl+v", "a\nb"),
    ],
)
def test_a_line_goes_wherever_it_is(keys: str, left: str) -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        await pilot.press(*keys.split())
        assert app.text == left

    play(act)


def test_a_line_that_is_cut_takes_what_its_marks_stand_for() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        app.composer.paste(PASTED)
        await pilot.press("ctrl+x")
        assert app.clipboard == PASTED
        await pilot.press("ctrl+x")
        assert app.clipboard == PASTED  # nothing is nothing to copy

    play(act)


def test_many_rows_that_were_pasted_go_again_with_undo() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        app.composer.paste("\n".join("abcdefghijkl"))
        await pilot.pause()
        await pilot.press("ctrl+z")
        assert app.text == ""

    play(act)
