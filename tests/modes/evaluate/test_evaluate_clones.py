from pathlib import Path

import pytest
from bathy.agent.modes.evaluate.clones import clone_or_beside, find_clone


@pytest.mark.parametrize("made", ["a+b", "a+b/repo", "b", "b/repo"])
@pytest.mark.parametrize("inside", [".git", "objects"])
def test_a_clone_is_found_by_its_whole_name_or_by_its_own(
    tmp_path: Path, made: str, inside: str
) -> None:
    (tmp_path / made / inside).mkdir(parents=True)
    assert find_clone("a/b", tmp_path) == tmp_path / made
    assert clone_or_beside("a/b", tmp_path / "x" / "q.jsonl", tmp_path) == tmp_path / made
    assert find_clone("b/a", tmp_path) is None


def test_the_whole_name_comes_first(tmp_path: Path) -> None:
    for name in ("b", "a+b"):
        (tmp_path / name / "objects").mkdir(parents=True)
    assert find_clone("a/b", tmp_path) == tmp_path / "a+b"


def test_what_is_no_clone_lies_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "clones" / "a+b").mkdir(parents=True)
    file = tmp_path / "sets" / "q.jsonl"
    assert clone_or_beside("a/b", file, tmp_path / "clones") == tmp_path / "sets" / "a" / "b"


@pytest.mark.parametrize("repo", ["", ".", "..", "a/..", "../.."])
def test_no_name_leads_out_of_the_folder_of_clones(tmp_path: Path, repo: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "clones" / ".git").mkdir(parents=True)
    assert find_clone(repo, tmp_path / "clones") is None
