from collections.abc import Iterator
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from bathy.agent.index.live import LiveView
from bathy.agent.modes.triage.finding.permalinks import permalink, resolves
from bathy.tools.workspace import decode_path, encode_path
from hypothesis import given
from hypothesis import strategies as st
from open_view import open_view
from repo_builder import RepoBuilder

SHA = "a" * 40
ODD = decode_path(b"caf\xe9 (1)#L9?.py")


@pytest.fixture
def view(repo: RepoBuilder) -> Iterator[LiveView]:
    repo.file("two.py", "a\nb\n").file("open.py", "a\nb").file("empty.py").file("x.bin", b"\0\1\n")
    repo.file("crlf.txt", "a\r\nb\r\n").file("form.txt", "a\x0cb\x85c\n")
    (repo.root / "link.py").symlink_to("two.py")
    (repo.root / ODD).write_bytes(b"a\n")
    commit = repo.commit()
    repo.file("two.py", "a\nb\nc\nd\n").file("later.py", "a\n")
    with open_view(repo.root, rev=commit) as opened:
        yield opened


def test_a_permalink_names_host_repository_commit_path_and_lines() -> None:
    link = permalink("git.example.org", "acme/shop.js", SHA, "src/a b.py", 3, 9)
    assert link == f"https://git.example.org/acme/shop.js/blob/{SHA}/src/a%20b.py#L3-L9"


def test_one_line_is_no_range() -> None:
    assert permalink("github.com", "a/b", SHA, "x.py", 4, 4).endswith("/x.py#L4")
    assert permalink("github.com", "a/b", SHA, "A.MD", 4, 5).endswith("/A.MD?plain=1#L4-L5")


@given(st.binary(min_size=1, max_size=40))
def test_any_path_comes_back_from_its_link(name: bytes) -> None:
    link = permalink("github.com", "a/b", SHA, decode_path(name), 1, 2)
    parts = urlsplit(link)
    assert link.isascii()
    assert link.isprintable()
    assert not set(link) & set(" ()[]<>\"'`|\\*!@")
    assert (parts.netloc, parts.query, parts.fragment) == ("github.com", "", "L1-L2")
    assert unquote_to_bytes(parts.path) == b"/a/b/blob/" + SHA.encode() + b"/" + name


@pytest.mark.parametrize(
    ("path", "lines"),
    [("two.py", 2), ("open.py", 2), ("crlf.txt", 2), ("form.txt", 1), (ODD, 1)],
)
def test_lines_resolve_up_to_the_last_one(view: LiveView, path: str, lines: int) -> None:
    assert resolves(view, path, 1, lines)
    assert resolves(view, path, lines, lines)
    assert not resolves(view, path, 1, lines + 1)
    assert not resolves(view, path, 0, 1)
    assert not resolves(view, path, 2, 1)


@pytest.mark.parametrize(
    "path", ["later.py", "link.py", "x.bin", "empty.py", "", ".", "../two.py", "./two.py", "a\0b"]
)
def test_what_the_commit_has_no_text_of_does_not_resolve(view: LiveView, path: str) -> None:
    assert not resolves(view, path, 1, 1)


def test_files_on_disk_have_no_permalink(repo: RepoBuilder) -> None:
    repo.file("two.py", "a\n").commit()
    with open_view(repo.root) as view:
        assert not resolves(view, "two.py", 1, 1)


def test_the_odd_path_is_of_bytes_that_are_not_text() -> None:
    assert encode_path(ODD).startswith(b"caf\xe9")
