from collections.abc import Collection

import pytest
from bathy.agent.modes.tui.review.choices import split
from bathy.agent.modes.tui.review.hunks import (
    Files,
    Place,
    apply_choice,
    changes_of,
    places_of,
    review_of,
)
from bathy.agent.modes.tui.review.lines import read_lines
from bathy.tools.diff import FileState
from bathy.tools.patch.plan import FileChange
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

States = dict[str, tuple[FileState, FileState]]

WORDS = [
    "",
    "a",
    "b",
    "c",
    "def f():",
    "    return 1",
    "世界 = '你好'",
    "é",
    "\x1b[31m",
    "a\r",
    "\x0c",
]
LINE = st.tuples(st.sampled_from(WORDS), st.sampled_from(["\n", "\n", "\r\n"]))
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"]
QUICK = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # fmt: skip


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, str]:
    """A text, and what an edit could make of it; the last line of either may have no end."""
    lines = draw(st.lists(LINE, max_size=14))
    new = list(lines)
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(new)))
        new[at : at + draw(st.integers(0, 3))] = draw(st.lists(LINE, max_size=3))
    sides = ["".join(map("".join, side)) for side in (lines, new)]
    old_text, new_text = (s.rstrip("\r\n") if draw(st.booleans()) else s for s in sides)
    return old_text, new_text


@st.composite
def contents(draw: st.DrawFn) -> tuple[bytes | None, bytes | None]:
    kind = draw(st.sampled_from(["text"] * 6 + ["binary", "created", "deleted", "other"]))
    old, new = draw(texts())
    codec = draw(st.sampled_from(ENCODINGS))
    before, after = (text.encode(codec, "replace") for text in (old, new))
    if kind == "binary":
        return before + b"\0", after
    if kind == "other":
        return before, new.encode(draw(st.sampled_from(ENCODINGS)), "replace")
    return None if kind == "created" else before, None if kind == "deleted" else after


STATES = st.lists(st.tuples(contents(), st.booleans(), st.booleans()), max_size=4).map(
    lambda files: {
        f"file {number}": (FileState(before, was), FileState(after, now))
        for number, ((before, after), was, now) in enumerate(files)
    }
)


def data(states: States, side: int) -> dict[str, bytes | None]:
    return {path: found[side].data for path, found in states.items()}


def full(states: States, files: Files, choices: Collection[Place]) -> dict[str, bytes | None]:
    """All files, those without a hunk as they are."""
    return data(states, 0) | apply_choice(files, choices)


def split_some(files: Files, draw: st.DataObject) -> Files:
    for _ in range(draw.draw(st.integers(0, 3), label="splits")):
        if places := places_of(files):
            files = split(files, draw.draw(st.sampled_from(places), label="split"))
    return files


def bodies(content: bytes | None) -> list[bytes]:
    lines = read_lines(content or b"")
    return [] if lines is None else [unit.rstrip(b"\r\n\0") for unit in lines.units]


@given(states=STATES, draw=st.data())
@QUICK
def test_all_hunks_make_the_proposal_and_none_leave_what_was(
    states: States, draw: st.DataObject
) -> None:
    files = split_some(review_of(states), draw)
    assert full(states, files, ()) == data(states, 0)
    assert full(states, files, places_of(files)) == data(states, 1)


@given(states=STATES, draw=st.data())
@QUICK
def test_a_hunk_changes_its_own_lines_and_no_others(states: States, draw: st.DataObject) -> None:
    files = split_some(review_of(states), draw)
    places = places_of(files)
    if not places:
        return
    one = draw.draw(st.sampled_from(places))
    others = draw.draw(st.sets(st.sampled_from(places))) - {one}
    without, with_it = (apply_choice(files, chosen) for chosen in (others, others | {one}))
    file = files[one[0]]
    differing = {path for path in without if without[path] != with_it[path]}
    assert differing <= {file.path, file.old_path}
    if file.what != "edited" or not file.hunks[one[1]].runs:
        return
    runs = file.hunks[one[1]].runs
    left, right = bodies(without[file.path]), bodies(with_it[file.path])
    while left and right and left[0] == right[0]:
        del left[0], right[0]
    while left and right and left[-1] == right[-1]:
        del left[-1], right[-1]
    size = runs[-1].end - runs[0].start
    assert len(left) <= size
    assert len(right) <= size + sum(len(run.new) - len(run.old) for run in runs)
    known = {*bodies(file.before.data), *bodies(file.after.data)}
    assert {*left, *right} <= known


@given(states=STATES, draw=st.data())
@QUICK
def test_what_is_to_be_written_makes_the_files(states: States, draw: st.DataObject) -> None:
    files = split_some(review_of(states), draw)
    places = places_of(files)
    taken = draw.draw(st.sets(st.sampled_from(places))) if places else set[Place]()
    found, seen = data(states, 0), set[str]()
    for change in changes_of(files, taken):
        assert change.path not in seen
        assert found[change.path] == change.before
        assert change.before != change.after or change.is_executable is not None
        seen.add(change.path)
        found[change.path] = change.after
    assert found == full(states, files, taken)


def text(content: str | None, *, runs: bool = False) -> FileState:
    return FileState(None if content is None else content.encode(), runs)


