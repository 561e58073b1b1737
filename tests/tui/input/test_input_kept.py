"""What is written and what waits outlives its process, in a file that only the user can read."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from bathy.agent.modes.tui.input.composer import Composer
from bathy.agent.modes.tui.input.keeper import Keeper
from bathy.agent.modes.tui.input.kept import Draft, load_draft, path_beside, save_draft
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from tui.input.test_input_composer import MARK, PASTED, Screen, paste, play

DRAFT = Draft(f"see {MARK}", ("one", "two 数"), {MARK: PASTED}, {"[Image #3 a.png]": "/a.png"})


def dead() -> int:
    """Number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_draft_is_read_as_it_was_written_and_goes_when_it_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.draft"
    save_draft(path, DRAFT)
    assert load_draft(path) == DRAFT
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(path.parent) == ["a.draft"]
    save_draft(path, Draft("  \n"))
    assert names(path.parent) == []
    assert load_draft(path) == Draft()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"written": 1}', '{"written": "a"}', "\xff"])
def test_a_file_that_cannot_be_read_is_no_draft(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.draft"
    path.write_text(text, encoding="latin-1")
    assert load_draft(path) == Draft()


def test_what_is_kept_moves_with_the_session(tmp_path: Path) -> None:
    folder = tmp_path / "drafts"
    keeper, log = Keeper(folder, "repository"), folder / "session.jsonl"
    keeper.want(DRAFT, None)
    keeper.keep()
    assert names(folder) == [f"repository.{os.getpid()}.draft"]
    keeper.want(DRAFT, log)
    keeper.keep()
    assert names(folder) == ["session.draft"]
    assert Keeper(folder, "repository").found(log) == DRAFT
    keeper.want(Draft(), log)
    keeper.keep()
    assert names(folder) == []


def test_only_what_a_dead_process_left_in_this_repository_is_taken(tmp_path: Path) -> None:
    process = dead()
    save_draft(tmp_path / f"other.{process}.draft", Draft("of another"))
    save_draft(tmp_path / f"repository.{os.getpid()}.draft", Draft("of one that runs"))
    keeper = Keeper(tmp_path, "repository")
    assert keeper.found(None) == Draft()
    save_draft(tmp_path / f"repository.{process}.draft", DRAFT)
    assert keeper.found(tmp_path / "session.jsonl") == DRAFT
    assert keeper.found(None) == Draft()


def kept(app: Screen) -> list[Draft]:
    return [told for told in app.told if isinstance(told, Draft)]


class Keeping(Screen):
    def on_composer_drafted(self, event: Composer.Drafted) -> None:
        self.told.append(event.draft)


def test_what_is_written_comes_back_with_what_its_marks_stand_for() -> None:
    async def write(app: Screen, pilot: Pilot[None]) -> None:
        app.composer.busy = True
        await pilot.press(*"one", "enter", *"see ")
        await paste(app, pilot, PASTED)
        app.composer._keep()

    draft = kept(play(write, Keeping()))[-1]
    assert draft == Draft(f"see {MARK}", ("one",), {MARK: PASTED})

    async def restore(app: Screen, pilot: Pilot[None]) -> None:
        app.composer.restore(draft)
        await paste(app, pilot, PASTED + "more")
        assert app.text == f"see {MARK}[Pasted text #2 +85 lines]"
        assert app.composer.waiting == ("one",)
        assert not app.composer.send_next()  # nobody has asked for it
        await pilot.press("enter")
        await pilot.press("enter")

    app = play(restore, Keeping())
    assert [told for told in app.told if isinstance(told, tuple)] == [
        ("sent", f"see {PASTED}{PASTED}more"),
        ("sent", "one"),
    ]
    assert kept(app)[-1] == Draft()


def test_what_is_written_already_stays_and_the_draft_is_in_the_history() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        await pilot.press(*"now")
        app.composer.restore(Draft("before"))
        assert app.text == "now"
        await pilot.press("up")
        assert app.text == "before"

    play(act)


def test_keys_are_not_told_one_by_one() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        await pilot.press(*"a draft")
        assert kept(app) == []
        assert app.composer._keep_due is not None

    play(act, Keeping())


@given(st.builds(Draft, st.text(), st.lists(st.text()).map(tuple)))
def test_any_text_can_be_kept(tmp_path_factory: pytest.TempPathFactory, draft: Draft) -> None:
    path = path_beside(tmp_path_factory.getbasetemp() / "any.jsonl")
    save_draft(path, draft)
    assert load_draft(path) == (draft or Draft())
