"""Random files, edits and damage: a patch applies as meant, or PatchError and nothing else."""

import difflib
from collections import Counter
from collections.abc import Sequence

import pytest
from bathy.tools.patch.hunks import FilePatch, Hunk, Item, PatchError
from bathy.tools.patch.parse import parse
from bathy.tools.patch.plan import plan_edit, plan_patch
from bathy.tools.patch.text import read_text, write_text
from hypothesis import given, settings
from hypothesis import strategies as st

LINE = st.text(
    st.characters(codec="utf-8", exclude_characters="\n\r\0", exclude_categories=["Cc", "Cs"]),
    max_size=12,
)
FEW = st.sampled_from(
    ["", "a", "b", "  a", "}", "-- x", "++ y", "\ta", "@@", "return x", "return y", "&lt;"]
)
LINES = st.lists(FEW | LINE, max_size=14)
DISTINCT = st.lists(
    st.text("abcdefgh", min_size=6, max_size=9), unique=True, min_size=1, max_size=20
)


class OneFile:
    def __init__(self, data: bytes | None, path: str = "f.txt") -> None:
        self.data, self.path = data, path

    @property
    def paths(self) -> Sequence[str]:
        return [] if self.data is None else [self.path]

    def read(self, path: str) -> bytes | None:
        return self.data if path == self.path else None


def as_bytes(lines: Sequence[str], end: str = "\n") -> bytes:
    return "".join(line + end for line in lines).encode()


def diff(old: Sequence[str], new: Sequence[str], context: int = 3) -> list[str]:
    return list(difflib.unified_diff(old, new, "a/f.txt", "b/f.txt", lineterm="", n=context))


def result(patch: str, data: bytes) -> bytes | None:
    (change,) = plan_patch(patch, OneFile(data))
    assert change.before == data
    return change.after


def render(patch: Sequence[FilePatch]) -> str:
    marks = {"context": " ", "removed": "-", "added": "+"}
    out = []
    for file in patch:
        out += [f"--- a/{file.path}", f"+++ b/{file.path}"]
        for hunk in file.hunks:
            old = sum(item.kind != "added" for item in hunk.items)
            new = sum(item.kind != "removed" for item in hunk.items)
            heading = "".join(f" {anchor}" for anchor in hunk.anchors)
            out.append(f"@@ -{hunk.old_start},{old} +{hunk.old_start},{new} @@{heading}")
            for item in hunk.items:
                out.append(marks[item.kind] + item.text)
                out += ["\\ No newline at end of file"] * item.has_no_newline
    return "\n".join(out) + "\n"


ITEM = st.builds(
    Item, st.sampled_from(["context", "removed", "added"]), FEW, has_no_newline=st.booleans()
)
HUNK = st.builds(
    Hunk,
    st.lists(ITEM, min_size=1, max_size=8).map(tuple),
    st.sampled_from([(), ("def f():",)]),
    st.integers(0, 999),
)
FILE = st.builds(
    FilePatch,
    st.sampled_from(["x.py", "a/b c.txt"]),
    hunks=st.lists(HUNK, min_size=1, max_size=3).map(tuple),
)


@given(st.lists(FILE, min_size=1, max_size=3))
def test_parse_of_render_is_the_identity(files: list[FilePatch]) -> None:
    assert parse(render(files)) == tuple(files)


@given(LINES, LINES, st.booleans())
def test_a_diff_with_right_numbers_gives_the_new_file_or_is_refused(
    old: list[str], new: list[str], is_crlf: bool
) -> None:
    end = "\r\n" if is_crlf and old else "\n"
    try:
        after = result("\n".join(diff(old, new)) + "\n", as_bytes(old, end))
    except PatchError:
        return
    assert after == as_bytes(new, end)


@given(DISTINCT, st.data())
def test_a_diff_with_wrong_numbers_gives_the_new_file(old: list[str], data: st.DataObject) -> None:
    new = list(old)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(new)))
        new[at : at + data.draw(st.integers(0, 2))] = data.draw(
            st.lists(LINE.filter(lambda line: "&" not in line), max_size=2)
        )
    wrong = st.sampled_from(["@@", "@@ ... @@", "@@ -7,1 +9,5 @@", "@@ -1,99 +1,98 @@"])
    lines = [data.draw(wrong) if line.startswith("@@ -") else line for line in diff(old, new)]
    # Only a file that stays the same, or text that reads as a header, may be refused.
    is_odd = old == new or any(line.startswith(("--- ", "+++ ", "@@")) for line in lines[2:])
    try:
        after = result("\n".join(lines) + "\n", as_bytes(old))
    except PatchError:
        if not is_odd:
            raise
        return
    assert after == as_bytes(new)


