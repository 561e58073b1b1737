"""A bug that the model fixes: written, only proposed, taken back, and interrupted at each write."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Ran, Run
from endpoint.script import Call, Reply
from endpoint.server import Endpoint, Recorded
from repo_builder import RepoBuilder

BROKEN = "def total(items):\n    return sum(items) - 1\n"
FIXED = "def total(items):\n    return sum(items)\n"
NOTES = "# Notes\n\nTotals are one too small.\n"
READ = (Call("read_file", {"path": "cart.py"}), Call("read_file", {"path": "NOTES.md"}))
EDIT = (
    Call(
        "edit_file",
        {"path": "cart.py", "old_text": "sum(items) - 1", "new_text": "sum(items)"},
    ),
)
PATCH = (
    Call(
        "apply_patch",
        {
            "patch": "--- a/cart.py\n+++ b/cart.py\n@@ -9,9 +9,9 @@\n def total(items):\n"
            "-    return sum(items) - 1\n+    return sum(items)\n"
            "--- a/NOTES.md\n+++ b/NOTES.md\n@@\n-Totals are one too small.\n+Totals are right.\n"
            "--- /dev/null\n+++ b/test_cart.py\n@@ -0,0 +1 @@\n+assert True\n"
        },
    ),
)
DONE = Reply("`total` no longer takes one off [cart.py:1-2].", "done")

Bathy = Callable[..., Ran]


@pytest.fixture
def cart(repo: RepoBuilder) -> RepoBuilder:
    repo.file("cart.py", BROKEN).file("NOTES.md", NOTES).file("keep.py", "x = 1\n")
    repo.commit()
    return repo


@pytest.fixture
def bathy(cart: RepoBuilder, run: Run, monkeypatch: pytest.MonkeyPatch) -> Bathy:
    """Runs bathy in this process."""

    def call(*args: str, endpoint: Endpoint | None = None) -> Ran:
        if endpoint is not None:
            monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-x")
            monkeypatch.setenv("DEEPSEEK_BASE_URL", endpoint.base_url)
        return run("-C", cart.root, *args)

    return call


def script(calls: tuple[Call, ...]) -> Callable[[Recorded], Reply]:
    def answer(recorded: Recorded) -> Reply:
        asked = sum(m["role"] == "assistant" and "tool_calls" in m for m in recorded.messages)
        replies = Reply("", "look", READ), Reply("", "fix", calls), DONE
        return replies[min(asked, 2)]

    return answer


def git(cart: RepoBuilder, *args: str) -> str:
    return subprocess.run(
        ["git", "-C", str(cart.root), *args], capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("calls", [EDIT, PATCH], ids=["edit_file", "apply_patch"])
def test_a_bug_is_fixed_and_the_fix_taken_back(
    bathy: Bathy, cart: RepoBuilder, calls: tuple[Call, ...]
) -> None:
    with Endpoint(script(calls)) as endpoint:
        ran = bathy("--task", "fix", "--apply", "--output-format", "json", endpoint=endpoint)
    assert endpoint.problems == []
    result = ran.json
    assert (ran.code, result["subtype"], result["applied"]) == (0, "success", True)
    assert (cart.root / "cart.py").read_text() == FIXED
    assert "-    return sum(items) - 1" in result["patch"]
    assert [c["status"] for c in result["citations"]] == ["verified"]
    (cart.root / "keep.py").write_text("x = 2  # mine\n")
    undone = bathy("undo")
    assert (undone.code, undone.err) == (0, "")
    assert git(cart, "status", "--porcelain") == " M keep.py\n"


@pytest.mark.parametrize("calls", [EDIT, PATCH], ids=["edit_file", "apply_patch"])
def test_without_apply_the_tree_is_untouched_and_git_takes_the_patch(
    bathy: Bathy, cart: RepoBuilder, tmp_path: Path, calls: tuple[Call, ...]
) -> None:
    target = tmp_path / "fix.diff"
    with Endpoint(script(calls)) as endpoint:
        ran = bathy(
            "--task", "fix", "--patch-out", str(target), "--output-format", "stream-json",
            endpoint=endpoint,
        )  # fmt: skip
    assert ran.code == 0
    assert git(cart, "status", "--porcelain") == ""
    git(cart, "apply", "--check", str(target))
    git(cart, "apply", str(target))
    assert (cart.root / "cart.py").read_text() == FIXED
    events = [json.loads(line) for line in ran.out.splitlines()]
    kinds = [event["type"] for event in events]
    assert kinds.count("patch_proposed") == 1
    assert "patch_applied" not in kinds
    assert (events[-1]["applied"], events[-1]["patch"]) == (False, target.read_text())


def test_an_undo_refuses_where_the_user_has_gone_on(bathy: Bathy, cart: RepoBuilder) -> None:
    with Endpoint(script(PATCH)) as endpoint:
        bathy("--task", "fix", "--apply", endpoint=endpoint)
    (cart.root / "NOTES.md").write_text("mine\n")
    undone = bathy("undo")
    assert undone.code == 1
    assert "NOTES.md has changed since" in undone.err
    assert (cart.root / "cart.py").read_text() == FIXED
    assert (cart.root / "NOTES.md").read_text() == "mine\n"


def test_what_asks_separately_is_written_by_apply_all_alone(
    bathy: Bathy, cart: RepoBuilder
) -> None:
    calls = tuple(
        Call("edit_file", {"path": path, "old_text": "", "new_text": "a: 1\n"})
        for path in (".github/workflows/a.yml", "poetry.lock", ".pre-commit-config.yaml", "ok.yml")
    )
    with Endpoint(script(calls)) as endpoint:
        bathy("--task", "fix", "--apply", endpoint=endpoint)
        assert git(cart, "status", "--porcelain", "-uall") == "?? ok.yml\n"
        refused = [m["content"] for m in endpoint.requests[-1].messages if m["role"] == "tool"]
        assert sum("ask for the user's own word" in text for text in refused) == 3
        (cart.root / "ok.yml").unlink()
        bathy("--task", "fix", "--apply-all", endpoint=endpoint)
    assert len(git(cart, "status", "--porcelain", "-uall").splitlines()) == 4


def test_the_model_is_told_the_same_with_and_without_apply(bathy: Bathy) -> None:
    with Endpoint(script(EDIT)) as endpoint:
        bathy("--task", "fix", endpoint=endpoint)
        bathy("--task", "fix", "--apply", endpoint=endpoint)
    first, *_ = endpoint.requests
    again = endpoint.requests[len(endpoint.requests) // 2]
    assert first.prompt == again.prompt


KILLER = """
import os, signal, sys
left = int(sys.argv.pop(1))
def step(event, args):
    global left
    if event == "os.rename" and not str(args[0]).endswith(".unfinished"):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
