import pytest
from bathy.tools.patch.hunks import PatchError
from bathy.tools.patch.text import Edit, TextFile, apply_edits, read_text, split_text, write_text


def test_only_lf_ends_a_line() -> None:
    assert split_text("a\x0cb\u2028c\rd\r\ne", "utf-8") == TextFile(
        ("a\x0cb\u2028c\rd", "e"), ("\r\n", "")
    )


@pytest.mark.parametrize("data", [b"\xff\xfea\0\n", b"\xef\xbb\xbfa\xff\n"])
def test_bytes_that_an_edit_would_destroy_are_refused(data: bytes) -> None:
    with pytest.raises(PatchError, match="not valid"):
        read_text(data)


def test_a_binary_file_is_refused() -> None:
    with pytest.raises(PatchError, match="binary"):
        read_text(b"a\0b\n")


def test_text_that_would_make_the_file_read_otherwise_is_refused() -> None:
    with pytest.raises(PatchError, match="control characters"):
        write_text(TextFile(("a\0b",), ("\n",)))


def test_new_lines_take_the_end_of_the_line_they_replace_or_stand_next_to() -> None:
    file = split_text("a\r\nb\nc\r\n", "utf-8")
    edits = [Edit(0, 1, ("A", "AA")), Edit(2, 0, ("x",)), Edit(3, 0, ("y",))]
    after = apply_edits(file, edits, has_final_newline=None)
    assert write_text(after) == b"A\r\nAA\r\nb\nx\nc\r\ny\r\n"


@pytest.mark.parametrize(("said", "end"), [(None, b""), (True, b"\n"), (False, b"")])
def test_a_missing_final_newline_stays_missing_unless_said(said: bool | None, end: bytes) -> None:
    after = apply_edits(split_text("a\nb", "utf-8"), [Edit(1, 1, ("B",))], has_final_newline=said)
    assert write_text(after) == b"a\nB" + end