@given(LINES, LINES, st.data())
def test_damage_never_changes_a_line_that_the_patch_does_not_mention(
    old: list[str], new: list[str], data: st.DataObject
) -> None:
    lines = diff(old, new)
    for _ in range(data.draw(st.integers(1, 3))):
        if len(lines) <= 3:
            return
        at = data.draw(st.integers(2, len(lines) - 1))
        damage = data.draw(st.sampled_from(["drop", "cut", "typo", "twice", "swap"]))
        if damage == "drop":
            del lines[at]
        elif damage == "cut":
            lines[at] = lines[at][1:]
        elif damage == "typo":
            lines[at] += "x"
        elif damage == "twice":
            lines.insert(at, lines[at])
        else:
            lines[at - 1 : at + 1] = reversed(lines[at - 1 : at + 1])
    text = "\n".join(lines) + "\n"
    try:
        after = result(text, as_bytes(old))
    except PatchError:
        return
    assert after is not None
    now = after.decode().split("\n")[:-1]
    gone = Counter(old) - Counter(now)
    come = Counter(now) - Counter(old)
    items = [item for hunk in parse(text)[0].hunks for item in hunk.items]
    assert gone <= Counter(item.text for item in items if item.kind == "removed")
    assert come <= Counter(item.text for item in items if item.kind == "added")
    marked = Counter(item.kind for item in items)
    assert len(now) - len(old) == marked["added"] - marked["removed"]


PIECE = st.sampled_from(
    [
        "--- a/f.txt", "+++ b/f.txt", "--- /dev/null", "+++ /dev/null", "diff --git a/f.txt b/f.txt", "@@", "@@ -1,2 +1,2 @@",
        "@@ -0,0 +1 @@ x", "rename from f.txt", "rename to g.txt", "copy from f.txt", "copy to g.txt", "new file mode 100644",
        "deleted file mode 100644", "new mode 100755", "*** Begin Patch", "*** Update File: f.txt", "*** Add File: g.txt",
        "*** Delete File: f.txt", "*** Move to: g.txt", "*** End of File", "*** End Patch", "<<<<<<< SEARCH", "=======",
        ">>>>>>> REPLACE", "f.txt", "```", "```diff", " a", "-a", "+b", "a", "", " ", "\\ No newline at end of file", "-- ", "2.4",
        "&lt;", "+&lt;", "-&lt;", '--- "a/\\', "@@@ -1", "GIT binary patch", "~~~", "+\ud800", "+\x00",
    ]
)  # fmt: skip


@settings(max_examples=400)
@given(
    st.lists(PIECE | LINE, max_size=14),
    st.sampled_from(["\n", "\r\n"]),
    st.none() | st.binary(max_size=20) | LINES.map(as_bytes),
)
def test_nothing_but_patch_error_is_raised(pieces: list[str], end: str, data: bytes | None) -> None:
    files = OneFile(data)
    try:
        changes = plan_patch(end.join(pieces), files)
    except PatchError as error:
        assert str(error)  # noqa: PT017
        return
    assert changes
    for change in changes:
        assert change.before == files.read(change.path)
        assert change.before != change.after or change.is_executable is not None


@given(
    st.text(st.sampled_from("ab\r\n\x0c\u2028é€"), max_size=40),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"]),
)
def test_reading_and_writing_a_file_is_the_identity(text: str, encoding: str) -> None:
    data = text.encode(encoding, "replace")
    file = read_text(data)
    assert write_text(file) == data
    assert all("\n" not in line for line in file.lines)


@given(
    st.text("ab\n", min_size=1, max_size=30),
    st.text("ab\n", min_size=1, max_size=4),
    st.text("abc\n", max_size=4),
    st.booleans(),
    st.booleans(),
)
def test_an_edit_is_str_replace(
    text: str, old: str, new: str, replace_all: bool, is_crlf: bool
) -> None:
    end = "\r\n" if is_crlf else "\n"
    data = text.replace("\n", end).encode()
    overlapping = sum(text.startswith(old, at) for at in range(len(text)))
    if old == new or not overlapping or (overlapping > 1 and not replace_all):
        with pytest.raises(PatchError):
            plan_edit("f", data, old, new, replace_all=replace_all)
        return
    after = plan_edit("f", data, old, new, replace_all=replace_all)
    wanted = text.replace(old, new)
    has_style = "\n" in text
    assert after == wanted.replace("\n", end if has_style else "\n").encode()
