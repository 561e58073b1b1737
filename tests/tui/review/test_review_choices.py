import pytest
from bathy.agent.modes.tui.review.choices import (
    RewriteError,
    comment,
    decide,
    proposed,
    rest_of_file,
    rewrite,
    split,
    text_to_rewrite,
)
from bathy.agent.modes.tui.review.decision import decision_of
from bathy.agent.modes.tui.review.hunks import (
    Files,
    apply_choice,
    chosen,
    hunk_at,
    places_of,
    review_of,
)
from bathy.agent.modes.tui.review.told import tell_model
from bathy.tools.diff import FileState

BEFORE = "".join(f"line {number}\n" for number in range(1, 41))
AFTER = (
    BEFORE.replace("line 2\n", "")
    .replace("line 20\n", "line twenty\nand more\n")
    .replace("line 38\n", "line 38!\n")
)


def files_of(*pairs: tuple[bytes | None, bytes | None]) -> Files:
    states = {f"f{n}": (FileState(a), FileState(b)) for n, (a, b) in enumerate(pairs)}
    return review_of(states)


def edited() -> Files:
    return files_of((BEFORE.encode(), AFTER.encode()), (b"a\n", b"b\n"))


def test_hunks_are_decided_one_by_one_and_the_rest_of_a_file_at_once() -> None:
    files = decide(edited(), [(0, 0)], "rejected")
    assert rest_of_file(files, (0, 1)) == [(0, 1), (0, 2)]
    assert rest_of_file(files, (0, 0)) == [(0, 0), (0, 1), (0, 2)]
    files = decide(files, rest_of_file(files, (0, 1)), "accepted")
    assert chosen(files) == {(0, 1), (0, 2)}
    assert chosen(files, "rejected") == {(0, 0)}
    assert chosen(files, "open") == {(1, 0)}


def test_pieces_are_decided_as_the_whole_was_and_one_keeps_the_comment() -> None:
    files = comment(decide(edited(), [(0, 1)], "accepted"), (0, 1), "  why? ")
    files = split(files, (0, 1))
    assert [(hunk.choice, hunk.comment) for hunk in files[0].hunks[1:3]] == [
        ("accepted", "why?"),
        ("accepted", ""),
    ]


def test_a_rewritten_hunk_is_accepted_with_the_new_lines() -> None:
    files = edited()
    assert text_to_rewrite(files, (0, 1)) == "line twenty\nand more\n"
    files = rewrite(files, (0, 1), "line 20\nand less")
    assert hunk_at(files, (0, 1)).choice == "accepted"
    expected = BEFORE.replace("line 20\n", "line 20\nand less\n")
    assert apply_choice(files, chosen(files))["f0"] == expected.encode()
    assert "Taken, but with lines of the user's own: f0 line 21" in tell_model(files)


def test_a_text_that_is_left_alone_changes_nothing_and_the_old_lines_reject() -> None:
    files = edited()
    assert rewrite(files, (0, 1), "line twenty\nand more\n") is files
    files = rewrite(files, (0, 1), "line 20\n")
    assert hunk_at(files, (0, 1)).choice == "rejected"
    assert apply_choice(files, places_of(files))["f0"] == AFTER.encode()


def test_line_ends_and_the_missing_last_one_stay_when_lines_are_rewritten() -> None:
    files = files_of((b"a\r\nb\r\nc", b"a\r\nB\r\nC"))
    assert text_to_rewrite(files, (0, 0)) == "B\nC"
    files = rewrite(files, (0, 0), "X\nY\nZ\n")
    assert apply_choice(files, chosen(files)) == {"f0": b"a\r\nX\r\nY\r\nZ"}


