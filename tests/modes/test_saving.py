"""What comes out goes into the file that was named, but never over tracked work or through a link."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from bathy.agent.errors import ConfigError
from bathy.agent.modes.saving import check_target, save
from conftest import Run
from endpoint.script import Reply
from endpoint.server import Endpoint
from repo_builder import RepoBuilder
from shop import Ask

COMMANDS = (
    ("pack", "-o"),
    ("search", "cart", "-o"),
    ("--offline", "--task", "where is the cart", "-o"),
    ("--task", "where is the cart", "--dry-run", "-o"),
    ("--task", "where is the cart", "--patch-out"),
    ("eval", "history", "-o"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]))
def test_a_tracked_file_is_refused_before_anything_is_done(
    shop: RepoBuilder, run: Run, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    with Endpoint(()) as endpoint:
        monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-test")
        monkeypatch.setenv("DEEPSEEK_BASE_URL", endpoint.base_url)
        ran = run("-C", shop.root, *command, shop.root / "README.md")
    assert (ran.code, ran.out, endpoint.requests) == (2, "", [])
    assert f"{command[-1]} {shop.root / 'README.md'} is tracked by git" in ran.err
    assert ran.err.count("\n") == 1
    assert (shop.root / "README.md").read_text() == "# Shop\n"


def test_a_tracked_file_of_another_repository_is_refused_too(
    shop: RepoBuilder, run: Run, tmp_path: Path
) -> None:
    other = RepoBuilder(tmp_path / "other").file("notes[1].md", "mine\n")
    other.commit()
    ran = run("pack", "-C", shop.root, "-o", other.root / "notes[1].md")
    assert (ran.code, "is tracked by git" in ran.err) == (2, True)
    assert run("pack", "-C", shop.root, "-o", other.root / "notes1.md").code == 0
    assert (other.root / "notes[1].md").read_text() == "mine\n"


def test_links_are_not_written_through(shop: RepoBuilder, run: Run, tmp_path: Path) -> None:
    victim, folder = tmp_path / "victim", tmp_path / "elsewhere"
    victim.write_text("mine\n")
    folder.mkdir()
    (shop.root / "answer.md").symlink_to(victim)
    (shop.root / "dangling.md").symlink_to(tmp_path / "new")
    (shop.root / "docs").symlink_to(folder)
    shop.commit()
    for name in ("answer.md", "dangling.md"):
        ran = run("pack", "-C", shop.root, "-o", shop.root / name)
        assert (ran.code, "is a symbolic link" in ran.err) == (2, True)
    ran = run("pack", "-C", shop.root, "-o", shop.root / "docs" / "new.md")
    assert (ran.code, f"leads through {shop.root / 'docs'}" in ran.err) == (2, True)
    assert victim.read_text() == "mine\n"
    assert list(folder.iterdir()) == []
    assert not (tmp_path / "new").exists()


def test_git_s_own_data_is_refused(shop: RepoBuilder, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    shop.git("clone", "-q", "--bare", ".", str(bare))
    linked = tmp_path / "linked"
    shop.git("worktree", "add", "-q", str(linked))
    own = (shop.root / ".git" / "config", shop.root / ".git" / "new", bare / "HEAD")
    for path in (*own, linked / ".git"):
        with pytest.raises(ConfigError, match="git's own data"):
            check_target("-o", path)


def test_a_plain_file_is_replaced_whole_and_keeps_its_permissions(
    shop: RepoBuilder, run: Run, tmp_path: Path
) -> None:
    target = tmp_path / "pack.txt"
    target.write_text("old\n")
    target.chmod(0o640)
    before = target.stat().st_ino
    assert run("pack", "-C", shop.root, "-o", target).code == 0
    assert "def add" in target.read_text()
    assert (target.stat().st_mode & 0o777, target.stat().st_ino != before) == (0o640, True)
    assert run("pack", "-C", shop.root, "-o", shop.root / "pack.txt").code == 0
    # What bathy wrote into the tree before is its own.
    assert run("pack", "-C", shop.root, "-o", shop.root / "pack.txt").code == 0


def test_a_link_that_comes_later_is_replaced(tmp_path: Path) -> None:
    victim, target = tmp_path / "victim", tmp_path / "out"
    victim.write_text("mine\n")
    check_target("-o", target)
    target.symlink_to(victim)
    save(target, b"new\n")
    assert (victim.read_text(), target.read_text()) == ("mine\n", "new\n")
    assert not target.is_symlink()


def test_pipes_and_descriptors_are_written_to(shop: RepoBuilder, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    command = [sys.executable, "-m", "bathy.agent.cli", "search", "cart", "-C", str(shop.root)]
    code = "import sys; from bathy.agent.cli import main; sys.exit(main(sys.argv[1:]))"
    command[1:3] = ["-c", code]
    with kept.open("wb") as file:
        done = subprocess.run(
            [*command, "--quiet", "-o", "/dev/stderr"], stdout=subprocess.PIPE, stderr=file,
            env={**os.environ}, check=False,
        )  # fmt: skip
    assert done.returncode == 0
    assert kept.read_bytes() == done.stdout != b""


def test_an_answer_that_was_paid_for_goes_into_the_file(ask: Ask, tmp_path: Path) -> None:
    target = tmp_path / "answer.md"
    target.write_text("old\n")
    with Endpoint([Reply("It adds [src/cart.py:1].")]) as endpoint:
        assert ask(endpoint, "-o", target).code == 0
    assert target.read_text().startswith("It adds")


def test_an_export_is_never_written_over_a_file(ask: Ask, run: Run, tmp_path: Path) -> None:
    with Endpoint([Reply("It adds.")]) as endpoint:
        session = ask(endpoint, "--output-format", "json").json["session_id"]
    target = tmp_path / "talk.md"
    assert run("sessions", "export", session, "-o", target).code == 0
    kept = target.read_text()
    assert "It adds." in kept
    ran = run("sessions", "export", session, "-o", target)
    assert (ran.code, "is there already" in ran.err) == (2, True)
    assert target.read_text() == kept
