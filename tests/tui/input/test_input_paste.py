from pathlib import Path

import pytest
from bathy.agent.modes.tui.input.paste import (
    Attachments,
    around_atoms,
    atoms,
    clean,
    image_paths,
    is_large,
    out_of_atoms,
)
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

LITERALS = st.text("ab \n[]#数👩", max_size=12)
PASTES = st.text("xy\n[Pasted text #1 +20 lines]数", min_size=16, max_size=60).map(
    lambda text: text + "\n" * 16
)


class Text:
    """One line of text as the field keeps it: every edit goes around marks."""

    def __init__(self) -> None:
        self.attachments = Attachments()
        self.shown = ""

    def replace(self, start: int, end: int, new: str) -> tuple[int, int]:
        """Edit as `PromptArea.edit` does; return what was replaced."""
        start, end = sorted((min(start, len(self.shown)), min(end, len(self.shown))))
        spans = atoms(self.shown, self.attachments)
        start = around_atoms(spans, start, is_end=start == end)
        end = max(start, around_atoms(spans, end, is_end=True))
        self.shown = self.shown[:start] + new + self.shown[end:]
        return start, end

    def length(self, shown: str) -> int:
        return len(self.attachments.expand(shown))


EDITS = st.lists(
    st.tuples(
        st.integers(0, 60), st.integers(0, 8), st.one_of(LITERALS.map(str), PASTES), st.booleans()
    ),
    max_size=12,
)


@given(EDITS)
def test_marks_expand_to_what_was_pasted_whatever_is_edited_around_them(
    edits: list[tuple[int, int, str, bool]],
) -> None:
    text, real = Text(), ""
    for at, deleted, new, is_paste in edits:
        before = text.shown
        mark = text.attachments.add_text(new, before) if is_paste else new
        start, end = text.replace(at, at + deleted, mark)
        # Where the edit is in the expanded text: marks are never cut, so parts expand alone.
        real_start, real_end = text.length(before[:start]), text.length(before[:end])
        real = real[:real_start] + new + real[real_end:]
        assert text.attachments.expand(text.shown) == real


@given(LITERALS, st.lists(st.tuples(PASTES, LITERALS), max_size=6))
def test_what_is_collapsed_expands_and_what_is_expanded_folds(
    first: str, rest: list[tuple[str, str]]
) -> None:
    attachments = Attachments()
    shown = real = first
    for pasted, literal in rest:
        shown += attachments.add_text(pasted, shown) + literal
        real += pasted + literal
    assert attachments.expand(shown) == real
    assert attachments.expand(attachments.fold(real)) == real


def test_a_mark_that_stands_there_already_is_not_given_to_a_paste() -> None:
    attachments = Attachments()
    typed = "what is [Pasted text #1 +84 lines]? "
    mark = attachments.add_text("line\n" * 84, typed)
    assert mark == "[Pasted text #2 +84 lines]"
    assert attachments.expand(typed + mark) == typed + "line\n" * 84


def test_a_paste_that_looks_like_a_mark_stays_what_it_is() -> None:
    attachments = Attachments()
    one = attachments.add_text("a" * 2000)
    two = attachments.add_text(one + "\n" * 20)
    assert one == "[Pasted text #1 +2,000 characters]"
    assert attachments.expand(f"{two}{one}") == one + "\n" * 20 + "a" * 2000


def test_what_is_large() -> None:
    assert not is_large("a" * 1000)
    assert is_large("a" * 1001)
    assert not is_large("a\n" * 15)
    assert is_large("a\n" * 16)
    assert is_large("\n".join("a" * 16))


def test_no_cursor_stands_inside_a_mark_or_an_emoji() -> None:
    attachments = Attachments()
    mark = attachments.add_text("x" * 2000)
    line = f"a{mark}b👩‍👩‍👧e\u0301数"
    end = 1 + len(mark)
    spans = atoms(line, attachments)
    assert spans == [(1, end), (end + 1, end + 6), (end + 6, end + 8)]
    assert out_of_atoms(spans, 2, came_from=1) == end
    assert out_of_atoms(spans, end - 1, came_from=end) == 1
    assert out_of_atoms(spans, 4) == 1
    assert out_of_atoms(spans, end - 4) == end
    assert out_of_atoms(spans, end + 8) == end + 8


@given(st.text(max_size=60))
def test_a_clean_text_drives_no_terminal_and_stays_clean(text: str) -> None:
    cleaned = clean(text)
    assert not any(ord(char) < 32 and char not in "\n\t" for char in cleaned)
    assert not any(0x7F <= ord(char) < 0xA0 for char in cleaned)
    assert clean(cleaned) == cleaned
    assert cleaned.splitlines() == cleaned.split("\n")[: len(cleaned.splitlines())]


def test_cleaning_takes_escape_sequences_whole_and_keeps_scripts() -> None:
    assert clean("\x1b[1;31mred\x1b[0m\r\nx\ry") == "red\nx\ny"
    assert clean("\x1b]52;c;aGk=\x07ok\x1b]8;;http://x\x1b\\k") == "okk"
    assert clean("a\u202eb\x00c\x9b31m") == "abc31m"
    assert clean("全角　👩‍👩‍👧 שלום\t") == "全角　👩‍👩‍👧 שלום\t"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "my shot (1).PNG"
    path.write_bytes(b"\x89PNG")
    return path


def test_a_path_of_a_picture_pasted_alone_is_one(picture: Path) -> None:
    escaped = str(picture).replace(" ", "\\ ").replace("(", "\\(").replace(")", "\\)")
    for text in (str(picture), f"'{picture}'", escaped + " \n", picture.as_uri()):
        assert image_paths(text) == (picture,)
    assert image_paths(f"'{picture}' {picture.as_uri()}") == (picture, picture)


def test_anything_else_is_text(picture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(picture.parent)
    other = picture.with_suffix(".txt")
    other.touch()
    long = f"/{'a' * 300}.png"
    for text in (
        "",
        picture.name,
        f"see {picture}",
        "it's",
        str(other),
        long,
        "/no.png",
        "/a\0.png",
    ):
        assert image_paths(text) == ()
    assert image_paths(f"'{picture}' {other}") == ()


def test_marks_of_pictures_name_them_and_their_paths_last(tmp_path: Path) -> None:
    attachments = Attachments()
    shot = attachments.add_image(tmp_path / "shot.png")
    long = attachments.add_image(tmp_path / f"{'数' * 60}.png")
    evil = attachments.add_image(tmp_path / "a]\x1b[31m\n.png")
    assert shot == "[Image #1 shot.png]"
    assert cell_len(long) <= len("[Image #2 ]") + 40
    assert evil.isprintable()
    text = f"{evil}{shot} and {shot}"
    assert attachments.images(text) == (tmp_path / "a]\x1b[31m\n.png", tmp_path / "shot.png")
    assert attachments.expand(text) == text
    assert attachments.expand_all(shot) == str(tmp_path / "shot.png")