def edited(before: str, after: str) -> Files:
    return review_of({"f": (text(before), text(after))})


def test_changes_that_stand_near_each_other_are_one_hunk_until_it_is_split() -> None:
    before = "".join(f"{number}\n" for number in range(30))
    after = before.replace("3\n4\n", "3\nvier\n").replace("\n9\n", "\nneun\n")
    after = after.replace("\n25\n", "\n25!\nsechs\n")
    files = edited(before, after)
    assert [len(hunk.runs) for hunk in files[0].hunks] == [2, 1]
    assert len(split(files, (0, 0))[0].hunks) == 3
    pieces = split(files, (0, 1))
    assert [hunk.runs[0].new for hunk in pieces[0].hunks[1:]] == [
        (b"25!\n",),
        (b"sechs\n",),
    ]
    assert split(pieces, (0, 2)) is pieces


def test_lines_are_split_off_as_they_replace_each_other() -> None:
    files = edited("add(rule)\nx = f(1)\n", "with lock:\n    add(rule)\nx = f(2)\n")
    files = split(files, (0, 0))
    assert [(hunk.runs[0].old, hunk.runs[0].new) for hunk in files[0].hunks] == [
        ((), (b"with lock:\n",)),
        ((b"add(rule)\n",), (b"    add(rule)\n",)),
        ((b"x = f(1)\n",), (b"x = f(2)\n",)),
    ]
    assert apply_choice(files, [(0, 1)]) == {"f": b"    add(rule)\nx = f(1)\n"}


def test_a_line_that_comes_behind_a_last_one_without_an_end_does_not_run_into_it() -> None:
    files = split(edited("x\r\nlast", "x\r\nlast!\r\nb"), (0, 0))
    assert apply_choice(files, [(0, 1)]) == {"f": b"x\r\nlast\r\nb"}


def test_only_the_end_of_the_last_line_can_be_a_hunk() -> None:
    assert apply_choice(edited("a\nb", "a\nb\n"), [(0, 0)]) == {"f": b"a\nb\n"}
    files = edited("a\nb", "a")
    assert apply_choice(files, [(0, 0)]) == {"f": b"a"}


def test_a_file_that_moves_is_one_hunk() -> None:
    states = {"old": (text("a\nb\n"), text(None)), "new": (text(None), text("a\nb\n"))}
    files = review_of(states)
    assert [(file.what, file.path, file.old_path, len(file.hunks)) for file in files] == [
        ("renamed", "new", "old", 1)
    ]
    assert apply_choice(files, ()) == {"new": None, "old": b"a\nb\n"}
    assert changes_of(files, [(0, 0)]) == (
        FileChange("new", None, b"a\nb\n", "old"),
        FileChange("old", b"a\nb\n", None),
    )


def test_a_file_that_moves_and_changes_is_one_hunk_if_that_is_told() -> None:
    states = {"old": (text("a\nb\n"), text(None)), "new": (text(None), text("a\nc\n", runs=True))}
    assert [file.what for file in review_of(states)] == ["deleted", "created"]
    files = review_of(states, renames={"new": "old", "other": "old"})
    assert [(file.what, len(file.hunks[0].runs)) for file in files] == [("renamed", 1)]
    assert split(files, (0, 0)) is files
    assert changes_of(files, [(0, 0)]) == (
        FileChange("new", None, b"a\nc\n", "old", True),
        FileChange("old", b"a\nb\n", None),
    )


def test_a_file_of_which_equal_ones_vanish_is_not_taken_for_a_renamed_one() -> None:
    states = {name: (text("a\n"), text(None)) for name in ("one", "two")}
    files = review_of(states | {"new": (text(None), text("a\n"))})
    assert [file.what for file in files] == ["deleted", "deleted", "created"]


def test_the_permission_to_run_is_a_hunk_of_its_own() -> None:
    files = review_of({"f": (text("a\n"), text("b\n", runs=True))})
    assert [hunk.is_mode for hunk in files[0].hunks] == [True, False]
    assert changes_of(files, [(0, 0)]) == (FileChange("f", b"a\n", b"a\n", "", True),)
    assert changes_of(files, [(0, 1)]) == (FileChange("f", b"a\n", b"b\n"),)


def test_a_file_in_another_encoding_is_one_hunk() -> None:
    before, after = "é\nx\ny\n".encode("latin-1"), "é\nx\nz\n".encode()
    files = review_of({"f": (FileState(before), FileState(after))})
    assert [(file.what, len(file.hunks)) for file in files] == [("replaced", 1)]


def test_a_file_that_loses_its_last_letter_outside_of_ascii_still_has_hunks() -> None:
    states = {"f": (FileState(b"\xe9\nb\nc\n"), FileState(b"e\nb\nC\n"))}
    files = review_of(states)
    assert files[0].what == "edited"
    assert apply_choice(split(files, (0, 0)), [(0, 1)]) == {"f": b"\xe9\nb\nC\n"}


def test_without_git_all_lines_are_one_hunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    files = edited("a\nb\nc\n", "a\nB\nc\n")
    assert len(files[0].hunks[0].runs) == 1
    assert apply_choice(files, [(0, 0)]) == {"f": b"a\nB\nc\n"}
