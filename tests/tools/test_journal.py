"""Changes are whole or not there, whoever ends the process, and only bathy's own are taken back."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bathy.tools.journal import Journal, JournalError, Write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Tree = dict[str, bytes]


def tree(root: Path) -> Tree:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def fill(root: Path, files: Tree) -> Path:
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    root.mkdir(exist_ok=True)
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return fill(tmp_path / "root", {"a.py": b"a\n", "deep/b.py": b"b\n", "gone.py": b"old\n"})


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal")


CHANGE = [
    Write("a.py", b"a\n", b"A\n"),
    Write("deep/b.py", b"b\n", None),
    Write("new/c.py", None, b"c\n"),
    Write("gone.py", b"old\n", b"new\n"),
]
AFTER: Tree = {"a.py": b"A\n", "gone.py": b"new\n", "new/c.py": b"c\n"}
BEFORE: Tree = {"a.py": b"a\n", "deep/b.py": b"b\n", "gone.py": b"old\n"}


def test_a_change_is_written_and_taken_back_and_brought_again(root: Path, journal: Journal) -> None:
    first = journal.apply(root, CHANGE)
    assert tree(root) == AFTER
    assert journal.undo(root).id == first
    assert tree(root) == BEFORE
    undo = journal.entries(root)[-1]
    assert undo.undoes == (first,)
    journal.undo(root, undo.id)
    assert tree(root) == AFTER
    journal.undo(root)
    assert tree(root) == BEFORE


def test_the_last_change_that_stands_is_taken_back(root: Path, journal: Journal) -> None:
    journal.apply(root, [Write("a.py", b"a\n", b"1\n")])
    journal.apply(root, [Write("a.py", b"1\n", b"2\n")])
    for content in (b"1\n", b"a\n"):
        journal.undo(root)
        assert (root / "a.py").read_bytes() == content
    with pytest.raises(JournalError, match="nothing to undo"):
        journal.undo(root)


def test_modes_are_kept_and_set(root: Path, journal: Journal) -> None:
    (root / "a.py").chmod(0o751)
    journal.apply(root, [Write("a.py", b"a\n", b"A\n")])
    assert (root / "a.py").stat().st_mode & 0o777 == 0o751
    journal.apply(root, [Write("a.py", b"A\n", b"A\n", 0o644)])
    assert (root / "a.py").stat().st_mode & 0o777 == 0o644
    journal.undo(root)
    assert (root / "a.py").stat().st_mode & 0o777 == 0o751


def test_what_has_changed_since_is_neither_overwritten_nor_taken_back(
    root: Path, journal: Journal
) -> None:
    (root / "gone.py").write_bytes(b"mine\n")
    with pytest.raises(JournalError, match=r"gone\.py has changed"):
        journal.apply(root, CHANGE)
    assert tree(root) == {**BEFORE, "gone.py": b"mine\n"}
    (root / "gone.py").write_bytes(b"old\n")
    journal.apply(root, CHANGE)
    (root / "a.py").write_bytes(b"A\nmine\n")
    with pytest.raises(JournalError, match=r"a\.py has changed"):
        journal.undo(root)
    assert tree(root) == {**AFTER, "a.py": b"A\nmine\n"}


def test_the_users_own_edits_elsewhere_survive_an_undo(root: Path, journal: Journal) -> None:
    journal.apply(root, CHANGE)
    (root / "new" / "own.py").write_bytes(b"own\n")
    journal.undo(root)
    assert tree(root) == {**BEFORE, "new/own.py": b"own\n"}


@pytest.mark.parametrize(
    "path", ["../out.py", "/etc/x", ".git/config", "deep/.GIT/x", "link/x.py", "link.py", "deep"]
)
def test_nothing_is_written_outside_or_through_a_link(
    root: Path, journal: Journal, tmp_path: Path, path: str
) -> None:
    outside = fill(tmp_path / "outside", {"x.py": b"x\n"})
    (root / "link").symlink_to(outside)
    (root / "link.py").symlink_to(outside / "x.py")
    with pytest.raises(JournalError):
        journal.apply(root, [Write("a.py", b"a\n", b"A\n"), Write(path, None, b"evil\n")])
    assert tree(root)["a.py"] == b"a\n"
    assert tree(outside) == {"x.py": b"x\n"}


def test_a_folder_that_refuses_leaves_nothing_half_written(root: Path, journal: Journal) -> None:
    fill(root, {"new": b"a file where a folder must be\n"})
    with pytest.raises(JournalError, match="nothing was written"):
        journal.apply(root, CHANGE)
    assert tree(root) == {**BEFORE, "new": b"a file where a folder must be\n"}
    assert journal.recover(root) == []


def test_journals_of_other_folders_are_left_alone(
    root: Path, journal: Journal, tmp_path: Path
) -> None:
    journal.apply(root, CHANGE)
    other = fill(tmp_path / "other", BEFORE)
    with pytest.raises(JournalError, match="nothing to undo"):
        journal.undo(other)


def test_a_damaged_entry_takes_nothing_back(root: Path, journal: Journal, tmp_path: Path) -> None:
    entry = journal.apply(root, CHANGE)
    (tmp_path / "journal" / entry / "0-before").write_bytes(b"")
    with pytest.raises(JournalError, match="damaged"):
        journal.undo(root)
    assert tree(root) == AFTER


CHILD = """
import json, os, signal, sys
from pathlib import Path
from bathy.tools.journal import Journal, Write
STEPS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod"}
def step(event, args):
    global left
    if event in STEPS:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
