from pathlib import Path

from bathy.agent.config import Settings
from bathy.agent.modes.batch.prefix import find_places, in_order, prefix_key
from bathy.agent.modes.batch.tasks import BatchTask
from lots import commit_until
from repo_builder import RepoBuilder


def test_commits_on_one_base_are_a_group_the_nearest_to_it_first(
    repo: RepoBuilder, tmp_path: Path
) -> None:
    old = commit_until(repo.file("a", "1"), 32)
    near = commit_until(repo.file("a", "2"), 0)
    far = commit_until(repo.file("a", "3"), 0)
    new = commit_until(repo.file("a", "4"), 32)
    (tmp_path / "plain").mkdir()
    place = str(repo.root)

    def task(name: str, rev: str, repo: str = place, **options: str) -> BatchTask:
        return BatchTask(name, "why?", repo, repo, rev, options)

    tasks = [
        task("far", far),
        task("plain", "", str(tmp_path / "plain")),
        task("new", new),
        task("other-effort", near, effort="max"),
        task("near", near),
        task("head", ""),
        task("gone", "nowhere"),
        task("old", old),
        task("elsewhere", "", "not/on/this/machine"),
    ]
    places, common = find_places(tasks), Settings()
    assert [one.id for one in in_order(tasks, places, common)] == [
        *("old", "near", "far", "new", "head", "other-effort", "gone"),
        *("plain", "elsewhere"),
    ]
    groups: dict[object, list[str]] = {}
    for one in tasks:
        groups.setdefault(prefix_key(places, common, one), []).append(one.id)
    assert sorted(groups.values()) == [
        ["elsewhere"],
        ["far", "near", "old"],
        ["gone"],
        ["new", "head"],
        ["other-effort"],
        ["plain"],
    ]
