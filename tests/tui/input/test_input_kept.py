"""What is written and what waits outlives its process, in a file that only the user can read."""

import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from bathy.agent.modes.tui.input.composer import Composer
from bathy.agent.modes.tui.input.history import History
from bathy.agent.modes.tui.input.keeper import Keeper
from bathy.agent.modes.tui.input.kept import Draft, load_draft, path_beside, save_draft
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from tui.input.test_input_composer import MARK, PASTED, Screen, paste, play

DRAFT = Draft(f"see {MARK}", ("one", "two 数"), {MARK: PASTED}, {"[Image #3 a.png]": "/a.png"})


Make = Callable[..., Keeper]


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes keepers for one repository, and closes them at the end."""
    with ExitStack() as made:

        def make_one(folder: Path, *more: Callable[[str], str]) -> Keeper:
            keeper = Keeper(folder, "repository", *more)
            made.callback(keeper.close)
            return keeper

        yield make_one


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


def test_what_is_kept_moves_with_the_session(tmp_path: Path, make: Make) -> None:
    folder = tmp_path / "drafts"
    keeper, log = make(folder), folder / "session.jsonl"
    keeper.want(DRAFT, None)
    keeper.keep()
    (name,) = names(folder)
    assert name.startswith("repository.")
    keeper.want(DRAFT, log)
    keeper.keep()
    assert names(folder) == ["session.draft"]
    assert make(folder).found(log) == DRAFT
    keeper.want(Draft(), log)
    keeper.keep()
    assert names(folder) == []


def test_only_what_a_dead_process_left_in_this_repository_is_taken(
    tmp_path: Path, make: Make
) -> None:
    save_draft(tmp_path / "other.1.draft", Draft("of another"))
    running = make(tmp_path)
    running.want(DRAFT, None)
    running.keep()
    keeper = make(tmp_path)
    assert keeper.found(None) == running.found(None) == Draft()
    running.close()
    assert keeper.found(tmp_path / "session.jsonl") == DRAFT


def test_what_was_found_stays_until_it_is_kept_anew(tmp_path: Path, make: Make) -> None:
    left, broken = tmp_path / "repository.1.draft", tmp_path / "repository.2.draft"
    save_draft(left, DRAFT)
    broken.write_text("{")  # newer, and no reason to pass over the other
    keeper = make(tmp_path)
    assert keeper.found(None) == DRAFT
    assert left.exists()
    keeper.want(DRAFT, tmp_path / "session.jsonl")
    keeper.keep()
    assert sorted(path.name for path in tmp_path.glob("*.draft")) == [broken.name, "session.draft"]


def test_a_session_that_is_chosen_again_gives_nothing_back(tmp_path: Path, make: Make) -> None:
    keeper, log = make(tmp_path), tmp_path / "session.jsonl"
    keeper.want(DRAFT, log)
    keeper.keep()
    assert keeper.found(log) == Draft()


def test_a_disk_that_refuses_is_tried_again(tmp_path: Path, make: Make) -> None:
    folder = tmp_path / "drafts"
    keeper = make(folder)
    folder.write_text("in the way")
    assert keeper.found(None) == Draft()
    keeper.want(DRAFT, None)
    with pytest.raises(OSError, match="exists"):
        keeper.keep()
    folder.unlink()
    keeper.keep()
    assert len(names(folder)) == 1


def test_what_is_kept_is_without_secrets(tmp_path: Path, make: Make) -> None:
    log = tmp_path / "session.jsonl"
    keeper = make(tmp_path, lambda text: text.replace("secret", "[redacted]"))
    for more in ("", " more"):
        keeper.want(Draft(f"a secret {MARK}{more}", ("secret",), {MARK: "secret"}), log)
        keeper.keep()
        kept = Draft(f"a [redacted] {MARK}{more}", ("[redacted]",), {MARK: "[redacted]"})
        assert load_draft(path_beside(log)) == kept


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
        told = app.composer.restore(draft)
        assert told == "1 question that was waiting is in the history: up"
        await paste(app, pilot, PASTED + "more")
        assert app.text == f"see {MARK}[Pasted text #2 +85 lines]"
        assert app.composer.waiting == ()
        await pilot.press("enter", "enter")
        assert not app.composer.send_next()  # nobody has asked for it
        await pilot.press("up", "up", "enter")

    app = play(restore, Keeping())
    assert [told for told in app.told if isinstance(told, tuple)] == [
        ("sent", f"see {PASTED}{PASTED}more"),
        ("sent", "one"),
    ]
    assert kept(app)[-1] == Draft()


def test_a_question_of_ones_own_waits_for_nothing_that_is_restored() -> None:
    async def act(app: Screen, pilot: Pilot[None]) -> None:
        app.composer.busy = True
        await pilot.press(*"mine", "enter")
        app.composer.restore(Draft("", ("old", "older")))
        app.composer.busy = False
        assert app.composer.waiting == ("mine",)
        assert app.composer.send_next()
        assert not app.composer.send_next()
        await pilot.press("up", "up")
        assert app.text == "old"

    app = play(act)
    assert app.told == [("queued", "mine"), ("sent", "mine")]


def test_what_waited_is_not_put_twice_into_the_history() -> None:
    history = History(None, str)
    for text in ("one", "two"):
        history.add(text)

    async def act(app: Screen, pilot: Pilot[None]) -> None:
        app.composer.restore(Draft("", ("one", "two")))
        assert history.entries == ["one", "two"]

    play(act, Screen(history))


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