change = [Write("a.py", b"a\\n", b"A\\n"), Write("deep/b.py", b"b\\n", None),
          Write("new/c.py", None, b"c\\n"), Write("gone.py", b"old\\n", b"new\\n")]
for line in sys.stdin:
    root, journal, left, what = json.loads(line)
    if pid := os.fork():
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
        continue
    root, journal = Path(root), Journal(Path(journal))
    sys.addaudithook(step)
    if what == "apply":
        journal.apply(root, change)
    else:
        journal.undo(root)
    os._exit(7)
"""
Killed = Callable[[Path, Path, int, str], int]


@pytest.fixture
def killed() -> Iterator[Killed]:
    """Applies or undoes the change in a process that is killed at a step; gives its exit code.

    Each is the fork of one process, which has no threads and has imported all that it takes.
    """
    command = [sys.executable, "-I", "-c", CHILD]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        asked, told = process.stdin, process.stdout

        def call(root: Path, journal: Path, step: int, what: str) -> int:
            asked.write(json.dumps([str(root), str(journal), step, what]) + "\n")
            asked.flush()
            return int(told.readline())

        yield call


@pytest.mark.parametrize("what", ["apply", "undo"])
def test_killed_at_any_step_a_change_is_whole_or_not_there(
    tmp_path: Path, killed: Killed, what: str
) -> None:
    steps, code = 0, -signal.SIGKILL
    seen = set[bool]()
    while code == -signal.SIGKILL:
        steps += 1
        root = fill(tmp_path / f"root{steps}", BEFORE)
        journal = Journal(tmp_path / f"journal{steps}")
        if what == "undo":
            journal.apply(root, CHANGE)
        code = killed(root, tmp_path / f"journal{steps}", steps, what)
        journal.recover(root)
        assert tree(root) in (BEFORE, AFTER)
        assert journal.recover(root) == []
        seen.add(tree(root) == BEFORE)
        journal.apply(root, [Write("later.py", None, b"works\n")])
    assert code == 7
    assert steps > 20
    assert seen == {True, False}


def test_what_the_user_wrote_after_a_crash_stays(tmp_path: Path, killed: Killed) -> None:
    for steps in range(12, 40, 6):
        root = fill(tmp_path / f"root{steps}", BEFORE)
        killed(root, tmp_path / f"journal{steps}", steps, "apply")
        (root / "a.py").write_bytes(b"mine\n")
        Journal(tmp_path / f"journal{steps}").recover(root)
        assert (root / "a.py").read_bytes() == b"mine\n"


CONTENT = st.one_of(st.none(), st.binary(max_size=40))
NAMES = st.sampled_from(["a", "b/c", "b/d", "e/f/g"])


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.dictionaries(NAMES, st.tuples(CONTENT, CONTENT), min_size=1))
def test_apply_then_undo_is_the_identity(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, tuple[bytes | None, bytes | None]]
) -> None:
    top = tmp_path_factory.mktemp("identity")
    before = {path: old for path, (old, _) in files.items() if old is not None}
    after = {path: new for path, (_, new) in files.items() if new is not None}
    root, journal = fill(top / "root", before), Journal(top / "journal")
    journal.apply(root, [Write(path, old, new) for path, (old, new) in files.items()])
    assert tree(root) == after
    journal.undo(root)
    assert tree(root) == before


def test_only_the_user_can_read_the_journal(root: Path, journal: Journal, tmp_path: Path) -> None:
    entry = journal.apply(root, CHANGE)
    folder = tmp_path / "journal" / entry
    assert folder.stat().st_mode & 0o77 == 0
    assert all(path.stat().st_mode & 0o77 == 0 for path in folder.iterdir())


MEANWHILE = """
import sys
from pathlib import Path
from bathy.tools.journal import Journal, JournalError, Write
journal, root = Journal(Path(sys.argv[2])), Path(sys.argv[1])
def save(event, args):
    if event == "os.rename" and args[1] == b"a.py":
        (root / "gone.py").write_text("mine")
sys.addaudithook(save)
change = [Write("a.py", b"a\\n", b"A\\n"), Write("gone.py", b"old\\n", b"new\\n")]
try:
    journal.apply(root, change)
except JournalError as error:
    sys.exit(f"{error}")
"""


def test_what_the_user_saves_while_a_patch_is_written_stays(root: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-c", MEANWHILE, str(root), str(tmp_path / "journal")]
    ran = subprocess.run(command, check=False, capture_output=True, text=True)
    assert "gone.py has changed since" in ran.stderr
    assert tree(root) == {**BEFORE, "gone.py": b"mine"}


def test_an_undo_leaves_permissions_alone_that_it_did_not_set(root: Path, journal: Journal) -> None:
    journal.apply(root, [Write("a.py", b"a\n", b"A\n")])
    (root / "a.py").chmod(0o755)
    journal.undo(root)
    assert (root / "a.py").stat().st_mode & 0o777 == 0o755


def test_what_cannot_be_recovered_is_said_and_stops_nothing(tmp_path: Path) -> None:
    root, journal = fill(tmp_path / "root", BEFORE), Journal(tmp_path / "journal")
    entry = journal.apply(root, CHANGE)
    (tmp_path / "journal" / entry / "done").unlink()
    (tmp_path / "journal" / entry / "0-after").write_bytes(b"torn")
    (told,) = journal.recover(root)
    assert "cannot be taken back" in told
    assert journal.apply(root, [Write("later.py", None, b"works\n")])
