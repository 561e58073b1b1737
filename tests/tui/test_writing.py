"""What the user has decided about is written as a whole or not at all, and can be taken back."""

import pytest
from bathy.agent.config import Settings
from bathy.agent.errors import BathyError
from bathy.agent.modes.tui.review.decision import Decision
from bathy.agent.modes.tui.writing import RefusedError, take_back, write_decided
from bathy.tools.patch.plan import FileChange
from repo_builder import RepoBuilder

OLD, NEW = b"one\n", b"two\n"
TWO_FILES = (FileChange("a.txt", OLD, NEW), FileChange("b c.txt", None, NEW))


@pytest.fixture
def notes(repo: RepoBuilder) -> Settings:
    repo.file("a.txt", OLD.decode()).commit()
    return Settings(folder=repo.root)


def test_what_was_accepted_is_written_and_taken_back(notes: Settings) -> None:
    secret = f"ghp_{'a1B2c3D4e5F6g7H8i9' * 2}"
    done = write_decided(notes, Decision(TWO_FILES, f"The user says: never use {secret}."))
    assert [(notes.folder / name).read_bytes() for name in ("a.txt", "b c.txt")] == [NEW, NEW]
    assert done.paths == ("a.txt", "b c.txt")
    assert done.entry
    assert done.told.startswith("The user says: never use ")
    assert secret not in done.told
    back = take_back(notes)
    assert (notes.folder / "a.txt").read_bytes() == OLD
    assert not (notes.folder / "b c.txt").exists()
    assert (back.paths, back.entry) == (done.paths, done.entry)
    assert back.told == "The user has taken back the edits of a.txt, b c.txt."


def test_what_has_changed_meanwhile_stays_and_nothing_is_written(notes: Settings) -> None:
    (notes.folder / "a.txt").write_bytes(b"the user's own\n")
    with pytest.raises(RefusedError, match=r"^nothing was written: .*a\.txt"):
        write_decided(notes, Decision(TWO_FILES, ""))
    assert (notes.folder / "a.txt").read_bytes() == b"the user's own\n"
    assert not (notes.folder / "b c.txt").exists()
    with pytest.raises(BathyError):
        take_back(notes)


def test_a_commit_is_not_written_to(notes: Settings) -> None:
    seen = Settings(folder=notes.folder, rev="HEAD")
    with pytest.raises(BathyError, match="start bathy without --rev"):
        write_decided(seen, Decision(TWO_FILES, ""))
    assert write_decided(seen, Decision((), "no")).told == "no"
