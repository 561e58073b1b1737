import asyncio
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bathy.agent.modes.tui.input.editor import (
    EditorError,
    at_line,
    draft,
    edit,
    editor_command,
    open_at_line,
    read_back,
    rewrite_outside,
)
from textual.app import App


def program(folder: Path, name: str, code: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport sys, os\npath = sys.argv[-1]\n{code}\n")
    path.chmod(0o755)
    return path


def test_the_draft_is_private_and_goes_with_all_that_lies_beside_it() -> None:
    with draft("why?\n数据") as path:
        assert path.read_text(encoding="utf-8") == "why?\n数据"
        assert path.suffix == ".md"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        Path(f"{path}~").touch()
    assert not path.parent.exists()


@pytest.mark.parametrize(
    ("before", "left", "text"),
    [
        ("a", b"b\n", "b"),
        ("a\n", b"b\n", "b\n"),
        ("a", b"b\n\n", "b\n"),
        ("", b"\xe6\x95\xb0\r\n\x1b[1mx\xff", "数\nx\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_what_an_editor_left_is_read_back(
    tmp_path: Path, before: str, left: bytes, text: str
) -> None:
    (tmp_path / "file").write_bytes(left)
    assert read_back(tmp_path / "file", before) == text


def test_a_file_that_is_gone_or_huge_is_told(tmp_path: Path) -> None:
    with pytest.raises(EditorError, match="left no text"):
        read_back(tmp_path / "none", "")
    (tmp_path / "huge").write_bytes(b"x" * (5 << 20))
    with pytest.raises(EditorError, match="more than 4 MiB"):
        read_back(tmp_path / "huge", "")


def test_visual_comes_before_editor_and_windows_are_waited_for(tmp_path: Path) -> None:
    bin_ = tmp_path / "bin"
    ed, code, vi = (str(program(bin_, name)) for name in ("ed", "code", "vi"))
    path = {"PATH": f"/nowhere:{bin_}"}
    assert editor_command({**path, "VISUAL": "code -n", "EDITOR": "ed"}) == (code, "-n", "--wait")
    assert editor_command({**path, "EDITOR": "ed -x 'a b'"}) == (ed, "-x", "a b")
    assert editor_command({**path, "EDITOR": f"{code} --wait"}) == (code, "--wait")
    assert editor_command({**path, "VISUAL": " "}) == (vi,)
    with pytest.raises(EditorError, match="there is no emacs"):
        editor_command({**path, "EDITOR": "emacs"})
    with pytest.raises(EditorError, match="cannot be read"):
        editor_command({**path, "EDITOR": "ed 'x"})
    with pytest.raises(EditorError, match=r"set \$EDITOR"):
        editor_command({"PATH": "/nowhere"})


def test_no_editor_of_the_repository_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "vi")
    monkeypatch.chdir(tmp_path)
    for editor in ("vi", "./vi"):
        with pytest.raises(EditorError):
            editor_command({"PATH": ".::", "EDITOR": editor})


def test_an_editor_changes_the_text(tmp_path: Path) -> None:
    code = "text = open(path).read()\nopen(path, 'w').write(text.upper() + '\\n')"
    assert edit("why?", [str(program(tmp_path, "ed", code))]) == "WHY?"


def test_an_editor_that_fails_changes_nothing(tmp_path: Path) -> None:
    with pytest.raises(EditorError, match=r"failed \(1\); nothing has changed"):
        edit("why?", [str(program(tmp_path, "ed", "sys.exit(1)"))])
    with pytest.raises(EditorError, match="cannot start"):
        edit("why?", [str(tmp_path / "none")])


@pytest.mark.parametrize(
    ("editor", "given"),
    [
        ("vim", ("+7", "/r/a.py")),
        ("emacs", ("+7", "/r/a.py")),
        ("nano", ("+7", "/r/a.py")),
        ("micro", ("+7", "/r/a.py")),
        ("kak", ("+7", "/r/a.py")),
        ("hx", ("/r/a.py:7",)),
        ("code", ("--goto", "/r/a.py:7")),
        ("subl", ("/r/a.py:7",)),
        ("mate", ("--line", "7", "/r/a.py")),
        ("an-editor-of-mine", ("/r/a.py",)),
    ],
)
def test_each_editor_is_told_the_line_in_its_own_way(editor: str, given: tuple[str, ...]) -> None:
    assert at_line((f"/bin/{editor}", "-n"), Path("/r/a.py"), 7) == (f"/bin/{editor}", "-n", *given)


def test_a_path_is_no_template() -> None:
    assert at_line(("vi",), Path("/r/{line}{path}.py"), 7) == ("vi", "+7", "/r/{line}{path}.py")


def test_an_editor_with_a_window_is_not_waited_for_at_a_line(tmp_path: Path) -> None:
    code = str(program(tmp_path, "code"))
    assert editor_command({"PATH": str(tmp_path), "EDITOR": "code"}, waits=False) == (code,)


class Suspending(App[None]):
    """Runs without a terminal, so that there is nothing to be left."""

    @contextmanager
    def suspend(self) -> Iterator[None]:
        yield


def use(monkeypatch: pytest.MonkeyPatch, editor: Path) -> None:
    monkeypatch.setenv("VISUAL", str(editor))


def test_a_file_is_opened_at_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note = tmp_path / "note"
    use(
        monkeypatch, program(tmp_path, "vim", f"open({str(note)!r}, 'w').write(repr(sys.argv[1:]))")
    )
    open_at_line(Suspending(), tmp_path / "a b.py", 12)
    assert note.read_text() == repr(["+12", str(tmp_path / "a b.py")])
    use(monkeypatch, program(tmp_path, "vim", "sys.exit(3)"))
    with pytest.raises(EditorError, match=r"vim failed \(3\)"):
        open_at_line(Suspending(), tmp_path / "a b.py", 12)


def test_lines_are_rewritten_in_a_file_of_their_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "text = open(path).read()\nopen(path, 'w').write(text + os.path.basename(path) + '\\n')"
    use(monkeypatch, program(tmp_path, "ed", code))
    app = Suspending()
    assert rewrite_outside(app, "src/a.py", "\tx\x01\n") == "\tx\x01\nlines.py\n"
    assert rewrite_outside(app, "-c/;rm.$(x)", "x\n") == "x\nlines.txt\n"
    use(monkeypatch, program(tmp_path, "ed"))
    assert rewrite_outside(app, "src/a.py", "\tx\x01\x1b[1m\n") is None


def test_a_terminal_that_cannot_be_left_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, program(tmp_path, "ed"))

    async def go() -> None:
        app = App[None]()
        async with app.run_test():
            with pytest.raises(EditorError, match="cannot be given"):
                open_at_line(app, tmp_path, 1)

    asyncio.run(go())
