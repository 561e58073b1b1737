import pytest
from bathy.tools.patch.escapes import is_escaped, unescape
from bathy.tools.patch.fences import fenced_blocks
from bathy.tools.patch.hunks import FilePatch, Hunk, Item, PatchError
from bathy.tools.patch.names import git_paths, header_path, strip_pair
from bathy.tools.patch.parse import parse
from bathy.tools.patch.paths import checked

HEAD = ["--- a/f.py", "+++ b/f.py"]


def hunks_of(*lines: str) -> tuple[Hunk, ...]:
    return parse("\n".join([*HEAD, *lines]))[0].hunks


@pytest.mark.parametrize(
    ("header", "start", "anchors"),
    [
        ("@@ -3,2 +3,2 @@ def f():", 3, ("def f():",)),
        ("@@ -3 +3 @@", 3, ()),
        ("@@ -3,2 @@", 3, ()),
        ("@@ -3,2 +3,2", 3, ()),
        ("@@ ... @@ class A", None, ("class A",)),
        ("@@ class A", None, ("class A",)),
        ("@@ class A @@", None, ("class A",)),
        ("@@", None, ()),
    ],
)  # fmt: skip
def test_hunk_headers(header: str, start: int | None, anchors: tuple[str, ...]) -> None:
    (hunk,) = hunks_of(header, "-a", "+b")
    assert (hunk.old_start, hunk.anchors) == (start, anchors)
    assert hunk.items == (Item("removed", "a"), Item("added", "b"))


def test_right_counts_cut_prose_off_and_wrong_ones_leave_it_loose() -> None:
    (counted,) = hunks_of("@@ -1,1 +1,1 @@", "-a", "+b", "", "Done.")
    assert len(counted.items) == 2
    (loose,) = hunks_of("@@", "-a", "+b", "", "Done.")
    assert (len(loose.items), loose.loose) == (4, 2)


def test_counts_that_are_too_low_drop_nothing() -> None:
    (hunk,) = hunks_of("@@ -1,1 +1,1 @@", "-a", "+b", "c", "+d")
    assert [item.text for item in hunk.items] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a/x.py\t2024-01-01 10:00:00", "a/x.py"),
        ("x.py 2024-01-01 10:00:00 +0000", "x.py"),
        ('"a/caf\\303\\251 \\"x\\".py"', 'a/café "x".py'),
        ("a/my file.py\t", "a/my file.py"),
    ],
)  # fmt: skip
def test_paths_of_header_lines(text: str, path: str) -> None:
    assert header_path(text) == path


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("a/x b/x", ("a/x", "b/x")),
        ("a/my file b/my file", ("a/my file", "b/my file")),
        ('"a/\\303\\251" "b/\\303\\251"', ("a/é", "b/é")),
        ("x y", ("x", "y")),
        ("a b c", ("", "")),
    ],
)  # fmt: skip
def test_paths_of_git_lines(text: str, paths: tuple[str, str]) -> None:
    assert git_paths(text) == paths


def test_prefixes_go_only_if_both_sides_bear_them() -> None:
    assert strip_pair("a/x", "b/x") == ("x", "x")
    assert strip_pair("a/x", "a/x") == ("a/x", "a/x")
    assert strip_pair("a/x", "b/y") == ("a/x", "b/y")


@pytest.mark.parametrize(
    "path",
    ["", "/x", "../x", "a/../x", ".git/config", "a/.GIT/x", "a//b", "C:/x", "a/", "~/x", "."],
)
def test_paths_that_are_never_taken(path: str) -> None:
    with pytest.raises(PatchError):
        checked(path)


def test_a_fence_closes_only_at_its_own_indentation() -> None:
    (block,) = fenced_blocks(["```diff", " ```", "-a", "```"])
    assert block.lines == (" ```", "-a")


def test_entities_are_unescaped_once() -> None:
    assert unescape("&amp;lt; &lt; &#39; &nbsp;") == "&lt; < ' &nbsp;"
    assert is_escaped("a &lt; b")
    assert not is_escaped("a &lt; b > c")
    assert not is_escaped("a & b &amp; c")


def test_blocks_keep_common_lines_as_context() -> None:
    text = "f.py\n<<<<<<< SEARCH\na\nb\nc\n=======\na\nB\nc\n>>>>>>> REPLACE\n"
    (file,) = parse(text)
    assert file == FilePatch("f.py", "edit", file.hunks, form="block")
    assert [item.kind for item in file.hunks[0].items] == ["context", "removed", "added", "context"]


@pytest.mark.parametrize(
    "line", ["Change this.", "Then:", "In `a.py` and `b.py`:", "Here is the change"]
)
def test_prose_above_a_block_names_no_file(line: str) -> None:
    (file,) = parse(f"{line}\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n")
    assert file.path == ""
