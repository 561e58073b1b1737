"""A number or a path -> the lines that are read out."""

from pathlib import Path

import pytest
from bathy.agent.errors import BathyError
from bathy.agent.loop.evidence import Span
from bathy.agent.modes.tui.events import Opened
from bathy.agent.modes.tui.plain.files import MOST_LINES, Excerpt, read_place
from bathy.agent.modes.tui.state import Cited
from repo_builder import RepoBuilder

LINES = [f"line {number}" for number in range(1, 101)]
SPANS = (Span("src/a.py", 7, 8, "f", ()),)
CITED = (Cited(1, "src/a.py", 2, 3, "verified"),)


@pytest.fixture
def root(repo: RepoBuilder) -> Path:
    repo.file("src/a.py", "\n".join(LINES)).file("b.py", "one\r\ntwo\r\n").file("x/b.py", "x\n")
    repo.file("pic.png", b"\x89PNG\0\0").file("a:3", "colon\n").file("empty", "").commit()
    return repo.root


def look(
    root: Path,
    wanted: str,
    *,
    rev: str | None = None,
    cited: tuple[Cited, ...] = (),
    spans: tuple[Span, ...] = SPANS,
    commit: str = "",
) -> Excerpt:
    paths = ("src/a.py", "b.py", "x/b.py", "pic.png", "a:3", "empty")
    opened = Opened(root, "r", commit, False, paths, "", "m", "auto", 0, False)
    return read_place(wanted, opened, rev=rev, cited=cited, spans=spans)


def test_a_number_is_a_citation_and_evidence_where_nothing_is_cited(root: Path) -> None:
    assert look(root, "1", cited=CITED).lines == ("line 2", "line 3")
    assert look(root, "e1", cited=CITED).lines == ("line 7", "line 8")
    assert look(root, "1").lines == ("line 7", "line 8")


def test_a_path_is_read_from_its_beginning_or_from_a_line(root: Path) -> None:
    whole = look(root, "src/a.py")
    assert (whole.first, len(whole.lines)) == (1, MOST_LINES)
    assert whole.more == "src/a.py goes on; /open src/a.py:61 reads more"
    rest = look(root, "src/a.py:61")
    assert (rest.first, rest.lines[-1], rest.more) == (61, "line 100", "")
    assert look(root, "a.py:5-6").lines == ("line 5", "line 6")


def test_names_are_taken_as_people_write_them(root: Path) -> None:
    assert look(root, "@b.py").lines == ("one", "two")
    assert look(root, "a:3").lines == ("colon",)
    assert look(root, "empty").lines == ()


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("3", "there is no place 3; numbers 1 to 1 are there"),
        ("0", "there is no place 0"),
        ("gone.py", "cannot open gone.py"),
        ("../secret", "cannot open ../secret"),
        ("/etc/passwd", "cannot open /etc/passwd"),
        ("src/a.py:101", "src/a.py has only 100 lines"),
        ("pic.png", "pic.png is no text"),
        ("\x1b[2J", r"cannot open \"\\033[2J\""),
    ],
)
def test_what_is_not_there_is_said(root: Path, wanted: str, told: str) -> None:
    with pytest.raises(BathyError) as raised:
        look(root, wanted)
    assert told.replace('\\"', '"').replace("\\\\", "\\") in str(raised.value)


def test_a_commit_is_read_as_it_was(repo: RepoBuilder) -> None:
    old = repo.file("b.py", "old\n").commit()
    repo.file("b.py", "new\n").commit()
    assert look(repo.root, "b.py", rev=old, commit=old).lines == ("old",)
    assert look(repo.root, "b.py").lines == ("new",)


def test_without_any_place_it_is_said_so(root: Path) -> None:
    with pytest.raises(BathyError, match="nothing is cited yet"):
        look(root, "1", spans=())
