import asyncio
from itertools import combinations
from pathlib import Path
from typing import ClassVar

import pytest
from bathy.agent.errors import ConfigError
from bathy.agent.modes.tui.contexts import AROUND, TITLES, TYPED_IN
from bathy.agent.modes.tui.input.keymap import Keymap, bindings, load_keys, show_key
from bathy.agent.modes.tui.keys import TABLE
from textual.app import App
from textual.binding import BindingType


def keys_file(folder: Path, text: str) -> Path:
    path = folder / "keys.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_table_is_sound() -> None:
    assert len({key.id for key in TABLE}) == len(TABLE)
    assert {key.context for key in TABLE} == set(TITLES) == set(AROUND)
    assert all(key.keys and key.help for key in TABLE)
    for one, other in combinations(TABLE, 2):
        if one.context == other.context:
            assert not set(one.keys) & set(other.keys), (one, other)


def test_no_default_keeps_anybody_from_typing_or_stops_the_terminal() -> None:
    for key in TABLE:
        for each in key.keys:
            assert len(each) > 1 or key.context not in TYPED_IN
            assert each not in ("ctrl+s", "ctrl+q", "ctrl+i", "ctrl+m", "ctrl+h")


def test_without_a_file_the_defaults_stand(tmp_path: Path) -> None:
    keymap = load_keys(tmp_path / "none.toml")
    assert keymap == Keymap()
    assert keymap.keys_of("composer.newline") == ("shift+enter", "ctrl+j")
    assert keymap.for_textual() == {}


def test_a_file_gives_actions_other_keys(tmp_path: Path) -> None:
    keymap = load_keys(
        keys_file(
            tmp_path,
            '[composer]\nsend = "ctrl+enter"\nnewline = ["enter", "ctrl+j"]\n'
            '[everywhere]\nmouse = []\n[review]\naccept = "space"\nreject = "question_mark"\n'
            '[reading]\nhelp = "h"\n[viewer]\ngo_to="shift+ctrl+down"\n',
        )
    )
    assert keymap.keys_of("composer.send") == ("ctrl+enter",)
    assert keymap.keys_of("review.reject") == ("?",)
    assert keymap.keys_of("viewer.go_to") == ("ctrl+shift+down",)
    assert keymap.shown("composer.newline") == "enter / ctrl+j"
    assert keymap.shown("everywhere.mouse") == ""
    assert keymap.for_textual()["composer.newline"] == "enter,ctrl+j"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[composer]\nsned = 'enter'", 'has no action sned; is "send" meant?'),
        ("[composers]\nsend = 'enter'", r'there is no \[composers\]; is "composer" meant?'),
        ("send = 'enter'", r"there is no \[send\]"),
        ("[composer]\nsend = 3", "is a key or a list of keys, not 3"),
        ("[composer]\nsend = 'ctlr+x'", 'no key is called "ctlr'),
        ("[composer]\nsend = ''", 'no key is called ""'),
        ("[composer]\nsend = 'ctrl+'", "no key is called"),
        ("[composer]\nsend = 'ctrl+i'", "the same as tab to a terminal"),
        ("[composer]\nsend = 'x'", "needed for typing"),
        ("[everywhere]\nhelp = 'space'", "needed for typing"),
        ("[everywhere]\nhelp = 'slash'", "needed for typing"),
        ("[composer]\nsend = 'ctrl+p'", "ctrl.p is bound twice, by everywhere.palette and comp"),
        ("[review]\naccept = 'r'", "r is bound twice, by review.accept and review.reject"),
        ("[viewer]\nback = 'n'", "n is bound twice, by reading.find_next and viewer.back"),
        ("[edit]\nundo = 'ctrl+g'", "bound twice"),
        ("[composer\n", "keys.toml: "),
    ],
)
def test_a_mistake_is_told_in_words(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem) as told:
        load_keys(keys_file(tmp_path, text))
    assert "keys.toml: " in str(told.value)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Is a directory"):
        load_keys(tmp_path)
    path = tmp_path / "keys.toml"
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"keys\.toml"):
        load_keys(path)


def test_keys_may_be_swapped(tmp_path: Path) -> None:
    text = "[review]\naccept = 'r'\nreject = 'a'\n"
    assert load_keys(keys_file(tmp_path, text)).keys_of("review.accept") == ("r",)


def test_the_help_is_made_of_the_table() -> None:
    groups = {group.title: group for group in Keymap({"composer.editor": ()}).help()}
    assert list(groups) == list(TITLES.values())
    rows = {row.help: row.keys for group in groups.values() for row in group.rows}
    assert rows["open citation n"] == "alt+1 … alt+9"
    assert rows["a new line"] == "shift+enter / ctrl+j"
    assert "write in $VISUAL or $EDITOR" not in rows
    assert {key.help for key in TABLE} - set(rows) == {"write in $VISUAL or $EDITOR"}


def test_keys_are_shown_as_people_read_them() -> None:
    assert show_key("escape") == "esc"
    assert show_key("ctrl+pageup") == "ctrl+pgup"
    assert show_key("shift+f5") == "shift+F5"
    assert show_key("f") == "f"
    assert show_key("+") == "+"
    assert show_key("{") == "{"


class Reviewing(App[None]):
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("review", "reading.help")]

    def __init__(self) -> None:
        super().__init__()
        self.done: list[str] = []

    def action_decide(self, how: str) -> None:
        self.done.append(how)

    def action_go_to_hunk(self, step: int) -> None:
        self.done.append(f"hunk {step}")

    def action_split(self) -> None:
        self.done.append("split")

    def action_help(self) -> None:
        self.done.append("help")


def test_textual_takes_the_bindings_and_the_changes(tmp_path: Path) -> None:
    changes = "[review]\naccept = 'r'\nreject = 'f5'\nsplit = []\nnext_hunk = ['*', 'ctrl+n']\n"
    # ctrl+n begins a session everywhere, so that has to make room.
    path = keys_file(tmp_path, changes + "[everywhere]\nnew_session = 'f9'\n")

    async def press() -> tuple[list[str], list[str]]:
        before, after = Reviewing(), Reviewing()
        async with before.run_test() as pilot:
            await pilot.press("a", "r", "]", "[", "s", "?")
        async with after.run_test() as pilot:
            after.set_keymap(load_keys(path).for_textual())
            await pilot.press("a", "r", "f5", "]", "*", "ctrl+n", "[", "s", "?")
        return before.done, after.done

    before, after = asyncio.run(press())
    assert before == ["accepted", "rejected", "hunk 1", "hunk -1", "split", "help"]
    assert after == ["accepted", "rejected", "hunk 1", "hunk 1", "hunk -1", "help"]


def test_bindings_carry_the_ids_of_the_table() -> None:
    found = bindings("composer", "everywhere.stop")
    assert [each.id for each in found][-1] == "everywhere.stop"
    assert not any(each.show for each in found)
