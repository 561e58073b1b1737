"""Paths that nothing is read of: which they are, and that they are in no snapshot and no view."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from bathy.agent.errors import ConfigError
from bathy.agent.index.denied import denier
from bathy.agent.index.live import LiveView
from bathy.agent.index.repo import Snapshot, chooser, locate, read_snapshot, select
from bathy.tools.base import ToolError
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from repo_builder import RepoBuilder

NAMES = ("a", "b", "ab", "a.pem", "-", "]", "a b", "c")
PATHS = (
    *NAMES,
    *(f"{folder}/{name}" for folder in NAMES for name in NAMES),
    *(f"{top}/{folder}/{name}" for top in "ab" for folder in NAMES[:4] for name in NAMES[:4]),
)
PIECES = ("a", "b", "c", "*", "**", "/", "?", "[ab]", "[!a]", "[^b]", "[]a]", "[a-]", "[b-c]",
          "[\\]]", "\\a", ".pem", "-", " ", "]", "a/*", "/**", "**/", "a/", "/a")  # fmt: skip
GLOBS = st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4), min_size=1, max_size=3)


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("*.pem", "a/b/server.pem"),
        ("secrets/", "secrets/a"),
        ("secrets/", "deep/secrets/a/b"),
        ("/secrets", "secrets/a"),
        ("config/prod/**", "config/prod/a/b"),
        ("a/**/key", "a/key"),
        ("*.pem", "SERVER.PEM"),
        ("Secrets/", "secrets/a"),
        ("[A-Z]*.key", "a.key"),
        ("caf\u00e9.txt", "cafe\u0301.txt"),
        ("STRASSE", "stra\u00dfe"),
        ("*.pem", "odd\udcff\n.pem"),
        ("\\#x", "#x"),
        ("**", "anything/at.all"),
    ],
)
def test_what_is_denied(glob: str, path: str) -> None:
    assert denier([glob])(path)


@pytest.mark.parametrize(
    ("globs", "path"),
    [
        (["*.pem"], "a.pem.md"),
        (["/secrets"], "deep/secrets/a"),
        (["secrets/"], "secrets"),
        (["secrets/"], "secrets.md"),
        ([".env*", "!.env.example"], "a/.env.example"),
        (["secrets/*", "!secrets/readme.md"], "secrets/readme.md"),
        (["a?c"], "a/c"),
        (["a[!b]c"], "a/c"),
        ([], "anything"),
    ],
)
def test_what_is_not(globs: list[str], path: str) -> None:
    assert not denier(globs)(path)


@pytest.mark.parametrize(
    ("globs", "path"),
    [
        (["secrets/", "!secrets/readme.md"], "secrets/readme.md"),
        (["*", "!src/"], "src/a.py"),
        (["*.env", "!Example.env"], "example.env"),
    ],
)
def test_an_exception_lifts_no_more_than_git_lets_it(globs: list[str], path: str) -> None:
    assert denier(globs)(path)


@pytest.mark.parametrize(
    "globs",
    [
        ["!"], ["!a"], ["#a"], [" a"], ["a "], ["a\nb"], ["\t"], ["/"], ["//"], ["./a"], ["../a"],
        ["a/../b"], ["a//b"], ["~/a"], ["[ab"], ["a]["], ["[]"], ["[!]"], ["[z-a]"], ["[[:digit:]]"],
        ["a\\"], ["a[/]b"], ["a**b"], ["***"], ["*.pem", "[ab"], ["\x1b[31m"],
    ],
)  # fmt: skip
def test_a_pattern_that_would_deny_nothing_is_an_error(globs: list[str]) -> None:
    with pytest.raises(ConfigError, match="denied_paths: ") as told:
        denier(globs)
    assert str(told.value).isprintable()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(GLOBS, st.booleans())
def test_git_ignores_just_what_is_denied(
    repo: RepoBuilder, pieces: list[list[str]], lifts: bool
) -> None:
    globs = ["".join(one) for one in pieces]
    if lifts:
        globs = [globs[0], *(f"!{glob}" for glob in globs[1:])]
    try:
        is_denied = denier(globs)
    except ConfigError:
        assume(False)
    assert {path for path in PATHS if is_denied(path)} == ignored_by_git(repo, globs)


def ignored_by_git(repo: RepoBuilder, globs: Sequence[str]) -> set[str]:
    (repo.root / ".git" / "info" / "exclude").write_text("\n".join(globs) + "\n")
    out = subprocess.run(
        ["git", "-C", repo.root, "check-ignore", "--no-index", "-z", "--stdin"],
        input="\0".join(PATHS),
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return {path for path in out.split("\0") if path}


def test_no_selection_of_the_user_s_brings_a_denied_path_back() -> None:
    is_chosen = chooser(["secrets/**", "*.md"], ["!secrets/a.md"], ["secrets/"])
    assert is_chosen("a.md")
    assert not is_chosen("secrets/a.md")


def test_a_glob_of_a_flag_that_cannot_be_read_names_the_flag() -> None:
    with pytest.raises(ConfigError, match="--exclude"):
        chooser((), ["[z-a]"])


@pytest.fixture
def snapshot(repo: RepoBuilder, tmp_path: Path) -> Snapshot:
    other = RepoBuilder(tmp_path / "other").file("x", "1")
    other.commit()
    repo.file("a.py", "x = 1\n").file("secrets/a.txt", "secret\n").file("secrets/big", b"x")
    repo.git("submodule", "--quiet", "add", str(other.root), "vendor/lib")
    repo.commit()
    with (repo.root / "secrets/big").open("r+b") as file:
        file.truncate(11 << 20)
    repo.file("secrets/new.txt", "untracked\n")
    RepoBuilder(repo.root / "nested").file("x", "1").commit()
    return read_snapshot(locate(repo.root), repo.root, rev=None, known={})


def test_of_what_is_denied_not_even_the_name_is_left(snapshot: Snapshot) -> None:
    assert {s.path for s in snapshot.skipped} == {"secrets/big", "nested/"}
    found = select(snapshot, include=(), exclude=(), denied=["secrets/", "vendor/lib/", "nested/"])
    assert [entry.path for entry in found.entries] == [".gitmodules", "a.py"]
    assert found.skipped == ()


def test_the_callers_without_a_policy_get_what_they_got(snapshot: Snapshot) -> None:
    assert select(snapshot, include=(), exclude=()) is snapshot
    assert select(snapshot, include=(), exclude=("secrets/",)).skipped == snapshot.skipped


def test_a_view_reads_nothing_that_is_denied_whether_it_is_listed_or_not(
    snapshot: Snapshot,
) -> None:
    view = LiveView(snapshot, lambda _path: None, chooser((), (), ["secrets/"]))
    try:
        for path in ("secrets/a.txt", "secrets/none.txt", "SECRETS/a.txt"):
            for ask in (view.has, view.shown, view.raw):
                with pytest.raises(ToolError, match=f"{path} is denied by `denied_paths`"):
                    ask(path)
            assert view.lines(path) is None
            assert view.symbols(path) == ()
        assert view.read_paths == set()
        assert view.raw("a.py") == b"x = 1\n"
    finally:
        view.close()
