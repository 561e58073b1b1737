"""Which commit a base is made of: the same in every clone, whatever else a clone holds."""

from pathlib import Path

import pytest
from bathy.agent.index import mainline
from bathy.agent.index.mainline import (
    APART,
    LEVELS,
    UNKNOWN_MAIN,
    Shared,
    base_candidates,
    is_chosen,
    main_tips,
    read_line,
    shared_line,
    why_unlike,
)
from bathy.tools.git import GitError, GitRepo, find_repo
from hypothesis import given
from hypothesis import strategies as st
from lots import commit_until, level_of
from repo_builder import RepoBuilder

ID = st.integers(0, 2**160 - 1).map(lambda number: f"{number:040x}")
NEAR = st.integers(0, 64).map(lambda number: f"{'c' * 32}{number:08x}")


@given(commit=ID | NEAR)
def test_a_commit_is_chosen_by_the_number_that_its_id_spells(commit: str) -> None:
    assert [is_chosen(commit, level) for level in LEVELS] == [
        int(commit, 16) % level == 0 for level in LEVELS
    ]


@given(line=st.lists(ID | NEAR, unique=True, max_size=80))
def test_each_level_gives_its_newest_commit_and_none_is_older_than_the_one_before(
    line: list[str],
) -> None:
    found = list(base_candidates(line))
    newest = [next((c for c in line if int(c, 16) % level == 0), "") for level in LEVELS]
    assert [commit for _, commit in found] == [c for c in dict.fromkeys(newest) if c]
    assert all(newest[LEVELS.index(level)] == commit for level, commit in found)
    places = [line.index(commit) for _, commit in found]
    assert places == sorted(places, reverse=True)


def located(root: Path) -> GitRepo:
    repo = find_repo(root)
    assert repo is not None
    return repo


def shared_at(root: Path, rev: str = "HEAD") -> Shared:
    repo = located(root)
    return shared_line(repo, read_line(repo, rev))


def grown(repo: RepoBuilder, number: int, name: str = "a.py") -> list[str]:
    """Make some commits; return their ids, newest first."""
    return [repo.file(name, f"x = {n}\n").commit(f"{name} {n}") for n in range(number)][::-1]


def clone(repo: RepoBuilder, root: Path, *options: str) -> RepoBuilder:
    repo.git("clone", "-q", *options, f"file://{repo.root}", str(root))
    made = RepoBuilder(root, init=False)
    made._time_s = repo._time_s
    return made


