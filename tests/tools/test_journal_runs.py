"""All changes of one run are taken back together, or none of them."""

import json
from pathlib import Path

import pytest
from bathy.tools import journal as journals
from bathy.tools.journal import Journal, JournalError, Write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "a.py").write_bytes(b"a\n")
    (folder / "b.py").write_bytes(b"b\n")
    return folder


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal")


def tree(root: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(root.iterdir())}


BEFORE = {"a.py": b"a\n", "b.py": b"b\n"}


def three(root: Path, journal: Journal, run: str = "one") -> list[str]:
    """A run of three changes: a file changed twice, one made, one deleted, one made and deleted."""
    return [
        journal.apply(root, [Write("a.py", b"a\n", b"1\n"), Write("x.py", None, b"x\n")], run=run),
        journal.apply(root, [Write("a.py", b"1\n", b"2\n", 0o755)], run=run),
        journal.apply(
            root,
            [Write("b.py", b"b\n", None), Write("c.py", None, b"c\n"), Write("x.py", b"x\n", None)],
            run=run,
        ),
    ]


def test_a_run_is_taken_back_whole_and_brought_again(root: Path, journal: Journal) -> None:
    (root / "a.py").chmod(0o640)
    ids = three(root, journal)
    undone = journal.undo(root)
    assert tree(root) == BEFORE
    assert (root / "a.py").stat().st_mode & 0o777 == 0o640
    assert (undone.id, sorted(undone.paths)) == (ids[-1], ["a.py", "b.py", "c.py"])
    back = journal.entries(root)[-1]
    assert back.undoes == tuple(ids)
    with pytest.raises(JournalError, match="nothing to undo"):
        journal.undo(root)
    journal.undo(root, back.id)
    assert tree(root) == {"a.py": b"2\n", "c.py": b"c\n"}
    journal.undo(root)
    assert tree(root) == BEFORE


def test_only_the_last_run_is_taken_back(root: Path, journal: Journal) -> None:
    journal.apply(root, [Write("b.py", b"b\n", b"B\n")])
    journal.apply(root, [Write("b.py", b"B\n", b"b\n")])
    first = tree(root)
    journal.apply(root, [Write("a.py", b"a\n", b"0\n")], run="zero")
    journal.apply(root, [Write("a.py", b"0\n", b"a\n")], run="zero")
    three(root, journal)
    for state in (first, first, {**first, "b.py": b"B\n"}, first):
        journal.undo(root)
        assert tree(root) == state


def test_nothing_is_taken_back_where_one_file_has_changed_since(
    root: Path, journal: Journal
) -> None:
    three(root, journal)
    (root / "c.py").write_bytes(b"mine\n")
    before = tree(root)
    with pytest.raises(JournalError, match=r"cannot be taken back: c\.py has changed since"):
        journal.undo(root)
    assert tree(root) == before


def test_a_change_by_somebody_else_within_a_run_is_not_lost(root: Path, journal: Journal) -> None:
    first = journal.apply(root, [Write("a.py", b"a\n", b"1\n")], run="one")
    (root / "a.py").write_bytes(b"1\nmine\n")
    second = journal.apply(root, [Write("a.py", b"1\nmine\n", b"2\nmine\n")], run="one")
    with pytest.raises(JournalError, match=f"one by one: {second}, {first}"):
        journal.undo(root)
    assert tree(root)["a.py"] == b"2\nmine\n"
    journal.undo(root, second)
    assert tree(root)["a.py"] == b"1\nmine\n"


def test_what_was_taken_back_alone_is_left_out(root: Path, journal: Journal) -> None:
    *_, last = three(root, journal)
    journal.undo(root, last)
    assert journal.undo(root).paths == ("a.py", "x.py")
    assert tree(root) == BEFORE


def test_a_long_run_is_kept_whole(
    root: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "MOST_ENTRIES", 2)
    old = journal.apply(root, [Write("b.py", b"b\n", b"B\n")])
    for number in range(4):
        before = f"{number - 1}\n".encode() if number else b"a\n"
        journal.apply(root, [Write("a.py", before, f"{number}\n".encode())], run="one")
    assert old not in {entry.id for entry in journal.entries(root)}
    journal.undo(root)
    assert tree(root)["a.py"] == b"a\n"


def test_a_journal_of_before_is_read(root: Path, journal: Journal, tmp_path: Path) -> None:
    first = journal.apply(root, [Write("a.py", b"a\n", b"1\n")])
    journal.undo(root)
    for entry, undoes in zip(journal.entries(root), ("", first), strict=True):
        path = tmp_path / "journal" / entry.id / "entry.json"
        values = json.loads(path.read_text())
        del values["run"]
        path.write_text(json.dumps({**values, "undoes": undoes}))
    assert [entry.undoes for entry in journal.entries(root)] == [(), (first,)]
    with pytest.raises(JournalError, match="nothing to undo"):
        journal.undo(root)
