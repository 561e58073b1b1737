import base64
import stat
import sys
from pathlib import Path

import pytest
from bathy.agent.modes.tui.clipboard import (
    MOST_ESCAPE_CHARS,
    copy,
    may_hear,
    may_hold_image,
    osc52,
    paste_image,
)
from hypothesis import given
from hypothesis import strategies as st

PLAIN = {"TERM": "xterm-256color"}


def payload(sequence: str) -> str:
    assert sequence.startswith("\x1b]52;c;")
    assert sequence.endswith("\x07")
    return base64.b64decode(sequence[7:-1]).decode()


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=2000))
def test_the_sequence_carries_the_text_through_whatever_stands_between(text: str) -> None:
    plain, tmux, screen = (
        osc52(text, env) for env in (PLAIN, {"TMUX": "/tmp/t,1,0", "TERM": "screen"}, {"STY": "1"})
    )
    assert plain
    assert tmux
    assert screen
    assert payload(plain) == text
    assert tmux.startswith("\x1bPtmux;")
    assert tmux.endswith("\x1b\\")
    assert payload(tmux[7:-2].replace("\x1b\x1b", "\x1b")) == text
    parts = screen.split("\x1b\\")
    assert parts.pop() == ""
    assert all(part.startswith("\x1bP") and len(part) <= 600 for part in parts)
    assert payload("".join(part[2:] for part in parts)) == text


def test_a_text_too_long_for_terminals_is_not_sent() -> None:
    assert osc52("x" * (MOST_ESCAPE_CHARS * 3 // 4), PLAIN) is None
    longest = osc52("x" * 74_990, PLAIN)
    assert longest
    assert len(longest) <= MOST_ESCAPE_CHARS


@pytest.mark.parametrize(
    ("environ", "hears"),
    [
        (PLAIN, True),
        ({}, False),
        ({"TERM": "linux"}, False),
        ({**PLAIN, "TERM_PROGRAM": "Apple_Terminal"}, False),
        ({**PLAIN, "VTE_VERSION": "7600"}, False),
    ],
)
def test_terminals_that_are_deaf_are_known(environ: dict[str, str], hears: bool) -> None:
    assert may_hear(environ) == hears


def tool(folder: Path, name: str, code: int = 0) -> Path:
    """A program that keeps what it is given, beside itself."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(
        f"#!{sys.executable}\nimport sys\n"
        f"open(__file__ + '.got', 'wb').write(sys.stdin.buffer.read())\nsys.exit({code})\n"
    )
    path.chmod(0o755)
    return path


def test_a_tool_of_the_system_is_surer_than_the_terminal(tmp_path: Path) -> None:
    tool(tmp_path / "bin", "xclip")
    written: list[str] = []
    environ = {**PLAIN, "PATH": str(tmp_path / "bin"), "DISPLAY": ":0", "WAYLAND_DISPLAY": "w"}
    told = copy("数据\n二", write=written.append, folder=tmp_path / "left", environ=environ)
    assert told == "copied 2 lines with xclip"
    assert (tmp_path / "bin" / "xclip.got").read_text(encoding="utf-8") == "数据\n二"
    assert [payload(each) for each in written] == ["数据\n二"]
    assert not (tmp_path / "left").exists()


def test_a_tool_that_fails_or_has_no_display_is_passed_over(tmp_path: Path) -> None:
    tool(tmp_path / "bin", "xclip", 1)
    tool(tmp_path / "bin", "xsel")
    tool(tmp_path / "bin", "wl-copy")
    environ = {**PLAIN, "PATH": str(tmp_path / "bin"), "DISPLAY": ":0"}
    assert copy("x", write=None, folder=tmp_path, environ=environ) == "copied 1 character with xsel"


def test_tmux_passes_on_what_its_settings_keep_out(tmp_path: Path) -> None:
    tool(tmp_path / "bin", "tmux")
    environ = {"TERM": "screen", "PATH": str(tmp_path / "bin"), "TMUX": "/tmp/t,1,0"}
    assert copy("a\nb\n", write=lambda _: None, folder=tmp_path, environ=environ) == (
        "copied 2 lines with tmux"
    )


def test_over_ssh_no_clipboard_of_the_other_machine_is_taken(tmp_path: Path) -> None:
    tool(tmp_path / "bin", "pbcopy")
    environ = {**PLAIN, "PATH": str(tmp_path / "bin"), "SSH_CONNECTION": "1"}
    told = copy("abc", write=lambda _: None, folder=tmp_path, environ=environ)
    assert told == "handed 3 characters to the terminal's clipboard (OSC 52)"


def test_nothing_of_the_repository_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool(tmp_path, "xclip")
    monkeypatch.chdir(tmp_path)
    environ = {**PLAIN, "PATH": f".::{Path('relative')}", "DISPLAY": ":0"}
    told = copy("abc", write=lambda _: None, folder=tmp_path / "left", environ=environ)
    assert told.startswith("handed")
    assert not (tmp_path / "xclip.got").exists()


def test_what_no_clipboard_takes_is_left_in_a_private_file(tmp_path: Path) -> None:
    folder = tmp_path / "left"
    for text in ("x" * 200_000, "another"):
        told = copy(text, write=lambda _: None, folder=folder, environ={"PATH": ""})
        assert told.endswith(f"the text is in {folder / 'copied.txt'}")
        assert (folder / "copied.txt").read_text() == text
    assert stat.S_IMODE((folder / "copied.txt").stat().st_mode) == 0o600
    assert [each.name for each in folder.iterdir()] == ["copied.txt"]


def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = copy("x", write=None, folder=tmp_path / "file" / "folder", environ={"PATH": ""})
    assert told.startswith("could not copy 1 character: ")


PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def pasting(folder: Path, name: str, script: str) -> dict[str, str]:
    """An environment with one clipboard tool."""
    folder.mkdir()
    path = folder / name
    path.write_text(f"#!{sys.executable} -I\nimport sys\n{script}\n")
    path.chmod(0o755)
    return {**PLAIN, "PATH": str(folder), "DISPLAY": ":0"}


def test_a_picture_in_the_clipboard_becomes_a_file(tmp_path: Path) -> None:
    says = f"sys.stdout.buffer.write({PNG!r} if 'image/png' in sys.argv else b'')"
    environ = pasting(tmp_path / "bin", "xclip", says)
    assert may_hold_image(environ)
    path = paste_image(tmp_path / "pasted", environ)
    assert path is not None
    assert path.read_bytes() == PNG
    assert path.suffix == ".png"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert paste_image(tmp_path / "pasted", environ) != path


@pytest.mark.parametrize("says", ["sys.exit(1)", "print('a text')", "sys.stdout.buffer.write(b'')"])
def test_what_is_no_picture_is_none(tmp_path: Path, says: str) -> None:
    environ = pasting(tmp_path / "bin", "xclip", says)
    assert paste_image(tmp_path / "pasted", environ) is None
    assert not (tmp_path / "pasted").exists()


def test_without_a_screen_no_tool_is_asked(tmp_path: Path) -> None:
    environ = pasting(tmp_path / "bin", "xclip", "sys.exit(1)")
    del environ["DISPLAY"]
    assert not may_hold_image(environ)
    assert paste_image(tmp_path / "pasted", environ) is None
