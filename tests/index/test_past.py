import json
import subprocess
from pathlib import Path

import pytest
from bathy.agent.index.history import MASS_EDIT_FILES
from bathy.agent.index.past import MOST_CHANGES, NO_PAST, Past, dump_past, load_past, read_past
from bathy.tools.git import find_repo
from corpora import past_of
from hypothesis import given
from hypothesis import strategies as st
from repo_builder import RepoBuilder


def past_at(root: Path, commit: str) -> Past:
    repo = find_repo(root)
    assert repo is not None
    return read_past(repo, commit)


def test_a_past_holds_paths_messages_and_terms_newest_change_first(repo: RepoBuilder) -> None:
    repo.file("b.py", "1").file("a.py", "1").commit("Weigh wares, weigh baskets")
    last = repo.file("c.py", "1").file("a.py", "2").commit("Weigh nothing")
    past = past_at(repo.root, last)
    assert past.paths == ("a.py", "c.py", "b.py")
    assert past.changes == ((0, 1), (0, 2))
    assert past.said["weigh"] == [0, 1, 1, 2]
    assert past.said["basket"] == [1, 1]
    assert list(past.said) == sorted(past.said)
    assert past.lengths == (2, 4)
    assert past == past_of(
        ("Weigh nothing", ["a.py", "c.py"]), ("Weigh wares, weigh baskets", ["a.py", "b.py"])
    )


def test_bots_mass_edits_and_commits_that_touch_nothing_are_left_out(repo: RepoBuilder) -> None:
    repo.file("a.py", "1").commit("kept")
    for number in range(MASS_EDIT_FILES + 1):
        repo.file(f"mass{number}.py", "1")
    repo.commit("everything")
    repo.file("a.py", "2").git("add", "-A")
    repo.git("commit", "-qm", "bump", "--author=dependabot[bot] <b@example.org>")
    past = past_at(repo.root, repo.commit("empty"))
    assert past == past_of(("kept", ["a.py"]))


def test_a_merge_is_one_change(repo: RepoBuilder) -> None:
    repo.file("a.py", "1").commit("start")
    repo.git("checkout", "-qb", "side")
    repo.file("b.py", "1").commit("secret words of the side")
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-ff", "-m", "take it", "side")
    past = past_at(repo.root, repo.git("rev-parse", "HEAD").strip())
    assert past == past_of(("take it", ["b.py"]), ("start", ["a.py"]))


def test_only_the_newest_changes_are_read(repo: RepoBuilder) -> None:
    repo.file("a.py", "1").commit("oldest of all")
    stream = "".join(
        f"commit refs/heads/main\ncommitter A <a@b> {1_700_001_000 + n} +0000\ndata 4\nword\n"
        + ("from refs/heads/main^0\n" if n == 0 else "")
        + f"M 100644 inline f{n % 7}\n"
        f"data {len(str(n))}\n{n}\n"
        for n in range(MOST_CHANGES)
    )
    subprocess.run(
        ["git", "-C", str(repo.root), "fast-import", "--quiet"], input=stream.encode(), check=True
    )
    past = past_at(repo.root, repo.git("rev-parse", "main").strip())
    assert len(past.changes) == MOST_CHANGES
    assert len(past.said["word"]) == 2 * MOST_CHANGES
    assert "oldest" not in past.said
    assert set(past.paths) == {f"f{n}" for n in range(7)}


def test_paths_that_are_not_utf_8_are_kept_and_odd_messages_read(repo: RepoBuilder) -> None:
    commit = repo.file("caf\udce9\n.py", "1").commit("na\u00efve \u65e5\u672c\u8a9e \x07 fix")
    past = past_at(repo.root, commit)
    assert past.paths == ("caf\udce9\n.py",)
    assert past.said["fix"] == [0, 1]
    assert past.said["\u65e5\u672c\u8a9e"] == [0, 1]
    assert load_past(json.loads(json.dumps(dump_past(past)))) == past


def test_a_broken_repository_has_no_past(repo: RepoBuilder) -> None:
    first = repo.file("a.py", "1").commit()
    last = repo.file("a.py", "2").commit()
    (repo.root / ".git" / "objects" / first[:2] / first[2:]).unlink()
    assert past_at(repo.root, last) == NO_PAST
    assert past_at(repo.root, "0" * 40) == NO_PAST


def test_a_line_that_breaks_off_keeps_what_was_read(repo: RepoBuilder) -> None:
    commits = [repo.file("a.py", str(n)).commit(f"step number{n}") for n in range(4)]
    (repo.root / ".git" / "objects" / commits[0][:2] / commits[0][2:]).unlink()
    past = past_at(repo.root, commits[3])
    assert "number3" in past.said
    assert not past.is_whole
    assert past_at(repo.root, "0" * 40).is_whole is False


def test_a_shallow_clone_knows_what_it_has(repo: RepoBuilder, tmp_path: Path) -> None:
    repo.file("a.py", "1").commit("far away")
    last = repo.file("b.py", "1").commit("close by")
    clone = tmp_path / "clone"
    repo.git("clone", "-q", "--depth", "1", f"file://{repo.root}", str(clone))
    past = past_at(clone, last)
    assert "far" not in past.said
    assert len(past.changes) <= 1


WORDS = st.text(st.characters(), max_size=20)


@given(st.lists(st.tuples(WORDS, st.lists(WORDS, min_size=1, max_size=4, unique=True)), max_size=6))
def test_any_past_comes_back_from_json(changes: list[tuple[str, list[str]]]) -> None:
    past = past_of(*changes)
    assert load_past(json.loads(json.dumps(dump_past(past)))) == past


def test_no_past_comes_back_as_such() -> None:
    assert load_past(json.loads(json.dumps(dump_past(NO_PAST)))) == NO_PAST


@pytest.mark.parametrize("most", [0, 1, 2])
def test_lengths_are_the_sums_of_what_was_said(repo: RepoBuilder, most: int) -> None:
    for number in range(most):
        repo.file("a.py", str(number)).commit(f"word{number} other other")
    past = past_at(repo.root, repo.commit("empty"))
    sums = [0] * len(past.changes)
    for places in past.said.values():
        for change, times in zip(places[::2], places[1::2], strict=True):
            sums[change] += times
    assert tuple(sums) == past.lengths
    assert len(sums) == most
