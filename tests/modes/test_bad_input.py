import os
import socket
import tempfile
from pathlib import Path

import pytest
from conftest import Run
from repo_builder import RepoBuilder


def pack(run: Run, folder: Path, *args: str) -> dict[str, dict[str, object]]:
    """The manifest of a folder by path, after the same command in text form has worked too."""
    text = run("pack", "-C", folder, *args)
    assert text.code == 0, text.err
    assert "Traceback" not in text.err
    found = run("pack", "-C", folder, "--output-format", "json", *args)
    assert found.code == 0
    asked = run("--offline", "--task", "where is the greeting", "-C", folder, *args)
    assert asked.code == 0, asked.err
    return found.files


def sentence(run: Run, *args: str | Path) -> str:
    """The one sentence of a command that fails."""
    ran = run(*args)
    assert ran.code == 1
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert ran.err.count("\n") == 1
    return ran.err


def test_a_folder_that_does_not_exist(run: Run, tmp_path: Path) -> None:
    assert "does not exist" in sentence(run, "pack", "-C", tmp_path / "nowhere")


def test_a_file_where_a_folder_is_meant(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    assert "is not a folder" in sentence(run, "pack", "-C", tmp_path / "a.py")


def test_an_empty_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "no files that can be read" in sentence(run, "pack", "-C", tmp_path / "empty")


def test_a_plain_folder_is_read_and_its_gitignore_honoured(run: Run, tmp_path: Path) -> None:
    built = RepoBuilder(tmp_path / "plain", init=False)
    built.file("greeting.py", "def greet(): pass\n").file("out/made.py", "x = 1\n")
    built.file(".gitignore", "out/\n").file("node_modules/left/pad.js", "x\n")
    assert set(pack(run, built.root)) == {".gitignore", "greeting.py"}


def test_an_empty_repository(run: Run, repo: RepoBuilder) -> None:
    assert "no files that can be read" in sentence(run, "pack", "-C", repo.root)


def test_a_repository_without_commits_is_read_from_its_working_tree(
    run: Run, repo: RepoBuilder
) -> None:
    repo.file("greeting.py", "def greet(): pass\n")
    assert pack(run, repo.root)["greeting.py"]["level"] == "full"
    assert "has no commits yet" in sentence(run, "pack", "-C", repo.root, "--rev", "HEAD")


def test_a_commit_that_does_not_exist(run: Run, repo: RepoBuilder) -> None:
    repo.file("a.py", "x\n").commit()
    for rev in ("nope", "--output=x", "HEAD~9", ""):
        assert "commit" in sentence(run, "pack", "-C", repo.root, f"--rev={rev}")


def test_a_commit_of_a_plain_folder_is_a_usage_error(run: Run, tmp_path: Path) -> None:
    ran = run("pack", "-C", tmp_path, "--rev", "HEAD")
    assert (ran.code, ran.out) == (2, "")
    assert "needs a git repository" in ran.err


def test_a_file_that_may_not_be_read_is_skipped_with_a_reason(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever the test becomes below may not import from everywhere, so that is done before.
    (tmp_path / "home" / "a.py").write_text("x = 1\n")
    assert run("pack", "-C", tmp_path / "home").code == 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "greeting.py").write_text("def greet(): pass\n")
        (folder / "closed.py").write_text("x = 1\n")
        (folder / "closed.py").chmod(0)
        folder.chmod(0o755)
        # The settings of the other one are nowhere; what is in the home may not be read.
        monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "none"))
        was = os.geteuid()
        # The superuser may read everything, so the test becomes somebody else for a moment.
        if was == 0:
            os.seteuid(65534)
        try:
            ran = run("pack", "-C", folder, "--output-format", "json")
        finally:
            os.seteuid(was)
    assert ran.code == 0
    assert ran.files["closed.py"]["level"] == "skipped"
    assert ran.json["skipped"] == [{"path": "closed.py", "reason": "no permission to read"}]
    assert ran.files["greeting.py"]["level"] == "full"


