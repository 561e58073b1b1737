"""A canary in files that are denied: no tool and no command lets it out."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Ran, exit_code
from endpoint.script import Call, Reply
from endpoint.server import Endpoint
from repo_builder import RepoBuilder
from shop import DONE, tool_texts

CANARY = "canary_7c1f"
SECRET = f"def {CANARY}():\n    return 'the plan of the cart, {CANARY}'\n"
NAMES = ("plan.py", "server.pem", "loose.py", "gone.py", "moved_away")
DENIED = ("secrets/plan.py", "deep/Secrets/plan.py", "src/server.pem", "secrets/loose.py")

Bathy = Callable[..., Ran]


@pytest.fixture
def root(repo: RepoBuilder, tmp_path: Path) -> Path:
    """A repository with a denied folder, a denied glob, both tracked and not, and a past."""
    config = tmp_path / "home" / ".config" / "bathy"
    config.mkdir(parents=True)
    (config / "config.toml").write_text('denied_paths = ["secrets/", "*.pem", "/old/"]\n')
    repo.file("src/cart.py", "def cart():\n    return 'the plan of the cart'\n")
    repo.file("old/moved_away.py", SECRET + "# more\n" * 9)
    repo.commit("begin")
    repo.git("mv", "old/moved_away.py", "src/arrived.py")
    repo.file("src/arrived.py", "# nothing\n" + "# more\n" * 9)
    for path in (*DENIED[:3], "secrets/gone.py"):
        repo.file(path, SECRET)
    repo.commit("grow")
    (repo.root / "secrets/gone.py").unlink()
    repo.file("secrets/plan.py", SECRET + "# changed\n").file(DENIED[3], SECRET)
    repo.file("src/cart.py", "def cart():\n    return 'another plan of the cart'\n")
    return repo.root


@pytest.fixture
def bathy(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Bathy:
    """Runs bathy in this process, without a key unless there is an endpoint.

    What processes that it starts say is seen, too.
    """

    def call(root: Path, *args: str, stdin: str = "", endpoint: Endpoint | None = None) -> Ran:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        if endpoint is not None:
            monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-x")
            monkeypatch.setenv("DEEPSEEK_BASE_URL", endpoint.base_url)
        capfd.readouterr()
        return Ran(exit_code("-C", root, *args), *capfd.readouterr())

    return call


def check(text: str, *, names: tuple[str, ...] = NAMES) -> None:
    assert CANARY not in text
    assert [name for name in names if name in text] == []


CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("list_files", {}),
    ("list_files", {"glob": "*.p*"}),
    ("read_file", {"path": "src/cart.py"}),
    ("grep", {"pattern": "plan", "context_lines": 9}),
    ("grep", {"pattern": "plan.*"}),
    ("grep", {"pattern": "PLAN", "ignore_case": True, "glob": "*"}),
    ("grep", {"pattern": "pl[a]n \\w+", "path": "src"}),
    ("find_symbol", {"name": "cart"}),
    ("find_symbol", {"name": "cart", "kind": "reference"}),
    ("history", {"path": "src/cart.py"}),
    ("history", {"path": "src/arrived.py"}),
    ("history", {"path": "src/arrived.py", "start_line": 1, "end_line": 3}),
)


@pytest.mark.parametrize("rev", [(), ("--rev", "HEAD")], ids=["worktree", "commit"])
@pytest.mark.parametrize("raw", [(), ("--raw",)], ids=["shown", "raw"])
def test_no_tool_finds_what_is_denied(
    bathy: Bathy, root: Path, rev: tuple[str, ...], raw: tuple[str, ...]
) -> None:
    for name, arguments in CALLS:
        ran = bathy(root, "tool", name, *rev, *raw, stdin=json.dumps(arguments))
        assert ran.code == 0, (name, arguments, ran.err)
        check(ran.out + ran.err)


@pytest.mark.parametrize("rev", [(), ("--rev", "HEAD")], ids=["worktree", "commit"])
@pytest.mark.parametrize("path", DENIED)
def test_a_tool_that_is_asked_for_a_denied_file_says_that_it_is_denied(
    bathy: Bathy, root: Path, path: str, rev: tuple[str, ...]
) -> None:
    for name, arguments in (
        ("read_file", {"path": path}),
        ("read_file", {"path": f"./{path}:1-2"}),
        ("history", {"path": path, "start_line": 1}),
        ("grep", {"pattern": "plan", "path": path}),
        ("edit_file", {"path": path, "old_text": "the plan", "new_text": "a plan"}),
    ):
        for raw in ((), ("--raw",)):
            ran = bathy(root, "tool", name, *rev, *raw, stdin=json.dumps(arguments))
            assert CANARY not in ran.out + ran.err
            # As a script gives it, a path is taken as it stands, and one to search in is a filter.
            if not raw or (name != "grep" and arguments["path"] == path):
                assert ran.code == 1
                assert "denied by `denied_paths`" in ran.out + ran.err


def test_a_name_that_is_denied_finds_nothing(bathy: Bathy, root: Path) -> None:
    for name, arguments in (
        ("find_symbol", {"name": CANARY}),
        ("grep", {"pattern": CANARY}),
        ("grep", {"pattern": CANARY, "path": "secrets"}),
        ("list_files", {"path": "secrets"}),
        ("read_file", {"path": "plan.py"}),
    ):
        ran = bathy(root, "tool", name, stdin=json.dumps(arguments))
        assert ran.code == 1
        said = (ran.out + ran.err).replace(repr(CANARY), "")
        check(said.replace("'plan.py'", "").replace("'secrets'", ""))
    assert bathy(root, "tool", "grep", "--raw", stdin=json.dumps({"pattern": CANARY})).out == ""


@pytest.mark.parametrize(
    "args",
    [
        ("pack",),
        ("pack", "--output-format", "json"),
        ("pack", "--rev", "HEAD", "--output-format", "json"),
        ("pack", "--rev", "HEAD~1", "--output-format", "json"),
        ("pack", "--include", "secrets/", "--include", "*", "--output-format", "json"),
        ("search", f"plan of the cart {CANARY[:6]}"),
        ("search", "plan of the cart", "--output-format", "json"),
        ("--offline", "--task", "where is the plan of the cart?"),
        ("--offline", "--task", "the plan of the cart", "--output-format", "stream-json"),
    ],
    ids=" ".join,
)
def test_no_command_shows_what_is_denied(bathy: Bathy, root: Path, args: tuple[str, ...]) -> None:
    ran = bathy(root, *args, "--verbose")
    assert ran.code == 0
    assert ran.out
    # What was asked comes back in the JSON.
    check(ran.out + ran.err, names=NAMES[:4] if "HEAD~1" in args else NAMES)


@pytest.mark.parametrize("rev", [(), ("--rev", "HEAD")], ids=["worktree", "commit"])
@pytest.mark.parametrize("context", ["pack", "map", "tools"])
@pytest.mark.parametrize("diff", ["HEAD~1", "HEAD"])
def test_no_request_holds_what_is_denied(
    bathy: Bathy, root: Path, tmp_path: Path, context: str, diff: str, rev: tuple[str, ...]
) -> None:
    with Endpoint([]) as endpoint:
        ran = bathy(
            root, "--task", "where is the plan of the cart?", "--dry-run", "-o",
            str(tmp_path / "request.json"), "--context", context, "--diff", diff, *rev,
            endpoint=endpoint,
        )  # fmt: skip
    assert (ran.code, endpoint.requests) == (0, [])
    check(ran.out + ran.err)
    request = (tmp_path / "request.json").read_text()
    assert "cart" in request
    check(request)


def test_a_folder_without_git_is_no_way_around(bathy: Bathy, tmp_path: Path, root: Path) -> None:
    folder = tmp_path / "notes"
    RepoBuilder(folder, init=False).file("a.md", "the plan of the cart\n").file(
        "secrets/x.md", SECRET
    )
    for args in (("pack", "--output-format", "json"), ("search", "plan of the cart")):
        ran = bathy(folder, *args)
        assert ran.code == 0
        check(ran.out + ran.err, names=("x.md",))
    ran = bathy(folder, "tool", "grep", "--raw", stdin=json.dumps({"pattern": "plan"}))
    assert ran.out == "a.md:1:the plan of the cart\n"


def test_without_the_policy_all_of_this_is_shown(bathy: Bathy, root: Path) -> None:
    (root.parent / "home" / ".config" / "bathy" / "config.toml").unlink()
    for args, stdin in (
        (("pack", "--output-format", "json"), ""),
        (("search", "plan of the cart"), ""),
        (("tool", "list_files"), "{}"),
    ):
        assert "plan.py" in bathy(root, *args, stdin=stdin).out
    for path in DENIED:
        ran = bathy(root, "tool", "read_file", stdin=json.dumps({"path": path}))
        assert CANARY in ran.out


V4A = "*** Begin Patch\n*** {} File: {}\n{}*** End Patch\n"
EDITS = (
    Call("edit_file", {"path": "secrets/made.py", "old_text": "", "new_text": "x = 1\n"}),
    Call("edit_file", {"path": "secrets/plan.py", "old_text": "the plan", "new_text": "a plan"}),
    Call("apply_patch", {"patch": "--- /dev/null\n+++ b/made.pem\n@@ -0,0 +1 @@\n+x\n"}),
    Call("apply_patch", {"patch": V4A.format("Add", "deep/secrets/made.py", "+x = 1\n")}),
    Call("apply_patch", {"patch": V4A.format("Delete", "secrets/plan.py", "")}),
    Call(
        "apply_patch",
        {"patch": V4A.format("Update", "src/cart.py", "*** Move to: secrets/cart.py\n@@\n def cart():\n-    return 'another plan of the cart'\n+    return 1\n")},
    ),
    Call(
        "apply_patch",
        {"patch": V4A.format("Update", "secrets/plan.py", "*** Move to: src/plan.py\n@@\n-# changed\n+# mine\n")},
    ),
    Call("apply_patch", {"patch": "diff --git a/src/server.pem b/src/shown.txt\nsimilarity index 100%\nrename from src/server.pem\nrename to src/shown.txt\n"}),
)  # fmt: skip


@pytest.mark.parametrize("apply", [(), ("--apply",), ("--apply-all",)], ids=" ".join)
def test_no_edit_makes_moves_or_reads_a_denied_file(
    bathy: Bathy, root: Path, apply: tuple[str, ...]
) -> None:
    read = Call("read_file", {"path": "src/cart.py"})
    before = dict(files_of(root))
    with Endpoint([Reply("", "look", (read,)), Reply("", "edit", EDITS), DONE]) as endpoint:
        ran = bathy(root, "--task", "edit", *apply, "--output-format", "json", endpoint=endpoint)
    assert ran.code == 0
    told = tool_texts(endpoint)[1:]
    assert [text for text in told if "denied by `denied_paths`" not in text] == []
    assert not ran.json["patch"]
    assert dict(files_of(root)) == before
    assert CANARY not in json.dumps([asked.body for asked in endpoint.requests]) + ran.out + ran.err


def files_of(root: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(root.rglob("*")):
        if path.is_file() and ".git" not in path.parts:
            yield str(path), path.read_bytes()


def test_a_citation_of_a_denied_file_is_invalid(bathy: Bathy, root: Path) -> None:
    reply = Reply(f"`{CANARY}` stands there [secrets/plan.py:1-2], [src/server.pem:1].", "r")
    with Endpoint([reply]) as endpoint:
        ran = bathy(root, "--task", "where?", "--output-format", "json", endpoint=endpoint)
    assert {citation["status"] for citation in ran.json["citations"]} == {"invalid"}


def test_a_policy_of_the_repository_is_not_read(bathy: Bathy, root: Path) -> None:
    for path in (".bathy/config.toml", "config.toml", ".config/bathy/config.toml"):
        RepoBuilder(root, init=False).file(path, 'denied_paths = []\nupload = "always"\n')
    ran = bathy(root, "pack", "--output-format", "json")
    assert set(ran.files) >= {"config.toml", "src/cart.py"}
    check(ran.out)


def test_pack_says_how_many_files_are_denied_and_names_none(
    bathy: Bathy, root: Path, repo: RepoBuilder
) -> None:
    ran = bathy(root, "pack")
    assert "`denied_paths` in config.toml keeps 4 files out of everything" in ran.err
    check(ran.out + ran.err)
    config = root.parent / "home" / ".config" / "bathy" / "config.toml"
    config.write_text('denied_paths = ["nosuch/"]\n')
    assert "keeps 0 files out" in bathy(root, "pack").err


def test_a_patch_by_hand_neither_changes_nor_names_a_denied_file(bathy: Bathy, root: Path) -> None:
    before = dict(files_of(root))
    added = "--- /dev/null\n+++ b/secrets/made.py\n@@ -0,0 +1 @@\n+x\n"
    changed = "--- a/secrets/plan.py\n+++ b/secrets/plan.py\n@@\n-# changed\n+# mine\n"
    moved = V4A.format(
        "Update",
        "src/cart.py",
        "*** Move to: secrets/cart.py\n@@\n def cart():\n-    return 'another plan of the cart'\n+    return 1\n",
    )
    for patch in (added, changed, moved):
        ran = bathy(root, "patch", "-", stdin=patch)
        assert (ran.code, "denied by `denied_paths`" in ran.err) == (1, True)
    assert dict(files_of(root)) == before
    # The words of a block without a file are not looked for there either.
    block = "<<<<<<< SEARCH\n# changed\n=======\n# mine\n>>>>>>> REPLACE\n"
    ran = bathy(root, "patch", "-", stdin=block)
    assert ran.code == 1
    check(ran.out + ran.err)
    ran = bathy(root, "patch", "-", stdin=changed.replace("secrets/plan", "src/plan"))
    check((ran.out + ran.err).replace("src/plan.py", ""))


@pytest.mark.parametrize("glob", ["[ab", "#x", "./secrets", "!secrets", "[z-a]"])
@pytest.mark.parametrize(
    "args", [("pack",), ("search", "x"), ("--offline", "--task", "x"), ("tool", "list_files")],
    ids=lambda args: args[0],
)  # fmt: skip
def test_a_pattern_that_denies_nothing_stops_every_command(
    bathy: Bathy, root: Path, glob: str, args: tuple[str, ...]
) -> None:
    config = root.parent / "home" / ".config" / "bathy" / "config.toml"
    config.write_text(f"denied_paths = ['*.pem', {glob!r}]\n")
    ran = bathy(root, *args)
    if glob == "!secrets":  # takes something back from the pattern before it, as far as one knows
        assert ran.code == 0
        return
    assert (ran.code, ran.out) == (2, "")
    assert "denied_paths" in ran.err
    assert glob in ran.err