def test_a_line_goes_along_first_parents_and_not_on_for_ever(
    repo: RepoBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = grown(repo, 3)
    repo.git("checkout", "-q", "-b", "topic")
    grown(repo, 2, "b.py")
    repo.git("checkout", "-q", "main")
    second = grown(repo, 1, "c.py")
    repo.git("merge", "-q", "--no-ff", "-m", "merge", "topic")
    merge = repo.git("rev-parse", "HEAD").strip()
    assert read_line(located(repo.root), "HEAD") == (merge, *second, *first)
    monkeypatch.setattr(mainline, "MOST_COMMITS", 2)
    assert read_line(located(repo.root), "HEAD") == (merge, *second)


def test_what_is_no_commit_has_no_line(repo: RepoBuilder) -> None:
    with pytest.raises(GitError):
        read_line(located(repo.root), "HEAD")


def test_replaced_commits_are_read_as_they_are(repo: RepoBuilder) -> None:
    ids = grown(repo, 3)
    repo.git("replace", "--graft", ids[0], ids[2])
    assert read_line(located(repo.root), "HEAD") == tuple(ids)


@pytest.mark.parametrize("branch", ["main", "master", "develop", "trunk", "production"])
def test_every_kind_of_clone_finds_the_same_part_of_the_line(
    repo: RepoBuilder, tmp_path: Path, branch: str
) -> None:
    repo.git("symbolic-ref", "HEAD", f"refs/heads/{branch}")
    ids = grown(repo, 3)
    plain = clone(repo, tmp_path / "plain")
    grown(plain, 2, "unpushed.py")
    topic = clone(repo, tmp_path / "topic")
    topic.git("checkout", "-q", "-b", "topic")
    grown(topic, 2, "topic.py")
    detached = clone(repo, tmp_path / "detached")
    detached.git("checkout", "-q", "--detach")
    grown(detached, 1, "detached.py")
    repo.git("checkout", "-q", "-b", "pushed")
    pushed = grown(repo, 2, "pushed.py")
    repo.git("checkout", "-q", branch)
    bare = clone(repo, tmp_path / "bare.git", "--bare")
    mirror = clone(repo, tmp_path / "mirror.git", "--mirror")
    linked = tmp_path / "linked"
    plain.git("worktree", "add", "-q", "-b", "another", str(linked), "HEAD")
    for root in (plain.root, topic.root, detached.root, bare.root, mirror.root, linked):
        assert shared_at(root) == Shared(tuple(ids)), root
    for made in (bare, mirror):
        assert shared_at(made.root, pushed[0]) == Shared(tuple(ids))


def test_a_clone_behind_goes_by_what_it_looks_at(repo: RepoBuilder, tmp_path: Path) -> None:
    ids = grown(repo, 5)
    behind = clone(repo, tmp_path / "behind")
    behind.git("reset", "-q", "--hard", ids[2])
    assert shared_at(behind.root) == Shared(tuple(ids[2:]))
    assert shared_at(repo.root, ids[3]) == Shared(tuple(ids[3:]))


def test_a_default_branch_of_yesterday_takes_nothing_away(
    repo: RepoBuilder, tmp_path: Path
) -> None:
    repo.git("symbolic-ref", "HEAD", "refs/heads/master")
    grown(repo, 2)
    old = clone(repo, tmp_path / "old")
    repo.git("branch", "-m", "master", "main")
    new = grown(repo, 3, "b.py")
    old.git("fetch", "-q")
    old.git("checkout", "-q", "--detach", "origin/main")
    assert old.git("symbolic-ref", "refs/remotes/origin/HEAD").strip().endswith("/master")
    young = clone(repo, tmp_path / "young")
    assert shared_at(old.root) == shared_at(young.root)
    assert shared_at(old.root).commits[0] == new[0]


def test_a_runner_that_was_never_told_the_default_branch_finds_it(
    repo: RepoBuilder, tmp_path: Path
) -> None:
    ids = grown(repo, 3)
    runner = RepoBuilder(tmp_path / "runner")
    runner.git("remote", "add", "origin", f"file://{repo.root}")
    runner.git("fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*")
    runner.git("checkout", "-q", "--detach", "origin/main")
    grown(runner, 1, "merged.py")
    assert shared_at(runner.root) == Shared(tuple(ids))


def test_a_fork_goes_by_its_upstream_where_its_own_main_line_is_old(
    repo: RepoBuilder, tmp_path: Path
) -> None:
    grown(repo, 2)
    fork = clone(repo, tmp_path / "fork.git", "--bare")
    ids = grown(repo, 3, "b.py")
    mine = clone(fork, tmp_path / "mine")
    mine.git("remote", "add", "upstream", f"file://{repo.root}")
    mine.git("fetch", "-q", "upstream")
    mine.git("checkout", "-q", "-b", "topic", "upstream/main")
    grown(mine, 1, "topic.py")
    assert shared_at(mine.root).commits[0] == ids[0]


def test_a_branch_alone_cannot_know_what_others_share(repo: RepoBuilder, tmp_path: Path) -> None:
    grown(repo, 2)
    repo.git("checkout", "-q", "-b", "topic")
    grown(repo, 2, "b.py")
    repo.git("checkout", "-q", "main")
    alone = clone(repo, tmp_path / "alone", "--single-branch", "--branch", "topic")
    found = shared_at(alone.root)
    assert len(found.commits) == 4
    assert found.note == UNKNOWN_MAIN


def test_a_repository_of_its_own_with_an_odd_branch_is_its_own_main_line(
    repo: RepoBuilder,
) -> None:
    repo.git("symbolic-ref", "HEAD", "refs/heads/odd")
    assert shared_at(repo.root, grown(repo, 2)[0]).note == ""


def test_a_branch_that_took_main_in_goes_back_to_where_it_left(repo: RepoBuilder) -> None:
    first = grown(repo, 2)
    repo.git("checkout", "-q", "-b", "topic")
    grown(repo, 1, "b.py")
    repo.git("checkout", "-q", "main")
    grown(repo, 2, "c.py")
    repo.git("checkout", "-q", "topic")
    repo.git("merge", "-q", "-m", "take main in", "main")
    assert shared_at(repo.root) == Shared(tuple(first))


def test_a_line_that_never_meets_the_main_one_stands_alone_and_says_so(repo: RepoBuilder) -> None:
    grown(repo, 2)
    repo.git("checkout", "-q", "--orphan", "pages")
    ids = grown(repo, 2, "b.py")
    assert shared_at(repo.root) == Shared(tuple(ids), APART)


def test_a_branch_that_left_long_ago_is_followed_to_where_it_did(
    repo: RepoBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = grown(repo, 2)
    repo.git("checkout", "-q", "-b", "release")
    grown(repo, 1, "b.py")
    repo.git("checkout", "-q", "main")
    grown(repo, 9, "c.py")
    repo.git("checkout", "-q", "release")
    monkeypatch.setattr(mainline, "MOST_COMMITS", 5)
    assert shared_at(repo.root) == Shared(tuple(first))


def test_a_ref_to_nothing_is_passed_over(repo: RepoBuilder, tmp_path: Path) -> None:
    ids = grown(repo, 2)
    other = clone(repo, tmp_path / "other")
    (other.root / ".git" / "refs" / "remotes" / "origin" / "master").write_text("1" * 40 + "\n")
    other.git("remote", "set-head", "origin", "-d")
    other.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/gone")
    grown(other, 1, "b.py")
    assert shared_at(other.root) == Shared(tuple(ids))


def test_names_that_only_look_like_a_main_branch_are_none(
    repo: RepoBuilder, tmp_path: Path
) -> None:
    ids = grown(repo, 2)
    for name in ("main\u2028x", "main2", "x/main", "origin/main"):
        repo.git("branch", name, ids[1])
    other = clone(repo, tmp_path / "other")
    assert main_tips(located(other.root)) == (ids[0],)


def test_a_full_clone_is_like_every_other(repo: RepoBuilder, tmp_path: Path) -> None:
    grown(repo, 3)
    assert why_unlike(located(clone(repo, tmp_path / "full").root)) == ""


def test_a_clone_says_why_it_is_unlike_others(repo: RepoBuilder, tmp_path: Path) -> None:
    ids = grown(repo, 3)
    repo.git("config", "uploadpack.allowFilter", "true")
    shallow = clone(repo, tmp_path / "shallow", "--depth", "2")
    assert "shallow" in why_unlike(located(shallow.root))
    shallow.git("fetch", "-q", "--unshallow")
    assert why_unlike(located(shallow.root)) == ""
    assert why_unlike(located(clone(repo, tmp_path / "blobs", "--filter=blob:none").root)) == ""
    trees = clone(repo, tmp_path / "trees", "--filter=tree:0")
    assert "partial clones without trees" in why_unlike(located(trees.root))
    info = repo.root / ".git" / "info"
    (info / "attributes").write_text("*.py linguist-generated\n")
    assert "attributes of its own" in why_unlike(located(repo.root))
    (info / "grafts").write_text(f"{ids[0]} {ids[2]}\n")
    assert "grafts" in why_unlike(located(repo.root))


@pytest.mark.parametrize("level", [32, 16, 8, 0])
def test_a_commit_can_be_made_to_be_chosen(repo: RepoBuilder, level: int) -> None:
    repo.file("a.py", "x = 1\n")
    commit = commit_until(repo, level)
    repo.file("a.py", "x = 2\n")
    second = commit_until(repo, level)
    assert level_of(commit) == level_of(second) == level
    assert read_line(located(repo.root), "HEAD") == (second, commit)
    assert [one for one, _ in base_candidates([second])] == [
        one for one in LEVELS if level and one <= level
    ][:1]
