import codecs

import pytest
from bathy.tools.patch.hunks import PatchError
from bathy.tools.patch.plan import plan_edit


def test_a_crlf_file_with_a_mark_is_edited_by_lf_text() -> None:
    data = codecs.BOM_UTF8 + b"one\r\ntwo\r\nthree"
    after = plan_edit("f", data, "one\ntwo", "1\n1.5\n2", replace_all=False)
    assert after == codecs.BOM_UTF8 + b"1\r\n1.5\r\n2\r\nthree"


def test_lines_of_a_mixed_file_keep_their_ends() -> None:
    assert plan_edit("f", b"a\r\nb\nc\r\n", "b", "B\nBB", replace_all=False) == b"a\r\nB\nBB\nc\r\n"


def test_an_empty_old_text_creates_a_missing_file_only() -> None:
    assert plan_edit("f", None, "", "a\n", replace_all=False) == b"a\n"
    with pytest.raises(PatchError, match="file exists"):
        plan_edit("f", b"", "", "a\n", replace_all=False)


@pytest.mark.parametrize(
    ("data", "old", "new", "words"),
    [
        (None, "a", "b", "no such file"),
        (b"a\n", "a", "a", "the same"),
        (b"a\nb\na\n", "a", "c", "2 times, at lines 1, 3"),
        (b"aaa\n", "aa", "c", "2 times"),
        (b"new()\n", "old()", "new()", "at line 1"),
        (b"def f(value):\n", "def f(valu):\n", "def g():\n", "1: def f(value):"),
        (b"\tx = 1\n", "    x = 1\n", "x = 2\n", "blanks or tabs"),
        (b"caf\xe9\n", "caf", "\u8336", "U+8336"),
        (b"a\0b", "a", "b", "binary"),
    ],
)  # fmt: skip
def test_an_edit_that_is_refused_says_why(
    data: bytes | None, old: str, new: str, words: str
) -> None:
    with pytest.raises(PatchError) as caught:
        plan_edit("f.py", data, old, new, replace_all=False)
    assert words in str(caught.value)
    assert str(caught.value).startswith("f.py: ")
