"""Comparing texts by lines: what was replaced leads from one to the other, whatever they hold."""

import os
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from bathy.agent.index.edits import Replaced, compare_texts, replace_all
from bathy.tools.git import GitError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from repo_builder import RepoBuilder

LINES = ["", "a", "b", "  ", "\r", "a\r", "\0", "\u2028", "\x0c", "\ud800", "é", "\x1b[31m"]
MARKUP = ["@@ -1 +1 @@", "-", "+", "diff --git a/0 b/0", "\\ No newline at end of file", "--- a/0"]
LINE = st.sampled_from([*LINES, *MARKUP])
TEXT = st.builds(
    lambda lines, end: "\n".join(lines) + end,
    st.lists(LINE, max_size=12),
    st.sampled_from(["", "\n"]),
)


def lines_of(text: str) -> list[str]:
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def applied(before: str, after: str, replaced: Sequence[Replaced]) -> list[str]:
    """The lines of a text after an edit; what is put in comes from the text after it."""
    old, new, found, done = lines_of(before), lines_of(after), list[str](), 0
    for one in replaced:
        assert one.old_count or one.new_count
        assert done <= one.old_start
        found += old[done : one.old_start]
        assert len(found) == one.new_start
        found += new[one.new_start : one.new_start + one.new_count]
        done = one.old_start + one.old_count
    return found + old[done:]


@given(pairs=st.lists(st.tuples(TEXT, TEXT), max_size=4))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_was_replaced_leads_from_one_text_to_the_other(pairs: list[tuple[str, str]]) -> None:
    for (before, after), replaced in zip(pairs, compare_texts(pairs), strict=True):
        assert applied(before, after, replaced) == lines_of(after)
        assert bool(replaced) == (lines_of(before) != lines_of(after))


@given(before=TEXT, after=TEXT)
def test_all_in_the_place_of_all_leads_there_too(before: str, after: str) -> None:
    replaced = replace_all(before, after)
    assert applied(before, after, replaced) == lines_of(after)
    assert bool(replaced) == (lines_of(before) != lines_of(after))


@pytest.mark.parametrize(
    ("before", "after", "replaced"),
    [
        ("", "", ()),
        ("", "a", (Replaced(0, 0, 0, 1),)),
        ("a", "", (Replaced(0, 1, 0, 0),)),
        ("a\n", "a", ()),
        ("", "\n", (Replaced(0, 0, 0, 1),)),
        ("a\r\n", "a\n", (Replaced(0, 1, 0, 1),)),
        ("a\nb\nc\n", "a\nc\n", (Replaced(1, 1, 1, 0),)),
        ("a\nc\n", "a\nb\nc\n", (Replaced(1, 0, 1, 1),)),
        ("a\nb\n", "x\na\nb\ny", (Replaced(0, 0, 0, 1), Replaced(2, 0, 3, 1))),
    ],
)
def test_small_edits_are_told_line_by_line(
    before: str, after: str, replaced: tuple[Replaced, ...]
) -> None:
    assert compare_texts([(before, after)]) == [replaced]


def test_a_long_file_with_a_few_edits_gives_only_these() -> None:
    old = [f"line {n}" for n in range(10_000)]
    new = list(old)
    new[5_000] = "another"
    del new[9_999]
    (replaced,) = compare_texts([("\n".join(old), "\n".join(new))])
    assert replaced == (Replaced(5_000, 1, 5_000, 1), Replaced(9_999, 1, 9_999, 0))


def test_lines_of_200_kb_are_lines() -> None:
    long = "x" * 200_000
    (replaced,) = compare_texts([(f"{long}a\n{long}b\n", f"{long}a\n{long}c\n")])
    assert replaced == (Replaced(1, 1, 1, 1),)


def test_many_pairs_keep_their_order() -> None:
    shuffled = random.Random(1)
    pairs = [("a\nb\nc\n", "a\n" * shuffled.randrange(1, 4)) for _ in range(300)]
    one_by_one = [compare_texts([pair])[0] for pair in pairs[:8]]
    assert compare_texts(pairs)[:8] == one_by_one


CONFIG = """
[diff]
    algorithm = patience
    context = 7
    interHunkContext = 9
    noprefix = true
    mnemonicPrefix = true
    orderFile = /nowhere
    renames = copies
    colorMoved = zebra
    wsErrorHighlight = all
    indentHeuristic = false
    suppressBlankEmpty = true
    relative = true
[core]
    autocrlf = true
    safecrlf = true
    eol = crlf
    bigFileThreshold = 1
    whitespace = cr-at-eol
    attributesFile = ATTRIBUTES
[color]
    ui = always
"""


def test_the_user_s_git_may_be_set_up_in_any_way(tmp_path: Path) -> None:
    pairs = [("a\r\nb\n  \n" * 9, "a\nb\n\n" * 9), ("x\ny\nx\ny\n", "y\nx\ny\nx\n"), ("", "a")]
    plain = compare_texts(pairs)
    home = Path(os.environ["HOME"])
    (tmp_path / "attributes").write_text("* text -diff eol=crlf\n")
    attributes = str(tmp_path / "attributes")
    (home / ".gitconfig").write_text(CONFIG.replace("ATTRIBUTES", attributes))
    assert compare_texts(pairs) == plain


def test_a_repository_around_the_temporary_folder_has_no_say(
    repo: RepoBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "ran"
    repo.git("config", "filter.evil.clean", f"touch {mark}; cat")
    repo.git("config", "diff.evil.textconv", f"touch {mark}; cat")
    (repo.root / ".git" / "info" / "attributes").write_text("* filter=evil diff=evil -text\n")
    monkeypatch.setattr("tempfile.tempdir", str(repo.root))
    assert compare_texts([("a\nb\n", "a\nc\n")]) == [(Replaced(1, 1, 1, 1),)]
    assert not mark.exists()
    assert [path.name for path in repo.root.iterdir()] == [".git"]


def test_no_room_for_the_texts_is_an_error_of_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with pytest.raises(GitError, match="cannot be compared"):
        compare_texts([("a", "b")])
    assert compare_texts([("a", "a")]) == [()]
