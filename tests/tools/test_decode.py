import pytest
from bathy.tools.decode import decode
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        (b"", "", "utf-8"),
        ("grün\n".encode(), "grün\n", "utf-8"),
        (b"\xef\xbb\xbfx\n", "x\n", "utf-8-sig"),
        ("x\n".encode("utf-16"), "x\n", "utf-16-le"),
        (b"\xfe\xff" + "grün".encode("utf-16-be"), "grün", "utf-16-be"),
        ("x".encode("utf-32"), "x", "utf-32-le"),
        ("grün\n".encode("latin-1"), "grün\n", "latin-1"),
        ("“quoted”\n".encode("cp1252"), "“quoted”\n", "cp1252"),
        (b"\xff\xfeab\xff", "\u6261\ufffd", "utf-16-le"),
    ],
)
def test_texts_are_decoded(data: bytes, text: str, encoding: str) -> None:
    decoded = decode(data)
    assert decoded is not None
    assert (decoded.text, decoded.encoding) == (text, encoding)


@pytest.mark.parametrize(
    "data", [b"\0", b"abc\0def", b"\x89PNG\r\n\x1a\n\0\0", b"\xff" + b"\x01" * 90]
)
def test_binary_files_are_told(data: bytes) -> None:
    assert decode(data) is None


@pytest.mark.parametrize(
    ("data", "newline"),
    [(b"a\nb\n", "lf"), (b"a\r\nb\r\n", "crlf"), (b"a\r\nb\n", "mixed"), (b"a\rb", "none")],
)
def test_line_ends_are_remembered(data: bytes, newline: str) -> None:
    decoded = decode(data)
    assert decoded is not None
    assert decoded.newline == newline


@given(st.binary(max_size=300))
def test_no_bytes_break_it_and_no_lone_surrogate_comes_out(data: bytes) -> None:
    decoded = decode(data)
    if decoded is not None:
        decoded.text.encode("utf-8")