def test_a_new_file_and_a_moved_one_can_be_rewritten_as_a_whole() -> None:
    states = {
        "new": (FileState(None), FileState(b"\xef\xbb\xbfa\n")),
        "to": (FileState(None), FileState(b"1\n2\n")),
        "from": (FileState(b"1\n2\n"), FileState(None)),
    }
    files = review_of(states)
    files = rewrite(rewrite(files, (0, 0), "b\n"), (1, 0), "1\n3\n")
    assert apply_choice(files, chosen(files)) == {
        "new": b"\xef\xbb\xbfb\n",
        "to": b"1\n3\n",
        "from": None,
    }
    assert proposed(files, (1, 0)) == (("1", "3"), 2, 2)


@pytest.mark.parametrize(
    ("before", "after"), [(b"a\n", None), (b"\0", b"\0\0"), (b"a\n", "é\n".encode("utf-16"))]
)
def test_what_has_no_lines_to_choose_among_cannot_be_rewritten(
    before: bytes, after: bytes | None
) -> None:
    files = files_of((before, after))
    assert text_to_rewrite(files, (0, 0)) is None
    assert rewrite(files, (0, 0), "b") is files


def test_what_the_encoding_has_no_place_for_is_refused() -> None:
    files = files_of((b"\xe9\n", b"\xe8\n"))
    with pytest.raises(RewriteError, match=r"latin-1, which has no '\\u4e16'"):
        rewrite(files, (0, 0), "世\n")
    with pytest.raises(RewriteError, match="NUL"):
        rewrite(files, (0, 0), "a\0")


def test_a_file_is_shown_as_it_is_proposed_at_the_lines_of_the_hunk() -> None:
    files = edited()
    lines, start, end = proposed(files, (0, 1))
    assert "\n".join((*lines, "")) == AFTER
    assert lines[start - 1 : end] == ("line twenty", "and more")
    assert proposed(files, (0, 0))[1:] == (1, 1)
    assert proposed(files_of((b"a\nb\n", None)), (0, 0)) == (("a", "b"), 1, 2)
    assert proposed(files_of((b"\0", b"\0\0")), (0, 0))[0] == ()


def test_the_model_is_told_what_was_not_taken_and_why() -> None:
    states = {
        "a.py": (FileState(BEFORE.encode()), FileState(AFTER.encode(), True)),
        "new": (FileState(None), FileState(b"1\n")),
        "old": (FileState(b"1\n2\n"), FileState(None)),
        'p "q"': (FileState(b"\0"), FileState(b"\0\0")),
    }
    files = review_of(states)
    files = decide(files, [(0, 0), (0, 2), (1, 0), (2, 0)], "rejected")
    files = comment(decide(files, [(0, 1), (0, 3)], "accepted"), (0, 2), "keep twenty")
    files = comment(comment(files, (1, 0), "no new files"), (0, 3), "nice")
    assert decision_of(files).rejected == (
        "The user has reviewed your edit: 2 of 7 hunks taken. Rejected, so the file stays as it was"
        ' there: the permission to run a.py; a.py line 19 (the user says: "keep twenty");'
        ' the new file new (the user says: "no new files"); the deletion of old.'
        r' Not decided and not written: the new content of "p \"q\"".'
        ' Taken, with a remark: a.py line 37 (the user says: "nice").'
    )


def test_nothing_is_told_when_all_was_taken_without_a_word() -> None:
    files = edited()
    decision = decision_of(decide(files, places_of(files), "accepted"))
    assert decision.rejected == ""
    assert decision.accepted == {"f0": AFTER.encode(), "f1": b"b\n"}
    assert decision_of(files).changes == ()


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        (b"a\n", b"new\na\n", "before line 1"),
        (b"a\nb\n", b"a\nnew\nb\n", "after line 1"),
        (b"a\nb\nc\n", b"c\n", "lines 1-2"),
    ],
)
def test_places_are_named_as_they_are_in_the_file(before: bytes, after: bytes, where: str) -> None:
    assert f"f0 {where}." in tell_model(decide(files_of((before, after)), [(0, 0)], "rejected"))
