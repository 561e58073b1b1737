"""`bathy pack` says no more than is true: what is in, what is not, and what a question sends."""

import os
from pathlib import Path

from bathy.agent.index.repo import MAX_FILE_BYTES
from conftest import Run
from repo_builder import RepoBuilder


def third_line(run: Run, repo: RepoBuilder) -> str:
    ran = run("pack", "-C", repo.root)
    assert ran.code == 0
    return ran.out.splitlines()[2]


def test_a_sparse_checkout_is_not_the_whole_repository(repo: RepoBuilder, run: Run) -> None:
    repo.file("a/a.py", "x = 1\n").file("b/b.py", "y = 1\n").file("b/c.py", "z = 1\n").commit()
    assert third_line(run, repo) == "The whole repository fits: every text file is in, in full."
    repo.git("sparse-checkout", "set", "a")
    assert third_line(run, repo) == (
        "Every text file that is checked out is in, in full. 2 files are not read."
    )


def test_files_that_cannot_be_read_are_counted(repo: RepoBuilder, run: Run) -> None:
    repo.file("a.py", "x = 1\n").file("large.txt").commit()
    os.truncate(repo.root / "large.txt", MAX_FILE_BYTES + 1)
    assert third_line(run, repo) == (
        "Every text file that can be read is in, in full. 1 file is not read."
    )


def test_it_says_that_a_question_sends_the_pack_of_a_commit(repo: RepoBuilder, run: Run) -> None:
    repo.file("a.py", "x = 1\n").commit()
    last = run("pack", "-C", repo.root).out.splitlines()[-2:]
    assert "A question is sent the pack of a commit" in last[0]
    assert "--dry-run" in last[1]
    help_text = run("pack", "--help").out
    assert "what a model would be sent" not in help_text
    assert "--dry-run" in help_text


def test_a_plain_folder_is_sent_as_it_is(run: Run, tmp_path: Path) -> None:
    plain = RepoBuilder(tmp_path / "plain", init=False).file("a.py", "x = 1\n")
    assert "A question is sent" not in run("pack", "-C", plain.root).out


def test_folders_that_hold_one_folder_alone_are_joined(repo: RepoBuilder, run: Run) -> None:
    for path in ("main/java/com/acme/a/A", "main/java/com/acme/b/B", "test/java/com/acme/T"):
        repo.file(f"src/{path}.java", "class X { int same; }\n")
    repo.file("docs/d.md", "# Some words\n").commit()
    lines = run("pack", "-C", repo.root).out.splitlines()
    at = lines.index("Tokens by folder")
    shown = [line.partition(" %  ")[2].rpartition(" %  ")[2] for line in lines[at + 2 : at + 9]]
    assert shown == [
        "repo/",
        "  docs/",
        "  src/",
        "    main/java/com/acme/",
        "      a/",
        "      b/",
        "    test/java/com/acme/",
    ]
