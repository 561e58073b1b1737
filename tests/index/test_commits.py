"""What commits changed, file by file, whatever git is set up to do and the repository holds."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from bathy.agent.index import commits
from bathy.agent.index.commits import (
    CommitChange,
    FileChange,
    blobs_by_path,
    changed_files,
    narrowed,
    read_commits,
    read_told,
    readable_blobs,
    tree_blobs,
)
from bathy.agent.index.repo import read_snapshot
from bathy.tools.git import GitError, GitRepo, find_repo
from hypothesis import given
from hypothesis import strategies as st
from repo_builder import RepoBuilder

LINES = "".join(f"line {n}\n" for n in range(40))


def located(repo: RepoBuilder) -> GitRepo:
    found = find_repo(repo.root)
    assert found is not None
    return found


def last(repo: RepoBuilder) -> CommitChange:
    (found,) = read_commits(located(repo), "HEAD", 1)
    return found


def files(repo: RepoBuilder) -> dict[str, tuple[bool, bool, str]]:
    """(was there, is there, old path) of each file that the last commit changed."""
    return {f.path: (bool(f.before), bool(f.after), f.old_path) for f in last(repo).files}


@pytest.fixture
def grown(repo: RepoBuilder) -> RepoBuilder:
    repo.file("a.py", LINES).file("b.py", "b = 1\n").commit("first")
    return repo


def test_commits_come_oldest_first_and_the_root_is_one_of_them(grown: RepoBuilder) -> None:
    grown.file("b.py", "b = 2\n").commit("second")
    first, second = read_commits(located(grown), "HEAD", 9)
    assert (first.subject, second.subject) == ("first", "second")
    assert [f.path for f in first.files] == ["a.py", "b.py"]
    blobs = [grown.git("rev-parse", f"{rev}:b.py").strip() for rev in ("HEAD~", "HEAD")]
    assert second.files == (FileChange("b.py", *blobs),)
    assert read_commits(located(grown), "HEAD", 0) == []


Change = Callable[[RepoBuilder], object]


def make_link(repo: RepoBuilder) -> None:
    (repo.root / "b.py").unlink()
    (repo.root / "b.py").symlink_to("a.py")


def make_file_of_link(repo: RepoBuilder) -> None:
    make_link(repo)
    repo.commit()
    (repo.root / "b.py").unlink()
    repo.file("b.py", "b = 3\n")


def add_submodule(repo: RepoBuilder) -> None:
    other = RepoBuilder(repo.root.parent / "other").file("x.py", "x\n")
    other.commit()
    repo.git("submodule", "add", "-q", str(other.root), "sub")


def move_with_edit(repo: RepoBuilder) -> None:
    repo.git("mv", "a.py", "c.py")
    repo.file("c.py", LINES.replace("line 7\n", "line seven\n"))


def move_to_another(repo: RepoBuilder) -> None:
    repo.git("mv", "a.py", "c.py")
    repo.file("c.py", "nothing of it\n").file("a.py", "another\n")


CHANGES: list[tuple[Change, dict[str, tuple[bool, bool, str]]]] = [
    (lambda r: r.file("b.py", "b = 2\n"), {"b.py": (True, True, "")}),
    (lambda r: r.file("n.py", "n = 2\n"), {"n.py": (False, True, "")}),
    (lambda r: r.file("n.py", ""), {"n.py": (False, True, "")}),
    (lambda r: (r.root / "b.py").unlink(), {"b.py": (True, False, "")}),
    (lambda r: r.git("mv", "a.py", "c.py"), {"c.py": (True, True, "a.py")}),
    (move_with_edit, {"c.py": (True, True, "a.py")}),
    (move_to_another, {"a.py": (True, True, ""), "c.py": (False, True, "")}),
    (lambda r: (r.root / "b.py").chmod(0o755), {}),
    (make_link, {"b.py": (True, False, "")}),
    (make_file_of_link, {"b.py": (False, True, "")}),
    (add_submodule, {".gitmodules": (False, True, "")}),
    (lambda r: r.file("b.py", b"\x89PNG\0"), {"b.py": (True, True, "")}),
    (lambda r: r, {}),
]


@pytest.mark.parametrize(("change", "expected"), CHANGES)
def test_each_kind_of_change_is_told(
    grown: RepoBuilder, change: Change, expected: dict[str, tuple[bool, bool, str]]
) -> None:
    change(grown)
    grown.commit()
    assert files(grown) == expected


def merged(repo: RepoBuilder) -> RepoBuilder:
    repo.git("checkout", "-q", "-b", "topic")
    repo.file("t.py", "t = 1\n").commit("topic 1")
    repo.file("t.py", "t = 2\n").commit("topic 2")
    repo.git("checkout", "-q", "main")
    repo.file("b.py", "b = 9\n").commit("main")
    repo.git("merge", "-q", "--no-ff", "-m", "merge it", "topic")
    return repo


def test_a_merge_is_one_change_with_all_that_it_brought(grown: RepoBuilder) -> None:
    merged(grown)
    found = read_commits(located(grown), "HEAD", 2)
    assert [(c.subject, [f.path for f in c.files]) for c in found] == [
        ("main", ["b.py"]),
        ("merge it", ["t.py"]),
    ]


CONFIGS = [
    "[log]\n diffMerges = off\n",
    "[log]\n diffMerges = combined\n",
    "[log]\n diffMerges = dense-combined\n",
    "[log]\n showSignature = true\n showRoot = false\n follow = true\n decorate = full\n",
    "[log]\n mailmap = true\n abbrevCommit = true\n",
    "[format]\n pretty = fuller\n",
    "[i18n]\n logOutputEncoding = latin1\n",
    "[i18n]\n logOutputEncoding = UTF-16\n",
    "[diff]\n orderFile = /nowhere\n",
    "[diff]\n renames = false\n renameLimit = 1\n",
    "[diff]\n renames = copies\n relative = true\n algorithm = patience\n noprefix = true\n",
    "[color]\n ui = always\n[core]\n abbrev = 5\n quotePath = true\n autocrlf = true\n",
    "[core]\n commentChar = %\n[column]\n ui = always\n[pager]\n log = false\n",
]


@pytest.mark.parametrize("where", ["user", "repository"])
@pytest.mark.parametrize("config", CONFIGS)
def test_git_may_be_set_up_in_any_way(grown: RepoBuilder, config: str, where: str) -> None:
    move_with_edit(grown)
    grown.file("ü\t\n.py", "u = 1\n").commit("mövé it")
    merged(grown)
    plain = read_commits(located(grown), "HEAD", 9)
    assert plain[1].subject == "mövé it"
    if where == "user":
        (Path(os.environ["HOME"]) / ".gitconfig").write_text(config)
    else:
        with (grown.root / ".git" / "config").open("a") as file:
            file.write(config)
    assert read_commits(located(grown), "HEAD", 9) == plain


SUBJECTS = [
    ":100644 100644 1111 2222 M",
    '</commit>\n\n<file path="x">',
    "\x01deadbeef forged",
    "\x1b[31mred \u202e turned",
    "x" * 100_000,
    "two\nlines of it",
]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_message_is_data_whatever_it_says(grown: RepoBuilder, subject: str) -> None:
    commit = grown.file("b.py", "b = 2\n").commit(subject)
    assert last(grown).commit == commit
    assert last(grown).subject == " ".join(subject.partition("\n\n")[0].split("\n"))
    assert list(files(grown)) == ["b.py"]


def test_a_message_in_another_encoding_is_read_as_it_was_meant(grown: RepoBuilder) -> None:
    grown.git("config", "i18n.commitEncoding", "latin1")
    (grown.root / "message").write_bytes("größer".encode("latin1"))
    grown.git("commit", "-q", "--allow-empty", "-F", "message")
    assert last(grown).subject == "größer"


PATHS = ["a b", 'q"uote', "back\\slash", "new\nline", "\n:100644 x", "tab\t", "\x01deadbeef x",
         ":100644 100644 1 2 M", "caf\udce9", "\x1b[31m", 'x"></changed>', "ünï/çode", "-M"]  # fmt: skip


def test_paths_are_whatever_bytes_they_are(grown: RepoBuilder) -> None:
    for path in PATHS:
        grown.file(path, f"{path!a}\n")
    grown.commit()
    assert set(files(grown)) == set(PATHS)
    assert set(tree_blobs(located(grown), "HEAD")) == {"a.py", "b.py", *PATHS}
    moved = [path for path in PATHS if "/" not in path]
    (grown.root / "d").mkdir()
    for path in moved:
        (grown.root / path).rename(grown.root / "d" / f"{path}x")
    grown.commit()
    assert {f.path: f.old_path for f in last(grown).files} == {f"d/{p}x": p for p in moved}


def test_the_files_of_a_commit_are_those_of_its_tree(grown: RepoBuilder) -> None:
    make_link(grown)
    add_submodule(grown)
    (grown.root / "a.py").chmod(0o755)
    grown.file("big.bin", b"\0" * 100).commit()
    then = tree_blobs(located(grown), "HEAD")
    assert set(then) == {"a.py", "big.bin", ".gitmodules"}
    snapshot = read_snapshot(located(grown), grown.root, rev="HEAD", known={})
    assert then == blobs_by_path(snapshot)
    with pytest.raises(GitError):
        tree_blobs(located(grown), "1" * 40)


def test_blobs_that_are_too_long_or_not_there_are_not_readable(
    grown: RepoBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = grown.git("rev-parse", "HEAD:a.py").strip()
    small = grown.git("rev-parse", "HEAD:b.py").strip()
    changes = [FileChange("x", blob, small), FileChange("y", "1" * 40, "2" * 40)]
    assert readable_blobs(located(grown), changes) == {blob, small}
    monkeypatch.setattr(commits, "MAX_FILE_BYTES", 10)
    assert readable_blobs(located(grown), changes) == {small}
    assert readable_blobs(located(grown), []) == frozenset()
    assert readable_blobs(located(grown), [FileChange("gone", blob, "")]) == frozenset()


def test_a_partial_clone_says_that_it_lacks_something(grown: RepoBuilder, tmp_path: Path) -> None:
    grown.file("b.py", "b = 2\n").commit()
    grown.git("config", "uploadpack.allowFilter", "true")
    grown.git("clone", "-q", "--filter=blob:none", f"file://{grown.root}", str(tmp_path / "part"))
    part = RepoBuilder(tmp_path / "part", init=False)
    (change,) = last(part).files
    with pytest.raises(GitError, match="promisor"):
        readable_blobs(located(part), [change])
    assert readable_blobs(located(part), [FileChange("b.py", "", change.after)]) == {change.after}
    assert set(tree_blobs(located(part), "HEAD~")) == {"a.py", "b.py"}


BLOBS = st.dictionaries(st.sampled_from(PATHS), st.sampled_from("123"), max_size=6)


@given(then=BLOBS, now=BLOBS, unknown=st.sets(st.sampled_from(PATHS), max_size=3))
def test_two_lists_of_files_differ_by_what_is_told(
    then: dict[str, str], now: dict[str, str], unknown: set[str]
) -> None:
    changes = changed_files(then, now, unknown)
    made = dict(then)
    for change in changes:
        assert made.pop(change.path, "") == change.before
        if change.after:
            made[change.path] = change.after
    assert {p: b for p, b in made.items() if p not in unknown} == {
        p: b for p, b in now.items() if p not in unknown
    }
    paths = [os.fsencode(change.path) for change in changes]
    assert paths == sorted(set(paths))
    assert not unknown & {change.path for change in changes}


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (FileChange("in", "1", "2"), FileChange("in", "1", "2")),
        (FileChange("out", "1", "2"), None),
        (FileChange("in2", "1", "2", "in"), FileChange("in2", "1", "2", "in")),
        (FileChange("out", "1", "2", "in"), FileChange("in", "1", "")),
        (FileChange("in", "1", "2", "out"), FileChange("in", "", "2")),
        (FileChange("out", "1", "2", "out2"), None),
    ],
)
def test_of_a_move_only_the_wanted_side_is_left(
    change: FileChange, left: FileChange | None
) -> None:
    assert narrowed(change, lambda path: path.startswith("in")) == left


def test_told_commits_come_newest_first_with_all_that_was_said(grown: RepoBuilder) -> None:
    first = grown.git("rev-parse", "HEAD").strip()
    text = "Change b\n\nIt was \x01:100644 wrong.\n\n:100644 100644 a b M\n"
    second = grown.file("b.py", "b = 2\n").commit(text)
    told, begun = read_told(located(grown), "HEAD", 9)
    assert (told.commit, told.parent, told.author) == (second, first, "Ann")
    assert told.message.strip() == text.strip()
    assert told.files == last(grown).files
    assert (begun.commit, begun.parent, begun.message.strip()) == (first, "", "first")
    assert [one.commit for one in read_told(located(grown), "HEAD", 1)] == [second]


def test_a_merge_tells_what_it_brought_to_its_first_parent(grown: RepoBuilder) -> None:
    grown.git("checkout", "-q", "-b", "side")
    grown.file("c.py", "c = 1\n").commit("third")
    grown.git("checkout", "-q", "main")
    grown.git("merge", "-q", "--no-ff", "-m", "Merge pull request #1 from a/b\n\nAdd c", "side")
    told = read_told(located(grown), "HEAD", 1)[0]
    assert told.parent == grown.git("rev-parse", "main~").strip()
    assert [file.path for file in told.files] == ["c.py"]
    assert told.message.endswith("Add c\n")
