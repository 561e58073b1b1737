from bathy.agent.index.history import MASS_EDIT_FILES, read_history
from bathy.tools.git import find_repo
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