from bathy.agent.cli import main
sys.addaudithook(step)
sys.exit(main(sys.argv[1:]))
"""


def test_killed_at_each_write_the_next_start_puts_it_right(
    bathy: Bathy, cart: RepoBuilder, tmp_path: Path, vocabulary: None
) -> None:
    before = git(cart, "ls-files", "-s") + (cart.root / "cart.py").read_text()
    seen: list[Any] = []
    for step in range(1, 20):
        with Endpoint(script(PATCH)) as endpoint:
            environment = {
                "PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"),
                "DEEPSEEK_API_KEY": "sk-x", "DEEPSEEK_BASE_URL": endpoint.base_url,
            }  # fmt: skip
            command = [sys.executable, "-I", "-c", KILLER, str(step), "-C", str(cart.root)]
            ran = subprocess.run(
                [*command, "--task", "fix", "--apply", "--no-session"],
                env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False,
            )  # fmt: skip
        assert bathy("pack", "--output-format", "json").code == 0
        status = git(cart, "status", "--porcelain")
        seen.append((ran.returncode, status))
        assert status in ("", " M NOTES.md\n M cart.py\n?? test_cart.py\n")
        if status:
            assert bathy("undo").code == 0
        assert git(cart, "ls-files", "-s") + (cart.root / "cart.py").read_text() == before
        if ran.returncode == 0:
            break
    killed = [status for code, status in seen if code == -signal.SIGKILL]
    assert len(killed) >= 3
    assert seen[-1][0] == 0


def test_git_s_own_data_is_never_patched(bathy: Bathy, cart: RepoBuilder, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(cart, "clone", "-q", "--bare", ".", str(bare))
    patch = tmp_path / "evil.diff"
    patch.write_text("--- /dev/null\n+++ b/hooks/post-receive\n@@ -0,0 +1 @@\n+evil\n")
    for folder in (bare, cart.root / ".git", cart.root / ".git" / "refs"):
        for command in (("patch", str(patch)), ("undo",)):
            ran = bathy(*command, "-C", str(folder))
            assert (ran.code, "git's own data" in ran.err) == (2, True)
    assert not (bare / "hooks" / "post-receive").exists()


def test_a_patch_of_another_encoding_is_refused(bathy: Bathy, cart: RepoBuilder) -> None:
    cart.file("u.py", "# \N{LATIN SMALL LETTER E WITH ACUTE}\nx = 1\n")
    patch = cart.root / "p.diff"
    patch.write_bytes("--- a/u.py\n+++ b/u.py\n@@\n-x = 1\n+x = 2  # \xdf\n".encode("latin-1"))
    ran = bathy("patch", str(patch))
    assert ran.code == 1
    assert "not UTF-8" in ran.err