def test_fifos_and_sockets_are_left_alone(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "f"
    for built in (RepoBuilder(folder), RepoBuilder(tmp_path / "p", init=False)):
        built.file("greeting.py", "def greet(): pass\n")
        os.mkfifo(built.root / "fifo")
        with socket.socket(socket.AF_UNIX) as server:
            os.chdir(built.root)
            server.bind("socket")
            files = pack(run, built.root)
        assert files["greeting.py"]["level"] == "full"
        assert all(files[n]["level"] == "skipped" for n in ("fifo", "socket") if n in files)


@pytest.mark.parametrize("name", [".gitignore", ".gitattributes"])
def test_a_fifo_where_git_expects_rules_does_not_block(
    run: Run, repo: RepoBuilder, name: str
) -> None:
    repo.file("greeting.py", "def greet(): pass\n").commit()
    os.mkfifo(repo.root / name)
    assert pack(run, repo.root)["greeting.py"]["level"] == "full"


def test_links_are_named_and_never_followed(run: Run, repo: RepoBuilder, tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("the greeting is outside")
    repo.file("greeting.py", "def greet(): pass\n")
    (repo.root / "loop").symlink_to("loop")
    (repo.root / "out").symlink_to(tmp_path / "outside.txt")
    (repo.root / "up").symlink_to("..")
    repo.commit()
    files = pack(run, repo.root)
    assert {name: files[name]["class"] for name in ("loop", "out", "up")} == {
        "loop": "symlink",
        "out": "symlink",
        "up": "symlink",
    }
    run("pack", "-C", repo.root, "-o", tmp_path / "pack.txt")
    assert "outside" not in (tmp_path / "pack.txt").read_text()


def test_a_folder_replaced_by_a_link_does_not_lead_out(
    run: Run, repo: RepoBuilder, tmp_path: Path
) -> None:
    repo.file("d/a.py", "x = 1\n").file("b.py", "y = 1\n").commit()
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.py").write_text("secret_of_another_folder = 1\n")
    (repo.root / "d" / "a.py").unlink()
    (repo.root / "d").rmdir()
    (repo.root / "d").symlink_to(outside)
    pack(run, repo.root)
    run("pack", "-C", repo.root, "-o", tmp_path / "pack.txt")
    assert "secret_of_another_folder" not in (tmp_path / "pack.txt").read_text()


def test_a_file_of_500_mb_is_skipped_without_being_read(run: Run, repo: RepoBuilder) -> None:
    repo.file("greeting.py", "def greet(): pass\n").file("large.txt")
    os.truncate(repo.root / "large.txt", 500 << 20)
    files = pack(run, repo.root)
    assert files["large.txt"]["level"] == "skipped"
    assert "over the limit" in str(files["large.txt"]["reason"])


HARD_TEXTS = {
    "spaces.py": b" " * 1_000_000 + b"x = 1\n",
    "line.js": b"greet(" + b"a" * 2_000_000 + b")\n",
    "tabs.txt": b"\t" * 1_200_000,
    "crlf.py": b"def greet():\r\n    pass\r\n",
    "latin.py": "# gr\u00fc\u00dfe\ndef greet(): pass\n".encode("latin-1"),
    "utf16.txt": "the greeting\n".encode("utf-16"),
    "parens.py": b"(" * 200_000,
    "form.py": b"a = 1\x0cb = 2\x0b\n\xe2\x80\xa8c = 3\n",
    "empty.py": b"",
    "newline.py": b"\n",
    "braces.json": b"[" * 100_000,
    "book.ipynb": b'{"cells": [{"cell_type": "code", "source": ["greet()\\n"]}], "nbformat": 4}',
    "broken.ipynb": b'{"cells": 3',
}


@pytest.mark.parametrize("name", HARD_TEXTS)
def test_hard_texts_are_packed_or_named(run: Run, repo: RepoBuilder, name: str) -> None:
    repo.file("greeting.py", "def greet(): pass\n").file(name, HARD_TEXTS[name]).commit()
    files = pack(run, repo.root)
    assert files["greeting.py"]["level"] == "full"
    assert files[name]["level"] in ("full", "path")


@pytest.mark.parametrize("data", [b"\0\1\2", b"GIF89a\0", b"\xff\xfe\x00", bytes(range(256)) * 9])
def test_bytes_that_are_no_text_are_named_only(run: Run, repo: RepoBuilder, data: bytes) -> None:
    repo.file("greeting.py", "def greet(): pass\n").file("thing.dat", data).commit()
    thing = pack(run, repo.root)["thing.dat"]
    assert (thing["class"], thing["level"]) in (("binary", "path"), ("data", "full"))


def test_invalid_utf_8_is_read_as_an_eight_bit_encoding(run: Run, repo: RepoBuilder) -> None:
    repo.file("greeting.py", b"# caf\xe9\ndef greet(): pass\n").commit()
    ran = run("search", "greet", "-C", repo.root)
    assert "greeting.py:1-2" in ran.out


def test_odd_names_are_escaped_as_git_escapes_them(run: Run, repo: RepoBuilder) -> None:
    odd = {
        "a b.py": "a b.py",
        'say "hi".py': r'"say \"hi\".py"',
        "line\nbreak.py": r'"line\nbreak.py"',
        os.fsdecode(b"caf\xe9.py"): r'"caf\351.py"',
        "-rf.py": "-rf.py",
        "esc\x1b[2J.py": r'"esc\033[2J.py"',
    }
    for name in odd:
        repo.file(name, "def greeting(): pass\n")
    repo.commit()
    for args in ((), ("--rev", "HEAD")):
        files = pack(run, repo.root, *args)
        assert set(files) == set(odd.values())
        assert all(file["level"] == "full" for file in files.values())


def test_a_submodule_is_named_and_not_entered(run: Run, repo: RepoBuilder, tmp_path: Path) -> None:
    other = RepoBuilder(tmp_path / "other").file("inner.py", "x = 1\n")
    other.commit()
    repo.file("greeting.py", "def greet(): pass\n").commit()
    repo.git("submodule", "add", "-q", str(other.root), "sub")
    repo.commit()
    for args in ((), ("--rev", "HEAD")):
        files = pack(run, repo.root, *args)
        assert files["sub"]["class"] == "submodule"
        assert "sub/inner.py" not in files


def test_a_linked_working_tree_is_read_like_any_other(
    run: Run, repo: RepoBuilder, tmp_path: Path
) -> None:
    repo.file("greeting.py", "def greet(): pass\n").commit()
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"))
    assert set(pack(run, tmp_path / "linked")) == {"greeting.py"}


def test_a_shallow_clone_says_that_its_history_is_short(
    run: Run, repo: RepoBuilder, tmp_path: Path
) -> None:
    repo.file("greeting.py", "def greet(): pass\n").commit()
    repo.file("greeting.py", "def greet(): return 1\n").commit()
    repo.git("clone", "-q", "--depth=1", f"file://{repo.root}", str(tmp_path / "shallow"))
    ran = run("pack", "-C", tmp_path / "shallow")
    assert ran.code == 0
    assert "shallow" in ran.err


def test_files_outside_a_sparse_checkout_are_skipped_with_a_reason(
    run: Run, repo: RepoBuilder
) -> None:
    repo.file("in/greeting.py", "def greet(): pass\n").file("out/b.py", "x = 1\n").commit()
    repo.git("sparse-checkout", "set", "in")
    files = pack(run, repo.root)
    assert files["out/b.py"]["reason"] == "outside the sparse checkout"
    assert pack(run, repo.root, "--rev", "HEAD")["out/b.py"]["level"] == "full"


def test_a_conflicted_file_is_listed_once(run: Run, repo: RepoBuilder) -> None:
    repo.file("greeting.py", "a = 1\n").commit()
    repo.git("checkout", "-qb", "side")
    repo.file("greeting.py", "a = 2\n").commit()
    repo.git("checkout", "-q", "main")
    repo.file("greeting.py", "a = 3\n").commit()
    with pytest.raises(Exception, match="returned non-zero"):
        repo.git("merge", "-q", "side")
    assert list(pack(run, repo.root)) == ["greeting.py"]


def test_nothing_that_a_repository_names_is_run(
    run: Run, repo: RepoBuilder, tmp_path: Path
) -> None:
    mark = tmp_path / "ran"
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
    trap.chmod(0o755)
    repo.file("greeting.py", "def greet(): pass\n")
    repo.file(".gitattributes", "* filter=evil diff=evil merge=evil\n")
    repo.file("sitecustomize.py", f"open({str(mark)!r}, 'w')\n")
    repo.file("conftest.py", f"open({str(mark)!r}, 'w')\n")
    repo.commit()
    for setting in (
        "core.fsmonitor", "diff.external", "filter.evil.clean", "filter.evil.smudge",
        "filter.evil.process", "diff.evil.command", "diff.evil.textconv", "core.pager",
        "gpg.program", "core.sshCommand", "core.editor", "core.alternateRefsCommand",
    ):  # fmt: skip
        repo.git("config", setting, str(trap))
    repo.git("config", "log.showSignature", "true")
    for hook in ("post-index-change", "fsmonitor-watchman", "reference-transaction"):
        target = repo.root / ".git" / "hooks" / hook
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(trap.read_bytes())
        target.chmod(0o755)
    repo.file("greeting.py", "def greet(): return 1\n").file("new.py", "x = 1\n")
    mark.unlink(missing_ok=True)
    pack(run, repo.root)
    pack(run, repo.root, "--rev", "HEAD")
    assert not mark.exists()


def test_a_working_tree_elsewhere_is_not_read(run: Run, repo: RepoBuilder, tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir()
    (private / "diary.txt").write_text("dear diary")
    repo.file("greeting.py", "def greet(): pass\n").commit()
    repo.git("config", "core.worktree", str(private))
    assert set(pack(run, repo.root)) == {"greeting.py"}


def test_the_dotenv_of_a_repository_sets_nothing_and_shows_nothing(
    run: Run, repo: RepoBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.file(".env", "DEEPSEEK_BASE_URL=https://evil.example.net/v1\nDEEPSEEK_API_KEY=abc\n")
    repo.file("greeting.py", "def greet(): pass\n")
    repo.git("add", "-f", ".env")
    repo.commit()
    monkeypatch.chdir(repo.root)
    ran = run("--task", "where is the greeting", "--output-format", "json")
    assert ran.json["mode"] == "offline"
    assert "DEEPSEEK_BASE_URL" not in os.environ
    assert "no DEEPSEEK_API_KEY" in ran.err
    run("pack", "-o", tmp_path / "pack.txt")
    text = (tmp_path / "pack.txt").read_text()
    assert "DEEPSEEK_BASE_URL=[redacted: dotenv value]" in text
    assert "evil.example.net" not in text
