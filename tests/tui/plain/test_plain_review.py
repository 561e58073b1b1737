"""A review by numbers -> what is taken, hunk by hunk."""

import io

import pytest
from bathy.agent.modes.tui.plain.keyboard import Script
from bathy.agent.modes.tui.plain.reviewing import outcome_words, review
from bathy.agent.modes.tui.review.decision import decision_of
from bathy.agent.modes.tui.review.hunks import Files, review_of
from bathy.tools.diff import FileState

OLD = "".join(f"line {number}\n" for number in range(1, 41))
NEW = OLD.replace("line 3\n", "three\n").replace("line 20\n", "").replace("line 38\n", "38\nx\n")
STATES = {
    "a.txt": (FileState(OLD.encode()), FileState(NEW.encode())),
    "b.txt": (FileState(None), FileState(b"new\x1b[2J\n")),
}


def reviewed(*answers: str) -> tuple[Files, bool, list[str]]:
    said = list[str]()
    keyboard = Script(io.StringIO("".join(f"{answer}\n" for answer in answers)))
    files, is_decided = review(review_of(STATES), keyboard, said.append)
    return files, is_decided, said


def written(files: Files) -> dict[str, bytes | None]:
    return dict(decision_of(files).accepted)


def test_every_hunk_is_shown_with_numbers_and_decided() -> None:
    files, is_decided, said = reviewed("1", "2", "2", "1")
    assert is_decided
    assert written(files) == {
        "a.txt": OLD.replace("line 3\n", "three\n").encode(), "b.txt": b"new\x1b[2J\n",
    }  # fmt: skip
    assert said.count("hunk 2 of 4: a.txt") == 1
    assert said[said.index("3 - line 3") + 1] == "3 + three"
    assert "20 - line 20" in said
    assert outcome_words(files) == "reviewed 4 hunks: 2 accepted, 2 rejected, 0 open"


def test_a_file_that_pins_what_others_run_is_looked_at_twice() -> None:
    said = list[str]()
    states = {"poetry.lock": (FileState(b"a\n"), FileState(b"b\n"))}
    review(review_of(states), Script(io.StringIO("2\n")), said.append)
    assert said[:2] == ["hunk 1 of 1: poetry.lock", "look twice: a lock file"]


def test_nothing_of_a_file_reaches_the_terminal_raw() -> None:
    _, _, said = reviewed("1", "1", "1", "1")
    assert "\x1b" not in "".join(said)
    assert any(line.startswith("1 + new") for line in said)


def test_the_rest_of_a_file_is_decided_at_once() -> None:
    files, _, said = reviewed("3", "2")
    assert written(files) == {"a.txt": NEW.encode()}
    assert [line for line in said if line.startswith("hunk")] == [
        "hunk 1 of 4: a.txt", "hunk 4 of 4: b.txt",
    ]  # fmt: skip
    assert written(reviewed("4", "2")[0]) == {}


def test_a_comment_goes_to_the_model_and_a_piece_can_be_split_off() -> None:
    files, _, said = reviewed("5", "keep three", "2", "2", "6", "1", "2", "2")
    assert "your comment: keep three" in said
    assert "it is split" in said
    assert '(the user says: "keep three")' in decision_of(files).rejected


@pytest.mark.parametrize("answers", [("1", "7"), ("1",), ("1", "5")])
def test_a_review_can_be_left(answers: tuple[str, ...]) -> None:
    files, is_decided, _ = reviewed(*answers)
    assert not is_decided
    assert outcome_words(files).endswith("1 accepted, 0 rejected, 3 open")
