import pytest
from bathy.agent.index.history import (
    MASS_EDIT_FILES,
    MOST_SAID_CHARS,
    Change,
    read_changes,
    read_history,
)
from bathy.tools.git import GitError, find_repo
from bathy.tools.workspace import encode_path
from repo_builder import RepoBuilder


def history_of(built: RepoBuilder) -> dict[str, int]:
    repo = find_repo(built.root)
    assert repo is not None
    commit = built.git("rev-parse", "HEAD").strip()
    return {path: found.changes for path, found in read_history(repo, commit).items()}


def test_each_change_counts_once_for_each_path(repo: RepoBuilder) -> None:
    repo.file("a.py", "1").file("b.py", "1").commit()
    repo.file("a.py", "2").commit()
    assert history_of(repo) == {"a.py": 2, "b.py": 1}


def test_a_merge_counts_as_the_one_change_that_it_brought(repo: RepoBuilder) -> None:
    repo.file("a.py", "1").commit()
    repo.git("checkout", "-qb", "side")
    repo.file("b.py", "1").commit()
    repo.file("b.py", "2").commit()
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    assert history_of(repo) == {"a.py": 1, "b.py": 1}


def test_mass_edits_and_bots_do_not_count(repo: RepoBuilder) -> None:
    repo.file("a.py", "1").commit()
    for number in range(MASS_EDIT_FILES):
        repo.file(f"f{number}.py", "1")
    repo.file("a.py", "2").commit()
    repo.file("a.py", "3").git("add", "-A")
    repo.git("commit", "-qm", "bump", "--author=dependabot[bot] <b@example.org>")
    assert history_of(repo) == {"a.py": 1}


def test_names_that_are_not_utf_8_are_kept(repo: RepoBuilder) -> None:
    repo.file("caf\udce9 b\n.py", "1").commit()
    assert history_of(repo) == {"caf\udce9 b\n.py": 1}


def test_recent_changes_weigh_more(repo: RepoBuilder) -> None:
    repo.file("old.py", "1").commit()
    repo._time_s += 400 * 86_400
    repo.file("new.py", "1").commit()
    found = find_repo(repo.root)
    assert found is not None
    history = read_history(found, repo.git("rev-parse", "HEAD").strip())
    assert history["old.py"].recent < 0.3 < history["new.py"].recent == 1.0


def changes_of(
    built: RepoBuilder, commit: str = "HEAD", most: int | None = None, *, said: bool = True
) -> list[Change]:
    found = find_repo(built.root)
    assert found is not None
    id_ = built.git("rev-parse", commit).strip()
    return list(read_changes(found, id_, most=most, with_messages=said))


def add_by_hand(built: RepoBuilder, when: str, message: bytes, more: str = "") -> None:
    """Commit what is staged at a time that git itself would refuse, in bytes as they are."""
    tree, parent = (built.git(*what).strip() for what in (["write-tree"], ["rev-parse", "HEAD"]))
    who = f"Ann <ann@example.org> {when}"
    head = f"tree {tree}\nparent {parent}\nauthor {who}\ncommitter {who}\n{more}\n"
    body = built.root.parent / "commit"
    body.write_bytes(head.encode() + message)
    made = built.git("hash-object", "-t", "commit", "-w", "--literally", str(body)).strip()
    built.git("update-ref", "HEAD", made)


def test_changes_come_newest_first_with_what_was_said_of_them(repo: RepoBuilder) -> None:
    repo.file("a.py", "1").file("b.py", "1").commit("Add both\n\nBecause of \x01 reasons.\n")
    repo.commit("nothing changed")
    repo.file("a.py", "2").commit("Mend a")
    newest, oldest = changes_of(repo)
    assert (newest.message.strip(), newest.paths) == ("Mend a", (b"a.py",))
    assert oldest.message.strip() == "Add both\n\nBecause of \x01 reasons."
    assert oldest.paths == (b"a.py", b"b.py")
    assert newest.time_s > oldest.time_s > 1_600_000_000
    assert [change.message for change in changes_of(repo, said=False)] == ["", ""]


def test_a_merge_says_its_own_message_and_what_it_brought(repo: RepoBuilder) -> None:
    repo.file("a.py", "1").commit()
    repo.git("checkout", "-qb", "side")
    repo.file("b.py", "1").commit("on the side")
    repo.file("c.py", "2").commit("on the side")
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-ff", "-m", "take the side in", "side")
    merge, _ = changes_of(repo)
    assert (merge.message.strip(), merge.paths) == ("take the side in", (b"b.py", b"c.py"))


def test_the_limit_counts_commits_whether_they_count_or_not(repo: RepoBuilder) -> None:
    repo.file("a.py", "1").commit("first")
    repo.file("a.py", "2").commit("second")
    repo.commit("empty")
    assert [c.message.strip() for c in changes_of(repo, most=2)] == ["second"]
    assert changes_of(repo, most=1) == []


def test_messages_may_be_empty_very_long_or_in_odd_bytes(repo: RepoBuilder) -> None:
    repo.file("a.py", "1").commit("x" * (MOST_SAID_CHARS + 10))
    repo.file("a.py", "2").git("add", "-A")
    repo.git("commit", "-q", "--allow-empty-message", "-m", "")
    repo.file("a.py", "3").git("add", "-A")
    add_by_hand(repo, "1700000500 +0000", b"caf\xe9 //// \xff\x1b[31m\n")
    repo.file("a.py", "4").git("add", "-A")
    add_by_hand(repo, "1700000600 +0000", b"caf\xe9\n", "encoding ISO-8859-1\n")
    latin, odd, empty, long = changes_of(repo)
    assert latin.message.strip() == "caf\u00e9"
    assert odd.message.strip() == "caf\ufffd //// \ufffd\x1b[31m"
    assert empty.message.strip() == ""
    assert len(long.message) == MOST_SAID_CHARS


@pytest.mark.parametrize(
    "when", ["soon", "", "-5 +0000", "9" * 30 + " +0000", "9" * 5000 + " +0000", "1e3 +0000"]
)
def test_a_commit_at_an_impossible_time_counts_and_breaks_nothing(
    repo: RepoBuilder, when: str
) -> None:
    repo.file("a.py", "1").commit()
    repo.file("b.py", "1").git("add", "-A")
    add_by_hand(repo, when, b"odd\n")
    assert [change.paths for change in changes_of(repo)] == [(b"b.py",), (b"a.py",)]
    assert history_of(repo) == {"a.py": 1, "b.py": 1}


def test_paths_of_control_characters_are_paths_and_begin_no_change(repo: RepoBuilder) -> None:
    names = ("\x011 Eve", "\x01x", "\n\n/1 Eve", "\nline", "a/\x01b", "caf\udce9", " ")
    for name in names:
        repo.file(name, "1")
    repo.commit("hostile")
    repo.file("\nline", "2").commit("again")
    again, hostile = changes_of(repo)
    assert again.paths == (b"\nline",)
    assert sorted(hostile.paths) == sorted(encode_path(name) for name in names)
    assert history_of(repo) == {name: 1 + (name == "\nline") for name in names}


def test_a_history_that_git_cannot_walk_is_an_error_and_no_figures(repo: RepoBuilder) -> None:
    first = repo.file("a.py", "1").commit()
    repo.file("a.py", "2").commit()
    (repo.root / ".git" / "objects" / first[:2] / first[2:]).unlink()
    with pytest.raises(GitError):
        changes_of(repo)
    assert history_of(repo) == {}
